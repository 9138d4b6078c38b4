//! The Web API: one address a method, every answer with HTTP status 200.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::Slack;
use super::args::Args;

/// An answer that is not ok.
#[derive(Debug)]
pub(super) struct Refusal {
    /// Slack's word for it.
    pub error: &'static str,
    /// Sentences for developers.
    pub details: Vec<String>,
}

impl Refusal {
    /// A refusal that needs no explanation.
    pub(super) fn of(error: &'static str) -> Refusal {
        Refusal { error, details: Vec::new() }
    }
}

/// What a method answers.
pub(super) type Answer = Result<Value, Refusal>;

/// The scopes with which the app was installed, as Slack names them beside every answer.
const SCOPES: &str = "chat:write,im:write,users:read,commands,channels:history";

/// The one route.
pub(super) fn router(slack: Arc<Slack>) -> Router {
    Router::new().route("/api/{method}", post(call).get(call)).with_state(slack)
}

async fn call(
    State(slack): State<Arc<Slack>>,
    (Path(method), RawQuery(query)): (Path<String>, RawQuery),
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let args = Args::read(&headers, query.as_deref().unwrap_or_default(), &body);
    let answer = args.and_then(|args| {
        authenticate(&slack, &headers, &args)?;
        slack.answer(&method, &args)
    });
    let body = match answer {
        Ok(mut answer) => {
            answer["ok"] = json!(true);
            answer
        }
        Err(Refusal { error, details }) if details.is_empty() => json!({ "ok": false, "error": error }),
        Err(Refusal { error, details }) => json!({
            "ok": false, "error": error, "errors": details, "response_metadata": { "messages": details },
        }),
    };
    let scopes = slack.locked().scopes.clone();
    ([("x-oauth-scopes", scopes.unwrap_or_else(|| SCOPES.to_owned()))], Json(body)).into_response()
}

fn authenticate(slack: &Slack, headers: &HeaderMap, args: &Args) -> Result<(), Refusal> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    match bearer.or(args.text("token")) {
        None => Err(Refusal::of("not_authed")),
        Some(token) if token != slack.token => Err(Refusal::of("invalid_auth")),
        Some(_) => Ok(()),
    }
}

impl Slack {
    fn answer(&self, method: &str, args: &Args) -> Answer {
        match method {
            "auth.test" => self.auth_test(),
            "chat.postMessage" => self.post_message(args),
            "chat.postEphemeral" => self.post_ephemeral(args),
            "chat.update" => self.update(args),
            "chat.getPermalink" => self.permalink(args),
            "conversations.history" => self.history(args),
            "conversations.replies" => self.replies(args),
            "conversations.info" => self.conversation_info(args),
            "conversations.open" => self.open_conversation(args),
            "users.info" => self.user_info(args),
            "users.lookupByEmail" => self.user_by_email(args),
            "usergroups.list" => self.user_groups(args),
            "usergroups.users.list" => self.user_group_members(args),
            "views.open" => self.open_view(args),
            _ => Err(Refusal::of("unknown_method")),
        }
    }
}
