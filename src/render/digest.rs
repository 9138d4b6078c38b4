//! Everything that was approved automatically, in one message a day.

use super::slack::{Message, Mrkdwn, Part};
use super::verdict::Verdict;
use super::view::Links;
use crate::model::{TicketKey, Timestamp, listed, plural, shortened};

/// At most so many tickets stand in the message.
pub const MOST: usize = 20;

/// A ticket that was approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approved {
    /// Its key.
    pub key: TicketKey,
    /// `billing-api to prod-us, build 1871 of commit 9f3c2ab`.
    pub subject: String,
}

/// The message of a day; `number` is how many there are, and `told` the first of them.
#[must_use]
pub fn message((told, number): (&[Approved], usize), since: Timestamp, links: &Links) -> Message {
    let title = format!("Approved automatically: {}", plural(number, "change"));
    let start = Mrkdwn::new().emoji(Verdict::ApprovedAutomatically.emoji()).bold(&title).words(" since ").time(since);
    let list = told.iter().fold(start, |text, one| {
        let text = text.line().words("• ").link(one.key.as_str(), &links.ticket_of(&one.key));
        let text = text.words(&format!(" {} · ", shortened(&one.subject, 90)));
        text.link("evidence", &links.evidence_of(&one.key))
    });
    let list = match number.saturating_sub(told.len()) {
        0 => list,
        rest => list.line().words(&format!("• and {rest} more, see ")).link("all changes", &links.own),
    };
    let small = Mrkdwn::new().words("Once a day · nobody needs to act");
    let keys: Vec<String> = told.iter().map(|one| one.key.to_string()).collect();
    let fallback = format!("{title} since {}: {}. Nobody needs to act.", since.day_and_clock(), listed(&keys, "and"));
    Message { fallback: shortened(&fallback, 600), parts: vec![Part::Section(list), Part::Context(small)] }
}
