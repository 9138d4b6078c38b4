//! What Slack sends to us. Nothing is decided in Slack: its buttons lead to Jira and to the evidence.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::webhooks::only;
use super::{MOST_SLACK, Server};
use crate::integrations::slack::request::is_signed;

/// `POST /slack/interactions`. A button that only opens a page still sends this; it wants a 200 and nothing else.
pub(super) async fn interaction(State(server): State<Server>, headers: HeaderMap, body: Body) -> StatusCode {
    is_from_slack(&server, &headers, body).await.err().unwrap_or(StatusCode::OK)
}

/// `POST /slack/commands`.
pub(super) async fn command(State(server): State<Server>, headers: HeaderMap, body: Body) -> Response {
    if let Err(status) = is_from_slack(&server, &headers, body).await {
        return status.into_response();
    }
    let text =
        "Nothing was recorded. This version of cm-bot has no commands in Slack yet: please use the ticket in Jira.";
    Json(json!({"response_type": "ephemeral", "text": text})).into_response()
}

/// The signature and the time, each exactly once, over the body as it came.
async fn is_from_slack(server: &Server, headers: &HeaderMap, body: Body) -> Result<(), StatusCode> {
    let letter = server.intake.read(headers, body, MOST_SLACK).await?;
    let header = |name: &str| only(headers, name).unwrap_or("");
    let (signature, time) = (header("x-slack-signature"), header("x-slack-request-timestamp"));
    let signed = server
        .secrets
        .slack
        .as_ref()
        .is_some_and(|secret| is_signed(signature, time, &letter.body, (secret, server.clock.now())));
    if signed { Ok(()) } else { Err(StatusCode::UNAUTHORIZED) }
}
