//! Every commit was reviewed by somebody who did not contribute to it (policy: peer review).
//!
//! The proof of each commit is put together in [`crate::policy::evidence`]; this rule counts and explains.

use std::collections::{BTreeSet, HashMap};

use crate::model::{Text, listed, plural};
use crate::policy::criteria::Criteria;
use crate::policy::decision::{By, Finding, Outcome, Todo};
use crate::policy::evidence::Case;
use crate::policy::evidence::binding::Binding;
use crate::policy::evidence::look::Look;
use crate::policy::evidence::overview::author;
use crate::policy::evidence::proof::{Lack, Proof, Verdict, proofs};
use crate::policy::facts::{Facts, Gap};

/// At most this many commits are named one by one; the rest are a number.
const MOST_NAMED: usize = 5;

/// Was every commit reviewed by somebody who did not contribute to it?
#[must_use]
pub fn check(facts: &Facts, criteria: &Criteria) -> Finding {
    if matches!(facts.baseline.known(), Ok(None)) {
        return Finding::not_applicable("no earlier approval to count commits from");
    }
    let look = Look::into(facts);
    let proofs = match Case::of(facts, criteria, &look).and_then(|case| proofs(&case)) {
        Ok(proofs) => proofs,
        Err(gap) => return Finding::unknown(&gap),
    };
    let lacking: Vec<(&Proof<'_>, &Lack)> = proofs.iter().filter_map(lack_of).collect();
    let unclear = proofs.iter().find_map(gap_of);
    match (lacking.as_slice(), unclear) {
        ([], Some(gap)) => Finding::unknown(gap),
        ([], None) if proofs.is_empty() => Finding::not_applicable("no new commits"),
        ([], None) => Finding::met(all_reviewed(&proofs)),
        (lacking, _) => not_reviewed(lacking, proofs.len(), facts),
    }
}

fn lack_of<'a>(proof: &'a Proof<'a>) -> Option<(&'a Proof<'a>, &'a Lack)> {
    match &proof.verdict {
        Verdict::Lacking(lack) => Some((proof, lack)),
        Verdict::Reviewed(_)
        | Verdict::CleanMerge
        | Verdict::ChangesNothing
        | Verdict::VersionBump(_)
        | Verdict::NoVersionBump(_)
        | Verdict::Unclear(_) => None,
    }
}

fn gap_of<'a>(proof: &'a Proof<'_>) -> Option<&'a Gap> {
    match &proof.verdict {
        Verdict::Unclear(gap) => Some(gap),
        Verdict::Reviewed(_)
        | Verdict::CleanMerge
        | Verdict::ChangesNothing
        | Verdict::VersionBump(_)
        | Verdict::NoVersionBump(_)
        | Verdict::Lacking(_) => None,
    }
}

fn all_reviewed(proofs: &[Proof<'_>]) -> String {
    let bindings: BTreeSet<Binding> = proofs.iter().filter_map(best_binding).collect();
    let words: Vec<String> = bindings.iter().map(|binding| binding.in_words().to_owned()).collect();
    match words.as_slice() {
        [] => counted(proofs),
        words => format!("{}; approvals are bound by {}", counted(proofs), listed(words, "and")),
    }
}

/// The strongest proof of what a commit's approvals were given for.
fn best_binding(proof: &Proof<'_>) -> Option<Binding> {
    match &proof.verdict {
        Verdict::Reviewed(by) => by.iter().map(|approval| approval.binding).min(),
        Verdict::CleanMerge
        | Verdict::ChangesNothing
        | Verdict::VersionBump(_)
        | Verdict::NoVersionBump(_)
        | Verdict::Lacking(_)
        | Verdict::Unclear(_) => None,
    }
}

fn counted(proofs: &[Proof<'_>]) -> String {
    let bumps =
        proofs.iter().filter(|proof| matches!(proof.verdict, Verdict::VersionBump(_) | Verdict::NoVersionBump(_)));
    match bumps.count() {
        0 if proofs.len() == 1 => "1 commit, reviewed".into(),
        0 => format!("{}, all reviewed", plural(proofs.len(), "commit")),
        1 if proofs.len() == 1 => "1 commit that only changes manifests".into(),
        bumps if bumps == proofs.len() => format!("{} that only change manifests", plural(bumps, "commit")),
        bumps => format!("{} reviewed, {bumps} only in manifests", plural(proofs.len() - bumps, "commit")),
    }
}

fn not_reviewed(lacking: &[(&Proof<'_>, &Lack)], all: usize, facts: &Facts) -> Finding {
    let headline = match lacking.len() {
        1 => "A commit was not reviewed by somebody else.".to_owned(),
        many => format!("{many} commits were not reviewed by somebody else."),
    };
    let groups = by_reason(lacking);
    let mut details: Vec<Text> = groups.iter().take(MOST_NAMED).map(|group| sentence(group, facts)).collect();
    let more: usize = groups.iter().skip(MOST_NAMED).map(Vec::len).sum();
    if more > 0 {
        details.push(format!("And {more} more, see the list of commits.").into());
    }
    Finding {
        outcome: Outcome::NotMet,
        seen: format!("{} of {} reviewed", all - lacking.len(), plural(all, "commit")),
        headline,
        details,
        todo: Some(todo(lacking)),
    }
}

/// A commit and what it lacks.
type Lacking<'a> = (&'a Proof<'a>, &'a Lack);

/// Commits of one author that lack the same are one sentence; at most [`MOST_NAMED`] of them.
fn by_reason<'a>(lacking: &[Lacking<'a>]) -> Vec<Vec<Lacking<'a>>> {
    let mut groups: Vec<Vec<Lacking<'a>>> = Vec::new();
    let mut newest: HashMap<(&str, String), usize> = HashMap::new();
    for (proof, lack) in lacking.iter().copied() {
        let place = newest.entry((&lack.why, author(proof.commit))).or_insert(groups.len());
        if groups.get(*place).is_some_and(|group| group.len() == MOST_NAMED) {
            *place = groups.len();
        }
        match groups.get_mut(*place) {
            Some(group) => group.push((proof, lack)),
            None => groups.push(vec![(proof, lack)]),
        }
    }
    groups
}

fn sentence(group: &[Lacking<'_>], facts: &Facts) -> Text {
    let mut text = Text::new();
    for (place, (proof, _)) in group.iter().enumerate() {
        let sha = &proof.commit.sha;
        let joint = match place {
            0 => "",
            place if place + 1 == group.len() => " and ",
            _ => ", ",
        };
        text = text.words(joint).link(sha.short(), facts.commit_url(sha));
    }
    let (first, lack) = group[0];
    text.words(format!(" by {} {}.", author(first.commit), lack.why))
}

/// What helps most: an approval, where one would count; else a human's decision.
fn todo(lacking: &[(&Proof<'_>, &Lack)]) -> Todo {
    let fixable = lacking.iter().find_map(|(proof, lack)| match (lack.by, proof.pull_request) {
        (By::Requester, Some(pull_request)) => Some((pull_request, lack)),
        (By::Requester | By::Approver | By::Time, _) => None,
    });
    match fixable {
        Some((pull_request, lack)) => Todo::fix(format!(
            "ask somebody other than {} to approve pull request {} at its last commit, {}.",
            listed(&lack.not_by, "and"),
            pull_request.number,
            pull_request.head.short(),
        )),
        None if lacking.len() == 1 => {
            Todo::decide("look at what the commit changes, then approve or decline the ticket.")
        }
        None => Todo::decide("look at what these commits change, then approve or decline the ticket."),
    }
}
