//! Deployments and their statuses.

use serde_json::{Value, json};

use super::super::deployments::Deployed;
use super::super::ids::opaque;
use super::super::time_text;
use super::View;

impl View<'_> {
    /// A deployment.
    #[must_use]
    pub fn deployment_json(&self, one: &Deployed) -> Value {
        let api = format!("{}/deployments/{}", self.api(), one.id);
        json!({
            "url": api,
            "id": one.id,
            "node_id": opaque("DE", one.id),
            "sha": one.commit.to_string(),
            "ref": one.commit.to_string(),
            "task": "deploy",
            "payload": {},
            "original_environment": one.environment,
            "environment": one.environment,
            "description": null,
            "creator": self.user_or_null_json(&one.by),
            "created_at": time_text(one.created),
            "updated_at": time_text(one.created),
            "statuses_url": format!("{api}/statuses"),
            "repository_url": self.api(),
            "transient_environment": false,
            "production_environment": true,
        })
    }

    /// One of its statuses.
    #[must_use]
    pub fn deployment_status_json(&self, one: &Deployed, (id, state): &(u64, String)) -> Value {
        let api = format!("{}/deployments/{}", self.api(), one.id);
        let log = one.run.as_ref().map(|run| format!("{}/actions/runs/{run}/job/{id}", self.web())).unwrap_or_default();
        json!({
            "url": format!("{api}/statuses/{id}"),
            "id": id,
            "node_id": opaque("DES", *id),
            "state": state,
            "creator": self.user_or_null_json(&one.by),
            "description": "",
            "environment": one.environment,
            "target_url": log,
            "log_url": log,
            "environment_url": "",
            "created_at": time_text(one.created),
            "updated_at": time_text(one.created),
            "deployment_url": api,
            "repository_url": self.api(),
        })
    }
}
