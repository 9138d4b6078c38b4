//! Everything that the simulated GitLab knows.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::Shared;
use super::accounts::{Account, Changes};
use super::authoring;
use super::git::{Oid, Store};
use super::push::Pushed;
use super::requests::Request;
use super::scene::{self, Forge, GitlabMerge, SceneError, StatusState};

/// The state of all projects.
#[derive(Debug)]
pub struct World {
    /// Clock, scene and faults.
    pub shared: Shared,
    /// The projects, in the order of the scene.
    pub projects: Vec<Project>,
    /// What the scene's names for commits mean.
    pub names: HashMap<String, Oid>,
    /// What became of accounts.
    pub changes: Changes,
    ids: u64,
}

/// One project.
#[derive(Debug)]
pub struct Project {
    /// Its number.
    pub id: u64,
    /// Its groups and its name.
    pub path: String,
    /// The default branch.
    pub default_branch: String,
    /// When it was made.
    pub created: i64,
    /// How it is set.
    pub rules: Rules,
    /// Its objects.
    pub git: Store,
    /// Where the branches stand.
    pub branches: BTreeMap<String, Oid>,
    /// Merge requests by their numbers in the project.
    pub requests: BTreeMap<u64, Request>,
    /// Statuses of commits, oldest first.
    pub statuses: Vec<CommitStatus>,
    /// What people pushed, oldest first.
    pub pushes: Vec<Pushed>,
}

/// How a project, and the instance that it lives on, is set.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// How merge requests are merged.
    pub merge: GitlabMerge,
    /// Whether a push takes approvals away.
    pub resets_approvals: bool,
    /// Whether the instance says when an approval was given.
    pub dates_approvals: bool,
}

/// One status of one commit.
#[derive(Debug, Clone)]
pub struct CommitStatus {
    /// Its number.
    pub id: u64,
    /// The commit.
    pub commit: Oid,
    /// What it is a status of.
    pub name: String,
    /// The status.
    pub state: StatusState,
    /// Whose token set it.
    pub by: Account,
    /// When.
    pub created: i64,
}

impl World {
    /// The world of a scene in which nobody pushed yet.
    #[must_use]
    pub fn new(shared: Shared) -> World {
        let created = shared.clock.now_ms();
        let listed = shared.scene.repositories.iter().filter(|one| one.forge == Forge::Gitlab).enumerate();
        let projects = listed.map(|(place, repository)| Project::new(place, repository, created)).collect();
        World { shared, projects, names: HashMap::new(), changes: Changes::default(), ids: 5000 }
    }

    /// Now, in milliseconds since the epoch.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.shared.clock.now_ms()
    }

    /// A number that nothing else has.
    pub fn next_id(&mut self) -> u64 {
        self.ids += 1;
        self.ids
    }

    /// The place of the project that a step of the scene means.
    ///
    /// # Errors
    /// When there is none.
    pub fn place(&self, repository: Option<&str>) -> Result<usize, SceneError> {
        let first = self.shared.scene.repositories.first().map(|one| one.name.as_str());
        let name = repository.or(first).unwrap_or_default();
        let found = self.projects.iter().position(|project| project.path == name);
        found.ok_or_else(|| SceneError(format!("no project of this scene on GitLab is called `{name}`")))
    }

    /// The commit that the scene calls `name`. 40 hex digits stand for themselves.
    ///
    /// # Errors
    /// When no commit has this name yet.
    pub fn oid(&self, name: &str) -> Result<Oid, SceneError> {
        let found = self.names.get(name).copied().or_else(|| Oid::parse(name));
        found.ok_or_else(|| SceneError(format!("no commit is called `{name}` yet: push it, or merge it, first")))
    }

    /// Makes the commit that the scene calls `name`, and whatever it rests on, unless the project has it.
    ///
    /// # Errors
    /// When it rests on something that does not exist yet, or merges what is in conflict.
    pub fn make_commit(&mut self, place: usize, name: &str) -> Result<Oid, SceneError> {
        let scene = Arc::clone(&self.shared.scene);
        for commit in authoring::unmade(&scene, name, |name| self.oid(name).is_ok())? {
            if self.place(commit.repository.as_deref())? != place {
                return Err(SceneError(format!("commit `{}` belongs to another project", commit.id)));
            }
            let parents = commit.parents.iter().map(|name| self.oid(name)).collect::<Result<Vec<_>, _>>()?;
            let now = self.now();
            let made = authoring::write(&mut self.projects[place].git, (&*scene, commit), (parents.as_slice(), now))?;
            self.names.insert(commit.id.clone(), made);
        }
        let oid = self.oid(name)?;
        let project = &self.projects[place];
        let known = project.git.commit(oid).map(|_| oid);
        known.ok_or_else(|| SceneError(format!("`{}` has no commit `{name}`", project.path)))
    }

    /// Gives a commit a name of the scene. What was pushed already may get a second one.
    ///
    /// # Errors
    /// When another commit has it.
    pub fn name(&mut self, name: &str, commit: Oid) -> Result<(), SceneError> {
        match self.names.insert(name.to_owned(), commit) {
            Some(other) if other != commit => Err(SceneError(format!("two commits are called `{name}`"))),
            _ => Ok(()),
        }
    }
}

impl Project {
    fn new(place: usize, repository: &scene::Repository, created: i64) -> Project {
        let rules = Rules {
            merge: repository.gitlab_merge,
            resets_approvals: repository.resets_approvals,
            dates_approvals: repository.dates_approvals,
        };
        Project {
            id: 41 + place as u64,
            path: repository.name.clone(),
            default_branch: repository.branch.clone(),
            created,
            rules,
            git: Store::default(),
            branches: BTreeMap::new(),
            requests: BTreeMap::new(),
            statuses: Vec::new(),
            pushes: Vec::new(),
        }
    }

    /// Where a branch stands.
    ///
    /// # Errors
    /// When nobody pushed to it.
    pub fn tip(&self, branch: &str) -> Result<Oid, SceneError> {
        let tip = self.branches.get(branch).copied();
        tip.ok_or_else(|| SceneError(format!("`{}` has no branch `{branch}` yet", self.path)))
    }

    /// The commit that somebody names: a branch, or a SHA or the beginning of one.
    #[must_use]
    pub fn resolve(&self, reference: &str) -> Option<Oid> {
        let name = reference.strip_prefix("refs/heads/").unwrap_or(reference);
        let name = if name == "HEAD" { &self.default_branch } else { name };
        if let Some(tip) = self.branches.get(name) {
            return Some(*tip);
        }
        if let Some(oid) = Oid::parse(reference) {
            return self.git.commit(oid).map(|_| oid);
        }
        let short = reference.len() >= 7 && reference.chars().all(|digit| digit.is_ascii_hexdigit());
        short.then(|| self.git.commit_starting_with(&reference.to_ascii_lowercase())).flatten()
    }

    /// The merge requests with a commit: those whose newest version has it, and those that were merged by it.
    #[must_use]
    pub fn requests_with(&self, commit: Oid) -> Vec<&Request> {
        let made_by = |request: &Request| {
            request.landing.as_ref().is_some_and(|landing| [landing.merge, landing.squash].contains(&Some(commit)))
        };
        self.requests.values().filter(|request| request.commits().contains(&commit) || made_by(request)).collect()
    }
}
