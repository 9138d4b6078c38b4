//! What a change does to the lines of a file.

use std::borrow::Cow;

use super::tree::Change;
use super::{Oid, Store};

/// The lines that a change takes out of one file and puts in, without the lines around them that stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineChange {
    /// Lines of the old file, in order.
    pub removed: Vec<String>,
    /// Lines of the new file, in order.
    pub added: Vec<String>,
}

impl Store {
    /// The identity of a patch: two patches with the same one do the same, wherever in the files they do it.
    #[must_use]
    pub fn patch(&self, old: Option<Oid>, new: Oid) -> Vec<(String, LineChange)> {
        let changes = self.changes(old, new).into_iter();
        changes.map(|change| (change.path.clone(), self.line_change(&change))).collect()
    }

    /// The lines that one change takes out and puts in.
    #[must_use]
    pub fn line_change(&self, change: &Change) -> LineChange {
        let old = self.text(change.old.map(|file| file.blob));
        let new = self.text(change.new.map(|file| file.blob));
        let (old, new) = (old.lines().collect::<Vec<_>>(), new.lines().collect::<Vec<_>>());
        let same = |(one, other): &(&&str, &&str)| one == other;
        let head = old.iter().zip(&new).take_while(same).count();
        let tail = old.iter().skip(head).rev().zip(new.iter().skip(head).rev()).take_while(same).count();
        let middle = |lines: &[&str]| {
            lines.iter().skip(head).take(lines.len() - head - tail).map(|line| (*line).to_owned()).collect()
        };
        LineChange { removed: middle(&old), added: middle(&new) }
    }

    fn text(&self, blob: Option<Oid>) -> Cow<'_, str> {
        blob.and_then(|id| self.blob(id)).map_or(Cow::Borrowed(""), String::from_utf8_lossy)
    }
}
