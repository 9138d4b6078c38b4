//! The bodies of webhooks: the shape of version 2 of the REST API, even on Cloud.

use serde_json::{Value, json};

use super::super::scene::JiraKind;
use super::issue_json::{comment as comment_json, item, small_issue, webhook_issue};
use super::shapes::{BOT, Frame};
use super::state::{Change, Comment, State, Ticket};

/// Something that webhooks tell.
#[derive(Debug)]
pub(super) struct Event {
    /// `jira:issue_created`, `comment_created`, …
    pub name: &'static str,
    /// Whether the bot did it, not a person.
    pub by_bot: bool,
    /// The body to send.
    pub body: Value,
}

/// An event made by this account.
pub(super) fn event(name: &'static str, author: &str, body: Value) -> Event {
    Event { name, by_bot: author == BOT, body }
}

/// A new ticket. Cloud sends a changelog with it, although the documentation says otherwise.
pub(super) fn issue_created(frame: Frame<'_>, state: &State, (ticket, change): (&Ticket, &Change)) -> Value {
    issue(frame, state, (ticket, change), ("jira:issue_created", "issue_created"))
}

/// A changed ticket. The type name of a transition says nothing of it: only the changelog does.
pub(super) fn issue_updated(frame: Frame<'_>, state: &State, (ticket, change): (&Ticket, &Change)) -> Value {
    let kind = if change.transition.is_some() { "issue_generic" } else { "issue_updated" };
    issue(frame, state, (ticket, change), ("jira:issue_updated", kind))
}

/// A deleted ticket, as it was.
pub(super) fn issue_deleted(frame: Frame<'_>, state: &State, (ticket, change): (&Ticket, &Change)) -> Value {
    json!({
        "timestamp": change.at,
        "webhookEvent": "jira:issue_deleted",
        "user": frame.user(&change.author),
        "issue": webhook_issue(frame, state, ticket),
    })
}

fn issue(
    frame: Frame<'_>,
    state: &State,
    (ticket, change): (&Ticket, &Change),
    (name, kind): (&'static str, &'static str),
) -> Value {
    json!({
        "timestamp": change.at,
        "webhookEvent": name,
        "issue_event_type_name": kind,
        "user": frame.user(&change.author),
        "issue": webhook_issue(frame, state, ticket),
        "changelog": { "id": change.id.to_string(), "items": change.items.iter().map(|one| item(frame, one)).collect::<Vec<_>>() },
    })
}

/// A new or changed comment. Cloud sends no `user` with it, and only six fields of the issue; Data Center sends no issue at all.
pub(super) fn comment(frame: Frame<'_>, name: &str, (ticket, comment): (&Ticket, &Comment)) -> Value {
    let mut body = json!({
        "timestamp": comment.updated,
        "webhookEvent": name,
        "comment": comment_json(frame, ticket, comment),
    });
    if frame.scene.jira == JiraKind::Cloud {
        body["issue"] = small_issue(frame, ticket);
    }
    body
}
