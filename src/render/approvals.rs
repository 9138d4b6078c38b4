//! Who has approved, who is missing, who could: the same words in Jira and in Slack.

use super::document::{Block, Document, Inline, Line, Tone, strong, words};
use super::jira;
use super::slack::{Message, Mrkdwn, Part, mention_all};
use super::verdict::Verdict;
use super::view::{Links, View};
use crate::model::{AccountId, Decisions, Person, Ticket, Timestamp, listed, plural, shortened};
use crate::policy::approvers::{Approvals, Given, Place};

/// At most this many approvals that do not count are shown; the audit trail has all.
const MOST: usize = 10;

/// The longest note of an approver that is shown in Slack.
const MOST_NOTE: usize = 300;

/// Which roles are wanted, and who has approved; then which approvals do not count.
#[must_use]
pub fn table(approvals: &Approvals) -> Vec<Block> {
    let row = |place: &Place| vec![vec![words(place.seat.title())], vec![words(by_whom(place))]];
    let rows = approvals.places().iter().map(row).collect();
    let mut blocks = vec![Block::Table(vec!["Role", "Approved by"], rows)];
    for why in approvals.not_counted().iter().take(MOST) {
        blocks.push(Block::Paragraph(vec![strong("An approval does not count: "), words(shortened(why, 400))]));
    }
    blocks
}

fn by_whom(place: &Place) -> String {
    match &place.by {
        Some(given) => format!("{}, {} {}", given.name, given.at.day_and_clock(), given.way.words()),
        None => "nobody yet".into(),
    }
}

/// Who approves as what, who has, and who cannot. Only those who must act are mentioned.
#[must_use]
pub fn to_do(view: &View<'_>) -> Line {
    let mut line = vec![strong("To do: ")];
    let missing: Vec<&Place> = view.approvals.missing().collect();
    for (place, seat) in missing.iter().enumerate() {
        if place > 0 {
            line.push(words(if place + 1 == missing.len() { " and " } else { ", " }));
        }
        line.extend(jira::mentions(&seat.could.iter().collect::<Vec<_>>()));
        let verb = if seat.could.len() == 1 { "approves" } else { "approve" };
        line.push(words(format!(" {verb} as {}", seat.seat.title())));
    }
    line.push(words(". "));
    for (given, role) in view.approvals.given() {
        line.push(words(format!("{} approved as {role}. ", given.name)));
    }
    line.push(words(format!("{} requested it and cannot approve it. ", view.requester_name())));
    if view.links.deciding.pages == Decisions::Interactive {
        line.push(words("Approve on "));
        line.push(Inline::Link("cm-bot's page".into(), view.links.evidence(view.ticket())));
        line.push(words(", with the status or with the comment "));
    } else {
        line.push(words("Approve with the status or the comment "));
    }
    line.push(Inline::Code("/cm approve".into()));
    line.push(words(", decline with "));
    line.push(Inline::Code("/cm decline".into()));
    line.push(words(" and the reason."));
    line
}

/// `Priya Nair (Security Lead) and Sam Okafor (Engineering Lead)`.
#[must_use]
pub fn by(approvers: &[(String, String)]) -> String {
    let names: Vec<String> = approvers.iter().map(|(name, role)| format!("{name} ({role})")).collect();
    listed(&names, "and")
}

/// Each role with its number, and whom it waits for or who has approved.
#[must_use]
pub fn fields(approvals: &Approvals) -> Vec<Mrkdwn> {
    let field = |place: &Place| match &place.by {
        Some(given) => {
            let line = Mrkdwn::new().bold(&format!("{} · 1 of 1", place.seat.title())).line();
            line.words(&format!("{} approved, ", given.name)).time(given.at)
        }
        None => {
            let line = Mrkdwn::new().bold(&format!("{} · 0 of 1", place.seat.title())).line();
            mention_all(line, &place.could.iter().collect::<Vec<&Person>>())
        }
    };
    approvals.places().iter().map(field).collect()
}

/// In the thread: somebody has approved.
#[must_use]
pub fn approved(given: &Given, role: &str, (count, view): (usize, &View<'_>)) -> Message {
    let of = view.approvals.places().len();
    let line = Mrkdwn::new().emoji(Verdict::Approved.emoji()).words(&format!("{} approved as ", given.name));
    let line = line.bold(role).words(&format!(" · {count} of {of}"));
    let note = shortened(&given.note, MOST_NOTE);
    let line = if note.is_empty() { line } else { line.line().words(&format!("\u{201c}{note}\u{201d}")) };
    let fallback = format!("{} approved {} as {role}. {count} of {of} approvals.", given.name, view.ticket().key);
    Message { fallback, parts: vec![Part::Section(line)] }
}

/// The answer to a comment that asked for what its author may not do, or that nobody understands.
#[must_use]
pub fn refused(to: Option<(&AccountId, String)>, why: &str, approvals: &Approvals) -> Document {
    let mut said = vec![strong("Nothing was recorded. ")];
    said.extend(addressed(to));
    said.push(words(shortened(why, 400)));
    let mut lines = vec![said];
    lines.extend(who_can(approvals).map(|who| vec![words(who)]));
    lines.push(vec![words("The attempt is in the audit record.")]);
    Document(vec![Block::Panel(Tone::Bad, lines)])
}

/// `Who can approve: Priya Nair (Security Lead).`; nothing when no seat is left that somebody could fill.
#[must_use]
pub fn who_can(approvals: &Approvals) -> Option<String> {
    let could = |place: &Place| {
        let names: Vec<String> = place.could.iter().map(|person| person.name.clone()).collect();
        format!("{} ({})", listed(&names, "or"), place.seat.title())
    };
    let who: Vec<String> = approvals.missing().filter(|place| !place.could.is_empty()).map(could).collect();
    (!who.is_empty()).then(|| format!("Who can approve: {}.", listed(&who, "and")))
}

/// The answer to a command that comes when the ticket is decided.
#[must_use]
pub fn too_late(to: Option<(&AccountId, String)>, why: &str) -> Document {
    let mut said = vec![strong("Nothing was recorded. ")];
    said.extend(addressed(to));
    said.push(words(why));
    Document(vec![Block::Panel(Tone::Neutral, vec![said])])
}

/// The answer to somebody who asked for a check.
#[must_use]
pub fn checked(
    to: Option<(&AccountId, String)>,
    at: Timestamp,
    (approvals, links, ticket): (&Approvals, &Links, &Ticket),
) -> Document {
    let mut said = vec![strong("Checked again"), words(format!(" at {}. ", at.day_and_clock()))];
    said.extend(addressed(to));
    let open = approvals.missing().count();
    said.push(words(match open {
        0 => "The comment that cm-bot keeps up to date says how the ticket stands.".to_owned(),
        _ => format!("{} missing. The comment that cm-bot keeps up to date says the rest.", are(open)),
    }));
    Document(vec![Block::Panel(Tone::Neutral, vec![said]), Block::Paragraph(jira::evidence(links, ticket))])
}

/// The answer to somebody who asked what was found.
#[must_use]
pub fn explained(view: &View<'_>) -> Document {
    jira::findings(view)
}

/// Somebody declined it.
#[must_use]
pub fn declined(name: &str, reason: &str, (links, ticket): (&Links, &Ticket)) -> Document {
    let said = vec![strong("Declined"), words(format!(" by {name}: {}", shortened(reason, 1_000)))];
    let next = vec![words("Nobody needs to act. A corrected change needs a new ticket.")];
    let panel = Block::Panel(Verdict::Declined.tone(), vec![said, next]);
    Document(vec![panel, Block::Paragraph(jira::evidence(links, ticket))])
}

/// Everybody has approved, and Jira does not let cm-bot say so.
#[must_use]
pub fn could_not_move(
    approvers: &[(String, String)],
    transition: &str,
    (links, ticket): (&Links, &Ticket),
) -> Document {
    let said = vec![
        strong("Approved"),
        words(format!(" by {}, but Jira does not offer cm-bot the transition \"{transition}\".", by(approvers))),
    ];
    let next = vec![
        strong("To do: "),
        words(
            "one of them sets the status; the operator of cm-bot checks jira.workflow in its settings and its rights in Jira.",
        ),
    ];
    Document(vec![Block::Panel(Tone::Waiting, vec![said, next]), Block::Paragraph(jira::evidence(links, ticket))])
}

fn addressed(to: Option<(&AccountId, String)>) -> Line {
    match to {
        Some((account, name)) => vec![Inline::Mention(account.clone(), name), words(": ")],
        None => Vec::new(),
    }
}

fn are(open: usize) -> String {
    format!("{} {}", plural(open, "approval"), if open == 1 { "is" } else { "are" })
}
