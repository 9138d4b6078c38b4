//! What changed between two trees, with kinds of files; complete, because a folder's name is the hash of all that is in it.

use std::collections::BTreeSet;

use super::look::Look;
use crate::model::{Mode, ObjectId, Tree, TreeEntry};
use crate::policy::facts::{Gap, GapReason};

/// Changes of more files than this are no case for a program.
const MOST: usize = 20_000;

/// One path that is not the same in both trees; a folder only when nobody wanted to look into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::policy) struct Change {
    /// Where.
    pub path: String,
    /// What stood there.
    pub before: Option<TreeEntry>,
    /// What stands there now.
    pub after: Option<TreeEntry>,
}

/// Every path that changed, as far as `enters` lets it look into folders.
///
/// # Errors
/// With the gap when a folder is missing, or when it is too much.
pub(in crate::policy) fn changes(
    before: &ObjectId,
    after: &ObjectId,
    look: &Look<'_>,
    enters: &dyn Fn(&str) -> bool,
) -> Result<Vec<Change>, Gap> {
    let top = |id: &ObjectId| Some(TreeEntry { mode: Mode::FOLDER, id: id.clone() });
    let mut walk = Walk { look, enters, changes: Vec::new(), gap: None };
    walk.compare(String::new(), top(before), top(after));
    match walk.gap {
        Some(gap) => Err(gap),
        None => Ok(walk.changes),
    }
}

struct Walk<'a, 'b> {
    look: &'b Look<'a>,
    enters: &'b dyn Fn(&str) -> bool,
    changes: Vec<Change>,
    gap: Option<Gap>,
}

impl Walk<'_, '_> {
    fn compare(&mut self, path: String, before: Option<TreeEntry>, after: Option<TreeEntry>) {
        let is_folder = |entry: &Option<TreeEntry>| entry.as_ref().is_some_and(TreeEntry::is_folder);
        match (is_folder(&before), is_folder(&after)) {
            _ if before == after => {}
            (false, false) => self.note(Change { path, before, after }),
            (true, true) => self.enter(&path, before.as_ref(), after.as_ref()),
            (true, false) => {
                self.enter(&path, before.as_ref(), None);
                self.compare(path, None, after);
            }
            (false, true) => {
                self.enter(&path, None, after.as_ref());
                self.compare(path, before, None);
            }
        }
    }

    fn note(&mut self, change: Change) {
        if self.changes.len() < MOST {
            self.changes.push(change);
        } else {
            let what = "the changed files".to_owned();
            self.gap = Some(Gap { what, source: self.look.source(), reason: GapReason::TooMuch });
        }
    }

    fn enter(&mut self, path: &str, before: Option<&TreeEntry>, after: Option<&TreeEntry>) {
        if !(self.enters)(path) || self.changes.len() >= MOST {
            return self.note(Change { path: path.to_owned(), before: before.cloned(), after: after.cloned() });
        }
        let empty = Tree::default();
        let tree = |entry: Option<&TreeEntry>| entry.map_or(Ok(&empty), |entry| self.look.tree(&entry.id));
        match (tree(before), tree(after)) {
            (Ok(before), Ok(after)) => {
                let names: BTreeSet<&String> = before.entries.keys().chain(after.entries.keys()).collect();
                for name in names {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
                    self.compare(path, before.entries.get(name).cloned(), after.entries.get(name).cloned());
                }
            }
            (Err(gap), _) | (_, Err(gap)) => self.gap = Some(gap),
        }
    }
}
