//! Issues: making, reading and changing them, their transitions and their history.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::super::scene::MayUse;
use super::super::Jira;
use super::super::actions::{NewTicket, Push, properties_of};
use super::super::issue_json::{self, Wanted};
use super::super::refusal::{Refusal, object};
use super::super::shapes::BOT;
use super::super::workflow;
use super::create_meta;
use super::edit;
use super::params::Asked;
use super::site::known_project;

/// The most history entries on a page.
const PAGE: usize = 100;

/// `POST /issue`
pub(super) async fn create(State(jira): State<Arc<Jira>>, body: Bytes) -> Result<Response, Refusal> {
    let body = object(&body)?;
    let project = &body["fields"]["project"];
    let project = project["key"].as_str().or(project["id"].as_str()).unwrap_or_default();
    let invalid = |_| Refusal::field("project", "Specify a valid project ID or key");
    let project = known_project(&jira, project).map_err(invalid)?;
    let kind = &body["fields"]["issuetype"];
    if kind["name"] != "Change" && kind["id"] != "10020" {
        return Err(Refusal::field("issuetype", "Specify a valid issue type"));
    }
    let (content, key) = {
        let state = jira.locked();
        let content = edit::read(&body, &state, None)?;
        create_meta::check(&content, &jira.shared.scene)?;
        (content, state.next_key(&project))
    };
    jira.create(NewTicket { key: key.clone(), by: BOT.to_owned(), content });
    let state = jira.locked();
    let ticket = state.find(&key).ok_or_else(Refusal::no_issue)?;
    let link = jira.frame(&state, jira.version()).link(&format!("issue/{}", ticket.id));
    let answer = json!({ "id": ticket.id.to_string(), "key": ticket.key, "self": link });
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// `GET /issue/{issue}`
pub(super) async fn read(
    State(jira): State<Arc<Jira>>,
    Path(issue): Path<String>,
    Query(asked): Asked,
) -> Result<Json<Value>, Refusal> {
    shape(&jira, &issue, &asked.wanted()).map(Json)
}

fn shape(jira: &Jira, issue: &str, wanted: &Wanted) -> Result<Value, Refusal> {
    let state = jira.locked();
    let ticket = state.find(issue).ok_or_else(Refusal::no_issue)?;
    Ok(issue_json::issue(jira.frame(&state, jira.version()), &state, ticket, wanted))
}

/// `PUT /issue/{issue}`
pub(super) async fn change(
    State(jira): State<Arc<Jira>>,
    Path(issue): Path<String>,
    Query(asked): Asked,
    body: Bytes,
) -> Result<Response, Refusal> {
    let body = object(&body)?;
    let wishes = {
        let state = jira.locked();
        let ticket = state.find(&issue).ok_or_else(Refusal::no_issue)?;
        edit::read(&body, &state, Some(ticket))?
    };
    jira.edit(&issue, BOT, wishes).ok_or_else(Refusal::no_issue)?;
    if asked.text("returnIssue") == Some("true") {
        return shape(&jira, &issue, &asked.wanted()).map(|issue| Json(issue).into_response());
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `GET /issue/{issue}/transitions`: only what is possible now.
pub(super) async fn transitions(
    State(jira): State<Arc<Jira>>,
    Path(issue): Path<String>,
    Query(asked): Asked,
) -> Result<Json<Value>, Refusal> {
    let state = jira.locked();
    let ticket = state.find(&issue).ok_or_else(Refusal::no_issue)?;
    let frame = jira.frame(&state, jira.version());
    let with_fields = asked.list("expand").iter().any(|name| name == "transitions.fields");
    let only = asked.text("transitionId");
    let offered = workflow::available(ticket.status).filter(|one| only.is_none_or(|id| id == one.id));
    let shapes = offered.map(|transition| {
        let mut shape = frame.transition(transition);
        shape["isConditional"] = (transition.name == "Approve" && state.may_approve == MayUse::Approvers).into();
        if with_fields {
            shape["fields"] = json!({});
        }
        shape
    });
    Ok(Json(json!({ "expand": "transitions", "transitions": shapes.collect::<Vec<_>>() })))
}

/// `POST /issue/{issue}/transitions`: no transition has a screen, so fields and comments are refused, not ignored.
pub(super) async fn push(
    State(jira): State<Arc<Jira>>,
    Path(issue): Path<String>,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let body = object(&body)?;
    let status = jira.locked().find(&issue).ok_or_else(Refusal::no_issue)?.status;
    let wanted = &body["transition"]["id"];
    let id = wanted.as_str().map(String::from).or_else(|| wanted.as_u64().map(|id| id.to_string()));
    let id = id.ok_or_else(|| Refusal::bad("Missing 'transition' identifier"))?;
    let transition = workflow::available(status).find(|transition| transition.id == id);
    let transition =
        transition.ok_or_else(|| Refusal::bad(format!("Transition id '{id}' is not valid for this issue.")))?;
    for part in ["fields", "update"] {
        if let Some(name) = body[part].as_object().and_then(|fields| fields.keys().next()) {
            return Err(edit::cannot_be_set(name));
        }
    }
    let metadata = Some(body["historyMetadata"].clone()).filter(Value::is_object);
    let push = Push { transition, metadata, properties: properties_of(&body) };
    jira.push(&issue, BOT, push).ok_or_else(Refusal::no_issue)?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /issue/{issue}/changelog`: oldest first.
pub(super) async fn changelog(
    State(jira): State<Arc<Jira>>,
    Path(issue): Path<String>,
    Query(asked): Asked,
) -> Result<Json<Value>, Refusal> {
    let state = jira.locked();
    let ticket = state.find(&issue).ok_or_else(Refusal::no_issue)?;
    let frame = jira.frame(&state, jira.version());
    let size = asked.number("maxResults").unwrap_or(PAGE).clamp(1, PAGE);
    let (start, total) = (asked.number("startAt").unwrap_or(0), ticket.history.len());
    let page = ticket.history.iter().skip(start).take(size).map(|change| issue_json::change(frame, change));
    let values = page.collect::<Vec<_>>();
    let end = start + values.len();
    let link = |from: usize| frame.link(&format!("issue/{issue}/changelog?startAt={from}&maxResults={size}"));
    let mut answer = json!({
        "self": link(start), "startAt": start, "maxResults": size, "total": total,
        "isLast": end >= total, "values": values,
    });
    if end < total {
        answer["nextPage"] = json!(link(end));
    }
    Ok(Json(answer))
}
