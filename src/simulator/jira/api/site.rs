//! What Jira says about itself, the bot, its fields and its projects.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::super::super::scene::JiraKind;
use super::super::Jira;
use super::super::refusal::Refusal;
use super::super::shapes::{self, BOT, PROJECT, time};
use super::params::Asked;

/// Permissions that Jira knows, with their id and whether the bot has them.
const PERMISSIONS: [(&str, &str, &str, bool); 12] = [
    ("BROWSE_PROJECTS", "10", "Browse Projects", true),
    ("CREATE_ISSUES", "11", "Create Issues", true),
    ("EDIT_ISSUES", "12", "Edit Issues", true),
    ("ADD_COMMENTS", "15", "Add Comments", true),
    ("LINK_ISSUES", "21", "Link Issues", true),
    ("TRANSITION_ISSUES", "46", "Transition Issues", true),
    ("EDIT_OWN_COMMENTS", "37", "Edit Own Comments", true),
    ("EDIT_ALL_COMMENTS", "34", "Edit All Comments", false),
    ("MODIFY_REPORTER", "30", "Modify Reporter", true),
    ("DELETE_ISSUES", "16", "Delete Issues", false),
    ("ADMINISTER_PROJECTS", "23", "Administer Projects", false),
    ("ADMINISTER", "0", "Administer Jira", false),
];

/// `GET /serverInfo`: open to everybody, as in Jira.
pub(super) async fn server_info(
    State(jira): State<Arc<Jira>>,
    Path(version): Path<String>,
) -> Result<Json<Value>, Refusal> {
    if !["2", "3", "latest"].contains(&version.as_str()) {
        return Err(Refusal::new(StatusCode::NOT_FOUND, "dead link"));
    }
    let (site, version) = {
        let state = jira.locked();
        (state.site.clone(), state.version)
    };
    let (version_text, numbers, kind) = match jira.shared.scene.jira {
        JiraKind::Cloud => ("1001.0.0-SNAPSHOT".to_owned(), [1001, 0, 0], "Cloud"),
        JiraKind::DataCenter => (version.map(|number| number.to_string()).join("."), version, "Server"),
    };
    Ok(Json(json!({
        "baseUrl": site,
        "displayUrl": site,
        "version": version_text,
        "versionNumbers": numbers,
        "deploymentType": kind,
        "buildNumber": 100_287,
        "buildDate": "2026-10-30T00:00:00.000+0000",
        "serverTime": time(jira.shared.clock.now_ms()),
        "scmInfo": "simulated",
        "serverTitle": "Jira",
        "defaultLocale": { "locale": "en_US" },
    })))
}

/// `GET /myself`
pub(super) async fn myself(State(jira): State<Arc<Jira>>) -> Json<Value> {
    let state = jira.locked();
    let mut user = jira.frame(&state, jira.version()).user(BOT);
    user["locale"] = json!("en_US");
    user["groups"] = json!({ "size": 1, "items": [] });
    user["applicationRoles"] = json!({ "size": 1, "items": [] });
    user["expand"] = json!("groups,applicationRoles");
    Json(user)
}

/// `GET /user`: one account, by its id, or by its key on Data Center.
pub(super) async fn user(State(jira): State<Arc<Jira>>, Query(asked): Asked) -> Result<Json<Value>, Refusal> {
    let name = match jira.shared.scene.jira {
        JiraKind::Cloud => "accountId",
        JiraKind::DataCenter => "key",
    };
    let account = asked.text(name).ok_or_else(|| Refusal::bad(format!("The query parameter '{name}' is required.")))?;
    let is_known = account == BOT || jira.shared.scene.people.iter().any(|person| person.jira_account() == account);
    if !is_known {
        let message = "Specified user does not exist or you do not have required permissions";
        return Err(Refusal::new(StatusCode::NOT_FOUND, message));
    }
    let state = jira.locked();
    Ok(Json(jira.frame(&state, jira.version()).user(account)))
}

/// `GET /mypermissions`: the list of permissions must be named.
pub(super) async fn my_permissions(State(jira): State<Arc<Jira>>, Query(asked): Asked) -> Result<Json<Value>, Refusal> {
    let names = asked.list("permissions");
    if names.is_empty() {
        return Err(Refusal::bad("The 'permissions' query parameter is required."));
    }
    let issue = asked.text("issueKey").or(asked.text("issueId"));
    if issue.is_some_and(|issue| jira.locked().find(issue).is_none()) {
        return Err(Refusal::no_issue());
    }
    if let Some(project) = asked.text("projectKey") {
        known_project(&jira, project)?;
    }
    let changed = jira.locked().permissions.clone();
    let found = names.iter().map(|name| permission(name, &changed).map(|shape| (name.clone(), shape)));
    let found = found.collect::<Result<serde_json::Map<_, _>, _>>()?;
    Ok(Json(json!({ "permissions": found })))
}

fn permission(name: &str, changed: &BTreeMap<String, bool>) -> Result<Value, Refusal> {
    let known = PERMISSIONS.iter().find(|(key, ..)| *key == name);
    let (key, id, title, has) = known.ok_or_else(|| Refusal::bad("Unrecognized permission"))?;
    let has = changed.get(name).unwrap_or(has);
    let kind = if *key == "ADMINISTER" { "GLOBAL" } else { "PROJECT" };
    Ok(json!({ "id": id, "key": key, "name": title, "type": kind, "description": title, "havePermission": has }))
}

/// `GET /field`
pub(super) async fn fields() -> Json<Value> {
    Json(Value::Array(shapes::fields()))
}

/// `GET /project/{key}`
pub(super) async fn project(State(jira): State<Arc<Jira>>, Path(key): Path<String>) -> Result<Json<Value>, Refusal> {
    let key = known_project(&jira, &key)?;
    let state = jira.locked();
    Ok(Json(jira.frame(&state, jira.version()).whole_project(&key)))
}

/// The key of a project, given its key or id.
pub(super) fn known_project(jira: &Jira, id_or_key: &str) -> Result<String, Refusal> {
    let state = jira.locked();
    let keys = state.tickets.iter().map(|tracked| tracked.ticket.project());
    let is_meant = |key: &&str| key.eq_ignore_ascii_case(id_or_key) || shapes::project_id(key) == id_or_key;
    let found = std::iter::once(PROJECT).chain(keys).find(is_meant).map(String::from);
    let message = format!("No project could be found with key '{id_or_key}'.");
    found.ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, message))
}
