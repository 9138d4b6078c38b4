//! Messages in Slack: one root a ticket, edited in place; events in its thread; only those who must act are mentioned.

use super::approvals;
use super::form::{APPROVE, DECLINE};
pub use super::mrkdwn::{Mrkdwn, Piece};
use super::verdict::{Verdict, title};
use super::view::{Links, Problem, View};
use crate::model::{Decisions, Person, Ticket, TicketKey, listed, plural, shortened};
use crate::policy::decision::By;

/// At most this many findings stand in a message; the ticket has all.
const MOST_FINDINGS: usize = 3;

/// A message, before it is Slack's JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The whole message as one sentence: notifications and screen readers read only this.
    pub fallback: String,
    /// The parts that are seen.
    pub parts: Vec<Part>,
}

/// A part of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A paragraph.
    Section(Mrkdwn),
    /// Short facts side by side.
    Fields(Vec<Mrkdwn>),
    /// Buttons that lead somewhere: what they say, what they say aloud, where they lead.
    Buttons(Vec<Button>),
    /// Buttons some of which tell us something.
    Controls(Vec<Control>),
    /// Small print.
    Context(Mrkdwn),
}

/// A button that opens a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    /// Its name among the buttons of a message.
    pub id: &'static str,
    /// What it says.
    pub label: String,
    /// What it says to somebody who does not see it.
    pub aloud: String,
    /// Where it leads.
    pub url: String,
}

/// A button of either kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    /// It opens a page.
    Open(Button),
    /// It tells us something.
    Send(Send),
}

/// A button that tells us something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Send {
    /// Its name.
    pub id: &'static str,
    /// What it says.
    pub label: String,
    /// What it says to somebody who does not see it.
    pub aloud: String,
    /// What it carries: an opaque id, and nothing to be believed.
    pub value: String,
    /// How it looks.
    pub style: Style,
    /// What is asked before it counts.
    pub question: Option<Question>,
}

/// How a button looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is what it says")]
pub enum Style {
    Plain,
    Primary,
    Danger,
}

/// What is asked before a button counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// The question.
    pub title: &'static str,
    /// What it means.
    pub text: &'static str,
    /// The answer that counts.
    pub yes: &'static str,
    /// The answer that does not.
    pub no: &'static str,
}

/// The root message of a ticket after an evaluation.
#[must_use]
pub fn findings(view: &View<'_>) -> Message {
    match Verdict::of(view.decision) {
        Verdict::ApprovedAutomatically => approved_automatically(view),
        Verdict::Blocked => blocked(view),
        Verdict::CouldNotBeChecked => could_not_be_checked(view),
        // An emergency is announced by `emergency.rs`, with what happened to it since.
        Verdict::Waiting
        | Verdict::Emergency
        | Verdict::Failed
        | Verdict::Approved
        | Verdict::NotCounted
        | Verdict::Voided
        | Verdict::Declined
        | Verdict::Closed
        | Verdict::Deployed
        | Verdict::NotDeployed
        | Verdict::Unreported => waiting(view),
    }
}

/// The reply in the thread when an evaluation changes the verdict. It carries the mention, because edits notify nobody.
#[must_use]
pub fn changed(view: &View<'_>) -> Message {
    let verdict = Verdict::of(view.decision);
    let line = Mrkdwn::new().emoji(verdict.emoji()).bold(&title(view));
    let line = match verdict {
        Verdict::ApprovedAutomatically => line.words(" · nobody needs to act"),
        Verdict::Blocked => {
            mention_all(line.words(" · "), &requester(view)).words(" please see what to fix in the ticket")
        }
        Verdict::CouldNotBeChecked => line.words(" · it is tried again by itself"),
        Verdict::Waiting
        | Verdict::Emergency
        | Verdict::Approved
        | Verdict::NotCounted
        | Verdict::Voided
        | Verdict::Failed
        | Verdict::Declined
        | Verdict::Closed
        | Verdict::Deployed
        | Verdict::NotDeployed
        | Verdict::Unreported => mention_all(line.words(" · "), &view.approvers()).words(" please decide"),
    };
    Message { fallback: fallback(view), parts: vec![Part::Section(line)] }
}

/// The root message after a human approved, declined or closed the ticket, or when it is left to people without a decision
/// of ours. No buttons any more, nobody is mentioned.
#[must_use]
pub fn ended(verdict: Verdict, how: &str, subject: &str, (ticket, links): (&Ticket, &Links)) -> Message {
    ended_of(verdict, how, subject, (&ticket.key, links))
}

/// The same for a ticket of which only the key is at hand.
#[must_use]
pub fn ended_of(verdict: Verdict, how: &str, subject: &str, (key, links): (&TicketKey, &Links)) -> Message {
    let line = Mrkdwn::new()
        .emoji(verdict.emoji())
        .bold(how)
        .words(" · ")
        .link(key.as_str(), &links.ticket_of(key))
        .words(&format!(" {subject}"));
    let (small, sentence) = match verdict {
        Verdict::Waiting | Verdict::NotCounted | Verdict::Voided | Verdict::Failed => {
            ("an approver decides in Jira", "An approver decides in Jira.")
        }
        Verdict::NotDeployed | Verdict::Unreported => {
            ("whoever deployed it looks at the pipeline", "Whoever deployed it looks at the pipeline.")
        }
        Verdict::ApprovedAutomatically
        | Verdict::Approved
        | Verdict::Blocked
        | Verdict::CouldNotBeChecked
        | Verdict::Emergency
        | Verdict::Declined
        | Verdict::Closed
        | Verdict::Deployed => ("nobody needs to act", "Nobody needs to act."),
    };
    let small = Mrkdwn::new().link("evidence", &links.evidence_of(key)).words(&format!(" · {small}"));
    let fallback = format!("{how}: {key}, {subject}. {sentence}");
    Message { fallback, parts: vec![Part::Section(line), Part::Context(small)] }
}

fn approved_automatically(view: &View<'_>) -> Message {
    let section = headline(view).line().words(&format!("{} · {}", view.passed(), what_was_checked(view)));
    let small = Mrkdwn::new()
        .words(&format!("Requested by {} · {} · ", view.requester_name(), view.stamp()))
        .link("evidence", &view.links.evidence(view.ticket()))
        .words(" · nobody needs to act");
    Message { fallback: fallback(view), parts: vec![Part::Section(section), Part::Context(small)] }
}

fn waiting(view: &View<'_>) -> Message {
    let mut why = Mrkdwn::new().bold("Why a person must decide");
    if view.decision.is_recommended() {
        why = why
            .line()
            .words("• every check passed; the criteria leave the approval to a human, and cm-bot recommends it");
    }
    for problem in view.problems().iter().take(MOST_FINDINGS) {
        why = why.line().words("• ").words(&problem.headline());
    }
    why = more(why, view).line().bold("What was checked").line().words(&format!(
        "• {} · {}",
        view.passed(),
        what_was_checked(view)
    ));
    let small = format!("Requested by {}, who cannot approve it · {}", view.requester_name(), view.stamp());
    let parts = vec![
        Part::Section(headline(view)),
        Part::Section(why),
        Part::Fields(approvals::fields(view.approvals)),
        deciding(view),
        Part::Context(Mrkdwn::new().words(&small)),
    ];
    Message { fallback: fallback(view), parts }
}

/// Where somebody decides: in Jira, or here as well.
fn deciding(view: &View<'_>) -> Part {
    match view.links.deciding.slack {
        Decisions::Link => Part::Buttons(vec![open_ticket(view, "Review and decide"), open_evidence(view)]),
        Decisions::Interactive => Part::Controls(vec![
            send(view, (APPROVE, "Review and approve"), Style::Primary),
            send(view, (DECLINE, "Decline"), Style::Danger),
            Control::Open(open_evidence(view)),
        ]),
    }
}

/// A button that opens the form for this decision and no other.
fn send(view: &View<'_>, (id, label): (&'static str, &str), style: Style) -> Control {
    let aloud = format!("{label} {}", view.ticket().key);
    Control::Send(Send { id, label: label.into(), aloud, value: view.record.to_string(), style, question: None })
}

fn blocked(view: &View<'_>) -> Message {
    let problems = view.problems();
    let mut parts = vec![Part::Section(headline(view))];
    for (place, one) in problems.iter().take(MOST_FINDINGS).enumerate() {
        parts.push(Part::Section(problem(place + 1, one)));
    }
    if problems.len() > MOST_FINDINGS {
        parts.push(Part::Section(more(Mrkdwn::new(), view)));
    }
    parts.push(Part::Buttons(vec![open_ticket(view, "Open the ticket"), open_evidence(view)]));
    let small = mention_all(Mrkdwn::new().words("For "), &requester(view))
        .words(&format!(" · {} · nobody else needs to act · checked again by itself", view.passed()));
    parts.push(Part::Context(small));
    Message { fallback: fallback(view), parts }
}

fn could_not_be_checked(view: &View<'_>) -> Message {
    let mut section = headline(view);
    for problem in view.problems().iter().take(MOST_FINDINGS) {
        section = section.line().words("• ").words(&problem.headline());
    }
    let small = Mrkdwn::new().words(&format!("{} · it is tried again by itself · nobody needs to act", view.stamp()));
    Message { fallback: fallback(view), parts: vec![Part::Section(more(section, view)), Part::Context(small)] }
}

fn headline(view: &View<'_>) -> Mrkdwn {
    Mrkdwn::new()
        .emoji(Verdict::of(view.decision).emoji())
        .bold(&title(view))
        .words(" · ")
        .link(view.ticket().key.as_str(), &view.links.ticket(view.ticket()))
        .words(&format!(" {}", view.subject()))
}

fn problem(number: usize, problem: &Problem<'_>) -> Mrkdwn {
    let mut section = Mrkdwn::new().bold(&format!("{number}. {}", problem.headline().trim_end_matches('.')));
    for detail in problem.finding.details.iter().take(MOST_FINDINGS) {
        section = section.line().text(detail);
    }
    match &problem.finding.todo {
        Some(todo) if todo.by == By::Time => section.line().bold("Next:").words(" ").text(&todo.text),
        Some(todo) => section.line().bold("Do this:").words(" ").text(&todo.text),
        None => section,
    }
}

fn more(section: Mrkdwn, view: &View<'_>) -> Mrkdwn {
    match view.problems().len().saturating_sub(MOST_FINDINGS) {
        0 => section,
        rest => section
            .line()
            .words(&format!("• and {rest} more, see "))
            .link("the ticket", &view.links.ticket(view.ticket())),
    }
}

fn what_was_checked(view: &View<'_>) -> String {
    let commits = view.decision.commits().len();
    format!("{} · {}", plural(commits, "new commit"), view.build())
}

fn open_ticket(view: &View<'_>, label: &str) -> Button {
    let key = &view.ticket().key;
    Button {
        id: "change.ticket",
        label: label.into(),
        aloud: format!("{label}: {key} in Jira"),
        url: view.links.ticket(view.ticket()),
    }
}

fn open_evidence(view: &View<'_>) -> Button {
    let key = &view.ticket().key;
    Button {
        id: "change.evidence",
        label: "Open evidence".into(),
        aloud: format!("Open the evidence page of {key}"),
        url: view.links.evidence(view.ticket()),
    }
}

fn requester<'a>(view: &View<'a>) -> Vec<&'a Person> {
    view.requester().into_iter().collect()
}

/// Mentions those who have a Slack account and names the others.
pub(super) fn mention_all(mut line: Mrkdwn, people: &[&Person]) -> Mrkdwn {
    if people.is_empty() {
        return line.words("nobody known to Slack");
    }
    for (place, person) in people.iter().enumerate() {
        let joint = if place == 0 { "" } else { " " };
        line = line.words(joint);
        line = match &person.slack {
            Some(id) => line.mention(id, &person.name),
            None => line.words(&person.name),
        };
    }
    line
}

/// The message as a sentence or two: verdict, ticket, what, why, and who acts.
fn fallback(view: &View<'_>) -> String {
    let start = format!("{}: {}, {}, {}.", title(view), view.ticket().key, view.subject(), view.build());
    let why = view.problems().first().map(Problem::headline);
    let names = |people: &[&Person]| listed(&people.iter().map(|person| person.name.clone()).collect::<Vec<_>>(), "or");
    let who = match Verdict::of(view.decision) {
        Verdict::ApprovedAutomatically => format!("{}. Nobody needs to act.", view.passed()),
        Verdict::Blocked => {
            format!("{}: please fix this, then the ticket is checked again by itself.", view.requester_name())
        }
        Verdict::CouldNotBeChecked => "It is tried again by itself.".into(),
        Verdict::Emergency => {
            let leads: Vec<&Person> = view.people.with_any_role(&view.terms.notify.emergency).collect();
            format!("{}: please look now.", names(&leads))
        }
        Verdict::Waiting
        | Verdict::Failed
        | Verdict::Approved
        | Verdict::NotCounted
        | Verdict::Voided
        | Verdict::Declined
        | Verdict::Closed
        | Verdict::Deployed
        | Verdict::NotDeployed
        | Verdict::Unreported => {
            format!(
                "{}: please approve or decline it in {}.",
                names(&view.approvers()),
                place(view.links.deciding.slack)
            )
        }
    };
    shortened(&[Some(start), why, Some(who)].into_iter().flatten().collect::<Vec<_>>().join(" "), 600)
}

/// Where people decide, in words.
fn place(decisions: Decisions) -> &'static str {
    match decisions {
        Decisions::Link => "Jira",
        Decisions::Interactive => "Jira or here",
    }
}
