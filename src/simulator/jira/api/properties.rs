//! Entity properties of issues and comments.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::super::Jira;
use super::super::actions::set_property;
use super::super::refusal::Refusal;

/// How long a value may be.
const VALUE_LIMIT: usize = 32_768;
/// How long a key may be.
const KEY_LIMIT: usize = 255;

/// `GET /issue/{issue}/properties`
pub(super) async fn issue_keys(
    State(jira): State<Arc<Jira>>,
    Path(issue): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let state = jira.locked();
    let ticket = state.find(&issue).ok_or_else(Refusal::no_issue)?;
    let link = jira.frame(&state, jira.version()).link(&format!("issue/{}/properties", ticket.id));
    Ok(Json(keys(ticket.properties.keys().map(String::as_str), &link)))
}

/// `GET /issue/{issue}/properties/{key}`
pub(super) async fn of_issue(
    State(jira): State<Arc<Jira>>,
    Path((issue, key)): Path<(String, String)>,
) -> Result<Json<Value>, Refusal> {
    let state = jira.locked();
    let ticket = state.find(&issue).ok_or_else(Refusal::no_issue)?;
    let value = ticket.properties.get(&key).ok_or_else(|| Refusal::no_property(&key))?;
    Ok(Json(json!({ "key": key, "value": value })))
}

/// `PUT /issue/{issue}/properties/{key}`
pub(super) async fn set_of_issue(
    State(jira): State<Arc<Jira>>,
    Path((issue, key)): Path<(String, String)>,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let value = value(&key, &body)?;
    let now = jira.shared.clock.now_ms();
    let set = jira.locked().change(&issue, now, |ticket| ticket.properties.insert(key, value));
    let old = set.ok_or_else(Refusal::no_issue)?;
    Ok(if old.is_some() { StatusCode::OK } else { StatusCode::CREATED })
}

/// `GET /comment/{id}/properties`
pub(super) async fn comment_keys(
    State(jira): State<Arc<Jira>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let state = jira.locked();
    let (_, comment) = state.comment(&id).ok_or_else(|| Refusal::no_comment(&id))?;
    let link = jira.frame(&state, jira.version()).link(&format!("comment/{id}/properties"));
    Ok(Json(keys(comment.properties.iter().map(|(key, _)| key.as_str()), &link)))
}

/// `GET /comment/{id}/properties/{key}`
pub(super) async fn of_comment(
    State(jira): State<Arc<Jira>>,
    Path((id, key)): Path<(String, String)>,
) -> Result<Json<Value>, Refusal> {
    let state = jira.locked();
    let (_, comment) = state.comment(&id).ok_or_else(|| Refusal::no_comment(&id))?;
    let found = comment.properties.iter().find(|(known, _)| *known == key);
    let (_, value) = found.ok_or_else(|| Refusal::no_property(&key))?;
    Ok(Json(json!({ "key": key, "value": value })))
}

/// `PUT /comment/{id}/properties/{key}`
pub(super) async fn set_of_comment(
    State(jira): State<Arc<Jira>>,
    Path((id, key)): Path<(String, String)>,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let value = value(&key, &body)?;
    let mut state = jira.locked();
    let (ticket, comment) = state.comment(&id).ok_or_else(|| Refusal::no_comment(&id))?;
    let (issue, number) = (ticket.key.clone(), comment.id);
    let known = comment.properties.iter().any(|(name, _)| *name == key);
    state.change(&issue, jira.shared.clock.now_ms(), |ticket| {
        if let Some(comment) = ticket.comments.iter_mut().find(|comment| comment.id == number) {
            set_property(&mut comment.properties, (key, value));
        }
    });
    Ok(if known { StatusCode::OK } else { StatusCode::CREATED })
}

fn keys<'a>(keys: impl Iterator<Item = &'a str>, link: &str) -> Value {
    json!({ "keys": keys.map(|key| json!({ "key": key, "self": format!("{link}/{key}") })).collect::<Vec<_>>() })
}

/// The value in a request: any JSON that is not too long.
fn value(key: &str, body: &[u8]) -> Result<Value, Refusal> {
    if key.chars().count() > KEY_LIMIT {
        return Err(Refusal::bad("The property key cannot be longer than 255 characters."));
    }
    if body.len() > VALUE_LIMIT {
        return Err(Refusal::bad("The property value cannot be longer than 32768 characters."));
    }
    serde_json::from_slice(body).map_err(|_| Refusal::bad("The property value must be valid JSON."))
}
