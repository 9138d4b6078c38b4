//! Runs of GitHub Actions that wait at a deployment protection rule of the App.

use super::accounts::Account;
use super::git::Oid;
use super::scene::{CancelRun, PushTag, SceneError, WorkflowRun};
use super::webhook::Notice;
use super::world::World;

/// Most words that decide nothing for one environment of one attempt.
const MOST_REPORTS: usize = 10;

/// Longest comment, in characters.
const MOST_COMMENT: usize = 1024;

/// A run.
#[derive(Debug, Clone)]
pub struct ActionsRun {
    /// Its number.
    pub id: u64,
    /// Which attempt of it, from 1.
    pub attempt: u32,
    /// What it runs on.
    pub commit: Oid,
    /// The short name of its branch, or of its tag.
    pub branch: String,
    /// What started it.
    pub event: String,
    /// The workflow's file.
    pub workflow: String,
    /// Whether its commit is in a fork.
    pub fork: bool,
    /// Who started this attempt.
    pub by: Account,
    /// When.
    pub created: i64,
    /// The deployment for which it waits; another one for each attempt.
    pub deployment: u64,
    /// The environments into which it waits to be let.
    pub waits: Vec<String>,
    /// What was said, oldest first.
    pub reviews: Vec<Reviewed>,
    /// `success`, `failure` or `cancelled`, once it has ended.
    pub conclusion: Option<&'static str>,
}

/// What was said about a deployment of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewed {
    /// Of which attempt.
    pub attempt: u32,
    /// Into which environment.
    pub environment: String,
    /// `approved`, `rejected`, or nothing for words alone.
    pub state: Option<String>,
    /// The words.
    pub comment: String,
}

impl World {
    /// A run begins, or another attempt of it, and waits.
    ///
    /// # Errors
    /// When the repository does not have the commit.
    pub fn workflow_run(&mut self, step: &WorkflowRun) -> Result<(), SceneError> {
        let place = self.place(step.repository.as_deref())?;
        let commit = self.oid_in(place, &step.commit)?;
        let (by, created, deployment) = (self.account(&step.by)?, self.now(), self.next_id());
        let branch = step.branch.clone().unwrap_or_else(|| self.repos[place].default_branch.clone());
        let runs = &mut self.repos[place].actions_runs;
        let before = runs.iter().position(|run| run.id == step.run);
        let (attempt, reviews) = before.map_or((1, Vec::new()), |place| {
            let before = runs.remove(place);
            (before.attempt + 1, before.reviews)
        });
        runs.push(ActionsRun {
            id: step.run,
            attempt,
            commit,
            branch,
            event: step.event.clone(),
            workflow: step.workflow.clone(),
            fork: step.fork,
            by,
            created,
            deployment,
            waits: vec![step.environment.clone()],
            reviews,
            conclusion: None,
        });
        let at = runs.len() - 1;
        let notice =
            Notice::RuleAsked { run: at, environment: &step.environment, answer_to: step.answer_to.as_deref() };
        self.announce(place, &notice);
        Ok(())
    }

    /// Somebody cancels a run.
    ///
    /// # Errors
    /// When there is none with this number.
    pub fn cancel_run(&mut self, step: &CancelRun) -> Result<(), SceneError> {
        let runs = self.repos.iter_mut().flat_map(|repo| &mut repo.actions_runs);
        let run = runs.into_iter().find(|run| run.id == step.run);
        let run = run.ok_or_else(|| SceneError(format!("there is no run {}", step.run)))?;
        run.waits.clear();
        run.conclusion = Some("cancelled");
        Ok(())
    }

    /// Somebody pushes a tag.
    ///
    /// # Errors
    /// When the repository does not have the commit.
    pub fn push_tag(&mut self, step: &PushTag) -> Result<(), SceneError> {
        let place = self.place(step.repository.as_deref())?;
        let commit = self.oid_in(place, &step.commit)?;
        self.repos[place].tags.insert(step.tag.clone(), commit);
        Ok(())
    }
}

impl ActionsRun {
    /// Takes what the App says.
    ///
    /// # Errors
    /// With GitHub's message when it does not take it.
    pub fn review(&mut self, review: Reviewed) -> Result<(), &'static str> {
        if review.comment.chars().count() > MOST_COMMENT {
            return Err("Comment is too long (maximum is 1024 characters)");
        }
        if !self.waits.contains(&review.environment) {
            return Err("No pending deployment requests to approve or reject");
        }
        let reports = self
            .reviews
            .iter()
            .filter(|one| one.attempt == self.attempt && one.environment == review.environment && one.state.is_none());
        match review.state.as_deref() {
            None if reports.count() >= MOST_REPORTS => return Err("Too many status reports"),
            None => {}
            Some("approved") => self.waits.retain(|one| *one != review.environment),
            Some("rejected") => {
                self.waits.clear();
                self.conclusion = Some("failure");
            }
            Some(_) => return Err("Invalid state"),
        }
        self.reviews.push(review);
        Ok(())
    }

    /// How it is.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match (self.conclusion, self.waits.is_empty()) {
            (Some(_), _) => "completed",
            (None, false) => "waiting",
            (None, true) => "in_progress",
        }
    }
}
