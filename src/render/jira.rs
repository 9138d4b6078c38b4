//! The comment on the ticket: verdict, why, who does what; then everything else folded away.

use super::approvals;
use super::document::{Block, Document, Inline, Line, Tone, line, strong, words};
use super::verdict::{Verdict, title};
use super::view::{Links, Problem, View, word};
use crate::model::{Person, Text, Ticket, plural, shortened};
use crate::policy::decision::{By, CommitVerdict, Judged, Outcome};
use crate::policy::follow_up::emergency::documentation_due;

/// At most this many commits are listed; the evidence page has all.
const MOST_COMMITS: usize = 50;

/// The findings of an evaluation.
#[must_use]
pub fn findings(view: &View<'_>) -> Document {
    let verdict = Verdict::of(view.decision);
    let mut blocks = vec![Block::Panel(verdict.tone(), vec![first_line(view), to_do(view, verdict)])];
    let problems = view.problems();
    if !problems.is_empty() {
        blocks.push(Block::Numbered(problems.iter().map(problem).collect()));
    }
    if verdict == Verdict::Waiting || !view.approvals.given().is_empty() || !view.approvals.not_counted().is_empty() {
        blocks.extend(approvals::table(view.approvals));
    }
    blocks.extend(ignored(view));
    blocks.push(Block::Folded(format!("All {}", plural(view.decision.findings().len(), "check")), vec![checks(view)]));
    if !view.decision.commits().is_empty() {
        let count = view.decision.commits().len();
        blocks.push(Block::Folded(plural(count, "commit"), commits(view)));
    }
    blocks.push(Block::Rule);
    blocks.push(Block::Paragraph(small_print(view)));
    Document(blocks)
}

/// Humans approved it, and that counts.
#[must_use]
pub fn approved_by(approvers: &[(String, String)], standing: &str, links: &Links, ticket: &Ticket) -> Document {
    let said = vec![strong("Approved"), words(format!(" by {}. {standing}", approvals::by(approvers)))];
    let next = vec![words("Nobody needs to act. The next change of this service is compared with this one.")];
    Document(vec![Block::Panel(Verdict::Approved.tone(), vec![said, next]), Block::Paragraph(evidence(links, ticket))])
}

/// A human set the status, and that does not count.
#[must_use]
pub fn approval_does_not_count((title, reason): (&str, &str), links: &Links, ticket: &Ticket) -> Document {
    let said =
        vec![strong(format!("{title}.")), words(" The status says approved, but that does not count: "), words(reason)];
    let next = vec![strong("To do: "), words("move the ticket back to review, and let somebody approve it who may.")];
    Document(vec![
        Block::Panel(Verdict::NotCounted.tone(), vec![said, next]),
        Block::Paragraph(evidence(links, ticket)),
    ])
}

/// An approval does not count any more; `why` are sentences.
#[must_use]
pub fn voided(why: &[Text], links: &Links, ticket: &Ticket) -> Document {
    let said = vec![
        strong("The approval does not count any more."),
        words(" An approval covers what the ticket said when it was given. Do not deploy on it."),
    ];
    let next = vec![words("cm-bot checks the ticket again as soon as it is back in review.")];
    Document(vec![
        Block::Panel(Verdict::Voided.tone(), vec![said, next]),
        Block::Numbered(why.iter().map(|sentence| vec![line(sentence)]).collect()),
        Block::Paragraph(evidence(links, ticket)),
    ])
}

/// cm-bot wanted to set a ticket back to review, and Jira did not let it.
#[must_use]
pub fn could_not_set_back(transition: &str, links: &Links, ticket: &Ticket) -> Document {
    let said = vec![
        strong("The status says approved, but nothing is approved."),
        words(format!(
            " The approval does not count any more, and Jira does not offer cm-bot the transition \"{transition}\" to set the ticket back."
        )),
    ];
    let next = vec![
        strong("To do: "),
        words(
            "do not deploy; an approver sets the ticket back to review or declines it, and the operator of cm-bot checks jira.workflow in its settings.",
        ),
    ];
    Document(vec![
        Block::Panel(Verdict::NotCounted.tone(), vec![said, next]),
        Block::Paragraph(evidence(links, ticket)),
    ])
}

/// cm-bot wanted to approve, and Jira did not let it.
#[must_use]
pub fn could_not_move((title, transition): (&str, &str), links: &Links, ticket: &Ticket) -> Document {
    let said = vec![
        strong(format!("{title}.")),
        words(format!(
            " Every check passed, but Jira does not offer cm-bot the transition \"{transition}\" for this ticket."
        )),
    ];
    let next = vec![
        strong("To do: "),
        words(
            "an approver approves the ticket; the operator of cm-bot checks jira.workflow in its settings and its rights in Jira.",
        ),
    ];
    Document(vec![Block::Panel(Tone::Waiting, vec![said, next]), Block::Paragraph(evidence(links, ticket))])
}

/// cm-bot itself failed, and nobody knows what it would have said.
#[must_use]
pub fn gave_up(title: &str, links: &Links, ticket: &Ticket) -> Document {
    let said = vec![
        strong(format!("{title}.")),
        words(
            " cm-bot failed while it checked this ticket, several times, and has stopped. Nothing is known against the change, and nothing for it.",
        ),
    ];
    let next = vec![
        strong("To do: "),
        words(
            "an approver checks and decides the ticket by hand; the operator of cm-bot looks into its log for this ticket. After a change of the ticket it is tried again.",
        ),
    ];
    let panel = Block::Panel(Verdict::Failed.tone(), vec![said, next]);
    Document(vec![panel, Block::Paragraph(evidence(links, ticket))])
}

/// The line that is put before a comment that is no longer true.
#[must_use]
pub fn superseded(verdict: &str, evaluation: i64) -> Line {
    if Verdict::is_of_a_deployment(verdict) {
        return vec![strong("Followed by the deployment, see the newer comment.")];
    }
    let by_a_human =
        [Verdict::Approved, Verdict::NotCounted, Verdict::Voided].iter().any(|human| human.id() == verdict);
    let by = if by_a_human { "by what a human did".to_owned() } else { format!("by evaluation {evaluation}") };
    vec![strong(format!("Superseded {by}, see the newer comment."))]
}

pub(super) fn evidence(links: &Links, ticket: &Ticket) -> Line {
    vec![Inline::Link("full evidence".into(), links.evidence(ticket))]
}

fn first_line(view: &View<'_>) -> Line {
    let about = format!("{}, {}.", view.subject(), view.build());
    let rest = match Verdict::of(view.decision) {
        Verdict::ApprovedAutomatically => format!(" {} for {about}", view.passed()),
        Verdict::Waiting if view.decision.is_recommended() => {
            format!(" {} for {about} cm-bot recommends the approval.", view.passed())
        }
        Verdict::Waiting
        | Verdict::Blocked
        | Verdict::CouldNotBeChecked
        | Verdict::Emergency
        | Verdict::Approved
        | Verdict::NotCounted
        | Verdict::Voided
        | Verdict::Failed
        | Verdict::Declined
        | Verdict::Closed
        | Verdict::Deployed
        | Verdict::NotDeployed
        | Verdict::Unreported => format!(" {about}"),
    };
    vec![strong(format!("{}.", title(view))), words(rest)]
}

/// Who does what. Only those who must act are mentioned.
fn to_do(view: &View<'_>, verdict: Verdict) -> Line {
    match verdict {
        Verdict::ApprovedAutomatically => vec![words("Nobody needs to act. The deploy may start.")],
        Verdict::Blocked => vec![strong("To do: "), mention_requester(view), words(fix_these(view))],
        Verdict::CouldNotBeChecked => {
            vec![words(
                "This is nobody's fault, and nobody needs to act: cm-bot tries again by itself and answers here.",
            )]
        }
        Verdict::Emergency => emergency_to_do(view),
        Verdict::Waiting
        | Verdict::Failed
        | Verdict::Approved
        | Verdict::NotCounted
        | Verdict::Voided
        | Verdict::Declined
        | Verdict::Closed
        | Verdict::Deployed
        | Verdict::NotDeployed
        | Verdict::Unreported => approvals::to_do(view),
    }
}

/// Which points the requester fixes: they stand first.
fn fix_these(view: &View<'_>) -> String {
    let problems = view.problems();
    let fixable = problems.iter().filter(|problem| problem.by() == Some(By::Requester)).count();
    let again = "The ticket is then checked again by itself; nobody has to comment.";
    match (fixable, problems.len() - fixable) {
        (1, 0) => format!(" fixes the point below. {again}"),
        (many, 0) => format!(" fixes the {many} points below. {again}"),
        (1, _) => format!(" fixes the first point below. {again}"),
        (many, _) => format!(" fixes the first {many} points below. {again}"),
    }
}

fn emergency_to_do(view: &View<'_>) -> Line {
    let leads: Vec<&Person> = view.people.with_any_role(&view.terms.notify.emergency).collect();
    let mut to_do = vec![strong("To do: ")];
    to_do.extend(mentions(&leads));
    let due = documentation_due(view.declared()).day_and_clock();
    to_do.push(words(format!(
        " look at it now. Nothing is approved automatically. The documentation is due within 24 hours, by {due}."
    )));
    to_do
}

pub(super) fn mentions(people: &[&Person]) -> Line {
    if people.is_empty() {
        return vec![words("an approver")];
    }
    let mut line = Vec::new();
    for (place, person) in people.iter().enumerate() {
        if place > 0 {
            line.push(words(if place + 1 == people.len() { " or " } else { ", " }));
        }
        line.push(Inline::Mention(person.jira.clone(), person.name.clone()));
    }
    line
}

fn mention_requester(view: &View<'_>) -> Inline {
    match view.ticket().requester.as_ref() {
        Some(account) => Inline::Mention(account.clone(), view.requester_name()),
        None => words("the requester"),
    }
}

/// One problem: what is wrong, with what, and what to do.
fn problem(problem: &Problem<'_>) -> Vec<Line> {
    let mut lines = vec![vec![strong(problem.headline())]];
    lines.extend(problem.finding.details.iter().map(line));
    if let Some(todo) = &problem.finding.todo {
        let lead = if todo.by == By::Time { "Next: " } else { "Do this: " };
        let mut last = vec![strong(lead)];
        last.extend(line(&todo.text));
        lines.push(last);
    }
    lines
}

fn ignored(view: &View<'_>) -> Option<Block> {
    let ignored = view.decision.ignored();
    if ignored.is_empty() {
        return None;
    }
    let row = |one: &crate::policy::decision::IgnoredApproval| {
        let number = one.pull_request;
        let url = view.facts.pull_request_url(number);
        vec![
            vec![Inline::Link(format!("pull request {number}"), url)],
            vec![words(shortened(&one.reviewer, 60))],
            vec![words(shortened(&one.reason, 300))],
        ]
    };
    let rows = ignored.iter().take(MOST_COMMITS).map(row).collect();
    let title = format!("{} did not count", plural(ignored.len(), "approval"));
    Some(Block::Folded(title, vec![Block::Table(vec!["Where", "Who", "Why it does not count"], rows)]))
}

fn checks(view: &View<'_>) -> Block {
    let row = |judged: &Judged| {
        let outcome = judged.finding.outcome;
        vec![
            vec![words(judged.title)],
            vec![Inline::Lozenge(tone(outcome), word(outcome))],
            vec![words(&judged.finding.seen)],
        ]
    };
    Block::Table(vec!["Check", "Result", "What was seen"], view.decision.findings().iter().map(row).collect())
}

fn tone(outcome: Outcome) -> Tone {
    match outcome {
        Outcome::Met => Tone::Good,
        Outcome::NotMet => Tone::Bad,
        Outcome::NotApplicable => Tone::Neutral,
        Outcome::Unknown => Tone::Waiting,
    }
}

fn commits(view: &View<'_>) -> Vec<Block> {
    let commits = view.decision.commits();
    let stopping = commits.iter().filter(|commit| commit.outcome.stops());
    let fine = commits.iter().filter(|commit| !commit.outcome.stops());
    let rows = stopping.chain(fine).take(MOST_COMMITS).map(|commit| commit_row(commit, view)).collect();
    let mut blocks =
        vec![Block::Table(vec!["Commit", "Author", "Pull request", "Result", "Reviewed by, or why not"], rows)];
    if commits.len() > MOST_COMMITS {
        let more = format!("And {} more, see ", commits.len() - MOST_COMMITS);
        let link = Inline::Link("full evidence".into(), view.links.evidence(view.ticket()));
        blocks.push(Block::Paragraph(vec![words(more), link, words(".")]));
    }
    blocks
}

fn commit_row(commit: &CommitVerdict, view: &View<'_>) -> Vec<Line> {
    let pull_request = match commit.pull_request {
        Some(number) => Inline::Link(number.to_string(), view.facts.pull_request_url(number)),
        None => words("none"),
    };
    let sha = Inline::Link(commit.sha.short().into(), view.facts.commit_url(&commit.sha));
    vec![
        vec![sha, words(format!(" {}", shortened(&commit.headline, 60)))],
        vec![words(shortened(&commit.author, 60))],
        vec![pull_request],
        vec![Inline::Lozenge(tone(commit.outcome), word(commit.outcome))],
        vec![words(shortened(&commit.reason, 300))],
    ]
}

fn small_print(view: &View<'_>) -> Line {
    let mut line = vec![
        words(format!("{} · {} · record ", capitalised(&view.stamp()), view.at.day_and_clock())),
        Inline::Code(view.record.short()),
        words(" · "),
    ];
    line.extend(evidence(view.links, view.ticket()));
    if !view.troubles.is_empty() {
        line.push(words(format!(" · not well at that time: {}", view.troubles.join(", "))));
    }
    line
}

/// The beginning of a sentence.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
}
