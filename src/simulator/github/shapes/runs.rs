//! Runs of GitHub Actions, and what is said about their deployments.

use serde_json::{Value, json};

use super::super::accounts::Account;
use super::super::ids::opaque;
use super::super::runs::{ActionsRun, Reviewed};
use super::super::time_text;
use super::View;

/// The number of a fork, which no other repository has.
const FORK: u64 = 799_999;

impl View<'_> {
    /// A run.
    #[must_use]
    pub fn actions_run_json(&self, run: &ActionsRun) -> Value {
        let (api, web) = (format!("{}/actions/runs/{}", self.api(), run.id), self.web());
        let repository = self.repo_json();
        let mut head = repository.clone();
        if run.fork {
            head["id"] = json!(FORK);
            head["full_name"] = json!(format!("fork/{}", self.repo.name()));
        }
        json!({
            "id": run.id,
            "name": "Deploy",
            "node_id": opaque("WFR", run.id),
            "head_branch": run.branch,
            "head_sha": run.commit.to_string(),
            "path": run.workflow,
            "display_title": "Deploy",
            "run_number": 1,
            "event": run.event,
            "status": run.status(),
            "conclusion": run.conclusion,
            "workflow_id": 161_335,
            "check_suite_id": 1,
            "url": api,
            "html_url": format!("{web}/actions/runs/{}", run.id),
            "pull_requests": [],
            "created_at": time_text(run.created),
            "updated_at": time_text(run.created),
            "actor": self.user_or_null_json(&run.by),
            "run_attempt": run.attempt,
            "referenced_workflows": [],
            "run_started_at": time_text(run.created),
            "triggering_actor": self.user_or_null_json(&run.by),
            "jobs_url": format!("{api}/jobs"),
            "logs_url": format!("{api}/logs"),
            "artifacts_url": format!("{api}/artifacts"),
            "cancel_url": format!("{api}/cancel"),
            "rerun_url": format!("{api}/rerun"),
            "check_suite_url": format!("{}/check-suites/1", self.api()),
            "workflow_url": format!("{}/actions/workflows/161335", self.api()),
            "head_commit": null,
            "repository": repository,
            "head_repository": head,
        })
    }

    /// An environment into which a run waits to be let.
    #[must_use]
    pub fn pending_deployment_json(&self, environment: &str) -> Value {
        json!({
            "environment": self.environment_json(environment),
            "wait_timer": 0,
            "wait_timer_started_at": null,
            "current_user_can_approve": false,
            "reviewers": [],
        })
    }

    /// A review that was given.
    #[must_use]
    pub fn given_review_json(&self, review: &Reviewed) -> Value {
        let mut environment = self.environment_json(&review.environment);
        for name in ["created_at", "updated_at"] {
            environment[name] = json!(time_text(self.repo.created));
        }
        json!({
            "environments": [environment],
            "state": review.state,
            "user": self.links.user_json(&Account::app()),
            "comment": review.comment,
        })
    }

    fn environment_json(&self, name: &str) -> Value {
        let id = name.bytes().fold(161_000_000_u64, |sum, byte| sum + u64::from(byte));
        json!({
            "id": id,
            "node_id": opaque("EN", id),
            "name": name,
            "url": format!("{}/environments/{}", self.api(), super::escaped(name)),
            "html_url": format!("{}/deployments/activity_log?environments_filter={}", self.web(), super::escaped(name)),
        })
    }
}
