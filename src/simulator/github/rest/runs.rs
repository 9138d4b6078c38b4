//! Runs of GitHub Actions, and what the App says about their deployments.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde_json::Value;

use super::super::Github;
use super::super::runs::{ActionsRun, Reviewed};
use super::super::shapes::View;
use super::super::tokens::Caller;
use super::{Asked, Refusal, Reply, view};

/// A repository and the number of a run.
type RunPath = Path<(String, String, u64)>;

/// The routes of this file.
pub(super) fn routes() -> Router<Arc<Github>> {
    Router::new()
        .route("/repos/{owner}/{repo}/actions/runs/{id}", get(run))
        .route("/repos/{owner}/{repo}/actions/runs/{id}/pending_deployments", get(pending))
        .route("/repos/{owner}/{repo}/actions/runs/{id}/approvals", get(approvals))
        .route("/repos/{owner}/{repo}/actions/runs/{id}/deployment_protection_rule", post(review))
}

async fn run(
    State(github): State<Arc<Github>>,
    Path((owner, repo, id)): RunPath,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = github.locked();
    let view = view(&world, &asked, (&owner, &repo))?;
    Ok(view.actions_run_json(found(&view, id)?).into())
}

async fn pending(
    State(github): State<Arc<Github>>,
    Path((owner, repo, id)): RunPath,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = github.locked();
    let view = view(&world, &asked, (&owner, &repo))?;
    let waits = &found(&view, id)?.waits;
    Ok(waits.iter().map(|name| view.pending_deployment_json(name)).collect::<Value>().into())
}

async fn approvals(
    State(github): State<Arc<Github>>,
    Path((owner, repo, id)): RunPath,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = github.locked();
    let view = view(&world, &asked, (&owner, &repo))?;
    let given = found(&view, id)?.reviews.iter().filter(|review| review.state.is_some());
    Ok(given.map(|review| view.given_review_json(review)).collect::<Value>().into())
}

/// Only the App whose rule it is may say something.
async fn review(
    State(github): State<Arc<Github>>,
    Path((owner, name, id)): RunPath,
    Extension(caller): Extension<Caller>,
    Json(body): Json<Value>,
) -> Result<Response, Refusal> {
    if caller != Caller::Installation {
        let message = "Resource not accessible by personal access token";
        return Err(Refusal::new(StatusCode::FORBIDDEN, message));
    }
    let mut world = github.unsettled();
    let repo = world.repos.iter_mut().find(|repo| repo.full_name.eq_ignore_ascii_case(&format!("{owner}/{name}")));
    let run = repo.and_then(|repo| repo.actions_runs.iter_mut().find(|run| run.id == id));
    let run = run.ok_or_else(Refusal::not_found)?;
    let text = |key: &str| body[key].as_str().map(str::to_owned);
    let environment = text("environment_name").ok_or_else(|| refused("environment_name is missing"))?;
    let (state, comment) = (text("state"), text("comment").unwrap_or_default());
    if state.is_none() && comment.is_empty() {
        return Err(refused("Either state or comment is needed"));
    }
    run.review(Reviewed { attempt: run.attempt, environment, state, comment }).map_err(refused)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn refused(message: &str) -> Refusal {
    Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, message)
}

fn found<'w>(view: &View<'w>, id: u64) -> Result<&'w ActionsRun, Refusal> {
    view.repo.actions_runs.iter().find(|run| run.id == id).ok_or_else(Refusal::not_found)
}
