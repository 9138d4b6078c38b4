//! The App, its installation, tokens and the rate limit.

use std::sync::{Arc, PoisonError};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde_json::{Value, json};

use super::super::accounts::Account;
use super::super::checks::app_slug;
use super::super::deliveries::Delivered;
use super::super::shapes::{APP, INSTALLATION, View};
use super::super::tokens::{Budget, Caller, LIMIT};
use super::super::world::World;
use super::super::{Github, time_text};
use super::{Answer, Asked, Refusal, Reply, view};

/// The routes of this file.
pub(super) fn routes() -> Router<Arc<Github>> {
    Router::new()
        .route("/app", get(app))
        .route("/app/hook/deliveries", get(deliveries))
        .route("/app/hook/deliveries/{id}", get(delivery))
        .route("/app/hook/deliveries/{id}/attempts", post(redeliver))
        .route("/app/installations", get(installations))
        .route("/app/installations/{id}/access_tokens", post(access_token))
        .route("/repos/{owner}/{repo}/installation", get(installation))
        .route("/installation/repositories", get(repositories))
        .route("/user", get(user))
        .route("/rate_limit", get(rate_limit))
}

async fn app(State(github): State<Arc<Github>>, Extension(asked): Extension<Asked>) -> Reply {
    let world = github.locked();
    let mut shape = any_view(&world, &asked)?.app_json(APP);
    shape["permissions"] = permissions_json();
    shape["installations_count"] = json!(1);
    Ok(shape.into())
}

async fn installations(State(github): State<Arc<Github>>, Extension(asked): Extension<Asked>) -> Reply {
    let world = github.locked();
    Ok(asked.list(&[any_view(&world, &asked)?], installation_json))
}

/// Pages of this list are found by a cursor and not by a number.
async fn deliveries(State(github): State<Arc<Github>>, Extension(asked): Extension<Asked>) -> Reply {
    let (all, _) = github.delivered();
    let before = match asked.value("cursor") {
        None => u64::MAX,
        Some(cursor) => {
            let id = cursor.strip_prefix("v1_").and_then(|id| id.parse().ok());
            id.ok_or_else(|| Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "Invalid cursor"))?
        }
    };
    let mut rest = all.iter().filter(|one| one.id < before);
    let size = asked.paging().size;
    let page: Vec<_> = rest.by_ref().take(size).collect();
    let next = rest.next().and(page.last()).map(|last| asked.next_by_cursor(&format!("v1_{}", last.id)));
    Ok(Answer { body: page.into_iter().map(Delivered::item_json).collect(), link: next })
}

async fn delivery(State(github): State<Arc<Github>>, Path(id): Path<u64>) -> Reply {
    let (all, url) = github.delivered();
    let found = all.iter().find(|one| one.id == id).ok_or_else(Refusal::not_found)?;
    Ok(found.whole_json(&url).into())
}

async fn redeliver(State(github): State<Arc<Github>>, Path(id): Path<u64>) -> Result<Response, Refusal> {
    let (all, _) = github.delivered();
    let found = all.iter().find(|one| one.id == id).ok_or_else(Refusal::not_found)?;
    let now = github.unsettled().now();
    github.deliver(&found.news, (&found.guid, now));
    Ok((StatusCode::ACCEPTED, axum::Json(json!({}))).into_response())
}

async fn access_token(State(github): State<Arc<Github>>, Path(id): Path<u64>) -> Result<Response, Refusal> {
    if id != INSTALLATION {
        return Err(Refusal::not_found());
    }
    let (token, ends) = github.tokens.lock().unwrap_or_else(PoisonError::into_inner).hand_out();
    let body = json!({
        "token": token,
        "expires_at": time_text(ends),
        "permissions": permissions_json(),
        "repository_selection": "all",
    });
    Ok((StatusCode::CREATED, axum::Json(body)).into_response())
}

async fn installation(
    State(github): State<Arc<Github>>,
    Path((owner, repo)): Path<(String, String)>,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = github.locked();
    let mut installation = installation_json(&view(&world, &asked, (&owner, &repo))?);
    for (permission, access) in github.granted() {
        installation["permissions"][&permission] = if access.is_empty() { Value::Null } else { json!(access) };
    }
    if let Some(permissions) = installation["permissions"].as_object_mut() {
        permissions.retain(|_, access| !access.is_null());
    }
    Ok(installation.into())
}

async fn repositories(State(github): State<Arc<Github>>, Extension(asked): Extension<Asked>) -> Reply {
    let world = github.locked();
    let links = &asked.links;
    let all = world.repos.iter().map(|repo| View { world: &world, repo, links }.repo_json());
    let all = all.collect::<Vec<_>>();
    let total = all.len();
    Ok(asked.wrapped_list(
        &all,
        |page| json!({ "total_count": total, "repository_selection": "all", "repositories": page }),
    ))
}

async fn user(
    State(github): State<Arc<Github>>,
    Extension(asked): Extension<Asked>,
    Extension(caller): Extension<Caller>,
) -> Reply {
    if caller == Caller::Installation {
        return Err(Refusal::new(StatusCode::FORBIDDEN, "Resource not accessible by integration"));
    }
    let world = github.locked();
    let view = any_view(&world, &asked)?;
    let mut shape = view.user_json(&Account::token_owner());
    for name in ["name", "company", "blog", "location", "email", "hireable", "bio"] {
        shape[name] = Value::Null;
    }
    for name in ["public_repos", "public_gists", "followers", "following"] {
        shape[name] = json!(0);
    }
    for name in ["created_at", "updated_at"] {
        shape[name] = json!(time_text(view.repo.created));
    }
    Ok(shape.into())
}

async fn rate_limit(State(github): State<Arc<Github>>) -> Reply {
    let mut tokens = github.tokens.lock().unwrap_or_else(PoisonError::into_inner);
    let (core, graphql) = (budget_json(tokens.spend("core", 0)), budget_json(tokens.spend("graphql", 0)));
    let search = json!({ "limit": 30, "remaining": 30, "reset": core["reset"], "used": 0 });
    Ok(json!({ "resources": { "core": core, "search": search, "graphql": graphql }, "rate": core }).into())
}

fn budget_json(budget: Budget) -> Value {
    json!({ "limit": LIMIT, "remaining": budget.remaining(), "reset": budget.reset, "used": budget.used })
}

/// A view for what belongs to no repository.
fn any_view<'w>(world: &'w World, asked: &'w Asked) -> Result<View<'w>, Refusal> {
    let repo = world.repos.first().ok_or_else(Refusal::not_found)?;
    Ok(View { world, repo, links: &asked.links })
}

fn installation_json(view: &View<'_>) -> Value {
    let api = &view.links.api;
    json!({
        "id": INSTALLATION,
        "account": view.user_json(&Account::owner(view.repo.owner())),
        "repository_selection": "all",
        "access_tokens_url": format!("{api}/app/installations/{INSTALLATION}/access_tokens"),
        "repositories_url": format!("{api}/installation/repositories"),
        "html_url": format!("{}/settings/installations/{INSTALLATION}", view.links.web),
        "app_id": APP,
        "app_slug": app_slug(APP),
        "target_id": 1,
        "target_type": "Organization",
        "permissions": permissions_json(),
        "events": ["check_run", "pull_request", "pull_request_review", "push"],
        "created_at": time_text(view.repo.created),
        "updated_at": time_text(view.repo.created),
        "single_file_name": null,
        "suspended_by": null,
        "suspended_at": null,
    })
}

fn permissions_json() -> Value {
    json!({
        "checks": "read",
        "contents": "read",
        "metadata": "read",
        "pull_requests": "read",
        "security_events": "read",
        "statuses": "read",
    })
}
