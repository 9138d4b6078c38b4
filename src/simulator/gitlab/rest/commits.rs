//! Commits, what they are part of, and where two of them parted.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Extension, Router};

use super::super::Gitlab;
use super::super::world::CommitStatus;
use super::{Answer, Asked, Refusal, Reply, commit, view};

pub(super) fn routes() -> Router<Arc<Gitlab>> {
    Router::new()
        .route("/projects/{id}/repository/commits/{sha}", get(one))
        .route("/projects/{id}/repository/commits/{sha}/merge_requests", get(requests))
        .route("/projects/{id}/repository/commits/{sha}/statuses", get(statuses))
        .route("/projects/{id}/repository/merge_base", get(merge_base))
}

async fn one(
    State(gitlab): State<Arc<Gitlab>>,
    Path((id, sha)): Path<(String, String)>,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = gitlab.locked();
    let view = view(&world, &asked, &id)?;
    Ok(view.whole_commit(commit(&view, &sha)?).into())
}

/// The merge requests that a commit is part of, newest first.
async fn requests(
    State(gitlab): State<Arc<Gitlab>>,
    Path((id, sha)): Path<(String, String)>,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = gitlab.locked();
    let view = view(&world, &asked, &id)?;
    let mut found = view.project.requests_with(commit(&view, &sha)?);
    found.retain(|request| asked.value("state").is_none_or(|state| state == "all" || state == request.state()));
    found.sort_by_key(|request| std::cmp::Reverse(request.id));
    Ok(Answer::page(&asked, &found, |request| view.request(request)))
}

/// The newest status of each name, unless all are asked for.
async fn statuses(
    State(gitlab): State<Arc<Gitlab>>,
    Path((id, sha)): Path<(String, String)>,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = gitlab.locked();
    let view = view(&world, &asked, &id)?;
    let commit = commit(&view, &sha)?;
    let mut found = Vec::<&CommitStatus>::new();
    for status in view.project.statuses.iter().rev().filter(|status| status.commit == commit) {
        if asked.value("all") == Some("true") || found.iter().all(|newer| newer.name != status.name) {
            found.push(status);
        }
    }
    Ok(Answer::page(&asked, &found, |status| view.status(status)))
}

/// The newest commit that all of them have in their history.
async fn merge_base(
    State(gitlab): State<Arc<Gitlab>>,
    Path(id): Path<String>,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = gitlab.locked();
    let view = view(&world, &asked, &id)?;
    let names = asked.values("refs");
    if names.len() < 2 {
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "Provide at least 2 refs"));
    }
    let (mut found, mut unknown) = (Vec::new(), Vec::new());
    for name in &names {
        match view.project.resolve(name) {
            Some(oid) => found.push(oid),
            None => unknown.push(*name),
        }
    }
    if !unknown.is_empty() {
        let noun = if unknown.len() == 1 { "ref" } else { "refs" };
        return Err(Refusal::new(StatusCode::BAD_REQUEST, format!("Could not find {noun}: {}", unknown.join(", "))));
    }
    let first = found.first().copied();
    let base = found.iter().skip(1).fold(first, |base, other| view.project.git.merge_base(base?, *other));
    let base = base.ok_or_else(|| Refusal::not_found("Merge Base Not Found"))?;
    Ok(view.whole_commit(base).into())
}
