//! The REST API.

mod apps;
mod asked;
mod commits;
mod deployments;
mod guard;
mod pulls;
mod repos;
mod runs;
mod scanning;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};

use super::super::traffic::{Nodes, entries};
use super::git::Oid;
use super::shapes::View;
use super::world::World;
use super::{Github, graphql};

pub(super) use asked::Asked;

/// GitHub says which letters its JSON is written in.
const JSON: (HeaderName, &str) = (header::CONTENT_TYPE, "application/json; charset=utf-8");

/// What a handler answers.
type Reply = Result<Answer, Refusal>;

/// Every route, for github.com and for GitHub Enterprise Server.
pub(super) fn router(github: Arc<Github>) -> Router {
    let rest = apps::routes().merge(repos::routes()).merge(commits::routes());
    let rest = rest.merge(pulls::routes()).merge(scanning::routes()).merge(deployments::routes()).merge(runs::routes());
    let everything = Router::new()
        .merge(rest.clone())
        .nest("/api/v3", rest)
        .route("/graphql", post(graphql::answer))
        .route("/api/graphql", post(graphql::answer))
        .fallback(async || Refusal::not_found());
    everything.layer(from_fn_with_state(Arc::clone(&github), guard::guard)).with_state(github)
}

/// A JSON answer, one page of a list or a single thing.
#[derive(Debug)]
pub struct Answer {
    body: Value,
    link: Option<String>,
}

/// An answer that says no.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    message: String,
}

impl From<Value> for Answer {
    fn from(body: Value) -> Answer {
        Answer { body, link: None }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = ([JSON], self.body.to_string()).into_response();
        response.extensions_mut().insert(Nodes(entries(&self.body)));
        if let Some(link) = self.link.and_then(|link| HeaderValue::from_str(&link).ok()) {
            response.headers_mut().insert(header::LINK, link);
        }
        response
    }
}

impl Refusal {
    fn new(status: StatusCode, message: impl Into<String>) -> Refusal {
        Refusal { status, message: message.into() }
    }

    fn not_found() -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, "Not Found")
    }

    fn no_commit(name: &str) -> Refusal {
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, format!("No commit found for SHA: {name}"))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({
            "message": self.message,
            "documentation_url": "https://docs.github.com/rest",
            "status": self.status.as_str(),
        });
        (self.status, [JSON], body.to_string()).into_response()
    }
}

/// A repository that somebody asks for.
fn view<'w>(world: &'w World, asked: &'w Asked, (owner, name): (&str, &str)) -> Result<View<'w>, Refusal> {
    let repo = world.repo(owner, name).ok_or_else(Refusal::not_found)?;
    Ok(View { world, repo, links: &asked.links })
}

/// A commit that somebody asks for.
fn commit(view: &View<'_>, name: &str) -> Result<Oid, Refusal> {
    view.repo.resolve(name).ok_or_else(|| Refusal::no_commit(name))
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod verbs_tests;
