//! What Slack sends to us. Nothing is decided in Slack: its buttons lead to Jira and to the evidence.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Server;
use crate::integrations::slack::request::is_signed;

/// `POST /slack/interactions`. A button that only opens a page still sends this; it wants a 200 and nothing else.
pub(super) async fn interaction(State(server): State<Server>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if is_from_slack(&server, &headers, &body) { StatusCode::OK } else { StatusCode::UNAUTHORIZED }
}

/// `POST /slack/commands`.
pub(super) async fn command(State(server): State<Server>, headers: HeaderMap, body: Bytes) -> Response {
    if !is_from_slack(&server, &headers, &body) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let text =
        "Nothing was recorded. This version of cm-bot has no commands in Slack yet: please use the ticket in Jira.";
    Json(json!({"response_type": "ephemeral", "text": text})).into_response()
}

fn is_from_slack(server: &Server, headers: &HeaderMap, body: &[u8]) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    server.secrets.slack.as_ref().is_some_and(|secret| {
        is_signed(header("x-slack-signature"), header("x-slack-request-timestamp"), body, (secret, server.clock.now()))
    })
}
