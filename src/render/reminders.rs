//! Reminders of tickets that wait for a human. Each says what stops it.

use super::slack::{Button, Message, Mrkdwn, Part, mention_all};
use super::verdict::Verdict;
use super::view::Links;
use crate::model::{Person, TicketKey, Timestamp, listed, plural, shortened};

/// At most so many tickets stand in the daily message.
const MOST: usize = 20;

/// What stops a reminder.
const STOPS: &str = "Reminders stop when it is decided or withdrawn.";

/// A ticket that waits.
#[derive(Debug, Clone)]
pub struct Waiting<'a> {
    /// Its key.
    pub key: &'a TicketKey,
    /// `billing-api to prod-us`.
    pub subject: String,
    /// `Waiting for 1 of 2 approvals`.
    pub title: String,
    /// Whom it waits for.
    pub people: Vec<&'a Person>,
    /// Since when.
    pub since: Timestamp,
    /// Where things are.
    pub links: &'a Links,
}

impl Waiting<'_> {
    fn for_how_long(&self, now: Timestamp) -> String {
        let hours = usize::try_from(now.since(self.since).as_secs() / 3600).unwrap_or(usize::MAX);
        if hours < 48 { plural(hours, "hour") } else { plural(hours / 24, "day") }
    }

    fn line(&self, now: Timestamp) -> Mrkdwn {
        Mrkdwn::new()
            .emoji(Verdict::Waiting.emoji())
            .bold(&self.title)
            .words(" · ")
            .link(self.key.as_str(), &self.links.ticket_of(self.key))
            .words(&format!(" {}, asked {} ago. ", shortened(&self.subject, 100), self.for_how_long(now)))
    }

    fn names(&self) -> String {
        let names: Vec<String> = self.people.iter().map(|person| person.name.clone()).collect();
        if names.is_empty() { "An approver".into() } else { listed(&names, "or") }
    }

    fn sentence(&self, now: Timestamp) -> String {
        let (key, subject) = (self.key, shortened(&self.subject, 100));
        format!("{}: {key}, {subject}, asked {} ago. {}", self.title, self.for_how_long(now), self.names())
    }
}

/// In the thread: those who are missing.
#[must_use]
pub fn in_thread(waiting: &Waiting<'_>, now: Timestamp) -> Message {
    let line = mention_all(waiting.line(now), &waiting.people).words(&format!(" please decide. {STOPS}"));
    let fallback = format!("{}: please approve or decline it in Jira. {STOPS}", waiting.sentence(now));
    Message { fallback, parts: vec![Part::Section(line)] }
}

/// To each of them alone.
#[must_use]
pub fn direct(waiting: &Waiting<'_>, now: Timestamp) -> Message {
    let line = waiting.line(now).words(&format!("Do this: approve or decline it in Jira. {STOPS}"));
    let button = Button {
        id: "change.ticket",
        label: "Review and decide".into(),
        aloud: format!("Review and decide: {} in Jira", waiting.key),
        url: waiting.links.ticket_of(waiting.key),
    };
    let fallback = format!("{}: please approve or decline it in Jira. {STOPS}", waiting.sentence(now));
    Message { fallback, parts: vec![Part::Section(line), Part::Buttons(vec![button])] }
}

/// Where the whole channel sees it: the approver of last resort.
#[must_use]
pub fn last_resort(waiting: &Waiting<'_>, asked: &[&Person], now: Timestamp) -> Message {
    let line = mention_all(waiting.line(now), asked);
    let line = line.words(&format!(" please see that {} decide, or somebody who may. {STOPS}", waiting.names()));
    let names: Vec<String> = asked.iter().map(|person| person.name.clone()).collect();
    let fallback = format!(
        "{} has not decided. {}: please see that it is decided. {STOPS}",
        waiting.sentence(now),
        listed(&names, "or")
    );
    Message { fallback, parts: vec![Part::Section(line)] }
}

/// Once a day: everything that waits for long, and for whom.
#[must_use]
pub fn daily(all: &[Waiting<'_>], now: Timestamp) -> Message {
    let title = format!("Waiting for approvals: {}", plural(all.len(), "ticket"));
    let start = Mrkdwn::new().emoji(Verdict::Waiting.emoji()).bold(&title).words(" for more than a day");
    let list = all.iter().take(MOST).fold(start, |text, one| {
        let text = text.line().words("• ").link(one.key.as_str(), &one.links.ticket_of(one.key));
        let text = text.words(&format!(" {}, {} · ", shortened(&one.subject, 60), one.for_how_long(now)));
        mention_all(text, &one.people)
    });
    let list = match all.len().saturating_sub(MOST) {
        0 => list,
        rest => list.line().words(&format!("• and {rest} more")),
    };
    let small = Mrkdwn::new().words("Once a day · a ticket leaves this list when it is decided or withdrawn");
    let keys: Vec<String> = all.iter().take(MOST).map(|one| one.key.to_string()).collect();
    let fallback = format!("{title} for more than a day: {}. The list is sent once a day.", listed(&keys, "and"));
    Message { fallback: shortened(&fallback, 600), parts: vec![Part::Section(list), Part::Context(small)] }
}
