//! The proof that stands behind each commit of the range, or what is missing of it.

use std::collections::BTreeSet;

use super::branch::Branch;
use super::bump::{Bump, bump};
use super::links::{Link, Route, Through};
use super::standing::{Approval, Standing};
use super::{Case, Remerge, unreached};
use crate::model::{Commit, PullRequest, Relation, listed};
use crate::policy::criteria::Contributors;
use crate::policy::decision::By;
use crate::policy::facts::Gap;

/// At most this many commits are looked into one by one; more than that without review is no case for exceptions.
const MOST_TO_LOOK_INTO: usize = 20;

/// One commit and its proof.
#[derive(Debug)]
pub(in crate::policy) struct Proof<'a> {
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
pub(in crate::policy) enum Verdict {
    /// Approved by these people, none of whom touched it.
    Reviewed(Vec<Approval>),
    /// A merge that holds exactly what its two lines bring.
    CleanMerge,
    /// It holds the same files as its parent.
    ChangesNothing,
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
pub(in crate::policy) struct Lack {
    /// The end of a sentence that begins with the commit.
    pub why: String,
    /// Who can help.
    pub by: By,
    /// Who may not approve it, if an approval would help.
    pub not_by: Vec<String>,
    /// Whether it may pass all the same because of what little it changes.
    pub exemption: Exemption,
}

/// Whether a commit that nothing speaks for may pass because of what little it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) enum Exemption {
    /// If it only counts a version up, or changes nothing.
    Possible,
    /// Never: it claims to be something that was reviewed and is not, or somebody asked for another change.
    Never,
}

/// Every commit of the range with its proof, oldest first.
///
/// # Errors
/// With the gap, when a commit of the range cannot be reached.
pub(in crate::policy) fn proofs<'a>(case: &Case<'a>) -> Result<Vec<Proof<'a>>, Gap> {
    let links = case.links();
    let mut proofs: Vec<Proof<'a>> = links.iter().flat_map(|link| proofs_of_link(link, case)).collect();
    let has_new = matches!(case.range.relation, Relation::Ahead | Relation::Diverged);
    if proofs.len() != case.range.commits.len() || has_new == proofs.is_empty() {
        return Err(unreached(case.service.forge));
    }
    exempt(&mut proofs, case);
    Ok(proofs)
}

/// A pull request that brought links, with what people said about it.
pub(in crate::policy) struct Reviewed<'a> {
    pub pull_request: &'a PullRequest,
    standing: Standing,
}

/// Every pull request that brought something.
pub(in crate::policy) fn reviewed<'a>(case: &Case<'a>) -> Vec<Reviewed<'a>> {
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for link in case.links() {
        for through in &link.through {
            if seen.insert(through.pull_request.number) {
                let standing = Standing::of(&Branch::of(&link, through), case);
                all.push(Reviewed { pull_request: through.pull_request, standing });
            }
        }
    }
    all
}

impl Reviewed<'_> {
    /// Approvals that do not count, with the reason.
    pub(in crate::policy) fn ignored(&self) -> &[(String, String)] {
        &self.standing.ignored
    }

    /// What could not be looked into, so that somebody may be called a contributor who is none.
    pub(in crate::policy) fn gap(&self) -> Option<&Gap> {
        self.standing.gap.as_ref()
    }

    /// Everybody who touched it.
    pub(in crate::policy) fn contributors(&self) -> BTreeSet<String> {
        self.standing.contributions.everybody()
    }

    /// Those who approved it as it came and did not touch it.
    pub(in crate::policy) fn independent(&self) -> BTreeSet<String> {
        let Standing { approvals, contributions, .. } = &self.standing;
        approvals.iter().map(|one| one.by.clone()).filter(|name| !contributions.include(name)).collect()
    }
}

fn proofs_of_link<'a>(link: &Link<'a>, case: &Case<'a>) -> Vec<Proof<'a>> {
    let ways: Vec<Way<'a>> = link.through.iter().map(|through| Way::of(link, through, case)).collect();
    link.brought.iter().copied().map(|commit| best_proof(commit, link, (&ways, case))).collect()
}

/// A pull request through which a link may have come, and all that speaks for it: the proof of one says nothing of another.
struct Way<'a> {
    branch: Branch<'a>,
    standing: Standing,
    route: Route,
    /// Whether new commits hold what was reviewed; nothing where there are none.
    rewrite: Option<Result<Remerge, Gap>>,
}

impl<'a> Way<'a> {
    fn of(link: &Link<'a>, through: &Through<'a>, case: &Case<'a>) -> Way<'a> {
        let branch = Branch::of(link, through);
        let standing = Standing::of(&branch, case);
        let rewrite = through.route.rewrites().then(|| rewrite(through, case));
        Way { branch, standing, route: through.route, rewrite }
    }

    fn verdict(&self, commit: &Commit, case: &Case<'_>) -> Verdict {
        let PullRequest { number, merged, .. } = self.branch.pull_request;
        let is_the_merge = merged.as_ref().is_some_and(|merged| merged.commit == commit.sha);
        if self.route == Route::Merge && !is_the_merge && !self.branch.holds(&commit.sha) {
            return lacking(&format!("came to the release branch with pull request {number} and is no part of it"));
        }
        match &self.rewrite {
            Some(Err(gap)) => Verdict::Unclear(gap.clone()),
            Some(Ok(Remerge::Differs(paths))) => {
                unlike(&format!("holds something else than what was reviewed, in {}", paths_in_words(paths)))
            }
            Some(Ok(Remerge::NotOneBase)) => unlike(UNVERIFIABLE),
            Some(Ok(Remerge::Clean)) | None => review(commit, &self.branch, &self.standing, case),
        }
    }
}

/// What speaks for a commit: the first pull request that was reviewed as it came, else the first.
fn best_proof<'a>(commit: &'a Commit, link: &Link<'a>, (ways, case): (&[Way<'a>], &Case<'a>)) -> Proof<'a> {
    let judged: Vec<(&Way<'a>, Verdict)> = ways.iter().map(|way| (way, way.verdict(commit, case))).collect();
    let best = judged.iter().position(|(_, verdict)| matches!(verdict, Verdict::Reviewed(_))).unwrap_or(0);
    let (pull_request, route, verdict) = match judged.into_iter().nth(best) {
        Some((way, verdict)) => (Some(way.branch.pull_request), way.route, verdict),
        None => (None, link.route, without_pull_request()),
    };
    let verdict = match link.route {
        Route::Merge if commit.sha == link.tip.sha => merge_verdict(link.tip, case),
        Route::Octopus => lacking("came in a merge of more than two lines of work, which cm-bot cannot take apart"),
        Route::Merge | Route::Squash | Route::Rebase | Route::FastForward | Route::Direct => verdict,
    };
    Proof { commit, pull_request, route, verdict }
}

/// What is said of a merge whose two lines do not have exactly one commit from which they parted.
const UNVERIFIABLE: &str =
    "joins two lines of work that met more than once before, or never, so nobody can prove what it carries";

/// Whether a merge holds exactly what its two lines bring.
pub(super) fn merge_verdict<'a>(tip: &'a Commit, case: &Case<'a>) -> Verdict {
    let [ours, theirs] = tip.parents.as_slice() else { return lacking(UNVERIFIABLE) };
    match case.remerge(ours, theirs, &tip.tree) {
        Err(gap) => Verdict::Unclear(gap),
        Ok(Remerge::Clean) => Verdict::CleanMerge,
        Ok(Remerge::Differs(paths)) => lacking(&format!(
            "is a merge that carries changes of its own, which nobody reviewed, in {}",
            paths_in_words(&paths)
        )),
        Ok(Remerge::NotOneBase) => lacking(UNVERIFIABLE),
    }
}

/// Whether new commits hold exactly what was reviewed. When the criteria hold them anyway, nobody looks.
fn rewrite<'a>(through: &Through<'a>, case: &Case<'a>) -> Result<Remerge, Gap> {
    if !case.criteria.terms.squash_merge.allow_verified_squash {
        return Ok(Remerge::Clean);
    }
    let (Some(first), Some(last)) = (through.together.first(), through.together.last()) else {
        return Err(unreached(case.service.forge));
    };
    let (Some(before), Some(_)) = (first.parents.first(), &through.pull_request.commits) else {
        return Err(unreached(case.service.forge));
    };
    case.remerge(before, &through.pull_request.head, &last.tree)
}

fn review(commit: &Commit, branch: &Branch<'_>, standing: &Standing, case: &Case<'_>) -> Verdict {
    let number = branch.pull_request.number;
    let whose = case.criteria.terms.commit_review.contributors;
    if let Some(unidentified) = standing.contributions.unidentified(&commit.sha, whose) {
        return lacking(&format!("came through pull request {number}, where {unidentified}"));
    }
    let not_by = standing.contributions.names(&commit.sha, whose).into_iter().collect();
    if let Some(objection) = standing.objections.first() {
        let why = format!("came through pull request {number}, where {objection}");
        return Verdict::Lacking(Lack { why, by: By::Requester, not_by, exemption: Exemption::Never });
    }
    match (standing.for_commit(&commit.sha, case), &standing.gap) {
        (approvals, _) if !approvals.is_empty() => Verdict::Reviewed(approvals.into_iter().cloned().collect()),
        (_, Some(gap)) => Verdict::Unclear(gap.clone()),
        (_, None) => {
            let why = unreviewed(commit, number, standing, whose);
            Verdict::Lacking(Lack { why, by: By::Requester, not_by, exemption: Exemption::Possible })
        }
    }
}

/// Why nobody's approval counts, as the end of a sentence that begins with the commit.
fn unreviewed(commit: &Commit, number: u64, standing: &Standing, whose: Contributors) -> String {
    let own = standing.approvals.iter().filter_map(|approval| {
        let how = standing.contributions.by(&approval.by, &commit.sha, whose)?;
        let reason = format!("{} {how}, and nobody's approval counts for their own work", approval.by);
        Some((approval.by.clone(), reason))
    });
    let all: Vec<(String, String)> = standing.ignored.iter().cloned().chain(own).collect();
    match all.as_slice() {
        [] => format!("came through pull request {number}, which nobody approved"),
        [(who, reason)] => {
            format!("came through pull request {number}; the approval by {who} does not count: {reason}")
        }
        many => {
            let reasons: Vec<String> = many.iter().map(|(who, reason)| format!("{who} ({reason})")).collect();
            format!("came through pull request {number}; these approvals do not count: {}", listed(&reasons, "and"))
        }
    }
}

fn without_pull_request() -> Verdict {
    lacking("came to the release branch without a pull request")
}

fn lacking(why: &str) -> Verdict {
    let exemption = Exemption::Possible;
    Verdict::Lacking(Lack { why: why.into(), by: By::Approver, not_by: Vec::new(), exemption })
}

/// Not what was reviewed, although it stands for it.
fn unlike(why: &str) -> Verdict {
    let exemption = Exemption::Never;
    Verdict::Lacking(Lack { why: why.into(), by: By::Approver, not_by: Vec::new(), exemption })
}

fn paths_in_words(paths: &[String]) -> String {
    let named: Vec<String> = paths.iter().take(5).map(|path| crate::model::shortened(path, 120)).collect();
    match paths.len().saturating_sub(named.len()) {
        0 => listed(&named, "and"),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// Commits that nothing speaks for may still be version bumps, unless there are too many of them to be exceptions.
fn exempt(proofs: &mut [Proof<'_>], case: &Case<'_>) {
    let is_open = |proof: &&mut Proof<'_>| {
        let possible = matches!(&proof.verdict, Verdict::Lacking(lack) if lack.exemption == Exemption::Possible);
        possible && proof.commit.parents.len() == 1 && proof.route != Route::Octopus
    };
    let open: Vec<&mut Proof<'_>> = proofs.iter_mut().filter(is_open).collect();
    if open.len() > MOST_TO_LOOK_INTO || !case.criteria.demands("version_bump") {
        return;
    }
    for proof in open {
        match bump(proof.commit, case) {
            Err(gap) => proof.verdict = Verdict::Unclear(gap),
            Ok(Bump::Nothing) => proof.verdict = Verdict::ChangesNothing,
            Ok(Bump::Proven(what)) => proof.verdict = Verdict::VersionBump(what),
            Ok(Bump::Refused(why)) => proof.verdict = Verdict::NoVersionBump(why),
            Ok(Bump::NotManifests) => {}
        }
    }
}
