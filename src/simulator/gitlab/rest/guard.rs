//! What stands before every route: who may ask.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::super::Gitlab;
use super::{Asked, Refusal};

/// Lets a request through that bears the token.
pub(super) async fn guard(State(gitlab): State<Arc<Gitlab>>, mut request: Request, next: Next) -> Response {
    if token(request.headers()) != Some(gitlab.token.as_str()) {
        if request.uri().path().ends_with("/graphql") {
            let body = json!({ "errors": [{ "message": "Invalid token" }] }).to_string();
            return (StatusCode::UNAUTHORIZED, [(header::CONTENT_TYPE, "application/json")], body).into_response();
        }
        return Refusal::new(StatusCode::UNAUTHORIZED, "401 Unauthorized").into_response();
    }
    let asked = Asked::of(&request);
    request.extensions_mut().insert(asked);
    let mut response = next.run(request).await;
    let limits = [("ratelimit-limit", "2000"), ("ratelimit-remaining", "1999"), ("ratelimit-observed", "1")];
    for (name, value) in limits {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The token, in either of the two places.
fn token(headers: &HeaderMap) -> Option<&str> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    text("private-token").or_else(|| text("authorization")?.strip_prefix("Bearer "))
}
