//! A merge keeps the commits that were reviewed (policy: peer review, squash merges).
//!
//! A squash or a rebase puts new commits on the release branch that nobody has seen in this form. The criteria may let
//! them pass when their files are proven to be exactly what a clean merge of the reviewed commit gives; that proof is part
//! of [`super::commit_review`]. Otherwise a human decides.

use std::collections::BTreeMap;

use crate::model::{PullRequest, Text, plural};
use crate::policy::criteria::Criteria;
use crate::policy::decision::{Finding, Todo};
use crate::policy::evidence::Case;
use crate::policy::evidence::links::Route;
use crate::policy::evidence::look::Look;
use crate::policy::evidence::proof::proofs;
use crate::policy::facts::Facts;

/// Did every merge keep the commits that were reviewed, or is it proven to hold exactly those?
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
    let mut kept: BTreeMap<u64, Route> = BTreeMap::new();
    let mut rewritten: BTreeMap<u64, (&PullRequest, Route)> = BTreeMap::new();
    for proof in &proofs {
        let Some(pull_request) = proof.pull_request else { continue };
        if proof.route.rewrites() {
            rewritten.insert(pull_request.number, (pull_request, proof.route));
        } else {
            kept.insert(pull_request.number, proof.route);
        }
    }
    match (kept.len(), rewritten.len()) {
        (0, 0) => Finding::not_applicable("no pull requests"),
        (_, 1..) if criteria.terms.squash_merge.allow_verified_squash => {
            let seen = format!("{} rewritten, compared file by file", plural(rewritten.len(), "pull request"));
            Finding::met(seen).about(sentences(rewritten.into_values(), facts))
        }
        (kept, 0) => Finding::met(format!("{}, commits kept", plural(kept, "pull request"))),
        _ => lost(rewritten.into_values().collect(), facts),
    }
}

fn lost(rewritten: Vec<(&PullRequest, Route)>, facts: &Facts) -> Finding {
    let headline = match rewritten.len() {
        1 => "A pull request was merged in a way that lost the reviewed commits.".to_owned(),
        many => format!("{many} pull requests were merged in a way that lost the reviewed commits."),
    };
    let count = rewritten.len();
    let todo = Todo::decide(
        "compare the new commits with the reviewed ones, then approve or decline the ticket. \
         Merge with a merge commit next time; then cm-bot can do this by itself.",
    );
    Finding::not_met(format!("{} rewritten", plural(count, "pull request")), headline, todo)
        .about(sentences(rewritten.into_iter(), facts))
}

fn sentences<'a>(rewritten: impl Iterator<Item = (&'a PullRequest, Route)>, facts: &Facts) -> Vec<Text> {
    rewritten.map(|(pull_request, route)| sentence(pull_request, route, facts)).collect()
}

fn sentence(pull_request: &PullRequest, route: Route, facts: &Facts) -> Text {
    let number = pull_request.number;
    let how = if route == Route::Squash { "squashed into one new commit" } else { "rebased into new commits" };
    Text::new()
        .link(format!("Pull request {number}"), facts.pull_request_url(number))
        .words(format!(" was {how}; what was reviewed ended in {}.", pull_request.head.short()))
}
