//! `/rest/servicedeskapi/request/{key}/approval`.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::super::super::scene::JiraKind;
use super::super::Jira;
use super::super::refusal::{Refusal, object};
use super::super::service_desk::{Answer, RequestApproval};
use super::super::shapes::BOT;
use super::super::state::Ticket;
use super::params::Asked;

/// The most approvals on a page.
const PAGE: usize = 50;

/// `GET …/approval`
pub(super) async fn list(
    State(jira): State<Arc<Jira>>,
    Path(issue): Path<String>,
    Query(asked): Asked,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    if jira.shared.scene.jira == JiraKind::DataCenter && !headers.contains_key("X-ExperimentalApi") {
        return Err(Refusal::new(StatusCode::PRECONDITION_FAILED, "This API is experimental: opt in."));
    }
    let state = jira.locked();
    let ticket = state.find(&issue).ok_or_else(Refusal::no_issue)?;
    let start = asked.number("start").unwrap_or(0);
    let limit = asked.number("limit").unwrap_or(PAGE).min(PAGE);
    let frame = jira.frame(&state, jira.version());
    let page = ticket.approvals.iter().skip(start).take(limit);
    let values = page.map(|approval| approval.shape(frame, &ticket.key, BOT)).collect::<Vec<_>>();
    let is_last = start + values.len() >= ticket.approvals.len();
    Ok(Json(json!({
        "size": values.len(), "start": start, "limit": limit, "isLastPage": is_last, "values": values, "_expands": [],
    })))
}

/// `GET …/approval/{id}`
pub(super) async fn read(
    State(jira): State<Arc<Jira>>,
    Path((issue, id)): Path<(String, String)>,
) -> Result<Json<Value>, Refusal> {
    shown(&jira, &issue, &id)
}

/// `POST …/approval/{id}`: whoever asks answers for the own account, and for no other.
pub(super) async fn answer(
    State(jira): State<Arc<Jira>>,
    Path((issue, id)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let answer = match object(&body)?["decision"].as_str() {
        Some("approve") => Answer::Approved,
        Some("decline") => Answer::Declined,
        _ => return Err(Refusal::bad("The decision must be approve or decline.")),
    };
    take(&jira, (&issue, &id), answer)?;
    shown(&jira, &issue, &id)
}

fn take(jira: &Jira, (issue, id): (&str, &str), answer: Answer) -> Result<(), Refusal> {
    let now = jira.shared.clock.now_ms();
    let mut state = jira.locked();
    let approval = found(state.find(issue).ok_or_else(Refusal::no_issue)?, id)?;
    if approval.outcome() != Answer::Pending {
        return Err(Refusal::new(StatusCode::CONFLICT, "This approval is already completed."));
    }
    if approval.approvers.iter().all(|(account, _)| account != BOT) {
        return Err(Refusal::new(StatusCode::FORBIDDEN, "You are not an approver of this request."));
    }
    state.change(issue, now, |ticket| {
        let approval = ticket.approvals.iter_mut().find(|approval| approval.id.to_string() == id);
        approval.is_some_and(|approval| approval.answer(BOT, answer, now))
    });
    Ok(())
}

fn shown(jira: &Jira, issue: &str, id: &str) -> Result<Json<Value>, Refusal> {
    let state = jira.locked();
    let ticket = state.find(issue).ok_or_else(Refusal::no_issue)?;
    Ok(Json(found(ticket, id)?.shape(jira.frame(&state, jira.version()), &ticket.key, BOT)))
}

fn found<'a>(ticket: &'a Ticket, id: &str) -> Result<&'a RequestApproval, Refusal> {
    let approval = ticket.approvals.iter().find(|approval| approval.id.to_string() == id);
    approval.ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, "The approval does not exist."))
}
