//! The JSON of a ticket, its comments, its history and its links.

use serde_json::{Map, Value, json};

use super::super::scene::JiraKind;
use super::adf;
use super::fields::{FIELDS, Field, Kind};
use super::shapes::{Frame, Version, name_of, schema_of, time};
use super::state::{Change, Comment, Item, RemoteLink, State, Ticket};

/// How many history entries and comments an issue carries inside itself.
const INSIDE: usize = 100;

/// Which parts of an issue are wanted.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    /// Field ids, `*all`, `*navigable` or `-field`; empty means what the caller's default is.
    pub fields: Vec<String>,
    /// `names`, `schema`, `changelog`, …
    pub expand: Vec<String>,
    /// Keys of issue properties.
    pub properties: Vec<String>,
}

impl Wanted {
    fn field(&self, id: &str) -> bool {
        if self.fields.iter().any(|field| field.strip_prefix('-') == Some(id)) {
            return false;
        }
        self.fields.iter().any(|field| field == id || field == "*all" || (field == "*navigable" && id != "comment"))
            || self.fields.iter().all(|field| field.starts_with('-'))
    }

    fn expands(&self, name: &str) -> bool {
        self.expand.iter().any(|expand| expand == name)
    }
}

/// An issue as `GET /issue` and a search answer it.
pub(super) fn issue(frame: Frame<'_>, state: &State, ticket: &Ticket, wanted: &Wanted) -> Value {
    let mut fields = fields(frame, state, ticket);
    fields.retain(|id, _| wanted.field(id));
    // The largest part of a ticket is made only for whoever wants it.
    if wanted.field("comment") {
        fields.insert("comment".into(), comments_inside(frame, ticket));
    }
    let mut issue = json!({
        "expand": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations",
        "id": ticket.id.to_string(),
        "self": frame.link(&format!("issue/{}", ticket.id)),
        "key": ticket.key,
    });
    if wanted.expands("names") {
        issue["names"] = fields.keys().map(|id| (id.clone(), json!(name_of(id)))).collect();
    }
    if wanted.expands("schema") {
        issue["schema"] = fields.keys().map(|id| (id.clone(), schema_of(id))).collect();
    }
    if wanted.expands("changelog") {
        issue["changelog"] = changelog_inside(frame, ticket);
    }
    if !wanted.properties.is_empty() {
        let all = wanted.properties.iter().any(|key| key == "*all");
        let asked = ticket.properties.iter().filter(|(key, _)| all || wanted.properties.contains(key));
        issue["properties"] = asked.map(|(key, value)| (key.clone(), value.clone())).collect();
    }
    issue["fields"] = Value::Object(fields);
    issue
}

/// Inside an issue the history is newest first, and capped on Cloud; there `/changelog` is oldest first and paged.
fn changelog_inside(frame: Frame<'_>, ticket: &Ticket) -> Value {
    let most = if frame.scene.jira == JiraKind::Cloud { INSIDE } else { usize::MAX };
    let newest = ticket.history.iter().rev().take(most).map(|entry| change(frame, entry)).collect::<Vec<_>>();
    json!({ "startAt": 0, "maxResults": newest.len(), "total": ticket.history.len(), "histories": newest })
}

/// The six fields that an issue has in a comment's webhook.
pub(super) fn small_issue(frame: Frame<'_>, ticket: &Ticket) -> Value {
    json!({
        "id": ticket.id.to_string(),
        "self": frame.link(&format!("issue/{}", ticket.id)),
        "key": ticket.key,
        "fields": {
            "summary": ticket.summary,
            "issuetype": frame.issue_type(),
            "project": frame.project(ticket.project()),
            "assignee": null,
            "priority": priority(frame),
            "status": frame.status(ticket.status),
        },
    })
}

/// The issue of an issue's webhook: all fields, no comments.
pub(super) fn webhook_issue(frame: Frame<'_>, state: &State, ticket: &Ticket) -> Value {
    json!({
        "id": ticket.id.to_string(),
        "self": frame.link(&format!("issue/{}", ticket.id)),
        "key": ticket.key,
        "fields": fields(frame, state, ticket),
    })
}

/// All fields but the comments.
fn fields(frame: Frame<'_>, state: &State, ticket: &Ticket) -> Map<String, Value> {
    let system = json!({
        "summary": ticket.summary,
        "status": frame.status(ticket.status),
        "statuscategorychangedate": time(ticket.status_since),
        "issuetype": frame.issue_type(),
        "project": frame.project(ticket.project()),
        "components": ticket.components.iter().map(|name| frame.component(name)).collect::<Vec<_>>(),
        "description": ticket.description.as_ref().map_or(Value::Null, |body| document(frame, body)),
        "environment": null,
        "reporter": frame.user(&ticket.reporter),
        "creator": frame.user(&ticket.creator),
        "assignee": null,
        "priority": priority(frame),
        "resolution": null,
        "labels": ticket.labels,
        "created": time(ticket.created),
        "updated": time(ticket.updated),
    });
    let custom = FIELDS.iter().map(|field| (field.id.to_owned(), custom_value(frame, state, field, ticket)));
    let Value::Object(mut fields) = system else { return Map::new() };
    fields.extend(custom);
    fields
}

fn custom_value(frame: Frame<'_>, state: &State, field: &Field, ticket: &Ticket) -> Value {
    let Some(stored) = ticket.values.get(field.id) else { return Value::Null };
    match field.kind {
        Kind::Line => stored.clone(),
        Kind::Area => document(frame, stored),
        Kind::Choice => {
            let value = field.text(stored);
            frame.option(&state.option_id(field.id, &value).unwrap_or_default(), &value)
        }
    }
}

fn document(frame: Frame<'_>, body: &Value) -> Value {
    match frame.version {
        Version::Two => json!(adf::text(body)),
        Version::Three => body.clone(),
    }
}

fn priority(frame: Frame<'_>) -> Value {
    let icon = format!("{}/avatar.png", frame.site);
    json!({ "self": frame.link("priority/3"), "iconUrl": icon, "name": "Medium", "id": "3" })
}

fn comments_inside(frame: Frame<'_>, ticket: &Ticket) -> Value {
    let comments = ticket.comments.iter().rev().take(INSIDE).rev();
    let comments = comments.map(|one| comment(frame, ticket, one)).collect::<Vec<_>>();
    json!({
        "self": frame.link(&format!("issue/{}/comment", ticket.id)),
        "maxResults": comments.len(),
        "total": ticket.comments.len(),
        "startAt": 0,
        "comments": comments,
    })
}

/// A comment, without its properties.
pub(super) fn comment(frame: Frame<'_>, ticket: &Ticket, comment: &Comment) -> Value {
    let mut shape = json!({
        "self": frame.link(&format!("issue/{}/comment/{}", ticket.id, comment.id)),
        "id": comment.id.to_string(),
        "author": frame.user(&comment.author),
        "body": document(frame, &comment.body),
        "updateAuthor": frame.user(&comment.update_author),
        "created": time(comment.created),
        "updated": time(comment.updated),
        "jsdPublic": true,
    });
    if let Some(visibility) = &comment.visibility {
        shape["visibility"] = visibility.clone();
    }
    shape
}

/// One history entry.
pub(super) fn change(frame: Frame<'_>, change: &Change) -> Value {
    let mut shape = json!({
        "id": change.id.to_string(),
        "author": frame.user(&change.author),
        "created": time(change.at),
        "items": change.items.iter().map(|one| item(frame, one)).collect::<Vec<_>>(),
    });
    if let Some(metadata) = &change.metadata {
        shape["historyMetadata"] = metadata.clone();
    }
    shape
}

/// One changed field. Data Center names it and says no more.
pub(super) fn item(frame: Frame<'_>, item: &Item) -> Value {
    let mut shape = json!({
        "field": item.field,
        "fieldtype": item.field_type,
        "from": item.from.id,
        "fromString": item.from.text,
        "to": item.to.id,
        "toString": item.to.text,
    });
    if frame.scene.jira == JiraKind::Cloud {
        shape["fieldId"] = json!(item.field_id);
    }
    shape
}

/// A remote link.
pub(super) fn remote_link(frame: Frame<'_>, ticket: &Ticket, link: &RemoteLink) -> Value {
    let mut shape = link.parts.clone();
    shape["id"] = json!(link.id);
    shape["self"] = json!(frame.link(&format!("issue/{}/remotelink/{}", ticket.key, link.id)));
    if let Some(global_id) = &link.global_id {
        shape["globalId"] = json!(global_id);
    }
    shape
}
