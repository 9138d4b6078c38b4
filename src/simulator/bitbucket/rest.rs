//! Bitbucket over HTTP: the REST API below `/2.0`, and Git at `/OWNER/NAME.git`.

use std::sync::Arc;

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use url::Url;

use super::super::git::Oid;
use super::super::git::upload_pack::{self, Reply, Served};
use super::{Bitbucket, World};

/// Entries on a page when nobody asks for more, and at most.
const PAGE: (usize, usize) = (10, 50);

pub(super) fn router(bitbucket: Arc<Bitbucket>) -> Router {
    Router::new().fallback(answer).with_state(bitbucket)
}

/// A list, of which a page is answered, or a single thing.
enum Found {
    List(Vec<Value>),
    One(Value),
    Status(StatusCode),
}

async fn answer(State(bitbucket): State<Arc<Bitbucket>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let host = head.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost").to_owned();
    let Ok(url) = Url::parse(&format!("http://{host}{}", head.uri)) else { return not_found() };
    let body = to_bytes(body, 1 << 20).await.unwrap_or_default();
    if let Some(path) = url.path().strip_prefix("/2.0/") {
        if !has(&head.headers, &format!("Bearer {}", bitbucket.token)) {
            return refusal(StatusCode::UNAUTHORIZED, "Token is invalid or not supported for this endpoint.");
        }
        return paged(&bitbucket.world(), &url, path);
    }
    let basic = STANDARD.encode(format!("x-token-auth:{}", bitbucket.token));
    if !has(&head.headers, &format!("Basic {basic}")) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    git(&bitbucket.world(), &url, &body)
}

fn has(headers: &HeaderMap, value: &str) -> bool {
    headers.get(AUTHORIZATION).is_some_and(|given| given.as_bytes() == value.as_bytes())
}

fn git(world: &World, url: &Url, body: &Bytes) -> Response {
    let served = Served { git: &world.git, branches: &world.branches, default_branch: "main" };
    let Reply { kind, body } = match url.path().strip_prefix(&format!("/{}.git/", world.name)) {
        Some("info/refs") => upload_pack::advertisement(),
        Some("git-upload-pack") => served.answer(body),
        _ => return not_found(),
    };
    ([(CONTENT_TYPE, kind)], body).into_response()
}

fn paged(world: &World, url: &Url, path: &str) -> Response {
    let list = match find(world, url, path) {
        Found::One(value) => return ([(CONTENT_TYPE, "application/json")], value.to_string()).into_response(),
        Found::Status(status) => return refusal(status, "no"),
        Found::List(list) => list,
    };
    let number = |key: &str| parameter(url, key).and_then(|value| value.parse::<usize>().ok());
    let length = number("pagelen").unwrap_or(PAGE.0).min(world.habits.page.unwrap_or(PAGE.1)).max(1);
    let page = number("page").unwrap_or(1).max(1);
    let mut body =
        json!({"pagelen": length, "values": list.iter().skip((page - 1) * length).take(length).collect::<Vec<_>>()});
    if page * length < list.len() {
        let mut next = url.clone();
        let others: Vec<(String, String)> = url.query_pairs().into_owned().filter(|(key, _)| key != "page").collect();
        next.query_pairs_mut().clear().extend_pairs(others).append_pair("page", &(page + 1).to_string());
        body["next"] = world.habits.elsewhere.clone().unwrap_or_else(|| next.to_string()).into();
    }
    ([(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

fn find(world: &World, url: &Url, path: &str) -> Found {
    let (workspace, name) = world.name.split_once('/').unwrap_or_default();
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        ["workspaces", space, "permissions", "repositories", repository]
            if (*space, *repository) == (workspace, name) =>
        {
            permissions(world, url)
        }
        ["repositories", space, repository, rest @ ..] if (*space, *repository) == (workspace, name) => {
            in_repository(world, url, rest)
        }
        _ => Found::Status(StatusCode::NOT_FOUND),
    }
}

fn in_repository(world: &World, url: &Url, rest: &[&str]) -> Found {
    match rest {
        [] => Found::One(world.repository()),
        ["commit", digits] => match resolve(world, digits) {
            Some((id, value)) if value["hash"] == id.to_string() => Found::One(value),
            _ => Found::Status(StatusCode::NOT_FOUND),
        },
        ["commit", _, "pullrequests"] if world.habits.is_looking => Found::Status(StatusCode::ACCEPTED),
        ["commit", digits, "pullrequests"] => match resolve(world, digits) {
            Some((id, _)) => {
                Found::List(world.pulls_of(id).iter().map(|id| json!({"type": "pullrequest", "id": id})).collect())
            }
            None => Found::Status(StatusCode::NOT_FOUND),
        },
        ["commits", digits] => commits(world, url, digits),
        ["pullrequests", number, rest @ ..] => pull(world, number.parse().unwrap_or_default(), rest),
        _ => Found::Status(StatusCode::NOT_FOUND),
    }
}

fn commits(world: &World, url: &Url, digits: &str) -> Found {
    let Some((id, _)) = resolve(world, digits) else { return Found::Status(StatusCode::NOT_FOUND) };
    let excluded = url.query_pairs().filter(|(key, _)| key == "exclude").filter_map(|(_, value)| Oid::parse(&value));
    let without: std::collections::HashSet<Oid> = excluded.flat_map(|id| world.git.reachable(id)).collect();
    let log = world.git.log(id).into_iter().filter(|id| !without.contains(id));
    Found::List(log.filter_map(|id| Some(world.commit_json(id, world.git.commit(id)?))).collect())
}

fn pull(world: &World, number: u64, rest: &[&str]) -> Found {
    let place = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    let Some(pull) = place.and_then(|place| world.pulls.get(place)) else {
        return Found::Status(StatusCode::NOT_FOUND);
    };
    match rest {
        [] => Found::One(world.pull_json(number, pull)),
        ["activity"] => Found::List(pull.events.iter().rev().map(|event| world.event(pull, event)).collect()),
        ["commits"] => {
            let mut own = pull.own.clone().unwrap_or_else(|| {
                world.branches.get(&pull.target).map_or_else(Vec::new, |onto| world.git.range(*onto, pull.head))
            });
            if pull.own.is_none() {
                own.reverse();
            }
            let commit = |id: &Oid| Some(world.commit_json(*id, world.git.commit(*id)?));
            Found::List(own.iter().filter_map(commit).collect())
        }
        _ => Found::Status(StatusCode::NOT_FOUND),
    }
}

fn permissions(world: &World, url: &Url) -> Found {
    if world.habits.keeps_rights {
        return Found::Status(StatusCode::FORBIDDEN);
    }
    let asked = parameter(url, "q").unwrap_or_default();
    let is_asked = |name: &&&str| asked == format!("user.uuid=\"{}\"", world.uuid(name).braced());
    let found = world.people.iter().filter(is_asked);
    Found::List(
        found
            .map(|name| json!({"type": "repository_permission", "permission": "write", "user": world.user(name)}))
            .collect(),
    )
}

/// The only commit whose name begins so.
fn resolve(world: &World, digits: &str) -> Option<(Oid, Value)> {
    let id = world.git.commit_starting_with(digits)?;
    Some((id, world.commit_json(id, world.git.commit(id)?)))
}

fn parameter(url: &Url, key: &str) -> Option<String> {
    url.query_pairs().find(|(name, _)| name == key).map(|(_, value)| value.into_owned())
}

fn refusal(status: StatusCode, message: &str) -> Response {
    let body = json!({"type": "error", "error": {"message": message}});
    (status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

fn not_found() -> Response {
    refusal(StatusCode::NOT_FOUND, "Resource not found")
}
