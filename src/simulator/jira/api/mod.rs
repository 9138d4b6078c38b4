//! The REST API of the simulated Jira: `/rest/api/3`, or `/rest/api/2` on Data Center, and the little that exists outside of it.

mod comments;
mod create_meta;
mod edit;
mod issue;
mod links;
mod params;
mod properties;
mod search;
mod service_desk;
mod site;
mod webhook;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::scene::JiraKind;
use super::Jira;
use super::shapes::BOT_EMAIL;

/// All routes, each behind the check of who asks.
pub(super) fn router(jira: Arc<Jira>) -> Router {
    let api = match jira.shared.scene.jira {
        JiraKind::Cloud => Router::new().nest("/rest/api/3", version_three()),
        JiraKind::DataCenter => Router::new().nest("/rest/api/2", version_two()),
    };
    let guarded = api
        .route("/rest/servicedeskapi/request/{issue}/approval", get(service_desk::list))
        .route("/rest/servicedeskapi/request/{issue}/approval/{id}", get(service_desk::read).post(service_desk::answer))
        .route("/rest/webhooks/1.0/webhook", get(webhook::list).post(webhook::register))
        .route_layer(from_fn_with_state(Arc::clone(&jira), authenticate));
    Router::new()
        .route("/rest/api/{version}/serverInfo", get(site::server_info))
        .merge(guarded)
        .layer(from_fn_with_state(Arc::clone(&jira), note_address))
        .with_state(jira)
}

fn version_three() -> Router<Arc<Jira>> {
    both_versions()
        .route("/issue/{issue}/changelog", get(issue::changelog))
        .route("/search/jql", get(search::by_query).post(search::by_body))
        .route("/search", get(search::gone).post(search::gone))
}

/// Data Center shows the history inside of the issue alone.
fn version_two() -> Router<Arc<Jira>> {
    both_versions().route("/search", get(search::by_number))
}

fn both_versions() -> Router<Arc<Jira>> {
    Router::new()
        .route("/myself", get(site::myself))
        .route("/user", get(site::user))
        .route("/mypermissions", get(site::my_permissions))
        .route("/field", get(site::fields))
        .route("/project/{key}", get(site::project))
        .route("/issue", post(issue::create))
        .route("/issue/createmeta/{project}/issuetypes", get(create_meta::types))
        .route("/issue/createmeta/{project}/issuetypes/{id}", get(create_meta::fields))
        .route("/issue/{issue}", get(issue::read).put(issue::change))
        .route("/issue/{issue}/transitions", get(issue::transitions).post(issue::push))
        .route("/issue/{issue}/comment", get(comments::list).post(comments::add))
        .route("/issue/{issue}/comment/{id}", get(comments::read).put(comments::change))
        .route("/issue/{issue}/remotelink", get(links::list).post(links::upsert))
        .route("/issue/{issue}/properties", get(properties::issue_keys))
        .route("/issue/{issue}/properties/{key}", get(properties::of_issue).put(properties::set_of_issue))
        .route("/comment/{id}/properties", get(properties::comment_keys))
        .route("/comment/{id}/properties/{key}", get(properties::of_comment).put(properties::set_of_comment))
        .route("/webhook", put(webhook::not_an_app).post(webhook::not_an_app))
}

/// Remembers under which address the client reached us, so that links in answers lead back here.
async fn note_address(State(jira): State<Arc<Jira>>, request: Request, next: Next) -> Response {
    if let Some(host) = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()) {
        jira.locked().site = format!("http://{host}");
    }
    next.run(request).await
}

async fn authenticate(State(jira): State<Arc<Jira>>, request: Request, next: Next) -> Response {
    if is_bot(&jira, request.headers()) {
        return next.run(request).await;
    }
    let headers = [("x-seraph-loginreason", "AUTHENTICATED_FAILED")];
    (StatusCode::UNAUTHORIZED, headers, "Client must be authenticated to access this resource.").into_response()
}

fn is_bot(jira: &Jira, headers: &HeaderMap) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if jira.shared.scene.jira == JiraKind::DataCenter {
        return given.and_then(|value| value.strip_prefix("Bearer ")) == Some(jira.token.as_str());
    }
    let encoded = given.and_then(|value| value.strip_prefix("Basic "));
    let decoded = encoded.and_then(|value| STANDARD.decode(value.trim()).ok());
    decoded.is_some_and(|decoded| decoded == format!("{BOT_EMAIL}:{}", jira.token).into_bytes())
}
