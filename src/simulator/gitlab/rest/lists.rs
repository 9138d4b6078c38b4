//! Lists of a project: its merge requests, its members, and what people pushed (<https://docs.gitlab.com/api/events/>).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Extension, Router};
use serde_json::{Value, json};

use super::super::Gitlab;
use super::super::push::Pushed;
use super::super::shapes::{View, time};
use super::{Answer, Asked, Reply, view};

pub(super) fn routes() -> Router<Arc<Gitlab>> {
    Router::new()
        .route("/projects/{id}/events", get(events))
        .route("/projects/{id}/merge_requests", get(merge_requests))
        .route("/projects/{id}/members/all", get(members))
}

/// Newest first.
async fn merge_requests(
    State(gitlab): State<Arc<Gitlab>>,
    Path(id): Path<String>,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = gitlab.locked();
    let view = view(&world, &asked, &id)?;
    let found: Vec<_> = view.project.requests.values().rev().collect();
    Ok(Answer::page(&asked, &found, |request| view.request(request)))
}

async fn members(
    State(gitlab): State<Arc<Gitlab>>,
    Path(id): Path<String>,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = gitlab.locked();
    let view = view(&world, &asked, &id)?;
    let found: Vec<_> = world.accounts().into_iter().filter(|account| world.role(account.id).is_some()).collect();
    Ok(Answer::page(&asked, &found, |account| view.user(account)))
}

/// Newest first.
async fn events(
    State(gitlab): State<Arc<Gitlab>>,
    Path(id): Path<String>,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = gitlab.locked();
    let view = view(&world, &asked, &id)?;
    let is_asked = asked.value("action").is_none_or(|action| action == "pushed");
    let found: Vec<&Pushed> = view.project.pushes.iter().rev().filter(|_| is_asked).collect();
    Ok(Answer::page(&asked, &found, |push| shape(&view, push)))
}

fn shape(view: &View<'_>, push: &Pushed) -> Value {
    let (name, action) = if push.before.is_some() { ("pushed to", "pushed") } else { ("pushed new", "created") };
    json!({
        "id": push.id, "project_id": view.project.id, "action_name": name, "target_id": null, "target_iid": null,
        "target_type": null, "author_id": push.by.id, "target_title": null, "created_at": time(push.at),
        "author": view.user(&push.by), "imported": false, "author_username": view.world.today(&push.by).username,
        "push_data": {
            "commit_count": 1, "action": action, "ref_type": "branch", "ref": push.branch, "ref_count": null,
            "commit_from": push.before.map(|before| before.to_string()), "commit_to": push.after.to_string(),
            "commit_title": null,
        },
    })
}
