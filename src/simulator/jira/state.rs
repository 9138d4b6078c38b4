//! What the simulated Jira remembers.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::scene::{JiraKind, MayUse};
use super::fields::Field;
use super::service_desk::RequestApproval;
use super::workflow::Status;

/// How long the search index lags behind a write. Real Jira says "a few seconds to minutes".
const INDEX_LAG_MS: i64 = 5_000;

/// Where Jira says it is, until a client has named its address.
const SITE: &str = "https://acme.atlassian.net";

/// Everything that the simulated Jira knows.
#[derive(Debug)]
pub(super) struct State {
    /// The tickets, in the order of their creation.
    pub tickets: Vec<Tracked>,
    /// The address under which the newest client reached us: `self` links and next pages must lead back here.
    pub site: String,
    /// Which Jira it is.
    pub kind: JiraKind,
    /// The options of the select fields: field id and value. The place in the list makes the option's id.
    pub options: Vec<(&'static str, String)>,
    /// Who may use the button "Approve".
    pub may_approve: MayUse,
    /// Permissions that an administrator has given to the bot, or taken from it.
    pub permissions: BTreeMap<String, bool>,
    /// The version of a Data Center.
    pub version: [u32; 3],
    newest_id: u64,
    /// How many tickets were deleted: no id is used twice.
    deleted: u64,
}

/// A ticket, and what the search index knows of it.
#[derive(Debug)]
pub(super) struct Tracked {
    /// The ticket as it is.
    pub ticket: Ticket,
    indexed: Option<Ticket>,
    unindexed: Vec<(i64, Ticket)>,
}

/// A change ticket.
#[derive(Debug, Clone)]
pub(super) struct Ticket {
    pub id: u64,
    pub key: String,
    pub summary: String,
    pub status: &'static Status,
    pub status_since: i64,
    /// Account ids.
    pub reporter: String,
    pub creator: String,
    pub created: i64,
    pub updated: i64,
    pub components: Vec<String>,
    pub labels: Vec<String>,
    /// An ADF document.
    pub description: Option<Value>,
    /// Custom fields by id: text, or an ADF document for a text area. A field that is not filled in is absent.
    pub values: BTreeMap<&'static str, Value>,
    pub properties: BTreeMap<String, Value>,
    pub comments: Vec<Comment>,
    pub history: Vec<Change>,
    pub links: Vec<RemoteLink>,
    /// Approvals of Jira Service Management, oldest first.
    pub approvals: Vec<RequestApproval>,
}

/// A comment.
#[derive(Debug, Clone)]
pub(super) struct Comment {
    pub id: u64,
    pub author: String,
    pub update_author: String,
    /// An ADF document.
    pub body: Value,
    pub created: i64,
    pub updated: i64,
    pub edits: u32,
    pub properties: Vec<(String, Value)>,
    pub visibility: Option<Value>,
}

/// One entry of the history: who changed what at one time.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub id: u64,
    pub author: String,
    pub at: i64,
    pub items: Vec<Item>,
    /// The button's name, when it was a transition. Jira itself does not store it, so the REST API never shows it.
    pub transition: Option<&'static str>,
    pub metadata: Option<Value>,
}

/// One changed field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub field: String,
    pub field_type: &'static str,
    pub field_id: String,
    pub from: Side,
    pub to: Side,
}

/// One side of a change: the stored id, and what people read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Side {
    pub id: Option<String>,
    pub text: Option<String>,
}

/// A link to something outside Jira.
#[derive(Debug, Clone)]
pub(super) struct RemoteLink {
    pub id: u64,
    pub global_id: Option<String>,
    /// The link as it was sent: `application`, `relationship`, `object`.
    pub parts: Value,
}

/// A wish to change fields; what is `None` stays.
#[derive(Debug, Default)]
pub(super) struct Edit {
    pub summary: Option<String>,
    pub reporter: Option<String>,
    /// `Some(None)` clears it.
    pub description: Option<Option<Value>>,
    pub components: Option<Vec<String>>,
    pub labels: Option<Vec<String>>,
    pub values: Vec<(&'static Field, Option<Value>)>,
    pub properties: Vec<(String, Value)>,
    pub metadata: Option<Value>,
}

impl State {
    /// Nothing but the options.
    pub(super) fn new(options: Vec<(&'static str, String)>, kind: JiraKind) -> State {
        let may_approve = MayUse::Approvers;
        State {
            tickets: Vec::new(),
            site: SITE.to_owned(),
            kind,
            options,
            may_approve,
            permissions: BTreeMap::new(),
            version: [10, 3, 1],
            newest_id: 10_400,
            deleted: 0,
        }
    }

    /// A new id for a comment, a change or a link.
    pub(super) fn next_id(&mut self) -> u64 {
        self.newest_id += 1;
        self.newest_id
    }

    /// The ticket with this key or numeric id. Keys are compared without regard to case, as Jira does.
    pub(super) fn find(&self, id_or_key: &str) -> Option<&Ticket> {
        self.tickets.iter().map(|tracked| &tracked.ticket).find(|ticket| ticket.is(id_or_key))
    }

    /// Removes a ticket.
    pub(super) fn remove(&mut self, id: u64) {
        let before = self.tickets.len();
        self.tickets.retain(|tracked| tracked.ticket.id != id);
        self.deleted += (before - self.tickets.len()) as u64;
    }

    /// Changes a ticket and lets the index know later.
    pub(super) fn change<T>(&mut self, id_or_key: &str, now: i64, change: impl FnOnce(&mut Ticket) -> T) -> Option<T> {
        let lag = self.lag();
        let tracked = self.tickets.iter_mut().find(|tracked| tracked.ticket.is(id_or_key))?;
        let answer = change(&mut tracked.ticket);
        tracked.ticket.updated = now;
        tracked.unindexed.push((now + lag, tracked.ticket.clone()));
        Some(answer)
    }

    /// A Data Center of one machine indexes what is written before it answers.
    fn lag(&self) -> i64 {
        match self.kind {
            JiraKind::Cloud => INDEX_LAG_MS,
            JiraKind::DataCenter => 0,
        }
    }

    /// Adds a ticket; the index learns of it later.
    pub(super) fn add(&mut self, ticket: Ticket) {
        let unindexed = vec![(ticket.created + self.lag(), ticket.clone())];
        self.tickets.push(Tracked { ticket, indexed: None, unindexed });
    }

    /// The numeric id for the next ticket.
    pub(super) fn next_ticket_id(&self) -> u64 {
        10_001 + self.tickets.len() as u64 + self.deleted
    }

    /// The key for the next ticket of a project.
    pub(super) fn next_key(&self, project: &str) -> String {
        let keys = self.tickets.iter().map(|tracked| tracked.ticket.key.as_str());
        let numbers = keys.filter_map(|key| key.strip_prefix(project)?.strip_prefix('-')?.parse::<u64>().ok());
        format!("{project}-{}", numbers.max().unwrap_or(0) + 1)
    }

    /// The comment with this id, and its ticket.
    pub(super) fn comment(&self, id: &str) -> Option<(&Ticket, &Comment)> {
        let id = id.parse::<u64>().ok()?;
        self.tickets.iter().find_map(|tracked| {
            let found = tracked.ticket.comments.iter().find(|comment| comment.id == id)?;
            Some((&tracked.ticket, found))
        })
    }

    /// The id of a select option, made when it is new.
    pub(super) fn option_id(&self, field: &str, value: &str) -> Option<String> {
        let place = self.options.iter().position(|(owner, option)| *owner == field && option == value)?;
        Some((10_301 + place).to_string())
    }

    /// Makes a select option, unless it exists.
    pub(super) fn add_option(&mut self, field: &'static str, value: &str) {
        if self.option_id(field, value).is_none() {
            self.options.push((field, value.to_owned()));
        }
    }
}

impl Tracked {
    /// Brings the search index up to this time.
    pub(super) fn index(&mut self, now: i64) {
        let due = self.unindexed.iter().take_while(|(at, _)| *at <= now).count();
        if let Some((_, newest)) = self.unindexed.drain(..due).next_back() {
            self.indexed = Some(newest);
        }
    }

    /// The ticket as the search index knows it.
    pub(super) fn indexed(&self) -> Option<&Ticket> {
        self.indexed.as_ref()
    }
}

impl Ticket {
    /// The project's key, taken from the ticket's.
    pub(super) fn project(&self) -> &str {
        self.key.rsplit_once('-').map_or(self.key.as_str(), |(project, _)| project)
    }

    fn is(&self, id_or_key: &str) -> bool {
        self.key.eq_ignore_ascii_case(id_or_key) || id_or_key.parse() == Ok(self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::super::actions::{NewTicket, blank};
    use super::*;

    #[test]
    fn the_index_lags_behind_a_write() {
        let mut state = State::new(Vec::new(), JiraKind::Cloud);
        let new = NewTicket { key: "PRODCM-1".into(), by: String::new(), content: Edit::default() };
        state.add(blank(10_001, &new, 0));
        state.change("prodcm-1", 3_000, |ticket| ticket.summary = "New".into());
        let summaries = [0, 4_999, 5_000, 7_999, 8_000].map(|now| {
            state.tickets[0].index(now);
            state.tickets[0].indexed().map(|ticket| ticket.summary.clone())
        });
        assert_eq!(summaries, [None, None, Some(String::new()), Some(String::new()), Some("New".into())]);
    }

    #[test]
    fn the_next_key_follows_the_highest_of_its_project() {
        let mut state = State::new(Vec::new(), JiraKind::Cloud);
        let new = NewTicket { key: "PRODCM-412".into(), by: String::new(), content: Edit::default() };
        state.add(blank(10_001, &new, 0));
        assert_eq!((state.next_key("PRODCM"), state.next_key("OTHER")), ("PRODCM-413".into(), "OTHER-1".into()));
    }
}
