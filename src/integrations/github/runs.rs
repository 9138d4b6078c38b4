//! Runs of GitHub Actions that wait at a deployment protection rule. Source:
//! <https://docs.github.com/en/rest/actions/workflow-runs>,
//! <https://docs.github.com/en/actions/how-tos/deploy/configure-and-manage-deployments/create-custom-protection-rules>.
//!
//! The address that GitHub's webhook names for the answer is never called: the one that is called is made of our settings.

use serde_json::json;

use super::client::GithubClient;
use super::commits::unreadable;
use super::wire;
use crate::integrations::SourceError;
use crate::model::{CommitSha, GithubId, ProtectedRun, WorkflowRun};

/// What GitHub is told about a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeploymentReview {
    /// It may go ahead, as far as we are asked.
    Approved,
    /// It may not.
    Rejected,
    /// Nothing yet: the words alone. GitHub takes ten of these.
    Report,
}

impl GithubClient {
    /// The run, as it is now.
    ///
    /// # Errors
    /// When it cannot be read, or is of another repository.
    pub async fn workflow_run(&self, held: &ProtectedRun) -> Result<WorkflowRun, SourceError> {
        let repository = &held.repository;
        let answer = self.get(repository, &format!("/actions/runs/{}", held.run), None).await?;
        let info: wire::WorkflowRunInfo = answer.json()?;
        if info.id != held.run || info.repository.full_name != repository.as_str() {
            return Err(SourceError::Unreadable("another run than the one that was asked for".into()));
        }
        let is_ambiguous = match &info.head_branch {
            Some(branch) => self.has_tag(held, branch).await?,
            None => false,
        };
        Ok(WorkflowRun {
            attempt: info.run_attempt,
            repository_id: info.repository.id,
            head_repository_id: info.head_repository.map(|repository| repository.id),
            event: info.event,
            branch: info.head_branch,
            is_ambiguous,
            commit: CommitSha::parse(&info.head_sha).map_err(unreadable)?,
            workflow: info.path,
            started_by: info.triggering_actor.map(|actor| GithubId(actor.id)),
        })
    }

    /// Whether the run waits for somebody to let it into the environment.
    ///
    /// # Errors
    /// When that cannot be read.
    pub async fn is_held(&self, held: &ProtectedRun) -> Result<bool, SourceError> {
        let path = format!("/actions/runs/{}/pending_deployments", held.run);
        let pending = self.get(&held.repository, &path, None).await?.json::<Vec<wire::PendingDeployment>>()?;
        Ok(pending.iter().any(|one| one.environment.name == held.environment))
    }

    /// Whether an answer with these words in it was given before.
    ///
    /// # Errors
    /// When that cannot be read.
    pub async fn was_told(&self, held: &ProtectedRun, mark: &str) -> Result<bool, SourceError> {
        let path = format!("/actions/runs/{}/approvals", held.run);
        let given = self.get(&held.repository, &path, None).await?.json::<Vec<wire::GivenReview>>()?;
        Ok(given.iter().any(|review| review.comment.contains(mark)))
    }

    /// Tells GitHub what becomes of a deployment: once, without a second try.
    ///
    /// # Errors
    /// When GitHub does not take it. It may have taken it all the same when there is no answer.
    pub async fn review_deployment(
        &self,
        held: &ProtectedRun,
        review: DeploymentReview,
        comment: &str,
    ) -> Result<(), SourceError> {
        let mut body = json!({"environment_name": held.environment, "comment": comment});
        match review {
            DeploymentReview::Approved => body["state"] = json!("approved"),
            DeploymentReview::Rejected => body["state"] = json!("rejected"),
            DeploymentReview::Report => {}
        }
        let path = format!("/actions/runs/{}/deployment_protection_rule", held.run);
        self.post(&held.repository, &path, &body).await.map(drop)
    }

    /// What the branch of a run is called may be the name of a tag as well. Only names that can stand in an address are asked
    /// for; a run of another one is refused by its name anyway.
    async fn has_tag(&self, held: &ProtectedRun, name: &str) -> Result<bool, SourceError> {
        let Ok(name) = crate::model::BranchName::parse(name) else { return Ok(false) };
        match self.get(&held.repository, &format!("/git/ref/tags/{name}"), None).await {
            Ok(_) => Ok(true),
            Err(SourceError::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
