//! Jira's webhooks: a hint that a ticket should be looked at. Only the key is taken from the body.

use serde::Deserialize;

use super::acts::looks_like_command;
use crate::model::{IssueId, TicketKey};

/// A webhook that matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// The ticket's id, which stays when the ticket is moved.
    pub issue: IssueId,
    /// The ticket's key as the webhook says.
    pub ticket: TicketKey,
    /// Whether its own address names another ticket. The id is looked at all the same: it decides nothing.
    pub contradicts_itself: bool,
}

#[derive(Deserialize)]
struct Body {
    #[serde(rename = "webhookEvent")]
    event: String,
    issue: Option<Issue>,
    comment: Option<Comment>,
}

#[derive(Deserialize)]
struct Comment {
    /// In webhooks a text, also where the REST API writes documents.
    body: Option<String>,
}

#[derive(Deserialize)]
struct Issue {
    id: String,
    key: String,
    #[serde(rename = "self")]
    address: Option<String>,
}

/// Reads the body of a webhook whose signature was checked. Nothing for events that say nothing about a ticket's content.
///
/// # Errors
/// When the body is no JSON of this form, in a few words.
pub fn read(body: &[u8]) -> Result<Option<Hint>, String> {
    let body: Body = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let says_something = body.comment.and_then(|comment| comment.body).is_some_and(|text| looks_like_command(&text));
    let matters = match body.event.as_str() {
        "jira:issue_created" | "jira:issue_updated" | "jira:issue_deleted" => true,
        "comment_created" | "comment_updated" | "comment_deleted" => says_something,
        _ => false,
    };
    let Some(issue) = body.issue.filter(|_| matters) else { return Ok(None) };
    let read = || Ok::<_, crate::model::ParseError>((IssueId::parse(&issue.id)?, TicketKey::parse(&issue.key)?));
    let (id, ticket) = read().map_err(|error| error.to_string())?;
    let named = issue.address.as_deref().and_then(|address| address.rsplit('/').next());
    let contradicts_itself = named.is_some_and(|named| named != id.as_str() && named != ticket.as_str());
    Ok(Some(Hint { issue: id, ticket, contradicts_itself }))
}
