//! Commit statuses, the older kind of checks.

use super::accounts::Account;
use super::git::Oid;
use super::scene::{SceneError, Status, StatusState};
use super::webhook::Notice;
use super::world::{Repo, World};

/// One status of one commit.
#[derive(Debug, Clone)]
pub struct CommitStatus {
    /// The id in GitHub's database.
    pub id: u64,
    /// The commit.
    pub commit: Oid,
    /// What it is a status of.
    pub context: String,
    /// The status.
    pub state: StatusState,
    /// Whose token set it.
    pub by: Account,
    /// When.
    pub created: i64,
}

impl StatusState {
    /// As REST writes it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            StatusState::Success => "success",
            StatusState::Failure => "failure",
            StatusState::Error => "error",
            StatusState::Pending => "pending",
        }
    }
}

impl Repo {
    /// All statuses of one commit, newest first.
    #[must_use]
    pub fn statuses_of(&self, commit: Oid) -> Vec<&CommitStatus> {
        self.statuses.iter().rev().filter(|status| status.commit == commit).collect()
    }

    /// The newest status of each context of one commit, newest first.
    #[must_use]
    pub fn latest_statuses(&self, commit: Oid) -> Vec<&CommitStatus> {
        let mut latest = Vec::<&CommitStatus>::new();
        for status in self.statuses_of(commit) {
            if latest.iter().all(|other| other.context != status.context) {
                latest.push(status);
            }
        }
        latest
    }

    /// All statuses of a commit in one word. That of a commit without any is `pending`.
    #[must_use]
    pub fn combined_status(&self, commit: Oid) -> StatusState {
        let latest = self.latest_statuses(commit);
        let any = |wanted: &[StatusState]| latest.iter().any(|status| wanted.contains(&status.state));
        match latest.as_slice() {
            _ if any(&[StatusState::Failure, StatusState::Error]) => StatusState::Failure,
            [] => StatusState::Pending,
            _ if any(&[StatusState::Pending]) => StatusState::Pending,
            _ => StatusState::Success,
        }
    }
}

impl World {
    /// Sets a commit status.
    ///
    /// # Errors
    /// When the repository does not have the commit.
    pub fn status(&mut self, step: &Status) -> Result<(), SceneError> {
        let place = self.place(step.repository.as_deref())?;
        let commit = self.oid_in(place, &step.commit)?;
        let (id, created, by) = (self.next_id(), self.now(), self.account(&step.by)?);
        let status = CommitStatus { id, commit, context: step.context.clone(), state: step.state, by, created };
        self.repos[place].statuses.push(status.clone());
        self.announce(place, &Notice::StatusSet(&status));
        Ok(())
    }
}
