//! What expectations may look at.

use serde_json::Value;

use super::Jira;
use super::adf;
use super::issue_json::remote_link;
use super::shapes::{Frame, Version};
use super::state::{Change, Comment};
use super::wiki;

/// A ticket as an expectation sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct TicketView {
    /// The name of its status.
    pub status: String,
    /// Its comments, oldest first.
    pub comments: Vec<CommentView>,
    /// Its transitions, oldest first.
    pub transitions: Vec<TransitionView>,
    /// Its remote links, as the REST API shows them.
    pub remote_links: Vec<Value>,
    /// Its summary.
    pub summary: String,
}

/// A comment.
#[derive(Debug, Clone, PartialEq)]
pub struct CommentView {
    /// Its id.
    pub id: String,
    /// The account of its author.
    pub author_account: String,
    /// An ADF document; [`adf_text`](super::adf_text) makes it readable.
    pub body: Value,
    /// Its entity properties.
    pub properties: Vec<(String, Value)>,
    /// How often it was edited.
    pub edits: u32,
}

/// A transition that somebody made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransitionView {
    /// The button's name.
    pub name: String,
    /// The account of whoever made it.
    pub by_account: String,
    /// The name of the status it ended in.
    pub to: String,
}

impl Jira {
    /// The ticket with this key.
    #[must_use]
    pub fn ticket(&self, key: &str) -> Option<TicketView> {
        let state = self.locked();
        let ticket = state.find(key)?;
        let frame = self.frame(&state, self.version());
        Some(TicketView {
            status: ticket.status.name.to_owned(),
            comments: ticket.comments.iter().map(|one| comment(frame, one)).collect(),
            transitions: ticket.history.iter().filter_map(transition).collect(),
            remote_links: ticket.links.iter().map(|link| remote_link(frame, ticket, link)).collect(),
            summary: ticket.summary.clone(),
        })
    }

    /// The keys of all tickets, in the order of their creation.
    #[must_use]
    pub fn tickets(&self) -> Vec<String> {
        self.locked().tickets.iter().map(|tracked| tracked.ticket.key.clone()).collect()
    }
}

/// On Data Center the markup is shown as people read it.
fn comment(frame: Frame<'_>, comment: &Comment) -> CommentView {
    let body = match frame.version {
        Version::Three => comment.body.clone(),
        Version::Two => adf::document(&wiki::text(&adf::text(&comment.body), frame.scene)),
    };
    CommentView {
        id: comment.id.to_string(),
        author_account: comment.author.clone(),
        body,
        properties: comment.properties.clone(),
        edits: comment.edits,
    }
}

fn transition(change: &Change) -> Option<TransitionView> {
    Some(TransitionView {
        name: change.transition?.to_owned(),
        by_account: change.author.clone(),
        to: change.items.first()?.to.text.clone()?,
    })
}
