//! What people did to a ticket, as Jira wrote it down with their account: entries of its history, and comments that are
//! commands.

use reqwest::Method;
use serde_json::Value;

use super::client::{JiraClient, same, unreadable};
use super::fields::{Known, rich_text};
use super::history::watched;
use super::wire;
use crate::integrations::SourceError;
use crate::integrations::http::Peer;
use crate::model::{AccountId, AccountState, TicketKey, Timestamp, listed};
use crate::policy::approvers::{Deed, Way};
use crate::settings::Workflow;

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
        let (fields, own) = (self.known_fields().await?, self.myself().await?);
        let mut acts = Vec::new();
        for change in self.history(ticket).await? {
            let by = change.author.as_ref().map(|author| self.dialect.actor(author)).transpose()?;
            if by.as_ref().is_some_and(|by| by.account == *own) {
                continue;
            }
            let at = Timestamp::parse(&change.created).map_err(unreadable)?;
            let deeds = self.deed_of_status(&change).into_iter().chain(edit(&change, fields));
            let recorded =
                |deed: Deed| Recorded { way: way(&deed), source: change.id.clone(), by: by.clone(), deed, at };
            acts.extend(deeds.map(recorded));
            let said = self.by_field((&change, fields), &acts, (by.as_ref(), at));
            acts.extend(said);
        }
        Ok(acts)
    }

    /// What an account is now.
    ///
    /// # Errors
    /// When Jira does not say. An account that it does not know is not known, and no error.
    pub async fn account_state(&self, of: &AccountId) -> Result<AccountState, SourceError> {
        Ok(match self.user(of).await? {
            Some(author) => self.dialect.actor(&author)?.state,
            None => AccountState::NotKnown,
        })
    }

    /// The name with which an account logs in, which Data Center wants where it wants a person.
    pub(super) async fn user_name(&self, of: &AccountId) -> Result<Option<String>, SourceError> {
        Ok(self.user(of).await?.and_then(|author| author.name))
    }

    /// What Jira says of an account, unless it knows none, or none that we may see.
    async fn user(&self, of: &AccountId) -> Result<Option<wire::Author>, SourceError> {
        let request = self.request(Method::GET, "user").query(&self.dialect.query(of));
        let author: wire::Author = match Peer::Jira.read(request).await {
            Ok(answer) => answer.json()?,
            Err(SourceError::NotFound | SourceError::Forbidden(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        match self.dialect.account(&author)? == *of {
            true => Ok(Some(author)),
            false => Err(SourceError::Unreadable("asked for one account, Jira tells of another".into())),
        }
    }

    /// What somebody said by setting a field in which people approve. Whoever sets it to something else takes the own word
    /// back; nobody takes back another's.
    fn by_field(
        &self,
        (change, known): (&wire::Change, &Known),
        acts: &[Recorded],
        (by, at): (Option<&Actor>, Timestamp),
    ) -> Vec<Recorded> {
        let among = |words: &[String], value: &str| words.iter().any(|word| same(word, value));
        let mut found = Vec::new();
        for item in change.items.iter().filter(|item| self.is_for_approvals(item, known)) {
            let name = item.field_id.as_deref().unwrap_or(&item.field);
            let value = item.to.as_deref().unwrap_or("");
            let deed = if among(&self.approvals.approve, value) {
                Some(Deed::Approve { note: String::new() })
            } else if among(&self.approvals.decline, value) {
                Some(Deed::Decline { reason: format!("set the field \"{}\" to \"{value}\"", item.field) })
            } else {
                own_word(acts, by, name).map(|of| Deed::Withdraw { of })
            };
            let source = format!("{}:{name}", change.id);
            found.extend(deed.map(|deed| Recorded { way: Way::Field, source, by: by.cloned(), deed, at }));
        }
        found
    }

    fn is_for_approvals(&self, item: &wire::ChangeItem, known: &Known) -> bool {
        let is_it = |name: &String| match &item.field_id {
            Some(id) => same(name, &item.field) || same(name, id),
            None => same(name, &item.field) || known.is_called(name, &item.field),
        };
        self.approvals.fields.iter().any(is_it)
    }

    /// Whether people approve where a look at the comments alone does not show it.
    #[must_use]
    pub fn has_other_ways(&self) -> bool {
        self.approvals.service_desk || !self.approvals.fields.is_empty()
    }

    /// The comments on a ticket that begin like a command, oldest first.
    ///
    /// # Errors
    /// When Jira does not show all comments.
    pub async fn commands(&self, ticket: &TicketKey) -> Result<Vec<Command>, SourceError> {
        let own = self.myself().await?;
        let mut commands = Vec::new();
        for comment in self.comments(ticket).await?.into_iter().rev() {
            let by = comment.author.as_ref().map(|author| self.dialect.actor(author)).transpose()?;
            let is_own = by.as_ref().is_some_and(|by| by.account == *own);
            let Some(text) = self.dialect.command(&comment.body).filter(|_| !is_own) else { continue };
            let changed_by = comment.update_author.as_ref().map(|author| self.dialect.account(author)).transpose()?;
            let is_of_author = changed_by.as_ref() == by.as_ref().map(|by| &by.account);
            let was_edited = comment.created != comment.updated || !is_of_author;
            let at = Timestamp::parse(&comment.created).map_err(unreadable)?;
            commands.push(Command { comment: comment.id, by, text, at, was_edited });
        }
        // Not every Jira heeds the order that was asked for.
        commands.sort_by(|one, other| {
            (one.at, one.comment.len(), &one.comment).cmp(&(other.at, other.comment.len(), &other.comment))
        });
        Ok(commands)
    }

    /// Whoever takes a ticket out of the status in which it was approved, by whatever way, or ends or reopens it, takes back what
    /// was approved before: else old words would approve it once more. That an approved ticket is closed is how it ends well.
    fn deed_of_status(&self, change: &wire::Change) -> Option<Deed> {
        if self.moves_to_approved(change) {
            return Some(Deed::Approve { note: String::new() });
        }
        let Workflow { approved, declined, closed, .. } = &self.workflow;
        let is = |status: &Option<String>, name: &str| status.as_ref().is_some_and(|status| same(status, name));
        let leaves = |item: &wire::ChangeItem| {
            let is_left = is(&item.from, approved) || is(&item.from, declined);
            is(&item.to, declined) || is(&item.from, closed) || (is_left && !is(&item.to, closed))
        };
        let is_taken_back = change.items.iter().any(|item| item.field == "status" && leaves(item));
        is_taken_back.then_some(Deed::TakeBack)
    }
}

/// The number of what somebody said last in a field.
fn own_word(acts: &[Recorded], by: Option<&Actor>, field: &str) -> Option<String> {
    let account = |by: Option<&Actor>| by.map(|by| by.account.clone());
    let in_field = acts.iter().filter(|act| act.way == Way::Field && act.source.ends_with(&format!(":{field}")));
    let mut own = in_field.filter(|act| account(act.by.as_ref()) == account(by));
    own.next_back().map(|act| act.source.clone())
}

/// What of the ticket was edited, if an approval covers it.
fn edit(change: &wire::Change, fields: &Known) -> Option<Deed> {
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

/// The text of a comment whose first paragraph begins like a command. Words that are quoted, struck out or shown as code
/// are nobody's command.
pub(super) fn command_in_document(body: &Value) -> Option<String> {
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

/// The same of wiki markup. Whatever may be quoted, struck out or shown as code is nobody's command.
pub(super) fn command_in_markup(body: &str) -> Option<String> {
    let text = body.replace('\r', "");
    let first = text.trim_start().split("\n\n").next().unwrap_or("");
    let is_shown = ["{{", "{code", "{noformat", "{quote"].iter().any(|mark| first.contains(mark));
    (looks_like_command(&text) && !is_shown && !is_struck(first)).then(|| text.trim().to_owned())
}

/// Whether something between two hyphens may be struck out.
fn is_struck(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let begins = |word: &str| word.len() > 1 && word.starts_with('-') && !word.starts_with("--");
    words.by_ref().find(|word| begins(word)).is_some_and(|first| {
        std::iter::once(first).chain(words).any(|word| word.len() > 1 && word.ends_with('-') && !word.ends_with("--"))
    })
}

/// Whether a text begins with `/cm` as a word of its own.
pub(super) fn looks_like_command(text: &str) -> bool {
    let mut words = text.split_whitespace();
    words.next().is_some_and(|word| word.eq_ignore_ascii_case("/cm"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::dialect::Dialect;
    use super::*;

    fn comment(first: Value) -> Value {
        json!({"type": "doc", "version": 1, "content": [first]})
    }

    #[test]
    fn a_command_stands_at_the_beginning_and_is_nobodys_quotation() {
        let text = |text: &str| json!({"type": "paragraph", "content": [{"type": "text", "text": text}]});
        assert_eq!(command_in_document(&comment(text(" /cm approve "))).as_deref(), Some("/cm approve"));
        assert_eq!(command_in_document(&comment(text("I would say /cm approve"))), None);
        assert_eq!(command_in_document(&comment(text("/cmapprove"))), None);
        assert_eq!(
            command_in_document(&comment(json!({"type": "blockquote", "content": [text("/cm approve")]}))),
            None
        );
        let marked = |mark: &str| {
            let inline = json!({"type": "text", "text": "/cm approve", "marks": [{"type": mark}]});
            comment(json!({"type": "paragraph", "content": [inline]}))
        };
        assert_eq!((command_in_document(&marked("strike")), command_in_document(&marked("code"))), (None, None));
        assert!(command_in_document(&marked("strong")).is_some());
        assert_eq!(command_in_document(&json!({"type": "doc", "content": []})), None);
    }

    #[test]
    fn a_command_in_markup_stands_at_the_beginning_and_is_nobodys_quotation() {
        assert_eq!(command_in_markup(" /cm approve\r\n").as_deref(), Some("/cm approve"));
        assert_eq!(command_in_markup("/cm decline it re-runs 2-3 times - see OPS-1").map(|text| text.len()), Some(44));
        let nobodys = [
            "I would say /cm approve",
            "bq. /cm approve",
            "{quote}/cm approve{quote}",
            "-/cm approve-",
            "{{/cm approve}}",
            "/cm -approve-",
            "/cm -approve it-",
            "/cm {{approve}}",
            "{code}\n/cm approve\n{code}",
            "* /cm approve",
            "",
        ];
        for text in nobodys {
            assert_eq!(command_in_markup(text), None, "{text}");
        }
    }

    #[test]
    fn an_account_is_a_persons_only_when_jira_says_so() {
        let author = |kind: Option<&str>, active: Option<bool>| wire::Author {
            account_id: Some("712020:priya".to_owned()),
            key: Some("JIRAUSER10100".to_owned()),
            name: Some("priya".to_owned()),
            display_name: None,
            account_type: kind.map(str::to_owned),
            active,
        };
        let state = |kind, active| Dialect::Cloud.actor(&author(kind, active)).map(|actor| actor.state);
        assert_eq!(state(Some("atlassian"), Some(true)), Ok(AccountState::Active));
        assert_eq!(state(Some("atlassian"), Some(false)), Ok(AccountState::Deactivated));
        assert_eq!(state(Some("app"), Some(true)), Ok(AccountState::NotHuman));
        assert_eq!(state(Some("customer"), Some(true)), Ok(AccountState::NotHuman));
        assert_eq!(state(None, Some(true)), Ok(AccountState::NotKnown));
        assert_eq!(state(Some("atlassian"), None), Ok(AccountState::NotKnown));
        let there = |active| Dialect::DataCenter.actor(&author(None, active)).map(|actor| actor.state);
        assert_eq!(there(Some(true)), Ok(AccountState::Active));
        assert_eq!(there(Some(false)), Ok(AccountState::Deactivated));
        assert_eq!(there(None), Ok(AccountState::NotKnown));
    }

    #[test]
    fn somebody_is_never_known_by_a_name() {
        let author = wire::Author {
            account_id: Some("712020:priya".to_owned()),
            key: None,
            name: Some("priya".to_owned()),
            display_name: Some("Priya Nair".to_owned()),
            account_type: None,
            active: Some(true),
        };
        assert_eq!(Dialect::Cloud.account(&author).map(|account| account.to_string()), Ok("712020:priya".to_owned()));
        let error = Dialect::DataCenter.account(&author).unwrap_err();
        assert_eq!(error, SourceError::Unreadable("an account without `key`".into()));
    }
}
