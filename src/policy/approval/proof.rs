//! The proof that stands behind each commit of the range, or what is missing of it.

use std::collections::{BTreeMap, BTreeSet};

use super::opinions::{Standing, standing};
use super::route::{Link, Route, links};
use super::version_bump::{Bump, bump};
use crate::model::{Commit, CommitSha, PullRequest, Relation, listed};
use crate::policy::criteria::Criteria;
use crate::policy::decision::{By, CommitVerdict, IgnoredApproval, Outcome};
use crate::policy::facts::{Fact, Facts, Gap, GapReason, Source};

/// At most this many commits are looked into one by one; more than that without review is no case for exceptions.
const MOST_TO_LOOK_INTO: usize = 20;

/// One commit and its proof.
#[derive(Debug)]
pub(super) struct Proof<'a> {
    /// The commit.
    pub commit: &'a Commit,
    /// The pull request that brought it.
    pub pull_request: Option<&'a PullRequest>,
    /// How it came.
    pub route: Route,
    /// The proof.
    pub verdict: Verdict,
}

/// What speaks for a commit.
#[derive(Debug, Clone)]
pub(super) enum Verdict {
    /// Approved by these people, none of whom touched it.
    Reviewed(Vec<String>),
    /// GitHub's merge button made it from reviewed commits.
    MergedByGithub,
    /// It changes a version number and nothing else.
    VersionBump(String),
    /// It changes only manifests, but not only a version number.
    NoVersionBump(String),
    /// Nothing speaks for it.
    Lacking(Lack),
    /// It could not be looked into.
    Unclear(Gap),
}

/// Why nothing speaks for a commit, and who can help.
#[derive(Debug, Clone)]
pub(super) struct Lack {
    /// The end of a sentence that begins with the commit.
    pub why: String,
    /// Who can help.
    pub by: By,
    /// Who may not approve it, if an approval would help.
    pub not_by: Vec<String>,
}

/// Every commit of the range with its proof, oldest first.
///
/// # Errors
/// With the gap, when the range or the pull requests are not known, or a commit of the range cannot be reached.
pub(super) fn proofs<'a>(facts: &'a Facts, criteria: &Criteria) -> Result<Vec<Proof<'a>>, Gap> {
    let range = facts.range.known().map_err(Gap::clone)?;
    let pull_requests = facts.pull_requests.known().map_err(Gap::clone)?;
    let (Some(head), Some(service)) = (facts.head(), facts.placement.service()) else { return Err(unreached()) };
    let links = links(range, &head, pull_requests, service);
    let proofs: Vec<Proof<'a>> = links.iter().flat_map(|link| proofs_of_link(link, facts, criteria)).collect();
    let has_new = matches!(range.relation, Relation::Ahead | Relation::Diverged);
    if proofs.len() == range.commits.len() && has_new != proofs.is_empty() { Ok(proofs) } else { Err(unreached()) }
}

/// A commit that no link of the chain brought would be a commit that nobody judges.
fn unreached() -> Gap {
    let what = "how the commits came to the release branch".to_owned();
    Gap { what, source: Source::Github, reason: GapReason::Incomplete }
}

/// The verdict on each commit, for people.
#[must_use]
pub fn commit_verdicts(facts: &Facts, criteria: &Criteria) -> Vec<CommitVerdict> {
    let Ok(proofs) = proofs(facts, criteria) else { return Vec::new() };
    proofs.iter().map(|proof| verdict_for_people(proof, criteria)).collect()
}

/// Approvals that do not count, for people; each once.
#[must_use]
pub fn ignored_approvals(facts: &Facts, criteria: &Criteria) -> Vec<IgnoredApproval> {
    let mut ignored = Vec::new();
    for (pull_request, standing) in standings(facts, criteria) {
        ignored.extend(standing.ignored.into_iter().map(|(reviewer, reason)| IgnoredApproval {
            pull_request,
            reviewer,
            reason,
        }));
    }
    ignored
}

/// The names of everybody who contributed to a commit of the range.
#[must_use]
pub fn contributors(facts: &Facts, criteria: &Criteria) -> BTreeSet<String> {
    standings(facts, criteria).into_values().flat_map(|standing| standing.contributors).collect()
}

/// Commits that nothing speaks for yet and that one look at their files could exempt. Gathering asks this before it
/// fetches files, so that reviewed commits cost nothing.
#[must_use]
pub fn commits_to_look_into(facts: &Facts, criteria: &Criteria) -> Vec<CommitSha> {
    let Ok(proofs) = proofs(facts, criteria) else { return Vec::new() };
    let lacking = |proof: &&Proof<'_>| matches!(proof.verdict, Verdict::Lacking(_)) && proof.commit.parents.len() == 1;
    let wanted: Vec<CommitSha> = proofs.iter().filter(lacking).map(|proof| proof.commit.sha.clone()).collect();
    if wanted.len() > MOST_TO_LOOK_INTO || !criteria.demands("version_bump") { Vec::new() } else { wanted }
}

fn standings(facts: &Facts, criteria: &Criteria) -> BTreeMap<u64, Standing> {
    let (Ok(range), Ok(pull_requests)) = (facts.range.known(), facts.pull_requests.known()) else {
        return BTreeMap::new();
    };
    let (Some(head), Some(service)) = (facts.head(), facts.placement.service()) else { return BTreeMap::new() };
    let mut found = BTreeMap::new();
    for link in links(range, &head, pull_requests, service) {
        for pull_request in &link.pull_requests {
            let standing = standing(pull_request, &content(&link), &criteria.people);
            found.insert(pull_request.number, standing);
        }
    }
    found
}

/// The commits of a link that carry somebody's work: all but a merge commit that GitHub's button made.
fn content<'a>(link: &Link<'a>) -> Vec<&'a Commit> {
    let is_work = |commit: &&Commit| link.route != Route::MergeButton || commit.sha != link.tip.sha;
    link.brought.iter().copied().filter(is_work).collect()
}

fn proofs_of_link<'a>(link: &Link<'a>, facts: &Facts, criteria: &Criteria) -> Vec<Proof<'a>> {
    let (pull_request, review) = review_of(link, criteria);
    let proof = |commit: &'a Commit| Proof {
        commit,
        pull_request,
        route: link.route,
        verdict: exempt(commit, verdict(commit, link, &review), facts, criteria),
    };
    link.brought.iter().copied().map(proof).collect()
}

/// The review of the pull request behind a link: the first that is approved, else the first.
fn review_of<'a>(link: &Link<'a>, criteria: &Criteria) -> (Option<&'a PullRequest>, Verdict) {
    let content = content(link);
    let judged = link.pull_requests.iter().map(|pull_request| {
        let standing = standing(pull_request, &content, &criteria.people);
        (Some(*pull_request), review(pull_request, standing))
    });
    let mut judged: Vec<_> = judged.collect();
    let best = judged.iter().position(|(_, verdict)| matches!(verdict, Verdict::Reviewed(_))).unwrap_or(0);
    if judged.is_empty() { (None, lacking_pull_request()) } else { judged.swap_remove(best) }
}

fn verdict(commit: &Commit, link: &Link<'_>, review: &Verdict) -> Verdict {
    let is_tip = commit.sha == link.tip.sha;
    match link.route {
        Route::MergeButton if is_tip => Verdict::MergedByGithub,
        Route::MadeByHand if is_tip => {
            lacking("is a merge commit that was made by hand, so its content is nobody's review")
        }
        Route::Octopus => lacking("came in a merge of more than two lines of work, which cm-bot cannot take apart"),
        Route::MergeButton | Route::MadeByHand | Route::Squash | Route::Rebase | Route::FastForward | Route::Direct => {
            review.clone()
        }
    }
}

fn review(pull_request: &PullRequest, standing: Standing) -> Verdict {
    let number = pull_request.number;
    if let Some(unidentified) = standing.unidentified.first() {
        return lacking(&format!("came through pull request {number}, where {unidentified}"));
    }
    if let Some(objection) = standing.objections.first() {
        let why = format!("came through pull request {number}, where {objection}");
        return Verdict::Lacking(Lack { why, by: By::Requester, not_by: standing.contributors });
    }
    if !standing.counted.is_empty() {
        return Verdict::Reviewed(standing.counted);
    }
    let why = match standing.ignored.as_slice() {
        [] => format!("came through pull request {number}, which nobody approved"),
        [(who, reason)] => {
            format!("came through pull request {number}; the approval by {who} does not count: {reason}")
        }
        many => {
            let reasons: Vec<String> = many.iter().map(|(who, reason)| format!("{who} ({reason})")).collect();
            format!("came through pull request {number}; these approvals do not count: {}", listed(&reasons, "and"))
        }
    };
    Verdict::Lacking(Lack { why, by: By::Requester, not_by: standing.contributors })
}

fn lacking_pull_request() -> Verdict {
    lacking("came to the release branch without a pull request")
}

fn lacking(why: &str) -> Verdict {
    Verdict::Lacking(Lack { why: why.into(), by: By::Approver, not_by: Vec::new() })
}

/// A commit that nothing speaks for may still be a version bump, if somebody looked.
fn exempt(commit: &Commit, verdict: Verdict, facts: &Facts, criteria: &Criteria) -> Verdict {
    let Verdict::Lacking(_) = &verdict else { return verdict };
    if !criteria.demands("version_bump") {
        return verdict;
    }
    match facts.changes.get(&commit.sha) {
        None => verdict,
        Some(Fact::Unknown(gap)) => Verdict::Unclear(gap.clone()),
        Some(Fact::Known(changes)) => match bump(commit, changes, &criteria.terms.version_bump) {
            Bump::Proven(what) => Verdict::VersionBump(what),
            Bump::Refused(why) => Verdict::NoVersionBump(why),
            Bump::NotManifests => verdict,
        },
    }
}

fn verdict_for_people(proof: &Proof<'_>, criteria: &Criteria) -> CommitVerdict {
    let rewritten = matches!(proof.route, Route::Squash | Route::Rebase) && criteria.demands("squash_merge");
    let (outcome, reason) = match &proof.verdict {
        Verdict::Reviewed(by) if rewritten => {
            (Outcome::NotMet, format!("rewritten after the review by {}", listed(by, "and")))
        }
        Verdict::Reviewed(by) => (Outcome::Met, listed(by, "and")),
        Verdict::MergedByGithub => (Outcome::Met, "merge button of GitHub".to_owned()),
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

/// The author as people know them: the login, or the name in the commit marked as unproven.
pub(super) fn author(commit: &Commit) -> String {
    match commit.authors.first() {
        Some(author) => match &author.account {
            Some(account) => account.login.clone(),
            None => format!("\"{}\"", crate::model::shortened(&author.name, 60)),
        },
        None => "nobody".into(),
    }
}
