//! Registering webhooks.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::Jira;
use super::super::jql::Query;
use super::super::refusal::{Refusal, object};
use super::super::shapes::BOT;
use super::super::webhooks::Hook;

/// Where an administrator's webhook keeps its JQL filter.
const FILTER: &str = "issue-related-events-section";

/// `POST /rest/webhooks/1.0/webhook`: the secret can be written, never read.
pub(super) async fn register(State(jira): State<Arc<Jira>>, body: Bytes) -> Result<Response, Refusal> {
    let body = object(&body)?;
    let url = body["url"].as_str().filter(|url| url.starts_with("http")).ok_or_else(|| Refusal::bad("Invalid URL"))?;
    let filter = body["filters"][FILTER].as_str().filter(|jql| !jql.trim().is_empty());
    let filter = filter.map(|jql| Query::parse(jql, jira.shared.clock.now_ms())).transpose().map_err(Refusal::bad)?;
    let events = body["events"].as_array().map_or(&[][..], Vec::as_slice);
    let hook = Hook {
        name: body["name"].as_str().unwrap_or("webhook").to_owned(),
        url: url.to_owned(),
        secret: body["secret"].as_str().filter(|secret| !secret.is_empty()).map(String::from),
        events: events.iter().filter_map(Value::as_str).map(String::from).collect(),
        filter,
    };
    let id = jira.hooks.register(hook.clone());
    Ok((StatusCode::CREATED, Json(shape(&jira, id, &hook))).into_response())
}

/// `GET /rest/webhooks/1.0/webhook`
pub(super) async fn list(State(jira): State<Arc<Jira>>) -> Json<Value> {
    let hooks = jira.hooks.all();
    Json(hooks.iter().zip(1..).map(|(hook, id)| shape(&jira, id, hook)).collect())
}

/// `/rest/api/3/webhook`: for apps only.
pub(super) async fn not_an_app() -> Refusal {
    Refusal::new(StatusCode::FORBIDDEN, "Only Connect and OAuth 2.0 apps can use this operation.")
}

fn shape(jira: &Jira, id: usize, hook: &Hook) -> Value {
    let site = jira.locked().site.clone();
    json!({
        "name": hook.name,
        "url": hook.url,
        "excludeBody": false,
        "filters": {},
        "events": hook.events,
        "enabled": true,
        "self": format!("{site}/rest/webhooks/1.0/webhook/{id}"),
        "lastUpdatedUser": BOT,
        "lastUpdatedDisplayName": "cm-bot",
        "lastUpdated": jira.shared.clock.now_ms(),
        "isSigned": hook.secret.is_some(),
    })
}
