//! Deployments.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Extension, Router};

use super::super::Github;
use super::{Asked, Refusal, Reply, view};

/// The routes of this file.
pub(super) fn routes() -> Router<Arc<Github>> {
    Router::new()
        .route("/repos/{owner}/{repo}/deployments", get(deployments))
        .route("/repos/{owner}/{repo}/deployments/{id}/statuses", get(statuses))
}

async fn deployments(
    State(github): State<Arc<Github>>,
    Path((owner, repo)): Path<(String, String)>,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = github.locked();
    let view = view(&world, &asked, (&owner, &repo))?;
    Ok(asked.list(&view.repo.deployments_to(asked.value("environment")), |one| view.deployment_json(one)))
}

async fn statuses(
    State(github): State<Arc<Github>>,
    Path((owner, repo, id)): Path<(String, String, u64)>,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = github.locked();
    let view = view(&world, &asked, (&owner, &repo))?;
    let one = view.repo.deployments.iter().find(|one| one.id == id).ok_or_else(Refusal::not_found)?;
    Ok(asked.list(&one.statuses, |status| view.deployment_status_json(one, status)))
}
