//! Everything that the simulated GitHub knows.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Shared;
use super::accounts::{Account, Changes};
use super::authoring;
use super::checks::{Run, Suite};
use super::deployments::Deployed;
use super::git::{Oid, Store};
use super::pulls::Pull;
use super::runs::ActionsRun;
use super::scanning::{Alert, Analysis};
use super::scene::{self, SceneError};
use super::statuses::CommitStatus;
use super::webhook::News;

/// The state of all repositories.
#[derive(Debug)]
pub struct World {
    /// Clock, scene and faults.
    pub shared: Shared,
    /// The repositories, in the order of the scene.
    pub repos: Vec<Repo>,
    /// What the scene's names for commits mean.
    pub names: HashMap<String, Oid>,
    /// What became of accounts.
    pub changes: Changes,
    /// Webhooks that were not handed to the sender yet.
    pub news: Vec<News>,
    /// Whether a test merge is out of date.
    pub unsettled: bool,
    ids: u64,
}

/// One repository.
#[derive(Debug)]
pub struct Repo {
    /// Its numeric id.
    pub id: u64,
    /// `owner/name`.
    pub full_name: String,
    /// The default branch.
    pub default_branch: String,
    /// When it was made.
    pub created: i64,
    /// Its objects.
    pub git: Store,
    /// Where the branches stand.
    pub branches: BTreeMap<String, Oid>,
    /// Everything that can be reached from the default branch.
    pub released: HashSet<Oid>,
    /// Everything that was ever pushed.
    pub pushed: HashSet<Oid>,
    /// Whether every push gets a check suite.
    pub checks_pushes: bool,
    /// Pull requests by number.
    pub pulls: BTreeMap<u64, Pull>,
    /// Check suites, oldest first.
    pub suites: Vec<Suite>,
    /// Check runs, oldest first.
    pub runs: Vec<Run>,
    /// Commit statuses, oldest first.
    pub statuses: Vec<CommitStatus>,
    /// Deployments, oldest first.
    pub deployments: Vec<Deployed>,
    /// Runs of GitHub Actions, each with its newest attempt.
    pub actions_runs: Vec<ActionsRun>,
    /// Tags.
    pub tags: BTreeMap<String, Oid>,
    /// Code-scanning analyses, oldest first.
    pub analyses: Vec<Analysis>,
    /// Code-scanning alerts by place: number 1 stands first.
    pub alerts: Vec<Alert>,
}

impl World {
    /// The world of a scene in which nobody pushed yet.
    ///
    /// # Errors
    /// When a commit of the scene has an author, a parent or a repository that does not exist.
    pub fn new(shared: Shared) -> Result<World, SceneError> {
        let created = shared.clock.now_ms();
        let on_github = |one: &&scene::Repository| one.forge == scene::Forge::Github;
        let listed = shared.scene.repositories.iter().filter(on_github).enumerate();
        let repos = listed.map(|(place, repository)| Repo::new(place, repository, created)).collect();
        authoring::check(&shared.scene)?;
        Ok(World {
            shared,
            repos,
            names: HashMap::new(),
            changes: Changes::default(),
            news: Vec::new(),
            unsettled: false,
            ids: 1000,
        })
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

    /// The place of the repository that a step of the scene means.
    ///
    /// # Errors
    /// When the scene does not have it.
    pub fn place(&self, repository: Option<&str>) -> Result<usize, SceneError> {
        let first = self.shared.scene.repositories.first().map(|one| one.name.as_str());
        let name = repository.or(first).unwrap_or_default();
        let found = self.repos.iter().position(|repo| repo.full_name == name);
        found.ok_or_else(|| SceneError(format!("no repository of this scene is called `{name}`")))
    }

    /// The repository with this name, in any case of letters.
    #[must_use]
    pub fn repo(&self, owner: &str, name: &str) -> Option<&Repo> {
        self.repos.iter().find(|repo| repo.full_name.eq_ignore_ascii_case(&format!("{owner}/{name}")))
    }

    /// The account of somebody in the scene.
    ///
    /// # Errors
    /// When nobody has this handle, or the account was deleted.
    pub fn account(&self, name: &str) -> Result<Account, SceneError> {
        let account = Account::named(name, &self.shared.scene)?;
        match self.today(&account) {
            Some(_) => Ok(account),
            None => Err(SceneError(format!("the account of `{name}` was deleted"))),
        }
    }

    /// The commit that the scene calls `name`. 40 hex digits stand for themselves.
    ///
    /// # Errors
    /// When no commit has this name yet.
    pub fn oid(&self, name: &str) -> Result<Oid, SceneError> {
        let found = self.names.get(name).copied().or_else(|| Oid::parse(name));
        found.ok_or_else(|| SceneError(format!("no commit is called `{name}` yet: push it, or merge it, first")))
    }

    /// A commit, by its name in the scene, that this repository has.
    ///
    /// # Errors
    /// When the repository does not have it.
    pub fn oid_in(&self, place: usize, name: &str) -> Result<Oid, SceneError> {
        let oid = self.oid(name)?;
        let repo = &self.repos[place];
        match repo.git.commit(oid) {
            Some(_) => Ok(oid),
            None => Err(SceneError(format!("`{}` has no commit `{name}`", repo.full_name))),
        }
    }

    /// The pull request with this number.
    ///
    /// # Errors
    /// When nobody opened it.
    pub fn pull_mut(&mut self, place: usize, number: u64) -> Result<&mut Pull, SceneError> {
        let repo = &mut self.repos[place];
        repo.pulls.get_mut(&number).ok_or_else(|| SceneError(format!("nobody opened pull request {number} yet")))
    }
}

impl Repo {
    fn new(place: usize, repository: &scene::Repository, created: i64) -> Repo {
        Repo {
            id: 700_001 + place as u64,
            full_name: repository.name.clone(),
            default_branch: repository.branch.clone(),
            created,
            git: Store::default(),
            branches: BTreeMap::new(),
            released: HashSet::new(),
            pushed: HashSet::new(),
            checks_pushes: repository.checks_pushes,
            pulls: BTreeMap::new(),
            suites: Vec::new(),
            runs: Vec::new(),
            statuses: Vec::new(),
            deployments: Vec::new(),
            actions_runs: Vec::new(),
            tags: BTreeMap::new(),
            analyses: Vec::new(),
            alerts: Vec::new(),
        }
    }

    /// The part of the name before the slash.
    #[must_use]
    pub fn owner(&self) -> &str {
        self.full_name.split_once('/').map_or("", |(owner, _)| owner)
    }

    /// The part of the name after the slash.
    #[must_use]
    pub fn name(&self) -> &str {
        self.full_name.split_once('/').map_or(self.full_name.as_str(), |(_, name)| name)
    }

    /// Where a branch stands.
    ///
    /// # Errors
    /// When nobody pushed to it.
    pub fn tip(&self, branch: &str) -> Result<Oid, SceneError> {
        let tip = self.branches.get(branch).copied();
        tip.ok_or_else(|| SceneError(format!("`{}` has no branch `{branch}` yet", self.full_name)))
    }

    /// The pull requests that carry a commit: merged ones, and as long as the default branch lacks it, open ones.
    #[must_use]
    pub fn pulls_with(&self, commit: Oid) -> Vec<&Pull> {
        let released = self.released.contains(&commit);
        let carries = |pull: &&Pull| match &pull.merged {
            Some(landing) => landing.made.contains(&commit) || pull.commits.contains(&commit),
            None => !released && pull.commits.contains(&commit),
        };
        self.pulls.values().filter(carries).collect()
    }

    /// The commit that an address names: a branch, a full or shortened SHA, or `refs/pull/N/head`.
    #[must_use]
    pub fn resolve(&self, reference: &str) -> Option<Oid> {
        let name = reference.strip_prefix("refs/").unwrap_or(reference);
        let branch = name.strip_prefix("heads/").unwrap_or(name);
        let branch = if branch == "HEAD" { &self.default_branch } else { branch };
        let known = self.branches.get(branch).copied().or_else(|| self.pull_ref(name));
        known.or_else(|| self.sha(reference))
    }

    fn pull_ref(&self, name: &str) -> Option<Oid> {
        let (number, end) = name.strip_prefix("pull/")?.split_once('/')?;
        let pull = self.pulls.get(&number.parse().ok()?)?;
        match end {
            "head" => Some(pull.head),
            "merge" => pull.test_merge,
            _ => None,
        }
    }

    fn sha(&self, digits: &str) -> Option<Oid> {
        if let Some(oid) = Oid::parse(digits) {
            return self.git.commit(oid).map(|_| oid);
        }
        let short = digits.len() >= 7 && digits.chars().all(|digit| digit.is_ascii_hexdigit());
        short.then(|| self.git.commit_starting_with(&digits.to_ascii_lowercase())).flatten()
    }
}
