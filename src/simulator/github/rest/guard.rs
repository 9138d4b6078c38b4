//! What stands before every route: who may ask, for which version, and how often.

use std::sync::{Arc, PoisonError};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::super::Github;
use super::super::tokens::{Budget, Caller, LIMIT};
use super::asked::VERSIONS;
use super::{Asked, Refusal};

/// Lets a request through, or answers it right here; either way with the headers that GitHub always sends.
pub(super) async fn guard(State(github): State<Arc<Github>>, mut request: Request, next: Next) -> Response {
    let asked = Asked::of(&request);
    let graphql = asked.path.ends_with("/graphql");
    let version = asked.version().to_owned();
    let mut response = match permit(&github, &asked, request.headers()) {
        Err(refusal) => refusal.into_response(),
        Ok(caller) => {
            request.extensions_mut().insert(asked);
            if let Some(caller) = caller {
                request.extensions_mut().insert(caller);
            }
            next.run(request).await
        }
    };
    let is_free = response.status() == StatusCode::NOT_MODIFIED;
    let (resource, points) = if graphql { ("graphql", 0) } else { ("core", u64::from(!is_free)) };
    let budget = github.tokens.lock().unwrap_or_else(PoisonError::into_inner).spend(resource, points);
    add_headers(response.headers_mut(), (resource, budget), &version);
    response
}

fn permit(github: &Github, asked: &Asked, headers: &HeaderMap) -> Result<Option<Caller>, Refusal> {
    if !VERSIONS.contains(&asked.version()) {
        let message = format!("The API version `{}` is not supported.", asked.version());
        return Err(Refusal::new(StatusCode::BAD_REQUEST, message));
    }
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (scheme, secret) = given.split_once(' ').unwrap_or_default();
    let known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token");
    if asks_as_app(asked) {
        let jwt = known && secret.split('.').count() == 3 && secret.split('.').all(|part| !part.is_empty());
        let refusal = || Refusal::new(StatusCode::UNAUTHORIZED, "A JSON web token could not be decoded");
        return jwt.then_some(None).ok_or_else(refusal);
    }
    let caller = known.then(|| github.tokens.lock().unwrap_or_else(PoisonError::into_inner).caller(secret)).flatten();
    caller.map(Some).ok_or_else(|| Refusal::new(StatusCode::UNAUTHORIZED, "Bad credentials"))
}

/// Some routes are for the App itself, which signs a token of its own.
fn asks_as_app(asked: &Asked) -> bool {
    let path = asked.path.strip_prefix("/api/v3").unwrap_or(&asked.path);
    let parts = path.trim_matches('/').split('/').collect::<Vec<_>>();
    matches!(parts.as_slice(), ["app", ..] | ["repos", _, _, "installation"])
}

fn add_headers(headers: &mut HeaderMap, (resource, budget): (&'static str, Budget), version: &str) {
    let pairs = [
        ("x-ratelimit-limit", LIMIT.to_string()),
        ("x-ratelimit-remaining", budget.remaining().to_string()),
        ("x-ratelimit-used", budget.used.to_string()),
        ("x-ratelimit-reset", budget.reset.to_string()),
        ("x-ratelimit-resource", resource.to_owned()),
        ("x-github-media-type", "github.v3; format=json".to_owned()),
        ("x-github-api-version-selected", version.to_owned()),
        ("x-github-request-id", format!("{:04X}:{:06X}", budget.reset & 0xffff, budget.used)),
    ];
    for (name, value) in pairs {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}
