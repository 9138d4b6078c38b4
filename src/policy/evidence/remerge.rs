//! Merges two lines of work again, from their files alone, and compares with the merge that somebody made.
//!
//! A folder's name is the hash of all that is in it, so only folders that both sides changed are looked into, and only
//! files that both sides changed are merged line by line (policy: peer review, merges; the algorithm is Git's
//! three-way merge without renames, so a rename that meets a change on the other side is left to people).

use std::collections::BTreeSet;

use super::effort::is_bearable;
use super::look::Look;
use crate::model::{Content, Mode, ObjectId, Tree, TreeEntry, blob_id, shortened};
use crate::policy::facts::{Gap, GapReason};

/// At most this many paths are named; one is enough to stop.
const MOST_NAMED: usize = 20;

/// The four trees of a merge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Merge<'a> {
    /// Where the two lines parted.
    pub base: &'a ObjectId,
    /// The first line.
    pub ours: &'a ObjectId,
    /// The second line.
    pub theirs: &'a ObjectId,
    /// What was made of both.
    pub result: &'a ObjectId,
}

/// The paths at which a merge holds something that neither line brings, or that only a human could have merged.
///
/// # Errors
/// With the gap when a folder or file that it needs is not there.
pub(super) fn differences(merge: Merge<'_>, look: &Look<'_>) -> Result<Vec<String>, Gap> {
    let top = |id: &ObjectId| Some(TreeEntry { mode: Mode::FOLDER, id: id.clone() });
    let mut again = Again { look, found: BTreeSet::new(), gap: None };
    let sides = Sides { base: top(merge.base), ours: top(merge.ours), theirs: top(merge.theirs) };
    again.compare("", &sides, top(merge.result).as_ref());
    match again.gap {
        Some(gap) if again.found.is_empty() => Err(gap),
        Some(_) | None => Ok(again.found.into_iter().collect()),
    }
}

/// One place in the two lines and where they parted; nothing where nothing is.
struct Sides {
    base: Option<TreeEntry>,
    ours: Option<TreeEntry>,
    theirs: Option<TreeEntry>,
}

/// What must stand at a place after a clean merge.
enum Expected<'a> {
    /// Exactly this.
    Exactly(Option<&'a TreeEntry>),
    /// A folder that both sides changed.
    Folder,
    /// A file that both sides changed, and its mode.
    File([&'a TreeEntry; 3], Mode),
    /// Only a human can say.
    Conflict,
}

struct Again<'a, 'b> {
    look: &'b Look<'a>,
    found: BTreeSet<String>,
    gap: Option<Gap>,
}

impl Again<'_, '_> {
    fn compare(&mut self, path: &str, sides: &Sides, result: Option<&TreeEntry>) {
        if self.found.len() >= MOST_NAMED {
            return;
        }
        match sides.expected() {
            Expected::Exactly(expected) if expected == result => {}
            Expected::Exactly(Some(expected)) if is_folder(Some(expected)) && is_folder(result) => {
                let all = || Some(expected.clone());
                self.compare_folders(path, &Sides { base: all(), ours: all(), theirs: all() }, result);
            }
            Expected::Folder if result.is_none() || is_folder(result) => self.compare_folders(path, sides, result),
            Expected::File(files, mode) if result.is_some_and(|result| result.mode == mode) => {
                self.compare_contents(path, files, result);
            }
            Expected::Exactly(_) | Expected::Folder | Expected::File(..) | Expected::Conflict => self.differs(path),
        }
    }

    fn differs(&mut self, path: &str) {
        self.found.insert(if path.is_empty() { "everything".to_owned() } else { path.to_owned() });
    }

    /// Looks into the folders, all at once, so that a missing one does not hide another.
    fn compare_folders(&mut self, path: &str, sides: &Sides, result: Option<&TreeEntry>) {
        let empty = Tree::default();
        let entries = [sides.base.as_ref(), sides.ours.as_ref(), sides.theirs.as_ref(), result];
        let trees = entries.map(|entry| entry.map_or(Ok(&empty), |entry| self.look.tree(&entry.id)));
        let [Ok(base), Ok(ours), Ok(theirs), Ok(result)] = &trees else {
            self.gap = trees.into_iter().find_map(Result::err);
            return;
        };
        let names: BTreeSet<&String> =
            [base, ours, theirs, result].iter().flat_map(|tree| tree.entries.keys()).collect();
        for name in names {
            let at = |tree: &Tree| tree.entries.get(name).cloned();
            let path = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
            let sides = Sides { base: at(base), ours: at(ours), theirs: at(theirs) };
            self.compare(&path, &sides, result.entries.get(name));
        }
    }

    fn compare_contents(&mut self, path: &str, files: [&TreeEntry; 3], result: Option<&TreeEntry>) {
        match self.merged(path, files) {
            Err(gap) => self.gap = Some(gap),
            Ok(Some(id)) if result.is_some_and(|result| result.id == id) => {}
            Ok(Some(_) | None) => self.differs(path),
        }
    }

    /// The name of the merged content; nothing when it cannot be merged.
    fn merged(&self, path: &str, [base, ours, theirs]: [&TreeEntry; 3]) -> Result<Option<ObjectId>, Gap> {
        if let Some(id) = one_sided(&base.id, &ours.id, &theirs.id) {
            return Ok(Some(id.clone()));
        }
        match [base, ours, theirs].map(|file| self.look.content(&file.id)) {
            [Ok(Content::Text(base)), Ok(Content::Text(ours)), Ok(Content::Text(theirs))] => {
                if !is_bearable(base, ours) || !is_bearable(base, theirs) {
                    let what = format!("the changed lines of {}", shortened(path, 120));
                    return Err(Gap { what, source: self.look.source(), reason: GapReason::TooMuch });
                }
                Ok(diffy::merge(base, ours, theirs).ok().map(|text| blob_id(text.as_bytes())))
            }
            [Err(gap), _, _] | [_, Err(gap), _] | [_, _, Err(gap)] => Err(gap),
            [Ok(_), Ok(_), Ok(_)] => Ok(None),
        }
    }
}

impl Sides {
    fn expected(&self) -> Expected<'_> {
        let (base, ours, theirs) = (self.base.as_ref(), self.ours.as_ref(), self.theirs.as_ref());
        if let Some(entry) = one_sided(&base, &ours, &theirs) {
            return Expected::Exactly(*entry);
        }
        let folder_or_nothing = |entry: &Option<&TreeEntry>| entry.is_none() || is_folder(*entry);
        if [base, ours, theirs].iter().all(folder_or_nothing) {
            return Expected::Folder;
        }
        match (base, ours, theirs) {
            (Some(base), Some(ours), Some(theirs)) if [base, ours, theirs].iter().all(|file| file.mode.is_file()) => {
                match one_sided(&base.mode, &ours.mode, &theirs.mode) {
                    Some(mode) => Expected::File([base, ours, theirs], *mode),
                    None => Expected::Conflict,
                }
            }
            _ => Expected::Conflict,
        }
    }
}

fn is_folder(entry: Option<&TreeEntry>) -> bool {
    entry.is_some_and(TreeEntry::is_folder)
}

/// What comes out when at most one side changed something, or both the same.
fn one_sided<'a, T: PartialEq>(base: &'a T, ours: &'a T, theirs: &'a T) -> Option<&'a T> {
    if ours == theirs || theirs == base {
        Some(ours)
    } else if ours == base {
        Some(theirs)
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
