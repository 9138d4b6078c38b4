//! Git over HTTP, at the project's address with `.git` behind it.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::Gitlab;
use super::super::git::upload_pack::{Served, advertisement};
use super::Refusal;

/// What a request wants of a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    References,
    Pack,
}

/// Answers what is no part of the API: a request of Git, or one for something that is not there.
pub(super) async fn answer(
    State(gitlab): State<Arc<Gitlab>>,
    (method, uri, headers): (Method, Uri, HeaderMap),
    body: Bytes,
) -> Response {
    let Some((path, wanted)) = asked(&method, &uri) else { return Refusal::not_found("Not Found").into_response() };
    if password(&headers).as_deref() != Some(gitlab.token.as_str()) {
        let challenge = (header::WWW_AUTHENTICATE, "Basic realm=\"GitLab\"");
        let said =
            "HTTP Basic: Access denied. If a password was provided for Git authentication, the password was incorrect.";
        return (StatusCode::UNAUTHORIZED, [challenge], said).into_response();
    }
    let world = gitlab.locked();
    let Some(project) = world.projects.iter().find(|project| project.path.eq_ignore_ascii_case(&path)) else {
        let said = "The project you were looking for could not be found or you don't have permission to view it.";
        return (StatusCode::NOT_FOUND, said).into_response();
    };
    let served = Served { git: &project.git, branches: &project.branches, default_branch: &project.default_branch };
    let reply = match wanted {
        Wanted::References => advertisement(),
        Wanted::Pack => served.answer(&body),
    };
    ([(header::CONTENT_TYPE, reply.kind), (header::CACHE_CONTROL, "no-cache")], reply.body).into_response()
}

/// The project's path and what is wanted of it.
fn asked(method: &Method, uri: &Uri) -> Option<(String, Wanted)> {
    let (path, service) = uri.path().strip_prefix('/')?.split_once(".git/")?;
    let wanted = match (method, service) {
        (&Method::GET, "info/refs") if uri.query() == Some("service=git-upload-pack") => Wanted::References,
        (&Method::POST, "git-upload-pack") => Wanted::Pack,
        _ => return None,
    };
    Some((path.to_owned(), wanted))
}

/// The password of a request; the name before it may be any.
fn password(headers: &HeaderMap) -> Option<String> {
    let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
    let given = String::from_utf8(STANDARD.decode(given).ok()?).ok()?;
    Some(given.split_once(':')?.1.to_owned())
}
