//! The evidence as people read it, and what is still missing of it.

use std::collections::{BTreeMap, BTreeSet};

use super::Case;
use super::branch::Branch;
use super::diff::{Change, changes};
use super::links::{Route, chain};
use super::look::Look;
use super::proof::{Proof, Verdict, merge_verdict, proofs, reviewed};
use crate::model::{Account, Commit, CommitSha, Signature, listed};
use crate::policy::approval;
use crate::policy::criteria::Criteria;
use crate::policy::decision::{CommitVerdict, IgnoredApproval, Outcome};
use crate::policy::facts::{Facts, Gap, Range, Wanted};

/// The verdict on each commit.
#[must_use]
pub fn commit_verdicts(facts: &Facts, criteria: &Criteria) -> Vec<CommitVerdict> {
    let look = Look::into(facts);
    let Ok(proofs) = Case::of(facts, criteria, &look).and_then(|case| proofs(&case)) else { return Vec::new() };
    proofs.iter().map(|proof| verdict_for_people(proof, criteria)).collect()
}

/// Approvals that do not count; each once.
#[must_use]
pub fn ignored_approvals(facts: &Facts, criteria: &Criteria) -> Vec<IgnoredApproval> {
    let look = Look::into(facts);
    let Ok(case) = Case::of(facts, criteria, &look) else { return Vec::new() };
    let mut ignored = Vec::new();
    for one in reviewed(&case) {
        let pull_request = one.pull_request.number;
        let of_one = one.ignored().iter().cloned();
        ignored.extend(of_one.map(|(reviewer, reason)| IgnoredApproval { pull_request, reviewer, reason }));
    }
    ignored
}

/// The names of everybody who contributed to a commit of the range; where no more is known of it, of those whom the commits
/// name.
#[must_use]
pub fn contributors(facts: &Facts, criteria: &Criteria) -> BTreeSet<String> {
    let look = Look::into(facts);
    let Ok(case) = Case::of(facts, criteria, &look) else {
        return facts.range.known().map_or_else(|_| BTreeSet::new(), |range| authors(range, criteria));
    };
    let mut names: BTreeSet<String> = reviewed(&case).iter().flat_map(|one| one.contributors()).collect();
    names.extend(beside_pull_requests(&case));
    names
}

/// Whom the commits of a range name as authors. Whoever only merged is none.
fn authors(range: &Range, criteria: &Criteria) -> BTreeSet<String> {
    let own = range.commits.iter().filter(|commit| commit.parents.len() <= 1);
    let accounts = own.flat_map(|commit| &commit.authors).filter_map(|author| author.account.as_ref());
    named(accounts, criteria)
}

/// The authors of the range, and who committed or pushed what is part of no pull request: where there is one, it says who had
/// a hand in it, and its merge may name another committer. GitHub commits for people what they do on its pages.
fn beside_pull_requests(case: &Case<'_>) -> BTreeSet<String> {
    let mut names = authors(case.range, case.criteria);
    for link in case.links() {
        let branches: Vec<Branch<'_>> = link.through.iter().map(|through| Branch::of(&link, through)).collect();
        let copies = || branches.iter().flat_map(|branch| &branch.copies);
        let is_part = |commit: &Commit| {
            branches.iter().any(|branch| branch.holds(&commit.sha)) || copies().any(|copy| copy.sha == commit.sha)
        };
        for commit in link.brought.iter().filter(|commit| commit.parents.len() <= 1 && !is_part(commit)) {
            let committer = commit.committer.account.iter().filter(|_| commit.signature != Signature::ByGithub);
            names.extend(named(committer.chain(case.first_pushed(&commit.sha)), case.criteria));
        }
    }
    names
}

fn named<'a>(accounts: impl Iterator<Item = &'a Account>, criteria: &Criteria) -> BTreeSet<String> {
    accounts.filter_map(|account| criteria.people.by_account(account.id)).map(|person| person.name.clone()).collect()
}

/// The names of everybody who had a hand in the change, whether or not they may have reviewed it; nothing when there is
/// no earlier change to count from. Whoever only merged had none.
///
/// # Errors
/// With the gap when it cannot be known.
pub fn hands_in(facts: &Facts, criteria: &Criteria) -> Result<Option<BTreeSet<String>>, Gap> {
    if facts.baseline.known().map_err(Gap::clone)?.is_none() {
        return Ok(None);
    }
    let look = Look::into(facts);
    let case = Case::of(facts, criteria, &look)?;
    let mut names = BTreeSet::new();
    for one in reviewed(&case) {
        one.gap().map_or(Ok(()), |gap| Err(gap.clone()))?;
        names.extend(one.contributors());
    }
    names.extend(beside_pull_requests(&case));
    Ok(Some(names))
}

/// What of the repository some proof would still like to see. Gathering reads it and asks again, until there is nothing.
#[must_use]
pub fn wanted(facts: &Facts, criteria: &Criteria) -> Wanted {
    let look = Look::into(facts);
    if let Ok(case) = Case::of(facts, criteria, &look) {
        let _ = proofs(&case);
        let _ = approval::opaque_changes::opaque(&case);
        let _ = approval::sensitive_paths::demands(&case);
        let _ = approval::hidden_characters::hidden(&case);
    }
    look.wanted()
}

/// What of it will be wanted whatever the pull requests are, so that it can be read while they are.
///
/// That are the files of merges and what would be different in production. Where nothing was merged, it is read with all
/// the rest.
#[must_use]
pub fn foreseen(facts: &Facts, criteria: &Criteria) -> Wanted {
    let look = Look::into(facts);
    if let Ok(case) = Case::of(facts, criteria, &look) {
        let links = case.links();
        let merges: Vec<&Commit> =
            links.iter().filter(|link| link.route == Route::Merge).map(|link| link.tip).collect();
        if merges.is_empty() {
            return Wanted::default();
        }
        for merge in merges {
            let _ = merge_verdict(merge, &case);
        }
        let _ = approval::opaque_changes::opaque(&case);
    }
    look.wanted()
}

/// What of it will most likely be wanted where commits were rewritten, given the pull requests that GitHub connects with
/// them.
///
/// That are the files before and after each piece of the release branch, and what would be different in production.
#[must_use]
pub fn expected(facts: &Facts, criteria: &Criteria) -> Wanted {
    let look = Look::into(facts);
    if let Ok(case) = Case::of(facts, criteria, &look)
        && criteria.terms.squash_merge.allow_verified_squash
    {
        for (before, last) in pieces(&case) {
            let _ = case.tree(before).and_then(|tree| look.tree(tree));
            let _ = look.tree(&last.tree);
        }
        let _ = approval::opaque_changes::opaque(&case);
    }
    look.wanted()
}

/// The pieces of the release branch that no merge brought and that came through the same pull requests: the commit before
/// each, and its last one.
fn pieces<'a>(case: &Case<'a>) -> Vec<(&'a CommitSha, &'a Commit)> {
    let chain = chain(&case.range.commits, &case.head);
    let through = |commit: &Commit| case.pull_requests.of_commit.get(&commit.sha).filter(|_| commit.parents.len() == 1);
    let pieces = chain.chunk_by(|one, next| through(one).is_some() && through(one) == through(next));
    let ends = pieces.filter_map(|piece| Some((piece.first()?.parents.first()?, *piece.last()?)));
    ends.filter(|(_, last)| through(last).is_some_and(|pulls| !pulls.is_empty())).collect()
}

/// The numbers of pull requests whose reviewed commits may be needed.
///
/// A commit of the release branch that is no merge may stand in their place. It asks for no more than what GitHub
/// connects, so that they can be read with the pull requests.
#[must_use]
pub fn rewritten(
    (commits, head): (&[Commit], &CommitSha),
    of_commit: &BTreeMap<CommitSha, Vec<u64>>,
    criteria: &Criteria,
) -> BTreeSet<u64> {
    if !criteria.terms.squash_merge.allow_verified_squash {
        return BTreeSet::new();
    }
    let singles = chain(commits, head).into_iter().filter(|commit| commit.parents.len() <= 1);
    singles.filter_map(|commit| of_commit.get(&commit.sha)).flatten().copied().collect()
}

/// What would be different in production, path by path.
///
/// # Errors
/// With the gap when it cannot be read.
pub(in crate::policy) fn net_changes(case: &Case<'_>) -> Result<Vec<Change>, Gap> {
    let head = case.tree(&case.head)?;
    let before = &case.range.base_tree;
    case.look.whole(before);
    case.look.whole(head);
    changes(before, head, case.look, &|_| true)
}

/// The author as people know them: the login, or the name in the commit marked as unproven.
pub(in crate::policy) fn author(commit: &Commit) -> String {
    match commit.authors.first() {
        Some(author) => match &author.account {
            Some(account) => account.login.clone(),
            None => format!("\"{}\"", crate::model::shortened(&author.name, 60)),
        },
        None => "nobody".into(),
    }
}

fn verdict_for_people(proof: &Proof<'_>, criteria: &Criteria) -> CommitVerdict {
    let lost = proof.route.rewrites() && !criteria.terms.squash_merge.allow_verified_squash;
    let (outcome, reason) = match &proof.verdict {
        Verdict::Reviewed(by) => {
            let names: Vec<String> = by.iter().map(|approval| approval.by.clone()).collect();
            match lost {
                true => (Outcome::NotMet, format!("rewritten after the review by {}", listed(&names, "and"))),
                false => (Outcome::Met, listed(&names, "and")),
            }
        }
        Verdict::CleanMerge => (Outcome::Met, "clean merge, nothing added".to_owned()),
        Verdict::ChangesNothing => (Outcome::Met, "changes no file".to_owned()),
        Verdict::VersionBump(what) => (Outcome::Met, format!("version bump, {what}")),
        Verdict::NoVersionBump(why) => (Outcome::NotMet, why.clone()),
        Verdict::Lacking(lack) => (Outcome::NotMet, lack.why.clone()),
        Verdict::Unclear(gap) => (Outcome::Unknown, gap.to_string()),
    };
    CommitVerdict {
        sha: proof.commit.sha.clone(),
        headline: proof.commit.headline.clone(),
        author: author(proof.commit),
        pull_request: proof.pull_request.map(|pull_request| pull_request.number),
        outcome,
        reason,
    }
}
