//! The forms in which somebody approves or declines a ticket in Slack: as whom, what exactly, and what stands in the way.

use super::form::{APPROVE, DECLINE, Form, Input, Kind, REASON};
use super::slack::{Mrkdwn, Part};
use super::view::View;
use crate::model::{Field, shortened};

/// At most this many findings stand in a form; the ticket has all.
const MOST_FINDINGS: usize = 5;

/// The longest rollback plan that a form repeats.
const MOST_PLAN: usize = 500;

/// Who decides, and where the answer goes.
#[derive(Debug, Clone, Copy)]
pub struct Decider<'a> {
    /// The name by which the people file knows the Slack account.
    pub name: &'a str,
    /// `Security Lead or Engineering Lead`.
    pub roles: &'a str,
    /// The channel in which the button was pressed.
    pub channel: &'a str,
}

/// Asks for an approval of exactly this build.
#[must_use]
pub fn approve(view: &View<'_>, by: Decider<'_>) -> Form {
    let what =
        format!("What you approve: {}. Another build, or an edit of the ticket, needs a new approval.", view.build());
    let note =
        Input { name: "note", label: "A note for the record".into(), optional: true, kind: Kind::Words { least: 0 } };
    Form {
        id: APPROVE,
        about: about(view, by),
        title: "Approve the change".into(),
        submit: "Approve".into(),
        parts: parts(view, by, &what),
        inputs: vec![note],
    }
}

/// Asks for the reason of a decline.
#[must_use]
pub fn decline(view: &View<'_>, by: Decider<'_>) -> Form {
    let what = format!("What you decline: {}. It ends the ticket; the requester reads your reason.", view.build());
    let reason = Input {
        name: "reason",
        label: "Why is it declined?".into(),
        optional: false,
        kind: Kind::Words { least: REASON },
    };
    Form {
        id: DECLINE,
        about: about(view, by),
        title: "Decline the change".into(),
        submit: "Decline".into(),
        parts: parts(view, by, &what),
        inputs: vec![reason],
    }
}

/// The decision that a form is about, and the channel of its button.
#[must_use]
pub fn subject_of(about: &str) -> (&str, Option<&str>) {
    match about.split_once(' ') {
        Some((decision, channel)) => (decision, Some(channel).filter(|channel| !channel.is_empty())),
        None => (about, None),
    }
}

fn about(view: &View<'_>, by: Decider<'_>) -> String {
    format!("{} {}", view.record, by.channel)
}

fn parts(view: &View<'_>, by: Decider<'_>, what: &str) -> Vec<Part> {
    let key = &view.ticket().key;
    let start = Mrkdwn::new().bold(&format!("You decide as {}, {}.", by.name, by.roles)).line();
    let start = start.link(key.as_str(), &view.links.ticket(view.ticket())).words(&format!(" {}", view.subject()));
    let start = start.line().words(what).line().words(&format!("Requested by {}.", view.requester_name()));
    let small = Mrkdwn::new().words(&view.stamp()).words(" · ").link("evidence", &view.links.evidence(view.ticket()));
    let mut parts = vec![Part::Section(start), Part::Section(why(view))];
    parts.extend(plan(view).map(Part::Section));
    parts.push(Part::Context(small));
    parts
}

fn why(view: &View<'_>) -> Mrkdwn {
    let problems = view.problems();
    let start = Mrkdwn::new().bold("Why a person must decide");
    if problems.is_empty() {
        return start.line().words("• every check passed; the criteria leave the approval to a human");
    }
    let shown = problems.iter().take(MOST_FINDINGS);
    let list = shown.fold(start, |text, problem| text.line().words("• ").words(&problem.headline()));
    match problems.len().saturating_sub(MOST_FINDINGS) {
        0 => list,
        rest => list.line().words(&format!("• and {rest} more, see the ticket")),
    }
}

fn plan(view: &View<'_>) -> Option<Mrkdwn> {
    let plan = view.ticket().field(Field::RollbackPlan)?;
    Some(Mrkdwn::new().bold("Rollback plan").line().words(&shortened(plan, MOST_PLAN)))
}
