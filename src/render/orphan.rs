//! A deployment behind the gate's back: a message, and a comment on the ticket that had approved the same commit.

use crate::model::{Person, Sighting, TicketKey, shortened};
use crate::policy::follow_up::orphans::Lack;
use crate::render::document::{Block, Document, Inline, Line, Tone};
use crate::render::slack::{Button, Message, Mrkdwn, Part, mention_all};
use crate::render::view::Links;

/// A deployment that nothing let through.
#[derive(Debug, Clone, Copy)]
pub struct Orphan<'a> {
    /// The deployment.
    pub sighting: &'a Sighting,
    /// Why nothing did.
    pub lack: &'a Lack,
    /// The ticket that had approved the commit, if one had.
    pub ticket: Option<&'a TicketKey>,
    /// Who must act.
    pub leads: &'a [&'a Person],
    /// Where things are.
    pub links: &'a Links,
}

const DO_THIS: &str = "Do this: find out who deployed it and why. If it was an emergency, declare it with \
                       /emergency-change. If not, take it back, or open a change ticket for it. Then see that the pipeline asks \
                       the gate and stops when the gate says no.";

impl Lack {
    /// The sentence that people read.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Lack::NotAsked => "No pipeline was let through by the gate for it.".into(),
            Lack::AnotherCommit(commit) => {
                format!("Its run was let through with commit {}, and deployed this one.", commit.short())
            }
            Lack::AskedAfterwards => "Its run asked the gate when it had gone out already.".into(),
            Lack::UsedUp => "Its commit was let through once, and that was for an earlier deployment.".into(),
        }
    }
}

impl Orphan<'_> {
    fn title(&self) -> String {
        let scope = &self.sighting.scope;
        format!("{} went to {} past the gate", shortened(scope.service.as_str(), 100), scope.environment)
    }

    fn what(&self) -> String {
        let Sighting { commit, by, at, witness, .. } = self.sighting;
        let commit =
            commit.as_ref().map_or_else(|| "an unknown commit".into(), |commit| format!("commit {}", commit.short()));
        format!("{commit}, by {} on {}, as {witness} shows", shortened(by, 60), at.day_and_clock())
    }

    fn of_ticket(&self) -> Option<String> {
        Some(format!("{} had approved this commit; its approval was not used.", self.ticket?))
    }
}

/// The message in the channel.
#[must_use]
pub fn message(orphan: &Orphan<'_>) -> Message {
    let (title, what, lack) = (orphan.title(), orphan.what(), orphan.lack.sentence());
    let mut text = Mrkdwn::new().emoji(":rotating_light:").bold(&title).line();
    text = text.words(&format!("{what}. {lack}"));
    if let Some(of_ticket) = orphan.of_ticket() {
        text = text.words(&format!(" {of_ticket}"));
    }
    let to_do = mention_all(Mrkdwn::new(), orphan.leads).words(&format!(" {DO_THIS}"));
    let mut buttons = vec![Button {
        id: "orphan.deployment",
        label: "Open the deployment".into(),
        aloud: format!("Open the deployment: {title}"),
        url: orphan.sighting.url.clone(),
    }];
    buttons.extend(orphan.ticket.map(|key| Button {
        id: "change.ticket",
        label: format!("Open {key}"),
        aloud: format!("Open {key} in Jira"),
        url: orphan.links.ticket_of(key),
    }));
    let small = Mrkdwn::new().words("It is in the audit trail · this is said once");
    Message {
        fallback: format!("{title}: {what}. {lack} {DO_THIS}"),
        parts: vec![Part::Section(text), Part::Section(to_do), Part::Buttons(buttons), Part::Context(small)],
    }
}

/// The comment on the ticket that had approved the commit.
#[must_use]
pub fn comment(orphan: &Orphan<'_>) -> Document {
    let words = |text: String| Inline::Words(text);
    let lines: Vec<Line> = vec![
        vec![
            Inline::Strong(format!("{}.", orphan.title())),
            words(format!(" {}. {}", orphan.what(), orphan.lack.sentence())),
        ],
        vec![words("The approval of this ticket was not used, and is still there.".into())],
        vec![words(DO_THIS.into())],
    ];
    Document(vec![Block::Panel(Tone::Bad, lines)])
}
