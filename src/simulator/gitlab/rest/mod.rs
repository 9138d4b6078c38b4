//! The REST API, version 4, and beside it Git itself.

mod asked;
mod commits;
mod guard;
mod lists;
mod projects;
mod repository;
mod requests;
mod users;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};

use super::super::traffic::{Nodes, entries};
use super::git::Oid;
use super::shapes::View;
use super::world::World;
use super::{Gitlab, graphql};

use asked::{Asked, UNCOUNTED};

/// What a handler answers.
type Reply = Result<Answer, Refusal>;

/// Every route.
pub(super) fn router(gitlab: Arc<Gitlab>) -> Router {
    let rest = projects::routes().merge(commits::routes()).merge(requests::routes()).merge(users::routes());
    let api = Router::new().nest("/api/v4", rest).route("/api/graphql", post(graphql::answer));
    let api = api.layer(from_fn_with_state(Arc::clone(&gitlab), guard::guard));
    api.fallback(repository::answer).with_state(gitlab)
}

/// A JSON answer: a single thing, or one page of a list.
#[derive(Debug)]
struct Answer {
    body: Value,
    headers: Vec<(&'static str, String)>,
}

/// An answer that says no.
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    message: String,
}

impl From<Value> for Answer {
    fn from(body: Value) -> Answer {
        Answer { body, headers: Vec::new() }
    }
}

impl Answer {
    /// One page of a list, with the headers that say where it is.
    fn page<T>(asked: &Asked, items: &[T], shape: impl Fn(&T) -> Value) -> Answer {
        let paging = asked.paging();
        let last = items.len().div_ceil(paging.size).max(1);
        let other = |page: Option<usize>| page.map(|page| page.to_string()).unwrap_or_default();
        let mut headers = vec![
            ("x-page", paging.page.to_string()),
            ("x-per-page", paging.size.to_string()),
            ("x-next-page", other((paging.page < last).then_some(paging.page + 1))),
            ("x-prev-page", other((paging.page > 1).then(|| paging.page - 1))),
            ("link", asked.link(paging, items.len())),
        ];
        if items.len() <= UNCOUNTED {
            headers.extend([("x-total", items.len().to_string()), ("x-total-pages", last.to_string())]);
        }
        Answer { body: paging.of(items).iter().map(shape).collect(), headers }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let kind = (axum::http::header::CONTENT_TYPE, "application/json");
        let mut response = ([kind], self.body.to_string()).into_response();
        response.extensions_mut().insert(Nodes(entries(&self.body)));
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(HeaderName::from_static(name), value);
            }
        }
        response
    }
}

impl Refusal {
    fn new(status: StatusCode, message: impl Into<String>) -> Refusal {
        Refusal { status, message: message.into() }
    }

    /// What the token may not see is not there.
    fn not_found(what: &str) -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, format!("404 {what}"))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let kind = (axum::http::header::CONTENT_TYPE, "application/json");
        (self.status, [kind], json!({ "message": self.message }).to_string()).into_response()
    }
}

/// The project that somebody names by its number or its path.
fn view<'w>(world: &'w World, asked: &'w Asked, id: &str) -> Result<View<'w>, Refusal> {
    let is_it = |project: &&super::world::Project| {
        project.path.eq_ignore_ascii_case(id) || id.parse::<u64>().is_ok_and(|number| number == project.id)
    };
    let project = world.projects.iter().find(is_it).ok_or_else(|| Refusal::not_found("Project Not Found"))?;
    Ok(View { world, project, web: &asked.web })
}

/// A commit that somebody names.
fn commit(view: &View<'_>, name: &str) -> Result<Oid, Refusal> {
    view.project.resolve(name).ok_or_else(|| Refusal::not_found("Commit Not Found"))
}
