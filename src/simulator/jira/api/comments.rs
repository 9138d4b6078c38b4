//! Comments of an issue.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::Jira;
use super::super::actions::{NewComment, properties_of};
use super::super::adf;
use super::super::adf_check;
use super::super::issue_json::comment as shape_of;
use super::super::refusal::{Refusal, object};
use super::super::shapes::{BOT, Version};
use super::super::state::Comment;
use super::edit::TEXT_LIMIT;
use super::params::{Asked, Params};

/// The most comments on a page, and how many there are when nobody says.
const PAGE: usize = 100;

/// `GET /issue/{issue}/comment`
pub(super) async fn list(
    State(jira): State<Arc<Jira>>,
    Path(issue): Path<String>,
    Query(asked): Asked,
) -> Result<Json<Value>, Refusal> {
    let state = jira.locked();
    let ticket = state.find(&issue).ok_or_else(Refusal::no_issue)?;
    let mut comments = ticket.comments.iter().collect::<Vec<_>>();
    match asked.text("orderBy") {
        None | Some("created" | "+created") => {}
        Some("-created") => comments.reverse(),
        Some(other) => return Err(Refusal::bad(format!("Invalid value '{other}' for query parameter 'orderBy'."))),
    }
    let size = asked.number("maxResults").unwrap_or(PAGE).min(PAGE);
    let start = asked.number("startAt").unwrap_or(0);
    let frame = jira.frame(&state, jira.version());
    let page = comments
        .iter()
        .skip(start)
        .take(size)
        .map(|comment| expanded(shape_of(frame, ticket, comment), comment, &asked));
    let page = page.collect::<Vec<_>>();
    Ok(Json(json!({ "startAt": start, "maxResults": size, "total": comments.len(), "comments": page })))
}

/// Properties are shown only when asked for, by an expansion that the documentation does not name.
fn expanded(mut shape: Value, comment: &Comment, asked: &Params) -> Value {
    if asked.list("expand").iter().any(|name| name == "properties") {
        let properties = comment.properties.iter().map(|(key, value)| json!({ "key": key, "value": value }));
        shape["properties"] = properties.collect();
    }
    shape
}

/// `GET /issue/{issue}/comment/{id}`
pub(super) async fn read(
    State(jira): State<Arc<Jira>>,
    Path((issue, id)): Path<(String, String)>,
    Query(asked): Asked,
) -> Result<Json<Value>, Refusal> {
    answer(&jira, (&issue, &id), &asked).map(Json)
}

fn answer(jira: &Jira, (issue, id): (&str, &str), asked: &Params) -> Result<Value, Refusal> {
    let state = jira.locked();
    let ticket = state.find(issue).ok_or_else(Refusal::no_issue)?;
    let comment = ticket.comments.iter().find(|comment| comment.id.to_string() == id);
    let comment = comment.ok_or_else(|| Refusal::no_comment(id))?;
    Ok(expanded(shape_of(jira.frame(&state, jira.version()), ticket, comment), comment, asked))
}

/// `POST /issue/{issue}/comment`
pub(super) async fn add(
    State(jira): State<Arc<Jira>>,
    Path(issue): Path<String>,
    Query(asked): Asked,
    body: Bytes,
) -> Result<Response, Refusal> {
    jira.locked().find(&issue).ok_or_else(Refusal::no_issue)?;
    let comment = written(&jira, &object(&body)?)?;
    let id = jira.add_comment(&issue, comment).ok_or_else(Refusal::no_issue)?.to_string();
    let shape = answer(&jira, (&issue, &id), &asked)?;
    Ok((StatusCode::CREATED, Json(shape)).into_response())
}

/// `PUT /issue/{issue}/comment/{id}`: the bot may edit its own comments only. `notifyUsers` sends no mail here anyway.
pub(super) async fn change(
    State(jira): State<Arc<Jira>>,
    Path((issue, id)): Path<(String, String)>,
    Query(asked): Asked,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let author = {
        let state = jira.locked();
        let ticket = state.find(&issue).ok_or_else(Refusal::no_issue)?;
        let comment = ticket.comments.iter().find(|comment| comment.id.to_string() == id);
        comment.ok_or_else(|| Refusal::no_comment(&id))?.author.clone()
    };
    if author != BOT {
        return Err(Refusal::bad("You do not have the permission to edit this comment."));
    }
    let comment = written(&jira, &object(&body)?)?;
    let number = id.parse().map_err(|_| Refusal::no_comment(&id))?;
    jira.edit_comment(number, comment).ok_or_else(|| Refusal::no_comment(&id))?;
    answer(&jira, (&issue, &id), &asked).map(Json)
}

/// The comment in a request. In version 3 the body is an ADF document, and a string is refused; in version 2 it is the other
/// way round.
fn written(jira: &Jira, request: &Value) -> Result<NewComment, Refusal> {
    let body = match jira.version() {
        Version::Three => document(&request["body"])?,
        Version::Two => markup(&request["body"])?,
    };
    let visibility = Some(request["visibility"].clone()).filter(Value::is_object);
    Ok(NewComment { by: BOT.to_owned(), body, properties: properties_of(request), visibility })
}

fn document(body: &Value) -> Result<Value, Refusal> {
    if !body.is_object() {
        return Err(Refusal::field("comment", "Comment body is not valid!"));
    }
    if body.to_string().chars().count() > TEXT_LIMIT {
        return Err(Refusal::field("comment", "CONTENT_LIMIT_EXCEEDED"));
    }
    adf_check::check(body).map_err(|fault| Refusal::field("comment", format!("Comment body is not valid! {fault}")))?;
    Ok(body.clone())
}

fn markup(body: &Value) -> Result<Value, Refusal> {
    let text = body.as_str().filter(|text| !text.trim().is_empty());
    let text = text.ok_or_else(|| Refusal::field("comment", "Comment body can not be empty!"))?;
    if text.chars().count() > TEXT_LIMIT {
        let fault = "The entered text is too long. It exceeds the allowed limit of 32,767 characters.";
        return Err(Refusal::field("comment", fault));
    }
    Ok(adf::document(text))
}
