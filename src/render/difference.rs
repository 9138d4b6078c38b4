//! What differs between two evaluations of a ticket: for whoever looked at the one and now reads the other.

use super::document::{Block, Document, Inline, Line, Tone, line, strong, words};
use super::verdict::Verdict;
use super::view::word;
use crate::model::{CommitSha, shortened};
use crate::policy::approvers::edits;
use crate::policy::decision::{CommitVerdict, Decision, Judged, Outcome};
use crate::policy::facts::Facts;

/// One evaluation.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// Its facts.
    pub facts: &'a Facts,
    /// What they come to.
    pub decision: &'a Decision,
}

/// The differences, as a document. It says so when there are none.
#[must_use]
pub fn between(before: Side<'_>, after: Side<'_>) -> Document {
    let mut blocks: Vec<Block> = Vec::new();
    blocks.extend(verdicts(before.decision, after.decision));
    let edits = edits::told(&before.facts.ticket, &after.facts.ticket);
    if !edits.is_empty() {
        blocks.push(Block::Paragraph(vec![strong("The ticket was edited")]));
        blocks.push(Block::Numbered(edits.iter().map(|edit| vec![line(edit)]).collect()));
    }
    if before.decision.criteria_digest() != after.decision.criteria_digest() {
        let said = format!(" {}, and then {}.", before.decision.criteria_version(), after.decision.criteria_version());
        blocks.push(Block::Paragraph(vec![strong("Other criteria or people were in force:"), words(said)]));
    }
    blocks.extend(checks(before.decision, after.decision));
    blocks.extend(commits(before.decision, after.decision));
    if blocks.is_empty() {
        blocks.push(Block::Paragraph(vec![words("Both say the same of the same ticket.")]));
    }
    Document(blocks)
}

fn verdicts(before: &Decision, after: &Decision) -> Option<Block> {
    let (was, is) = (Verdict::of(before), Verdict::of(after));
    let said = |verdict: Verdict| verdict.id().replace('-', " ");
    (was != is).then(|| {
        Block::Panel(
            is.tone(),
            vec![vec![strong(format!(
                "The verdict was \u{201c}{}\u{201d} and is \u{201c}{}\u{201d}.",
                said(was),
                said(is)
            ))]],
        )
    })
}

/// The checks that say something else than before.
fn checks(before: &Decision, after: &Decision) -> Option<Block> {
    let other = |judged: &Judged| before.findings().iter().find(|other| other.rule == judged.rule);
    let differs = |judged: &&Judged| {
        other(judged).is_none_or(|other| {
            let (was, is) = (&other.finding, &judged.finding);
            was.outcome != is.outcome || was.seen != is.seen || was.details != is.details
        })
    };
    let cell = |judged: Option<&Judged>| -> Line {
        judged.map_or_else(
            || vec![words("not checked")],
            |judged| {
                let finding = &judged.finding;
                vec![lozenge(finding.outcome), words(format!(" {}", shortened(&finding.seen, 300)))]
            },
        )
    };
    let rows: Vec<Vec<Line>> = after
        .findings()
        .iter()
        .filter(differs)
        .map(|judged| vec![vec![words(judged.title)], cell(other(judged)), cell(Some(judged))])
        .collect();
    (!rows.is_empty()).then_some(Block::Table(vec!["Check", "Before", "After"], rows))
}

/// The commits that came, went, or are judged otherwise.
fn commits(before: &Decision, after: &Decision) -> Option<Block> {
    let of = |decision: &'_ Decision, sha: &CommitSha| decision.commits().iter().find(|one| one.sha == *sha).cloned();
    let cell = |commit: Option<CommitVerdict>| -> Line {
        commit.map_or_else(
            || vec![words("not part of it")],
            |commit| vec![lozenge(commit.outcome), words(format!(" {}", shortened(&commit.reason, 200)))],
        )
    };
    let gone = before.commits().iter().filter(|one| of(after, &one.sha).is_none());
    let row = |one: &CommitVerdict| {
        let (was, is) = (of(before, &one.sha), of(after, &one.sha));
        let name = vec![Inline::Code(one.sha.short().into()), words(format!(" {}", shortened(&one.headline, 60)))];
        (was != is).then(|| vec![name, cell(was), cell(is)])
    };
    let rows: Vec<Vec<Line>> = after.commits().iter().chain(gone).filter_map(row).collect();
    (!rows.is_empty()).then_some(Block::Table(vec!["Commit", "Before", "After"], rows))
}

fn lozenge(outcome: Outcome) -> Inline {
    let tone = match outcome {
        Outcome::Met => Tone::Good,
        Outcome::NotMet => Tone::Bad,
        Outcome::NotApplicable => Tone::Neutral,
        Outcome::Unknown => Tone::Waiting,
    };
    Inline::Lozenge(tone, word(outcome))
}
