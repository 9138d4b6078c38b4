//! The commit only adds to what was approved last (policy: commits since the last approval).

use crate::model::{Relation, Text, plural};
use crate::policy::criteria::Criteria;
use crate::policy::decision::{Finding, Todo};
use crate::policy::facts::{Fact, Facts, GapReason, PastChange, Range};

/// At most this many commits are named one by one.
const MOST_NAMED: usize = 5;

/// Does the commit only add to the last approved change, and are all commits between known?
#[must_use]
pub fn check(facts: &Facts, _criteria: &Criteria) -> Finding {
    let baseline = match facts.baseline.known() {
        Err(gap) => return Finding::unknown(gap),
        Ok(None) => return Finding::not_applicable("no earlier approval to compare with"),
        Ok(Some(baseline)) => baseline,
    };
    match &facts.range {
        Fact::Unknown(gap) if gap.reason == GapReason::Unrelated => no_common_history(baseline),
        Fact::Unknown(gap) if gap.reason == GapReason::Missing && facts.on_branch.known().is_ok() => gone(baseline),
        Fact::Unknown(gap) => Finding::unknown(gap),
        Fact::Known(range) => match range.relation {
            Relation::Identical => Finding::met(format!("the same commit as {}", baseline.ticket)),
            Relation::Ahead => Finding::met(added(range, baseline)),
            Relation::Behind => rollback(range, baseline, facts),
            Relation::Diverged => diverged(range, baseline, facts),
        },
    }
}

fn added(range: &Range, baseline: &PastChange) -> String {
    format!("{} since {} ({})", plural(range.commits.len(), "commit"), baseline.ticket, baseline.commit.short())
}

fn rollback(range: &Range, baseline: &PastChange, facts: &Facts) -> Finding {
    let removed = plural(usize::try_from(range.removed).unwrap_or(usize::MAX), "commit");
    let mut details = vec![
        Text::new()
            .words(format!("{}, approved last in {}, has ", baseline.commit.short(), baseline.ticket))
            .words(format!("{removed} that would leave production.")),
    ];
    if let Ok(Some(before)) = facts.approved_before.known() {
        details.push(format!("This commit was approved before, in {}.", before.ticket).into());
    }
    details.extend(leaving(range, facts));
    Finding::not_met(
        format!("rollback by {removed}"),
        "This is a rollback: the commit is older than the last approved one.",
        Todo::decide("check that the older version works with today's data, then approve or decline the ticket."),
    )
    .about(details)
}

fn diverged(range: &Range, baseline: &PastChange, facts: &Facts) -> Finding {
    let removed = plural(usize::try_from(range.removed).unwrap_or(usize::MAX), "commit");
    let detail = format!(
        "It brings {}, and {removed} of {} ({}) would leave production.",
        plural(range.commits.len(), "commit"),
        baseline.commit.short(),
        baseline.ticket,
    );
    Finding::not_met(
        "history has split",
        "The commit does not build on the last approved one.",
        Todo::decide("compare both lines of work, then approve or decline the ticket."),
    )
    .about(std::iter::once(detail.into()).chain(leaving(range, facts)).collect())
}

/// The commits that would leave production, as far as they were listed.
fn leaving(range: &Range, facts: &Facts) -> Vec<Text> {
    let named = range.removed_commits.iter().take(MOST_NAMED).map(|commit| {
        Text::new()
            .words("Leaves production: ")
            .link(commit.sha.short(), facts.commit_url(&commit.sha))
            .words(" ")
            .quoted(&commit.headline)
            .words(".")
    });
    let mut named: Vec<Text> = named.collect();
    let more = range.removed.saturating_sub(named.len() as u64);
    if more > 0 && !named.is_empty() {
        named.push(format!("And {more} more.").into());
    }
    named
}

fn no_common_history(baseline: &PastChange) -> Finding {
    let detail = format!("{}, approved in {}, cannot be compared with it.", baseline.commit.short(), baseline.ticket);
    Finding::not_met(
        "no common history",
        "The commit and the last approved one have no common history.",
        Todo::decide("find out whether the history was rewritten, then approve or decline the ticket."),
    )
    .about(vec![detail.into()])
}

fn gone(baseline: &PastChange) -> Finding {
    let detail =
        format!("{}, approved in {}, is not in the repository any more.", baseline.commit.short(), baseline.ticket);
    Finding::not_met(
        "the last approved commit is gone",
        "The last approved commit is gone from the repository, so nobody can say what is new.",
        Todo::decide(
            "find out why it is gone (a rewritten history, another repository), then approve or decline the ticket.",
        ),
    )
    .about(vec![detail.into()])
}
