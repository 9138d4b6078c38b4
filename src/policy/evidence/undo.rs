//! Proves that a merge is clean by taking it back, without looking at what it brought.
//!
//! Where the first line changed nothing since the lines parted, the second line holds what the result holds; where the
//! result holds what the first line made, the second line holds what was there before. So the second line can be written
//! down from the other three, and a folder's name is the hash of all that is in it: if what was written down bears the
//! name of the second line, it is the second line, and nothing of it needs to be read. Anything else proves nothing, and
//! then [`super::remerge`] looks at all four.

use std::collections::BTreeSet;

use super::look::Look;
use super::remerge::Merge;
use crate::model::{Mode, Tree, TreeEntry};
use crate::policy::facts::Gap;

/// Whether taking the merge back proves that it holds exactly what its two lines bring.
///
/// # Errors
/// With the gap when a folder that it needs is not there.
pub(super) fn proves(merge: Merge<'_>, look: &Look<'_>) -> Result<bool, Gap> {
    let [base, ours, theirs, result] =
        [merge.base, merge.ours, merge.theirs, merge.result].map(|id| TreeEntry { mode: Mode::FOLDER, id: id.clone() });
    match before([Some(&base), Some(&ours), Some(&result)], look) {
        Ok(second) => Ok(second == Some(theirs)),
        Err(Unproven::Both) => Ok(false),
        Err(Unproven::Gap(gap)) => Err(gap),
    }
}

/// Why a second line cannot be written down.
enum Unproven {
    /// Both lines changed the same thing.
    Both,
    /// A folder is missing.
    Gap(Gap),
}

/// What the second line holds at a place, from where the lines parted, the first line, and the result.
fn before(sides: [Option<&TreeEntry>; 3], look: &Look<'_>) -> Result<Option<TreeEntry>, Unproven> {
    let [base, ours, result] = sides;
    if ours == base {
        return Ok(result.cloned());
    }
    if ours == result {
        return Ok(base.cloned());
    }
    if !sides.into_iter().flatten().all(TreeEntry::is_folder) {
        return Err(Unproven::Both);
    }
    let empty = Tree::default();
    let folders = sides.map(|side| side.map_or(Ok(&empty), |entry| look.tree(&entry.id)));
    match folders {
        [Ok(base), Ok(ours), Ok(result)] => folder_before([base, ours, result], look),
        [Err(gap), _, _] | [_, Err(gap), _] | [_, _, Err(gap)] => Err(Unproven::Gap(gap)),
    }
}

/// Looks into everything, so that a missing folder does not hide another.
fn folder_before(folders: [&Tree; 3], look: &Look<'_>) -> Result<Option<TreeEntry>, Unproven> {
    let names: BTreeSet<&String> = folders.iter().flat_map(|folder| folder.entries.keys()).collect();
    let (mut second, mut missing) = (Tree::default(), None);
    for name in names {
        match before(folders.map(|folder| folder.entries.get(name)), look) {
            Ok(None) => {}
            Ok(Some(entry)) => drop(second.entries.insert(name.clone(), entry)),
            Err(Unproven::Both) => return Err(Unproven::Both),
            Err(Unproven::Gap(gap)) => missing = Some(gap),
        }
    }
    match missing {
        Some(gap) => Err(Unproven::Gap(gap)),
        None if second.entries.is_empty() => Ok(None),
        None => Ok(Some(TreeEntry { mode: Mode::FOLDER, id: second.id() })),
    }
}
