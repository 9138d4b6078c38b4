//! Commits that people of the scene make on their machines.

use std::collections::HashSet;
use std::sync::Arc;

use super::content::content;
use super::git::{Commit, Oid, Stamp};
use super::merge::SIGNATURE;
use super::scene::{self, Moment, Person, SceneError};
use super::world::World;

impl World {
    /// Makes the commit that the scene calls `name`, and whatever it rests on, unless the repository has it.
    ///
    /// # Errors
    /// When it belongs to another repository, rests on something that does not exist yet, or merges what is in conflict.
    pub fn make_commit(&mut self, place: usize, name: &str) -> Result<Oid, SceneError> {
        let scene = Arc::clone(&self.shared.scene);
        // A long line of commits would be too deep for recursion.
        let mut todo = vec![name.to_owned()];
        while let Some(next) = todo.last().cloned() {
            let unmade = scene.commits.iter().find(|commit| commit.id == next && !self.names.contains_key(&next));
            let missing = unmade.iter().flat_map(|commit| &commit.parents).find(|parent| self.oid(parent).is_err());
            match (unmade, missing) {
                (Some(_), Some(parent)) if scene.commits.iter().all(|commit| commit.id != *parent) => {
                    return Err(SceneError(format!("commit `{next}` rests on `{parent}`, which nobody merged yet")));
                }
                (Some(_), Some(parent)) if todo.contains(parent) => {
                    return Err(SceneError(format!("commit `{parent}` is its own ancestor")));
                }
                (Some(_), Some(parent)) => todo.push(parent.clone()),
                (Some(commit), None) => {
                    let made = self.write(place, commit)?;
                    self.names.insert(next, made);
                    todo.pop();
                }
                (None, _) => drop(todo.pop()),
            }
        }
        self.oid_in(place, name)
    }

    /// A person's name and address with the current time.
    #[must_use]
    pub fn stamp(&self, person: &Person) -> Stamp {
        Stamp { name: person.full_name.clone(), email: person.email(), seconds: self.now().div_euclid(1000) }
    }

    /// Looks for contradictions that can be seen before anything happens.
    ///
    /// # Errors
    /// When two commits have one name, or one has an author, a parent or a repository that does not exist.
    pub(super) fn check_scene(&self) -> Result<(), SceneError> {
        let scene = &self.shared.scene;
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
            let place = self.place(commit.repository.as_deref());
            let people = std::iter::once(&commit.author).chain(&commit.committer).chain(&commit.co_authors);
            let mut people = people.map(|name| scene.person(name).map(|_| ()));
            place
                .and_then(|_| people.try_for_each(|known| known).map(|()| 0))
                .map_err(|error| about(commit, &error))?;
            let stranger = |parent: &&String| !names.contains(parent.as_str()) && Oid::parse(parent).is_none();
            if let Some(parent) = commit.parents.iter().find(stranger) {
                return Err(about(commit, &SceneError(format!("nobody makes its parent `{parent}`"))));
            }
        }
        Ok(())
    }

    fn write(&mut self, place: usize, commit: &scene::Commit) -> Result<Oid, SceneError> {
        if self.place(commit.repository.as_deref())? != place {
            let other = &self.repos[place].full_name;
            return Err(SceneError(format!("commit `{}` does not belong to `{other}`", commit.id)));
        }
        let parents = commit.parents.iter().map(|name| self.oid_in(place, name));
        let parents = parents.collect::<Result<Vec<_>, SceneError>>().map_err(|error| about(commit, &error))?;
        let (author, committer) = self.stamps(commit)?;
        let message = self.message(commit)?;
        let git = &mut self.repos[place].git;
        let tree = content(git, commit, &parents).map_err(|error| about(commit, &error))?;
        let signature = commit.signed.then(|| SIGNATURE.to_owned());
        Ok(git.put_commit(Commit { tree, parents, author, committer, signature, message }))
    }

    fn stamps(&self, commit: &scene::Commit) -> Result<(Stamp, Stamp), SceneError> {
        let scene = &self.shared.scene;
        let mut author = self.stamp(scene.person(&commit.author)?);
        if commit.unknown_author {
            author.email = format!("{}@laptop.invalid", commit.author);
        }
        let mut committer = match &commit.committer {
            Some(name) => self.stamp(scene.person(name)?),
            None => author.clone(),
        };
        if let Some(date) = &commit.dated {
            let time = date.parse::<jiff::Timestamp>();
            let time = time.map_err(|_| SceneError(format!("commit `{}`: `{date}` is no RFC 3339 time", commit.id)))?;
            (author.seconds, committer.seconds) = (time.as_second(), time.as_second());
        }
        Ok((author, committer))
    }

    fn message(&self, commit: &scene::Commit) -> Result<String, SceneError> {
        let text = commit.message.clone().unwrap_or_else(|| format!("Change {}", commit.id));
        let mut people = Vec::new();
        for name in &commit.co_authors {
            let person = self.shared.scene.person(name)?;
            people.push((person.full_name.clone(), person.email()));
        }
        Ok(format!("{}{}\n", text.trim_end(), trailers(&people)))
    }
}

/// The lines at the end of a message that name more authors.
#[must_use]
pub(super) fn trailers(people: &[(String, String)]) -> String {
    let lines = people.iter().map(|(name, email)| format!("\nCo-authored-by: {name} <{email}>"));
    let lines = lines.collect::<String>();
    if lines.is_empty() { lines } else { format!("\n{lines}") }
}

/// Whether a line of a message names one more author.
#[must_use]
pub(super) fn is_trailer(line: &str) -> bool {
    line.split_once(':').is_some_and(|(label, _)| label.eq_ignore_ascii_case("co-authored-by"))
}

/// Who a commit says wrote it: Git's author first, then those of the trailers, each address once.
#[must_use]
pub(super) fn authors(commit: &Commit) -> Vec<(String, String)> {
    let mut found = vec![(commit.author.name.clone(), commit.author.email.clone())];
    for line in commit.message.lines().filter(|line| is_trailer(line)) {
        let person = line.split_once(':').and_then(|(_, person)| person.trim().strip_suffix('>'));
        let Some((name, email)) = person.and_then(|person| person.split_once(" <")) else {
            continue;
        };
        if found.iter().all(|(_, known)| known != email) {
            found.push((name.to_owned(), email.to_owned()));
        }
    }
    found
}

fn about(commit: &scene::Commit, error: &SceneError) -> SceneError {
    SceneError(format!("commit `{}`: {error}", commit.id))
}
