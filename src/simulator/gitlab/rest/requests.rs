//! Merge requests.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Extension, Router};

use super::super::Gitlab;
use super::super::requests::Request;
use super::super::shapes::View;
use super::{Answer, Asked, Refusal, Reply, view};

pub(super) fn routes() -> Router<Arc<Gitlab>> {
    Router::new()
        .route("/projects/{id}/merge_requests/{iid}", get(one))
        .route("/projects/{id}/merge_requests/{iid}/commits", get(commits))
        .route("/projects/{id}/merge_requests/{iid}/versions", get(versions))
        .route("/projects/{id}/merge_requests/{iid}/approvals", get(approvals))
        .route("/projects/{id}/merge_requests/{iid}/notes", get(notes))
        .route("/projects/{id}/merge_requests/{iid}/reviewers", get(reviewers))
}

/// Where the numbers of a project and of a merge request stand in an address.
type Place = Path<(String, u64)>;

async fn one(State(gitlab): State<Arc<Gitlab>>, Path((id, iid)): Place, Extension(asked): Extension<Asked>) -> Reply {
    let world = gitlab.locked();
    let view = view(&world, &asked, &id)?;
    Ok(view.whole_request(find(&view, iid)?).into())
}

/// Newest first.
async fn commits(
    State(gitlab): State<Arc<Gitlab>>,
    Path((id, iid)): Place,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = gitlab.locked();
    let view = view(&world, &asked, &id)?;
    let commits: Vec<_> = find(&view, iid)?.commits().iter().rev().copied().collect();
    Ok(Answer::page(&asked, &commits, |commit| view.commit(*commit)))
}

/// Newest first.
async fn versions(
    State(gitlab): State<Arc<Gitlab>>,
    Path((id, iid)): Place,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = gitlab.locked();
    let view = view(&world, &asked, &id)?;
    let request = find(&view, iid)?;
    let versions: Vec<_> = request.versions.iter().rev().collect();
    Ok(Answer::page(&asked, &versions, |version| view.version(request, version)))
}

async fn approvals(
    State(gitlab): State<Arc<Gitlab>>,
    Path((id, iid)): Place,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = gitlab.locked();
    let view = view(&world, &asked, &id)?;
    Ok(view.approvals(find(&view, iid)?).into())
}

/// Newest first, unless the other order is asked for.
async fn notes(State(gitlab): State<Arc<Gitlab>>, Path((id, iid)): Place, Extension(asked): Extension<Asked>) -> Reply {
    let world = gitlab.locked();
    let view = view(&world, &asked, &id)?;
    let request = find(&view, iid)?;
    let mut notes: Vec<_> = request.notes.iter().collect();
    if asked.value("sort") != Some("asc") {
        notes.reverse();
    }
    match asked.value("activity_filter") {
        Some("only_comments") => notes.retain(|note| !note.is_system),
        Some("only_activity") => notes.retain(|note| note.is_system),
        _ => {}
    }
    Ok(Answer::page(&asked, &notes, |note| view.note(request, note)))
}

async fn reviewers(
    State(gitlab): State<Arc<Gitlab>>,
    Path((id, iid)): Place,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = gitlab.locked();
    let view = view(&world, &asked, &id)?;
    let reviewers: Vec<_> = find(&view, iid)?.reviewers.iter().map(|reviewer| view.reviewer(reviewer)).collect();
    Ok(serde_json::Value::from(reviewers).into())
}

fn find<'w>(view: &View<'w>, iid: u64) -> Result<&'w Request, Refusal> {
    view.project.requests.get(&iid).ok_or_else(|| Refusal::not_found("Not found"))
}
