//! GitHub's webhooks: a hint that something about a repository changed.

use serde::Deserialize;

use crate::model::RepoName;

/// Events after which an open ticket may be judged differently.
const EVENTS: [&str; 7] =
    ["pull_request", "pull_request_review", "push", "check_run", "check_suite", "code_scanning_alert", "workflow_run"];

#[derive(Deserialize)]
struct Body {
    repository: Option<Repository>,
}

#[derive(Deserialize)]
struct Repository {
    full_name: String,
}

/// Reads the body of a webhook whose signature was checked: the repository, if the event matters.
///
/// # Errors
/// When the body is no JSON of this form, in a few words.
pub fn read(event: &str, body: &[u8]) -> Result<Option<RepoName>, String> {
    if !EVENTS.contains(&event) {
        return Ok(None);
    }
    let body: Body = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let name = body.repository.map(|repository| RepoName::parse(&repository.full_name)).transpose();
    name.map_err(|error| error.to_string())
}
