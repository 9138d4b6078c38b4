//! A commit that changes a version number and nothing else needs no review (policy: peer review, version bumps).
//!
//! It is proven from the parsed content of the files on both sides. Who made the commit and what its message says do
//! not matter: anybody can write "Bump version" over a new install script. What proves it is in
//! [`crate::policy::version_bump`].

use crate::model::{Text, plural};
use crate::policy::criteria::Criteria;
use crate::policy::decision::{Finding, Todo};
use crate::policy::evidence::Case;
use crate::policy::evidence::look::Look;
use crate::policy::evidence::overview::author;
use crate::policy::evidence::proof::{Proof, Verdict, proofs};
use crate::policy::facts::Facts;

/// Does every commit that passes without review change a version number and nothing else?
#[must_use]
pub fn check(facts: &Facts, criteria: &Criteria) -> Finding {
    let look = Look::into(facts);
    let Ok(proofs) = Case::of(facts, criteria, &look).and_then(|case| proofs(&case)) else {
        return Finding::not_applicable("no commit asks to pass without review");
    };
    let bumps: Vec<Text> = proofs.iter().filter_map(bump).collect();
    let refused: Vec<(&Proof<'_>, &str)> = proofs.iter().filter_map(refusal).collect();
    match (bumps.len(), refused.as_slice()) {
        (0, []) => Finding::not_applicable("no commit asks to pass without review"),
        (count, []) => Finding::met(format!("{} changed only a version number", plural(count, "commit"))).about(bumps),
        (_, refused) => not_only_a_version(refused, facts),
    }
}

/// What passes without review is told, also to those who look at it a year later.
fn bump(proof: &Proof<'_>) -> Option<Text> {
    match &proof.verdict {
        Verdict::VersionBump(what) => Some(format!("{}: {what}", proof.commit.sha.short()).as_str().into()),
        Verdict::Reviewed(_)
        | Verdict::CleanMerge
        | Verdict::ChangesNothing
        | Verdict::NoVersionBump(_)
        | Verdict::Lacking(_)
        | Verdict::Unclear(_) => None,
    }
}

fn refusal<'a>(proof: &'a Proof<'a>) -> Option<(&'a Proof<'a>, &'a str)> {
    match &proof.verdict {
        Verdict::NoVersionBump(why) => Some((proof, why)),
        Verdict::Reviewed(_)
        | Verdict::CleanMerge
        | Verdict::ChangesNothing
        | Verdict::VersionBump(_)
        | Verdict::Lacking(_)
        | Verdict::Unclear(_) => None,
    }
}

fn not_only_a_version(refused: &[(&Proof<'_>, &str)], facts: &Facts) -> Finding {
    let headline = match refused.len() {
        1 => "A commit without review changes more than a version number.".to_owned(),
        many => format!("{many} commits without review change more than a version number."),
    };
    let details = refused.iter().map(|(proof, why)| {
        let sha = &proof.commit.sha;
        Text::new()
            .link(sha.short(), facts.commit_url(sha))
            .words(format!(" by {}: ", author(proof.commit)))
            .quoted(why)
            .words(".")
    });
    let todo = match refused.iter().find_map(|(proof, _)| proof.pull_request) {
        Some(pull_request) => Todo::fix(format!(
            "have pull request {} approved at its last commit by somebody who did not work on it.",
            pull_request.number
        )),
        None => Todo::fix(
            "merge it through a pull request that somebody else approves; an approver can also decide by hand.",
        ),
    };
    Finding::not_met(format!("{} changed more", plural(refused.len(), "commit")), headline, todo)
        .about(details.collect())
}
