//! Code scanning.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};

use super::super::Github;
use super::super::scanning::{Alert, Analysis};
use super::super::shapes::View;
use super::{Answer, Asked, Refusal, Reply, view};

/// The path of a repository and one numbered thing in it.
type Numbered = Path<(String, String, u64)>;

/// The routes of this file.
pub(super) fn routes() -> Router<Arc<Github>> {
    Router::new()
        .route("/repos/{owner}/{repo}/code-scanning/analyses", get(analyses))
        .route("/repos/{owner}/{repo}/code-scanning/analyses/{id}", get(analysis))
        .route("/repos/{owner}/{repo}/code-scanning/alerts", get(alerts))
        .route("/repos/{owner}/{repo}/code-scanning/alerts/{number}", get(alert))
}

async fn analyses(
    State(github): State<Arc<Github>>,
    Path((owner, repo)): Path<(String, String)>,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = github.locked();
    let view = view(&world, &asked, (&owner, &repo))?;
    if view.repo.analyses.is_empty() {
        return Err(Refusal::new(StatusCode::NOT_FOUND, "no analysis found"));
    }
    let mut found = view.repo.analyses.iter().filter(|analysis| matches(analysis, &asked)).collect::<Vec<_>>();
    if asked.value("direction") != Some("asc") {
        found.reverse();
    }
    Ok(asked.list(&found, |analysis| view.analysis_json(analysis)))
}

async fn analysis(
    State(github): State<Arc<Github>>,
    Path((owner, repo, id)): Numbered,
    Extension(asked): Extension<Asked>,
) -> Result<Response, Refusal> {
    let world = github.locked();
    let view = view(&world, &asked, (&owner, &repo))?;
    let analysis = view.repo.analyses.iter().find(|analysis| analysis.id == id).ok_or_else(Refusal::not_found)?;
    if asked.wants_sarif() {
        let kind = [(header::CONTENT_TYPE, "application/sarif+json; charset=utf-8")];
        return Ok((kind, view.sarif_json(analysis).to_string()).into_response());
    }
    Ok(Answer::from(view.analysis_json(analysis)).into_response())
}

async fn alerts(
    State(github): State<Arc<Github>>,
    Path((owner, repo)): Path<(String, String)>,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = github.locked();
    let view = view(&world, &asked, (&owner, &repo))?;
    if view.repo.analyses.is_empty() {
        return Err(Refusal::new(StatusCode::NOT_FOUND, "no analysis found"));
    }
    let mut found = view.repo.alerts.iter().filter(|alert| is_wanted(&view, alert, &asked)).collect::<Vec<_>>();
    if asked.value("direction") != Some("asc") {
        found.reverse();
    }
    Ok(asked.list(&found, |alert| view.alert_json(alert)))
}

/// With `ref`, an alert must have been found on that branch at some time.
fn is_wanted(view: &View<'_>, alert: &Alert, asked: &Asked) -> bool {
    let mut seen =
        view.repo.analyses.iter().filter(|analysis| analysis.results.iter().any(|(n, _)| *n == alert.number));
    asked.value("state").is_none_or(|state| state == alert.state())
        && asked.value("tool_name").is_none_or(|tool| tool == alert.tool)
        && (asked.value("ref").is_none() || seen.any(|analysis| matches(analysis, asked)))
}

async fn alert(
    State(github): State<Arc<Github>>,
    Path((owner, repo, number)): Numbered,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = github.locked();
    let view = view(&world, &asked, (&owner, &repo))?;
    let alert = view.repo.alerts.iter().find(|alert| alert.number == number);
    Ok(view.alert_json(alert.ok_or_else(Refusal::not_found)?).into())
}

/// The branch may be given with or without `refs/heads/`.
fn matches(analysis: &Analysis, asked: &Asked) -> bool {
    let reference = |wanted: &str| analysis.reference.strip_prefix("refs/heads/").unwrap_or_default() == wanted;
    asked.value("ref").is_none_or(|wanted| wanted == analysis.reference || reference(wanted))
        && asked.value("tool_name").is_none_or(|tool| tool == analysis.tool)
}
