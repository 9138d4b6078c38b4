//! Remote links of an issue.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::super::Jira;
use super::super::issue_json::remote_link;
use super::super::refusal::{Refusal, object};
use super::super::state::RemoteLink;
use super::params::Asked;

/// How long a global id may be.
const GLOBAL_ID_LIMIT: usize = 255;

/// `GET /issue/{issue}/remotelink`: all, or the one with a global id.
pub(super) async fn list(
    State(jira): State<Arc<Jira>>,
    Path(issue): Path<String>,
    Query(asked): Asked,
) -> Result<Json<Value>, Refusal> {
    let state = jira.locked();
    let ticket = state.find(&issue).ok_or_else(Refusal::no_issue)?;
    let shape = |link: &RemoteLink| remote_link(jira.frame(&state, jira.version()), ticket, link);
    match asked.text("globalId") {
        None => Ok(Json(ticket.links.iter().map(shape).collect())),
        Some(id) => {
            let link = ticket.links.iter().find(|link| link.global_id.as_deref() == Some(id));
            let message = "The remote link with the given global ID could not be found.";
            link.map(|link| Json(shape(link))).ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, message))
        }
    }
}

/// `POST /issue/{issue}/remotelink`: makes a link, or replaces the one with the same global id as a whole.
pub(super) async fn upsert(
    State(jira): State<Arc<Jira>>,
    Path(issue): Path<String>,
    body: Bytes,
) -> Result<Response, Refusal> {
    let body = object(&body)?;
    let global_id = body["globalId"].as_str().map(String::from);
    check(&body, global_id.as_deref())?;
    let mut state = jira.locked();
    let ticket = state.find(&issue).ok_or_else(Refusal::no_issue)?;
    let known = ticket.links.iter().find(|link| global_id.is_some() && link.global_id == global_id).map(|link| link.id);
    let (status, id) = match known {
        Some(id) => (StatusCode::OK, id),
        None => (StatusCode::CREATED, state.next_id()),
    };
    let link = RemoteLink { id, global_id, parts: parts(&body) };
    let answer = jira.frame(&state, jira.version()).link(&format!("issue/{issue}/remotelink/{id}"));
    let changed = state.change(&issue, jira.shared.clock.now_ms(), |ticket| {
        match ticket.links.iter_mut().find(|known| known.id == id) {
            Some(known) => *known = link,
            None => ticket.links.push(link),
        }
    });
    changed.ok_or_else(Refusal::no_issue)?;
    Ok((status, Json(json!({ "id": id, "self": answer }))).into_response())
}

fn check(body: &Value, global_id: Option<&str>) -> Result<(), Refusal> {
    if global_id.is_some_and(|id| id.len() > GLOBAL_ID_LIMIT) {
        return Err(Refusal::field("globalId", "'globalId' is too long."));
    }
    for name in ["url", "title"] {
        if body["object"][name].as_str().is_none_or(str::is_empty) {
            return Err(Refusal::field(name, format!("'{name}' is required.")));
        }
    }
    Ok(())
}

/// What was sent and is stored; what was left out is gone.
fn parts(body: &Value) -> Value {
    let names = ["application", "relationship", "object"].into_iter();
    let kept = names.filter_map(|name| Some((name.to_owned(), body.get(name)?.clone())));
    Value::Object(Map::from_iter(kept))
}
