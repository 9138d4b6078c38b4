//! What people did to a ticket, as Jira wrote it down with their account: entries of its history, and comments that are
//! commands.

use serde_json::Value;

use super::client::{JiraClient, account, same, unreadable};
use super::fields::{FieldIds, rich_text};
use super::history::watched;
use super::wire;
use crate::integrations::SourceError;
use crate::model::{AccountId, AccountState, TicketKey, Timestamp, listed};
use crate::policy::approvers::{Deed, Way};

/// Whose account did something, and what Jira says of it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The account.
    pub account: AccountId,
    /// What it is.
    pub state: AccountState,
}

/// Something that somebody did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Where it is written.
    pub way: Way,
    /// Its number there.
    pub source: String,
    /// Who; nobody when Jira itself did it.
    pub by: Option<Actor>,
    /// What.
    pub deed: Deed,
    /// When.
    pub at: Timestamp,
}

/// A comment that begins like a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The comment's id.
    pub comment: String,
    /// Who wrote it.
    pub by: Option<Actor>,
    /// What it says.
    pub text: String,
    /// When it was written.
    pub at: Timestamp,
    /// Whether anybody changed it since: then nobody can tell who said what.
    pub was_edited: bool,
}

impl JiraClient {
    /// What the history of a ticket tells of approvals, oldest first: nothing of what cm-bot did itself.
    ///
    /// # Errors
    /// [`SourceError::Incomplete`] when the history has no end.
    pub async fn acts(&self, ticket: &TicketKey) -> Result<Vec<Recorded>, SourceError> {
        let (fields, own) = (self.field_ids().await?, self.myself().await?);
        let mut acts = Vec::new();
        for change in self.history(ticket).await? {
            let by = change.author.as_ref().map(actor).transpose()?;
            if by.as_ref().is_some_and(|by| by.account == *own) {
                continue;
            }
            let at = Timestamp::parse(&change.created).map_err(unreadable)?;
            let deeds = self.deed_of_status(&change).into_iter().chain(edit(&change, fields));
            let recorded =
                |deed: Deed| Recorded { way: way(&deed), source: change.id.clone(), by: by.clone(), deed, at };
            acts.extend(deeds.map(recorded));
        }
        Ok(acts)
    }

    /// The comments on a ticket that begin like a command, oldest first.
    ///
    /// # Errors
    /// When Jira does not show all comments.
    pub async fn commands(&self, ticket: &TicketKey) -> Result<Vec<Command>, SourceError> {
        let own = self.myself().await?;
        let mut commands = Vec::new();
        for comment in self.comments(ticket).await?.into_iter().rev() {
            let by = comment.author.as_ref().map(actor).transpose()?;
            let is_own = by.as_ref().is_some_and(|by| by.account == *own);
            let Some(text) = first_words(&comment.body).filter(|_| !is_own) else { continue };
            let changed_by = comment.update_author.as_ref().map(|author| author.account_id.as_str());
            let is_of_author = changed_by == comment.author.as_ref().map(|author| author.account_id.as_str());
            let was_edited = comment.created != comment.updated || !is_of_author;
            let at = Timestamp::parse(&comment.created).map_err(unreadable)?;
            commands.push(Command { comment: comment.id, by, text, at, was_edited });
        }
        Ok(commands)
    }

    fn deed_of_status(&self, change: &wire::Change) -> Option<Deed> {
        if self.moves_to_approved(change) {
            return Some(Deed::Approve { note: String::new() });
        }
        let was = |text: &Option<String>, name: &str| text.as_ref().is_some_and(|text| same(text, name));
        let is_back =
            |item: &wire::ChangeItem| was(&item.from, &self.workflow.approved) && was(&item.to, &self.workflow.pending);
        let is_taken_back = change.items.iter().any(|item| item.field == "status" && is_back(item));
        is_taken_back.then_some(Deed::TakeBack)
    }
}

/// What of the ticket was edited, if an approval covers it.
fn edit(change: &wire::Change, fields: &FieldIds) -> Option<Deed> {
    let mut names: Vec<String> = change.items.iter().filter_map(|item| watched(item, fields)).map(of_field).collect();
    names.dedup();
    (!names.is_empty()).then(|| Deed::Edit { what: listed(&names, "and") })
}

fn of_field(name: &str) -> String {
    format!("the {name}")
}

/// One entry of the history may hold both a status and an edit, so they are told apart.
fn way(deed: &Deed) -> Way {
    match deed {
        Deed::Edit { .. } => Way::Field,
        Deed::Approve { .. } | Deed::Decline { .. } | Deed::Withdraw { .. } | Deed::TakeBack => Way::Status,
    }
}

fn actor(author: &wire::Author) -> Result<Actor, SourceError> {
    let state = match (author.account_type.as_deref(), author.active) {
        (Some("atlassian"), Some(true)) => AccountState::Active,
        (Some("atlassian"), Some(false)) => AccountState::Deactivated,
        (Some("atlassian"), None) | (None, _) => AccountState::NotKnown,
        (Some(_), _) => AccountState::NotHuman,
    };
    Ok(Actor { account: account(&author.account_id)?, state })
}

/// The text of a comment whose first paragraph begins like a command. Words that are quoted, struck out or shown as code
/// are nobody's command.
fn first_words(body: &Value) -> Option<String> {
    let first = body.get("content")?.as_array()?.first()?;
    if first.get("type").and_then(Value::as_str) != Some("paragraph") {
        return None;
    }
    let inlines = first.get("content")?.as_array()?;
    let marks = inlines.iter().filter_map(|inline| inline.get("marks")).filter_map(Value::as_array).flatten();
    let mut kinds = marks.filter_map(|mark| mark.get("type").and_then(Value::as_str));
    let text = rich_text(body);
    (!kinds.any(|kind| kind == "strike" || kind == "code") && looks_like_command(&text)).then(|| text.trim().to_owned())
}

/// Whether a text begins with `/cm` as a word of its own.
pub(super) fn looks_like_command(text: &str) -> bool {
    let mut words = text.split_whitespace();
    words.next().is_some_and(|word| word.eq_ignore_ascii_case("/cm"))
}
