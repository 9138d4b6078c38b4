//! Jira's webhooks: a hint that a ticket should be looked at. Only the key is taken from the body.

use serde::Deserialize;

use super::acts::looks_like_command;
use crate::model::{IssueId, TicketKey};

/// A webhook that matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// The ticket's id, which stays when the ticket is moved.
    pub issue: IssueId,
    /// The ticket's key as the webhook says. Data Center names only the id where a comment is told of.
    pub ticket: Option<TicketKey>,
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
    #[serde(rename = "self")]
    address: Option<String>,
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
    let said = body.comment.as_ref().and_then(|comment| comment.body.as_ref());
    let says_something = said.is_some_and(|text| looks_like_command(text));
    let matters = match body.event.as_str() {
        "jira:issue_created" | "jira:issue_updated" | "jira:issue_deleted" => true,
        "comment_created" | "comment_updated" | "comment_deleted" => says_something,
        _ => false,
    };
    if !matters {
        return Ok(None);
    }
    let Some(issue) = body.issue else { return of_comment(body.comment.as_ref()) };
    let read = || Ok::<_, crate::model::ParseError>((IssueId::parse(&issue.id)?, TicketKey::parse(&issue.key)?));
    let (id, ticket) = read().map_err(|error| error.to_string())?;
    let named = issue.address.as_deref().and_then(|address| address.rsplit('/').next());
    let contradicts_itself = named.is_some_and(|named| named != id.as_str() && named != ticket.as_str());
    Ok(Some(Hint { issue: id, ticket: Some(ticket), contradicts_itself }))
}

/// Data Center tells of a comment without its ticket, whose id stands in the comment's address: `…/issue/10013/comment/10082`.
fn of_comment(comment: Option<&Comment>) -> Result<Option<Hint>, String> {
    let address = comment.and_then(|comment| comment.address.as_deref());
    let Some((before, _)) = address.and_then(|address| address.rsplit_once("/comment/")) else { return Ok(None) };
    let Some((_, id)) = before.rsplit_once("/issue/") else { return Ok(None) };
    let issue = IssueId::parse(id).map_err(|error| error.to_string())?;
    Ok(Some(Hint { issue, ticket: None, contradicts_itself: false }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_comment_of_data_center_names_its_ticket_in_its_address() {
        let address = "https://jira.example.com/rest/api/2/issue/10013/comment/10082";
        let told = |text: &str, address: &str| {
            let comment = json!({"self": address, "id": "10082", "body": text});
            let body = json!({"timestamp": 1, "webhookEvent": "comment_created", "comment": comment});
            read(body.to_string().as_bytes())
        };
        let hint = told("/cm approve", address).unwrap().unwrap();
        assert_eq!((hint.issue.as_str(), hint.ticket), ("10013", None));
        assert_eq!(told("Looks good.", address), Ok(None));
        assert_eq!(told("/cm approve", "https://jira.example.com/rest/api/2/comment/10082"), Ok(None));
        assert!(told("/cm approve", "https://jira.example.com/rest/api/2/issue/x/comment/10082").is_err());
    }
}
