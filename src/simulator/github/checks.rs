//! Check suites and check runs.

use super::accounts::Account;
use super::git::Oid;
use super::push::Move;
use super::scene::{CheckRun, SceneError, StatusState};
use super::shapes::APP;
use super::webhook::Notice;
use super::world::{Repo, World};

/// The App behind GitHub Actions.
const ACTIONS: u64 = 15_368;

/// One App's checks of one commit.
#[derive(Debug, Clone)]
pub struct Suite {
    /// The id in GitHub's database.
    pub id: u64,
    /// The numeric id of the App.
    pub app: u64,
    /// The commit.
    pub commit: Oid,
    /// When GitHub made it: a time that no client can choose.
    pub created: i64,
    /// The push that brought the commit.
    pub push: Option<Pushed>,
}

/// The push that a check suite belongs to.
#[derive(Debug, Clone)]
pub struct Pushed {
    /// Who pushed.
    pub by: Account,
    /// Where the branch stood.
    pub before: Option<Oid>,
    /// Where it stands.
    pub after: Oid,
}

/// One check of one commit.
#[derive(Debug, Clone)]
pub struct Run {
    /// The id in GitHub's database.
    pub id: u64,
    /// The suite that it belongs to.
    pub suite: u64,
    /// The numeric id of the App.
    pub app: u64,
    /// The commit.
    pub commit: Oid,
    /// The name.
    pub name: String,
    /// When it began.
    pub started: i64,
    /// How it ended; without this, it runs.
    pub conclusion: Option<String>,
}

impl Run {
    /// Whether it runs or has ended.
    #[must_use]
    pub fn status(&self) -> &'static str {
        if self.conclusion.is_some() { "completed" } else { "in_progress" }
    }
}

/// The address name of an App.
#[must_use]
pub fn app_slug(app: u64) -> String {
    match app {
        ACTIONS => "github-actions".into(),
        APP => "change-manager".into(),
        _ => format!("app-{app}"),
    }
}

/// The name of an App that people read.
#[must_use]
pub fn app_name(app: u64) -> String {
    match app {
        ACTIONS => "GitHub Actions".into(),
        APP => "Change Manager".into(),
        _ => format!("App {app}"),
    }
}

impl Repo {
    /// The runs of one commit, newest first.
    #[must_use]
    pub fn runs_of(&self, commit: Oid) -> Vec<&Run> {
        self.runs.iter().rev().filter(|run| run.commit == commit).collect()
    }

    /// The newest run of each name and App of one commit, newest first.
    #[must_use]
    pub fn latest_runs(&self, commit: Oid) -> Vec<&Run> {
        let mut latest = Vec::<&Run>::new();
        for run in self.runs_of(commit) {
            if !latest.iter().any(|other| other.name == run.name && other.app == run.app) {
                latest.push(run);
            }
        }
        latest
    }

    /// The suites of one commit, oldest first.
    #[must_use]
    pub fn suites_of(&self, commit: Oid) -> Vec<&Suite> {
        self.suites.iter().filter(|suite| suite.commit == commit).collect()
    }

    /// All checks of a commit in one word, as GraphQL writes it, if there are any.
    #[must_use]
    pub fn rollup(&self, commit: Oid) -> Option<&'static str> {
        let (runs, statuses) = (self.latest_runs(commit), self.latest_statuses(commit));
        let failed = |run: &&Run| !matches!(run.conclusion.as_deref(), None | Some("success" | "neutral" | "skipped"));
        let status = (!statuses.is_empty()).then(|| self.combined_status(commit));
        match status {
            None if runs.is_empty() => None,
            Some(StatusState::Failure) => Some("FAILURE"),
            _ if runs.iter().any(failed) => Some("FAILURE"),
            Some(StatusState::Pending) => Some("PENDING"),
            _ if runs.iter().any(|run| run.conclusion.is_none()) => Some("PENDING"),
            _ => Some("SUCCESS"),
        }
    }
}

impl World {
    /// Reports a check run.
    ///
    /// # Errors
    /// When the repository does not have the commit.
    pub fn check_run(&mut self, step: &CheckRun) -> Result<(), SceneError> {
        let place = self.place(step.repository.as_deref())?;
        let commit = self.oid_in(place, &step.commit)?;
        let suite = self.suite_of(place, commit, step.app_id);
        let (id, started) = (self.next_id(), self.now());
        let conclusion = Some(step.conclusion.clone()).filter(|word| word != "in_progress");
        let name = step.name.clone();
        let run = Run { id, suite, app: step.app_id, commit, name, started, conclusion };
        self.repos[place].runs.push(run.clone());
        self.announce(place, &Notice::Checked(&run));
        Ok(())
    }

    /// Every push makes a suite for each App that may write checks; Actions always may.
    pub(super) fn add_push_suite(&mut self, place: usize, moved: &Move) {
        let (id, created) = (self.next_id(), self.now());
        let push = Some(Pushed { by: moved.by.clone(), before: moved.old, after: moved.new });
        self.repos[place].suites.push(Suite { id, app: ACTIONS, commit: moved.new, created, push });
    }

    fn suite_of(&mut self, place: usize, commit: Oid, app: u64) -> u64 {
        let (id, created) = (self.next_id(), self.now());
        let suites = &mut self.repos[place].suites;
        if let Some(suite) = suites.iter().rfind(|suite| suite.commit == commit && suite.app == app) {
            return suite.id;
        }
        suites.push(Suite { id, app, commit, created, push: None });
        id
    }
}
