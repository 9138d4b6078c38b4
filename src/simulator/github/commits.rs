//! Commits that people of the scene make on their machines.

use std::sync::Arc;

use super::authoring::{self, about};
use super::git::{Commit, Oid, Stamp};
use super::scene::{self, Person, SceneError};
use super::world::World;

impl World {
    /// Makes the commit that the scene calls `name`, and whatever it rests on, unless the repository has it.
    ///
    /// # Errors
    /// When it belongs to another repository, rests on something that does not exist yet, or merges what is in conflict.
    pub fn make_commit(&mut self, place: usize, name: &str) -> Result<Oid, SceneError> {
        let scene = Arc::clone(&self.shared.scene);
        for commit in authoring::unmade(&scene, name, |name| self.oid(name).is_ok())? {
            let made = self.write(place, commit)?;
            self.names.insert(commit.id.clone(), made);
        }
        self.oid_in(place, name)
    }

    /// A person's name and address with the current time.
    #[must_use]
    pub fn stamp(&self, person: &Person) -> Stamp {
        authoring::stamp(person, self.now())
    }

    fn write(&mut self, place: usize, commit: &scene::Commit) -> Result<Oid, SceneError> {
        if self.place(commit.repository.as_deref())? != place {
            let other = &self.repos[place].full_name;
            return Err(SceneError(format!("commit `{}` does not belong to `{other}`", commit.id)));
        }
        let parents = commit.parents.iter().map(|name| self.oid_in(place, name));
        let parents = parents.collect::<Result<Vec<_>, SceneError>>().map_err(|error| about(commit, &error))?;
        let (scene, now) = (Arc::clone(&self.shared.scene), self.now());
        authoring::write(&mut self.repos[place].git, (&*scene, commit), (parents.as_slice(), now))
    }
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
