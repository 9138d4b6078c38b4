//! What became of a deployment that the gate let through: a comment and a message.

use crate::model::{Deployment, Ending, TicketKey, shortened};
use crate::render::document::{Block, Document, Inline, Line};
use crate::render::slack::{self, Message};
use crate::render::verdict::Verdict;
use crate::render::view::Links;

/// A deployment that has ended.
#[derive(Debug, Clone, Copy)]
pub struct Ended<'a> {
    /// Its ticket.
    pub ticket: &'a TicketKey,
    /// What was let through.
    pub deployment: &'a Deployment,
    /// What became of it.
    pub ending: Ending,
    /// What the pipeline said about it; untrusted text.
    pub note: &'a str,
}

impl Ended<'_> {
    /// The verdict that people read.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self.ending {
            Ending::Succeeded => Verdict::Deployed,
            Ending::Failed | Ending::RolledBack => Verdict::NotDeployed,
            Ending::Unreported => Verdict::Unreported,
        }
    }

    fn how(&self) -> &'static str {
        match self.ending {
            Ending::Succeeded => "Deployed",
            Ending::Failed => "Deployment failed",
            Ending::RolledBack => "Rolled back",
            Ending::Unreported => "Deployment without an end",
        }
    }

    fn subject(&self) -> String {
        let Deployment { service, environment, run, commit, .. } = self.deployment;
        format!("{service} to {environment}, build {} of commit {}", run.build, commit.short())
    }

    fn next(&self) -> &'static str {
        match self.ending {
            Ending::Succeeded => "The ticket is closed. The next change is checked from this commit on.",
            Ending::Failed => {
                "The ticket is closed; its approval is used. Another try is another change, checked from the commit \
                 that ran before."
            }
            Ending::RolledBack => "The ticket is closed. The next change is checked from the commit that ran before.",
            Ending::Unreported => {
                "The gate let it through, and its pipeline has not said how it ended. To do: look at the pipeline, and \
                 let it say so (cm-bot gate finish)."
            }
        }
    }
}

/// The comment on the ticket.
#[must_use]
pub fn comment(ended: &Ended<'_>, links: &Links) -> Document {
    let strong = Inline::Strong(format!("{}.", ended.how()));
    let mut lines: Vec<Line> = vec![vec![strong, Inline::Words(format!(" {}.", ended.subject()))]];
    if !ended.note.is_empty() {
        lines.push(vec![Inline::Words(format!("The pipeline says: {}", shortened(ended.note, 300)))]);
    }
    lines.push(vec![Inline::Words(ended.next().to_owned())]);
    let evidence = Inline::Link("full evidence".into(), links.evidence_of(ended.ticket));
    Document(vec![Block::Panel(ended.verdict().tone(), lines), Block::Paragraph(vec![evidence])])
}

/// The root message of the ticket.
#[must_use]
pub fn message(ended: &Ended<'_>, links: &Links) -> Message {
    slack::ended_of(ended.verdict(), ended.how(), &ended.subject(), (ended.ticket, links))
}
