//! What GitHub shows beside a run that waits at the deployment protection rule.

use crate::model::{Deployment, TicketKey, shortened};
use crate::render::markdown::Markdown;
use crate::render::view::Links;

/// Longest comment that GitHub takes, in characters.
pub const MOST: usize = 1024;

/// Most sentences of a list, and the longest of them.
const MOST_SENTENCES: usize = 6;
const LONGEST_SENTENCE: usize = 160;

/// A run that waits, as far as people need to know it.
#[derive(Debug, Clone, Copy)]
pub struct Waiting<'a> {
    /// What it wants to deploy.
    pub deployment: &'a Deployment,
    /// Its ticket, once there is one.
    pub ticket: Option<&'a TicketKey>,
    /// What stands in the way, and who must act, as sentences.
    pub why: &'a [String],
}

/// What a run waits for.
#[must_use]
pub fn waits(waiting: &Waiting<'_>, links: &Links) -> String {
    let text = Markdown::new().strong("Waiting").words(" for the approval of ");
    let text = match waiting.ticket {
        Some(key) => ticket(text, key, links).words(&format!(": {}.", subject(waiting.deployment))),
        None => text.words(&format!("a ticket, which is being made: {}.", subject(waiting.deployment))),
    };
    let end = "GitHub is told by itself when it is decided; nobody has to come back here.";
    sentences(text, waiting.why, end)
}

/// Why a run is not let through as things stand.
#[must_use]
pub fn stands_still(waiting: &Waiting<'_>, links: &Links) -> String {
    let text = Markdown::new().strong("Not let through").words(&format!(": {}", subject(waiting.deployment)));
    let text = match waiting.ticket {
        Some(key) => ticket(text.words(", "), key, links).words("."),
        None => text.words("."),
    };
    sentences(text, waiting.why, "The run goes on waiting, and cm-bot looks again when the ticket changes.")
}

/// Why nothing answers for a run.
#[must_use]
pub fn nobody_answers(why: &str) -> String {
    let text = Markdown::new().strong("cm-bot lets nothing through here").words(". ").words(&shortened(why, 400));
    let todo =
        "Do this: let whoever operates cm-bot look at [services.gate] of its settings, then start the run again.";
    text.paragraph().words(todo).text()
}

/// The run may deploy. `mark` is the id by which the answer is found again.
#[must_use]
pub fn approved(waiting: &Waiting<'_>, links: &Links, mark: &str) -> String {
    let text = Markdown::new().strong("Let through").words(&format!(": {}", subject(waiting.deployment)));
    let text = match waiting.ticket {
        Some(key) => ticket(text.words(", approved in "), key, links).words("."),
        None => text.words("."),
    };
    marked(text.words(" The approval is used by this run."), mark)
}

/// The run may not deploy, whatever happens.
#[must_use]
pub fn rejected(waiting: &Waiting<'_>, links: &Links, mark: &str) -> String {
    let text = Markdown::new().strong("Rejected").words(&format!(": {}", subject(waiting.deployment)));
    let text = match waiting.ticket {
        Some(key) => ticket(text.words(", "), key, links).words("."),
        None => text.words("."),
    };
    let why = waiting.why.iter().take(MOST_SENTENCES);
    marked(why.fold(text, |text, why| text.entry(&shortened(why, LONGEST_SENTENCE))), mark)
}

/// The id stands in the text as it is: letters, digits and dashes.
fn marked(text: Markdown, mark: &str) -> String {
    format!("{}\n\nrecord `{mark}`", cut(text.text(), MOST - 60))
}

fn sentences(text: Markdown, why: &[String], end: &str) -> String {
    let text = why.iter().take(MOST_SENTENCES).fold(text, |text, why| {
        let longer = text.clone().entry(&shortened(why, LONGEST_SENTENCE));
        if longer.len() > MOST - 200 { text } else { longer }
    });
    cut(text.paragraph().words(end).text(), MOST)
}

fn cut(text: String, most: usize) -> String {
    if text.chars().count() <= most { text } else { text.chars().take(most - 1).chain(['…']).collect() }
}

fn ticket(text: Markdown, key: &TicketKey, links: &Links) -> Markdown {
    text.link(key.as_str(), &links.ticket_of(key))
}

fn subject(deployment: &Deployment) -> String {
    let Deployment { service, environment, run, commit, .. } = deployment;
    format!("{service} to {environment}, run {} of commit {}", run.build, commit.short())
}
