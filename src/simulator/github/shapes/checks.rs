//! Check runs and commit statuses.

use serde_json::{Value, json};

use super::super::accounts::Account;
use super::super::checks::{Run, app_name, app_slug};
use super::super::git::Oid;
use super::super::ids::opaque;
use super::super::statuses::CommitStatus;
use super::super::time_text;
use super::View;

impl View<'_> {
    /// A check run.
    #[must_use]
    pub fn run_json(&self, run: &Run) -> Value {
        let api = format!("{}/check-runs/{}", self.api(), run.id);
        let web = format!("{}/runs/{}", self.web(), run.id);
        let output = json!({
            "title": null, "summary": null, "text": null, "annotations_count": 0,
            "annotations_url": format!("{api}/annotations"),
        });
        json!({
            "id": run.id,
            "node_id": opaque("CR", run.id),
            "name": run.name,
            "head_sha": run.commit.to_string(),
            "external_id": "",
            "url": api,
            "html_url": web,
            "details_url": web,
            "status": run.status(),
            "conclusion": run.conclusion,
            "started_at": time_text(run.started),
            "completed_at": run.conclusion.is_some().then(|| time_text(run.started)),
            "output": output,
            "check_suite": { "id": run.suite },
            "app": self.app_json(run.app),
            "pull_requests": [],
        })
    }

    /// The App that reports checks.
    #[must_use]
    pub fn app_json(&self, app: u64) -> Value {
        let slug = app_slug(app);
        json!({
            "id": app,
            "node_id": opaque("A", app),
            "slug": slug,
            "name": app_name(app),
            "owner": self.user_json(&Account::owner("github")),
            "description": "",
            "external_url": format!("{}/apps/{slug}", self.links.web),
            "html_url": format!("{}/apps/{slug}", self.links.web),
            "created_at": time_text(self.repo.created),
            "updated_at": time_text(self.repo.created),
            "permissions": { "checks": "write", "metadata": "read" },
            "events": [],
        })
    }

    /// All commit statuses in one, the newest of each context.
    #[must_use]
    pub fn combined_status_json(&self, oid: Oid, page: &[&CommitStatus]) -> Value {
        let statuses = page.iter().map(|status| {
            let mut shape = self.status_json(status);
            // Here, unlike in the list of all of them, GitHub does not say who set it.
            shape.as_object_mut().and_then(|fields| fields.remove("creator"));
            shape
        });
        json!({
            "state": self.repo.combined_status(oid).word(),
            "statuses": statuses.collect::<Vec<_>>(),
            "sha": oid.to_string(),
            "total_count": self.repo.latest_statuses(oid).len(),
            "repository": self.repo_json(),
            "commit_url": format!("{}/commits/{oid}", self.api()),
            "url": format!("{}/commits/{oid}/status", self.api()),
        })
    }

    /// A commit status.
    #[must_use]
    pub fn status_json(&self, status: &CommitStatus) -> Value {
        json!({
            "url": format!("{}/statuses/{}", self.api(), status.commit),
            "avatar_url": format!("{}/avatars/{}", self.links.web, status.by.id),
            "id": status.id,
            "node_id": opaque("SC", status.id),
            "state": status.state.word(),
            "description": null,
            "target_url": null,
            "context": status.context,
            "created_at": time_text(status.created),
            "updated_at": time_text(status.created),
            "creator": self.user_or_null_json(&status.by),
        })
    }
}
