//! Words that people read. One named function a message; nothing here decides anything.
//!
//! Messages are built as a [`document::Document`] or a [`slack::Message`]: our own, small vocabulary of panels, lists and
//! tables. `integrations` turns them into the JSON of Jira, Slack and Teams, [`terminal`] and [`html`] into text and pages.

pub mod approvals;
pub mod csv;
pub mod decide;
pub mod deployment;
pub mod difference;
pub mod digest;
pub mod document;
pub mod emergency;
pub mod ends;
pub mod evidence;
pub mod form;
pub mod graph;
pub mod html;
pub mod inspection;
pub mod jira;
pub mod markdown;
pub mod months;
pub mod mrkdwn;
pub mod new_ticket;
pub mod orphan;
pub mod plan;
pub mod protection;
pub mod reminders;
pub mod slack;
pub mod teams;
pub mod terminal;
pub mod verdict;
pub mod view;
