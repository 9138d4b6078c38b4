//! Two channels of a simulated Microsoft Teams, each with a workflow that posts the card in a request.
//!
//! As with the real one, the address is the whole permission, the answer is 202 before anything was posted, and a card that
//! cannot be shown is then posted nowhere. Nobody can ask what was posted; people see it.

mod card;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

/// Largest request that is taken, in bytes.
const MOST: usize = 28 * 1024;

/// The simulated Teams.
#[derive(Debug)]
pub struct Teams {
    workflows: [Workflow; 2],
    state: Mutex<Posted>,
}

/// A workflow and its channel.
#[derive(Debug)]
struct Workflow {
    channel: &'static str,
    id: String,
    signature: String,
}

/// What was sent.
#[derive(Debug, Default)]
struct Posted {
    cards: Vec<CardView>,
    lost: Vec<Value>,
}

/// A card as people see it.
#[derive(Debug, Clone, PartialEq)]
pub struct CardView {
    /// `changes` or `emergencies`.
    pub channel: &'static str,
    /// Its lines.
    pub text: String,
    /// What can be clicked: what it says, and where it leads.
    pub links: Vec<(String, String)>,
    /// The card.
    pub card: Value,
}

#[derive(Deserialize)]
struct Signed {
    sig: Option<String>,
}

impl Teams {
    /// Channels in which nothing was posted.
    #[must_use]
    pub(super) fn new() -> Teams {
        let secret = || Uuid::new_v4().simple().to_string();
        let workflow = |channel| Workflow { channel, id: secret(), signature: format!("{}-{}", secret(), secret()) };
        Teams { workflows: [workflow("changes"), workflow("emergencies")], state: Mutex::default() }
    }

    /// The addresses of the workflows, behind the address at which Teams listens: for changes and for emergencies.
    #[must_use]
    pub fn addresses(&self, base: &str) -> [String; 2] {
        self.workflows.each_ref().map(|workflow| {
            format!(
                "{base}/workflows/{}/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={}",
                workflow.id, workflow.signature
            )
        })
    }

    /// What whoever knows it can post with: no part of it may be seen anywhere.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        self.workflows.iter().flat_map(|workflow| [workflow.id.clone(), workflow.signature.clone()]).collect()
    }

    /// Every card that is seen, oldest first.
    #[must_use]
    pub fn cards(&self) -> Vec<CardView> {
        self.locked().cards.clone()
    }

    /// What was taken and could not be shown.
    #[must_use]
    pub fn lost(&self) -> Vec<Value> {
        self.locked().lost.clone()
    }

    /// What a workflow is called with.
    pub(super) fn router(self: Arc<Self>) -> Router {
        Router::new().route("/workflows/{id}/triggers/manual/paths/invoke", post(invoke)).with_state(self)
    }

    fn take(&self, channel: &'static str, message: &Value) {
        let mut state = self.locked();
        match card::view(channel, message) {
            Some(view) => state.cards.push(view),
            None => state.lost.push(message.clone()),
        }
    }

    fn locked(&self) -> MutexGuard<'_, Posted> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn invoke(
    State(teams): State<Arc<Teams>>,
    (Path(id), Query(signed)): (Path<String>, Query<Signed>),
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(workflow) = teams.workflows.iter().find(|workflow| workflow.id == id) else {
        return refused(StatusCode::NOT_FOUND, "WorkflowNotFound", &format!("The workflow '{id}' could not be found."));
    };
    if signed.sig.as_ref() != Some(&workflow.signature) {
        let said = "The request must be authenticated only by Shared Access scheme.";
        return refused(StatusCode::UNAUTHORIZED, "DirectApiAuthorizationRequired", said);
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if size(kind, &body) > MOST {
        return refused(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", "The request content is too large.");
    }
    let message = if kind.starts_with("application/json") { serde_json::from_slice::<Value>(&body).ok() } else { None };
    let Some(message) = message else {
        return refused(StatusCode::BAD_REQUEST, "InvalidRequestContent", "The request content is not valid JSON.");
    };
    let attachments = message["attachments"].as_array().is_some_and(|list| !list.is_empty());
    if message["type"] != "message" || !attachments {
        let said = "The input body for trigger 'manual' of type 'Request' did not match its schema definition.";
        return refused(StatusCode::BAD_REQUEST, "TriggerInputSchemaMismatch", said);
    }
    teams.take(workflow.channel, &message);
    StatusCode::ACCEPTED.into_response()
}

/// The size as Teams counts it: whoever does not name UTF-8 has each character counted as two bytes.
fn size(kind: &str, body: &[u8]) -> usize {
    if kind.to_ascii_lowercase().contains("utf-8") { body.len() } else { body.len() * 2 }
}

fn refused(status: StatusCode, code: &str, said: &str) -> Response {
    (status, Json(json!({"error": {"code": code, "message": said}}))).into_response()
}

#[cfg(test)]
mod tests;
