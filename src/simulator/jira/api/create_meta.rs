//! What can be filled in when an issue is made, and what must be.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::super::super::scene::Scene;
use super::super::Jira;
use super::super::fields::{FIELDS, Kind};
use super::super::refusal::Refusal;
use super::super::shapes::{Frame, Version, name_of, schema_of};
use super::super::state::{Edit, State as Remembered};
use super::params::Asked;
use super::site::known_project;

/// How many there are on a page when nobody says.
const PAGE: usize = 50;
/// The most on a page; more is refused.
const LARGEST_PAGE: usize = 200;
/// The system fields on the form of a change.
const ON_THE_FORM: [&str; 7] = ["project", "issuetype", "summary", "components", "description", "reporter", "labels"];

/// `GET /issue/createmeta/{project}/issuetypes`
pub(super) async fn types(
    State(jira): State<Arc<Jira>>,
    Path(project): Path<String>,
    Query(asked): Asked,
) -> Result<Json<Value>, Refusal> {
    known_project(&jira, &project)?;
    let state = jira.locked();
    page(&jira, "issueTypes", vec![jira.frame(&state, jira.version()).issue_type()], &asked).map(Json)
}

/// `GET /issue/createmeta/{project}/issuetypes/{id}`
pub(super) async fn fields(
    State(jira): State<Arc<Jira>>,
    Path((project, id)): Path<(String, String)>,
    Query(asked): Asked,
) -> Result<Json<Value>, Refusal> {
    known_project(&jira, &project)?;
    if id != "10020" {
        return Err(Refusal::new(StatusCode::NOT_FOUND, "The issue type selected is invalid."));
    }
    let state = jira.locked();
    let frame = jira.frame(&state, jira.version());
    let ids = ON_THE_FORM.into_iter().chain(FIELDS.iter().map(|field| field.id));
    let ids = ids.filter(|id| !frame.scene.off_the_form.iter().any(|off| off == id));
    page(&jira, "fields", ids.map(|id| form_field(id, frame, &state)).collect(), &asked).map(Json)
}

fn form_field(id: &str, frame: Frame<'_>, state: &Remembered) -> Value {
    let required = required(frame.scene).any(|required| required == id);
    let mut field = json!({
        "required": required,
        "schema": schema_of(id),
        "name": name_of(id),
        "key": id,
        "fieldId": id,
        "hasDefaultValue": false,
        "operations": ["set"],
    });
    let choice = FIELDS.iter().find(|field| field.id == id && field.kind == Kind::Choice);
    if let Some(choice) = choice {
        let options = state.options.iter().filter(|(owner, _)| *owner == choice.id);
        let option =
            |(_, value): &(&str, String)| frame.option(&state.option_id(choice.id, value).unwrap_or_default(), value);
        field["allowedValues"] = options.map(option).collect();
    }
    if id == "components" {
        field["allowedValues"] = frame.scene.services.iter().map(|service| frame.component(&service.name)).collect();
    }
    field
}

/// The fields without which no issue is made. Jira sets the reporter by itself.
fn required(scene: &Scene) -> impl Iterator<Item = &str> {
    let of_scene = FIELDS.iter().filter(|field| scene.required_fields.iter().any(|name| name == field.logical));
    ["project", "issuetype", "summary", "reporter"].into_iter().chain(of_scene.map(|field| field.id))
}

/// Refuses a new issue that lacks what it needs, or names a component that the project does not have.
///
/// # Errors
/// 400 with Jira's sentence about the field.
pub(super) fn check(content: &Edit, scene: &Scene) -> Result<(), Refusal> {
    if content.summary.is_none() {
        return Err(Refusal::field("summary", "You must specify a summary of the issue."));
    }
    let is_there = |id: &str| content.values.iter().any(|(field, value)| field.id == id && value.is_some());
    let missing = required(scene).find(|id| id.starts_with("customfield_") && !is_there(id));
    if let Some(id) = missing {
        return Err(Refusal::field(id, format!("{} is required.", name_of(id))));
    }
    let is_known = |name: &&String| !scene.services.iter().any(|service| service.name == **name);
    match content.components.iter().flatten().find(is_known) {
        Some(name) => Err(Refusal::field("components", format!("Component name '{name}' is not valid"))),
        None => Ok(()),
    }
}

fn page(jira: &Jira, name: &str, all: Vec<Value>, asked: &super::params::Params) -> Result<Value, Refusal> {
    let name = match jira.version() {
        Version::Three => name,
        Version::Two => "values",
    };
    let size = asked.number("maxResults").unwrap_or(PAGE);
    if size > LARGEST_PAGE {
        return Err(Refusal::bad("Parameter 'maxResults' must not exceed the limit '200'"));
    }
    let (start, total) = (asked.number("startAt").unwrap_or(0), all.len());
    let page = all.into_iter().skip(start).take(size).collect::<Vec<_>>();
    Ok(json!({ "startAt": start, "maxResults": size, "total": total, name: page }))
}
