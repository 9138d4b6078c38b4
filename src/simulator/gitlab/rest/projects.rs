//! Projects, their branches and their members.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Extension, Router};
use serde_json::json;

use super::super::Gitlab;
use super::super::shapes::{time, user};
use super::{Asked, Refusal, Reply, lists, view};

pub(super) fn routes() -> Router<Arc<Gitlab>> {
    Router::new()
        .route("/version", get(async || Reply::Ok(json!({ "version": "18.6.0-ee", "revision": "0c1ffee" }).into())))
        .route("/projects/{id}", get(project))
        .route("/projects/{id}/repository/branches/{name}", get(branch))
        .route("/projects/{id}/members/all/{user}", get(member))
        .merge(lists::routes())
}

async fn project(
    State(gitlab): State<Arc<Gitlab>>,
    Path(id): Path<String>,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = gitlab.locked();
    Ok(view(&world, &asked, &id)?.project().into())
}

async fn branch(
    State(gitlab): State<Arc<Gitlab>>,
    Path((id, name)): Path<(String, String)>,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = gitlab.locked();
    let view = view(&world, &asked, &id)?;
    let tip = view.project.branches.get(&name).ok_or_else(|| Refusal::not_found("Branch Not Found"))?;
    Ok(view.branch(&name, *tip).into())
}

/// A member of the project or of a group that it is in.
async fn member(
    State(gitlab): State<Arc<Gitlab>>,
    Path((id, number)): Path<(String, u64)>,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = gitlab.locked();
    let view = view(&world, &asked, &id)?;
    let account = world.accounts().into_iter().find(|account| account.id == number);
    let (Some(account), Some(role)) = (account, world.role(number)) else {
        return Err(Refusal::not_found("Not found"));
    };
    let mut shape = user(&account, view.web);
    shape["access_level"] = json!(role.level());
    shape["expires_at"] = json!(null);
    shape["created_at"] = json!(time(view.project.created));
    shape["membership_state"] = json!("active");
    Ok(shape.into())
}
