//! What the files of a commit are, as the scene says it.

use super::git::tree::{FileAt, Files, Mode};
use super::git::{Oid, Store};
use super::scene::{self, SceneError};

/// The tree of a commit: the parents' files under what it changes by itself. It may settle a conflict that way.
///
/// # Errors
/// When the parents are in conflict, or a path that is deleted or changed does not exist.
pub(super) fn content(git: &mut Store, commit: &scene::Commit, parents: &[Oid]) -> Result<Oid, SceneError> {
    let (mut files, mut conflicts) = parents_files(git, commit, parents)?;
    conflicts.retain(|path| !commit.files.contains_key(path) && !commit.deletes.contains(path));
    if !conflicts.is_empty() {
        let paths = conflicts.join("`, `");
        return Err(SceneError(format!("merging leaves `{paths}` in conflict: say what it contains")));
    }
    for path in &commit.deletes {
        files.remove(path).ok_or_else(|| SceneError(format!("there is no `{path}` to delete")))?;
    }
    put_files(git, &mut files, &commit.files);
    put_special(git, &mut files, commit)?;
    git.put_tree(&files)
}

/// Writes plain files over others; a file that could be run still can.
pub(super) fn put_files<'a>(
    git: &mut Store,
    files: &mut Files,
    contents: impl IntoIterator<Item = (&'a String, &'a String)>,
) {
    for (path, text) in contents {
        let blob = git.put_blob(text.as_bytes());
        let runs = files.get(path).is_some_and(|file| file.mode == Mode::Executable);
        let mode = if runs { Mode::Executable } else { Mode::File };
        files.insert(path.clone(), FileAt { mode, blob });
    }
}

/// The files of the parents, merged or of the first one alone, and what is in conflict between them.
fn parents_files(git: &mut Store, commit: &scene::Commit, parents: &[Oid]) -> Result<(Files, Vec<String>), SceneError> {
    let tree_of = |git: &Store, id: Oid| git.commit(id).map(|commit| commit.tree);
    let first = parents.first().and_then(|first| tree_of(git, *first));
    let mut files = first.map(|tree| git.files(tree)).unwrap_or_default();
    let mut conflicts = Vec::new();
    for other in parents.iter().skip(1).filter(|_| commit.combine) {
        let base = git.merge_base(parents[0], *other).and_then(|base| tree_of(git, base));
        let ours = git.put_tree(&files)?;
        let merged = git.merge_trees(base, ours, tree_of(git, *other).unwrap_or(ours));
        conflicts.extend(merged.conflicts);
        files = merged.files;
    }
    Ok((files, conflicts))
}

fn put_special(git: &mut Store, files: &mut Files, commit: &scene::Commit) -> Result<(), SceneError> {
    for path in &commit.executables {
        let file = files.get_mut(path).filter(|file| matches!(file.mode, Mode::File | Mode::Executable));
        file.ok_or_else(|| SceneError(format!("there is no file `{path}` that could be run")))?.mode = Mode::Executable;
    }
    for (path, target) in &commit.links {
        let blob = git.put_blob(target.as_bytes());
        files.insert(path.clone(), FileAt { mode: Mode::Link, blob });
    }
    for (path, digits) in &commit.submodules {
        let wrong = || SceneError(format!("submodule `{path}`: `{digits}` is not a commit of 40 hex digits"));
        let blob = Oid::parse(digits).ok_or_else(wrong)?;
        files.insert(path.clone(), FileAt { mode: Mode::Submodule, blob });
    }
    Ok(())
}
