//! Conditional requests: every answer to a GET has a tag, and who has it already gets 304 without a body.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

/// No answer is larger.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// Adds the tag, or answers that nothing has changed.
pub(super) async fn conditions(request: Request, next: Next) -> Response {
    let is_get = request.method() == Method::GET;
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let response = next.run(request).await;
    if !is_get || response.status() != StatusCode::OK {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, MOST_BYTES).await else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let tag = format!("W/\"{}\"", hex::encode(Sha256::digest(&body)));
    let Ok(tag) = HeaderValue::from_str(&tag) else { return Response::from_parts(parts, Body::from(body)) };
    let body = if known.as_ref() == Some(&tag) {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        Body::empty()
    } else {
        Body::from(body)
    };
    parts.headers.insert(header::ETAG, tag);
    Response::from_parts(parts, body)
}
