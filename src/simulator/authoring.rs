//! Commits that people of a scene make on their machines, whatever forge they push them to, and what merging two of them makes.

use std::collections::HashSet;

use super::git::tree::{FileAt, Files, Merged, Mode};
use super::git::{Commit, Oid, Stamp, Store};
use super::scene::{self, Merge, Moment, Person, Scene, SceneError};

/// What stands for a signature of a forge. It is no real one, because nobody has the key.
pub const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----\n\nc2ltdWxhdGVk\n-----END PGP SIGNATURE-----\n";

/// The commit that the scene calls `name` and whatever it rests on, as far as nobody made them yet: parents first.
///
/// # Errors
/// When it rests on something that nobody makes on a machine, or on itself.
pub fn unmade<'s>(
    scene: &'s Scene,
    name: &str,
    is_made: impl Fn(&str) -> bool,
) -> Result<Vec<&'s scene::Commit>, SceneError> {
    let (mut order, mut done) = (Vec::new(), HashSet::new());
    // A long line of commits would be too deep for recursion.
    let mut todo = vec![name];
    while let Some(next) = todo.last().copied() {
        let commit = scene.commits.iter().find(|commit| commit.id == next);
        let Some(commit) = commit.filter(|_| !done.contains(next) && !is_made(next)) else {
            todo.pop();
            continue;
        };
        let missing = commit.parents.iter().find(|parent| !done.contains(parent.as_str()) && !is_made(parent.as_str()));
        match missing {
            Some(parent) if scene.commits.iter().all(|commit| commit.id != *parent) => {
                return Err(SceneError(format!("commit `{next}` rests on `{parent}`, which nobody merged yet")));
            }
            Some(parent) if todo.contains(&parent.as_str()) => {
                return Err(SceneError(format!("commit `{parent}` is its own ancestor")));
            }
            Some(parent) => todo.push(parent),
            None => {
                order.push(commit);
                done.insert(commit.id.as_str());
                todo.pop();
            }
        }
    }
    Ok(order)
}

/// Looks for contradictions that can be seen before anything happens.
///
/// # Errors
/// When two commits have one name, or one has an author, a parent or a repository that does not exist.
pub fn check(scene: &Scene) -> Result<(), SceneError> {
    let merges = scene.timeline.iter().filter_map(|step| match step.moment() {
        Ok(Moment::Merge(merge)) => Some(merge.commit.as_str()),
        Ok(Moment::UpdateBranch(update)) => Some(update.commit.as_str()),
        _ => None,
    });
    let mut names = merges.collect::<HashSet<_>>();
    for commit in &scene.commits {
        if !names.insert(&commit.id) {
            return Err(SceneError(format!("two commits are called `{}`", commit.id)));
        }
    }
    for commit in &scene.commits {
        let people = std::iter::once(&commit.author).chain(&commit.committer).chain(&commit.co_authors);
        let mut people = people.map(|name| scene.person(name).map(|_| ()));
        let known = known(scene, commit.repository.as_deref()).and_then(|()| people.try_for_each(|known| known));
        known.map_err(|error| about(commit, &error))?;
        let stranger = |parent: &&String| !names.contains(parent.as_str()) && Oid::parse(parent).is_none();
        if let Some(parent) = commit.parents.iter().find(stranger) {
            return Err(about(commit, &SceneError(format!("nobody makes its parent `{parent}`"))));
        }
    }
    Ok(())
}

fn known(scene: &Scene, repository: Option<&str>) -> Result<(), SceneError> {
    match repository {
        Some(name) if scene.repositories.iter().all(|known| known.name != name) => {
            Err(SceneError(format!("no repository of this scene is called `{name}`")))
        }
        _ => Ok(()),
    }
}

/// Makes a commit of the scene on these parents.
///
/// # Errors
/// When somebody in it does not exist, or it merges what is in conflict.
pub fn write(
    git: &mut Store,
    (scene, commit): (&Scene, &scene::Commit),
    (parents, now): (&[Oid], i64),
) -> Result<Oid, SceneError> {
    let (author, committer) = stamps((scene, commit), now)?;
    let message = message(scene, commit)?;
    let tree = content(git, commit, parents).map_err(|error| about(commit, &error))?;
    let signature = commit.signed.then(|| SIGNATURE.to_owned());
    Ok(git.put_commit(Commit { tree, parents: parents.to_vec(), author, committer, signature, message }))
}

/// A person's name and address, at a time in milliseconds.
#[must_use]
pub fn stamp(person: &Person, now: i64) -> Stamp {
    Stamp { name: person.full_name.clone(), email: person.email(), seconds: now.div_euclid(1000) }
}

/// The same error, saying which commit it is about.
pub fn about(commit: &scene::Commit, error: &SceneError) -> SceneError {
    SceneError(format!("commit `{}`: {error}", commit.id))
}

fn stamps((scene, commit): (&Scene, &scene::Commit), now: i64) -> Result<(Stamp, Stamp), SceneError> {
    let mut author = stamp(scene.person(&commit.author)?, now);
    if commit.unknown_author {
        author.email = format!("{}@laptop.invalid", commit.author);
    }
    let mut committer = match &commit.committer {
        Some(name) => stamp(scene.person(name)?, now),
        None => author.clone(),
    };
    if let Some(date) = &commit.dated {
        let time = date.parse::<jiff::Timestamp>();
        let time = time.map_err(|_| SceneError(format!("commit `{}`: `{date}` is no RFC 3339 time", commit.id)))?;
        (author.seconds, committer.seconds) = (time.as_second(), time.as_second());
    }
    Ok((author, committer))
}

fn message(scene: &Scene, commit: &scene::Commit) -> Result<String, SceneError> {
    let text = commit.message.clone().unwrap_or_else(|| format!("Change {}", commit.id));
    let mut people = Vec::new();
    for name in &commit.co_authors {
        let person = scene.person(name)?;
        people.push((person.full_name.clone(), person.email()));
    }
    Ok(format!("{}{}\n", text.trim_end(), trailers(&people)))
}

/// The lines at the end of a message that name more authors.
#[must_use]
pub fn trailers(people: &[(String, String)]) -> String {
    let lines = people.iter().map(|(name, email)| format!("\nCo-authored-by: {name} <{email}>"));
    let lines = lines.collect::<String>();
    if lines.is_empty() { lines } else { format!("\n{lines}") }
}

/// The tree of a commit: the parents' files under what it changes by itself. It may settle a conflict that way.
///
/// # Errors
/// When the parents are in conflict, or a path that is deleted or changed does not exist.
fn content(git: &mut Store, commit: &scene::Commit, parents: &[Oid]) -> Result<Oid, SceneError> {
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
pub fn put_files<'a>(git: &mut Store, files: &mut Files, contents: impl IntoIterator<Item = (&'a String, &'a String)>) {
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

/// Both sides with what each changed since their histories parted.
///
/// # Errors
/// When one side does not exist.
pub fn both_sides(git: &mut Store, sides: (Oid, Oid)) -> Result<Merged, SceneError> {
    let tree_of = |id: Oid| git.commit(id).map(|commit| commit.tree);
    let base = git.merge_base(sides.0, sides.1).and_then(tree_of);
    let trees = tree_of(sides.0).zip(tree_of(sides.1));
    let (ours, theirs) = trees.ok_or_else(|| SceneError("one side of this merge does not exist".into()))?;
    Ok(git.merge_trees(base, ours, theirs))
}

/// What a merge does besides merging: files that it carries, and files that it sets back to where the sides parted.
///
/// # Errors
/// When there is nothing to drop.
pub fn tamper(git: &mut Store, files: &mut Files, base: Option<Oid>, step: &Merge) -> Result<(), SceneError> {
    let before = base.filter(|_| !step.drops.is_empty()).map(|tree| git.files(tree)).unwrap_or_default();
    for path in &step.drops {
        match before.get(path) {
            Some(file) => drop(files.insert(path.clone(), *file)),
            None => drop(files.remove(path).ok_or_else(|| SceneError(format!("there is no `{path}` to drop")))?),
        }
    }
    put_files(git, files, &step.carries);
    Ok(())
}
