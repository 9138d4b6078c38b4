//! What GitHub knows of the commit: its branch, the commits since the baseline, their pull requests, its scans.

use std::collections::BTreeMap;

use super::{Sources, fact, kept, objects, scans};
use crate::integrations::SourceError;
use crate::integrations::github::{Comparison, Origins};
use crate::model::{BranchName, CommitSha, PullRequest, Relation, RepoName, Service};
use crate::policy::criteria::Criteria;
use crate::policy::evidence;
use crate::policy::facts::{Fact, Facts, PullRequests, Range, RemovedCommit, Source};
use crate::store::StoreError;

/// Most commits that would leave production and are named.
const MOST_REMOVED: usize = 100;

/// Fills in what GitHub knows, as far as the ticket says what to ask for.
///
/// # Errors
/// Only when our own records cannot be read.
pub(super) async fn gather(sources: &Sources, facts: &mut Facts, criteria: &Criteria) -> Result<(), StoreError> {
    let (Some(head), Some(service)) = (facts.head(), facts.placement.service().cloned()) else { return Ok(()) };
    let baseline = facts.baseline.known().ok().cloned().flatten().map(|baseline| baseline.commit);
    let (position, found, scans) = tokio::join!(
        position(sources, &service, &head),
        range(sources, &service.repository, baseline.as_ref(), &head),
        scans::of(sources, &service, &head),
    );
    facts.scans = fact(scans, "the security scans of this commit", Source::Github);
    let mut hints = objects::Hints::default();
    if let Some(found) = found {
        let (range, pull_requests, paths) = split(found);
        facts.range = fact(range, "the commits since the last approved change", Source::Github);
        facts.pull_requests = fact(pull_requests, "the pull requests of the commits", Source::Github);
        hints.paths = paths;
    }
    own_record(sources, facts, &service.repository).await?;
    own_commits(sources, facts, criteria, &service.repository).await;
    objects::complete(sources, facts, criteria, &mut hints).await;
    let position = match position {
        Ok((tip, relation)) => again(sources, &service, &head, (hints.tip.unwrap_or(tip.clone()), tip, relation)).await,
        Err(error) => Err(error),
    };
    facts.on_branch = fact(position, "the release branch", Source::Github);
    Ok(())
}

/// Adds what our own record of GitHub's deliveries says about the pull requests.
async fn own_record(sources: &Sources, facts: &mut Facts, repository: &RepoName) -> Result<(), StoreError> {
    let Fact::Known(pull_requests) = &mut facts.pull_requests else { return Ok(()) };
    let numbers: Vec<u64> = pull_requests.by_number.keys().copied().collect();
    for (number, ledger) in sources.store.ledger(repository, &numbers).await? {
        if let Some(pull_request) = pull_requests.by_number.get_mut(&number) {
            pull_request.ledger = ledger;
        }
    }
    Ok(())
}

/// How the commit stands to the release branch. The branch is asked for once, and then only the commit that it ended in.
async fn position(
    sources: &Sources,
    service: &Service,
    head: &CommitSha,
) -> Result<(CommitSha, Relation), SourceError> {
    let tip = sources.github.branch_tip(&service.repository, &service.branch).await?;
    let relation = kept::relation(sources, &service.repository, (&tip, head)).await?;
    Ok((tip, relation))
}

/// The branch may have moved while everything else was read. The commit must still be on it at the end.
async fn again(
    sources: &Sources,
    service: &Service,
    head: &CommitSha,
    (now, before, relation): (CommitSha, CommitSha, Relation),
) -> Result<Relation, SourceError> {
    if now == before {
        return Ok(relation);
    }
    kept::relation(sources, &service.repository, (&now, head)).await
}

/// The range, the pull requests of its commits, and where to look for changes: each with its own error.
type Found = Result<(Range, Result<PullRequests, SourceError>, Vec<String>), SourceError>;

/// Nothing when there is no baseline to count from.
async fn range(
    sources: &Sources,
    repository: &RepoName,
    baseline: Option<&CommitSha>,
    head: &CommitSha,
) -> Option<Found> {
    let baseline = baseline?;
    Some(match kept::comparison(sources, repository, (baseline, head)).await {
        Ok(comparison) => compared(sources, repository, comparison, (baseline, head)).await,
        Err(error) => Err(error),
    })
}

async fn compared(
    sources: &Sources,
    repository: &RepoName,
    comparison: Comparison,
    (baseline, head): (&CommitSha, &CommitSha),
) -> Found {
    let removed_commits = removed(sources, repository, &comparison, (baseline, head)).await;
    let mut origins = sources.github.origins(repository, &comparison).await?;
    let range = Range {
        relation: comparison.relation,
        base_tree: comparison.base_tree.clone(),
        commits: std::mem::take(&mut origins.commits),
        removed: comparison.removed,
        removed_commits,
    };
    let paths = comparison.paths.into_iter().collect();
    Ok((range, pull_requests(sources, repository, origins).await, paths))
}

/// The commits that would leave production, for people; the number is known without them.
async fn removed(
    sources: &Sources,
    repository: &RepoName,
    comparison: &Comparison,
    (baseline, head): (&CommitSha, &CommitSha),
) -> Vec<RemovedCommit> {
    if comparison.removed == 0 {
        return Vec::new();
    }
    let back = kept::comparison(sources, repository, (head, baseline)).await.and_then(|back| back.headlines());
    match back {
        Ok(found) => {
            found.into_iter().take(MOST_REMOVED).map(|(sha, headline)| RemovedCommit { sha, headline }).collect()
        }
        Err(error) => {
            tracing::warn!(%error, "The commits that would leave production could not be listed: {error}");
            Vec::new()
        }
    }
}

type Split = (Result<Range, SourceError>, Result<PullRequests, SourceError>, Vec<String>);

fn split(found: Found) -> Split {
    match found {
        Ok((range, pull_requests, paths)) => (Ok(range), pull_requests, paths),
        Err(error) => (Err(error.clone()), Err(error), Vec::new()),
    }
}

async fn pull_requests(
    sources: &Sources,
    repository: &RepoName,
    origins: Origins,
) -> Result<PullRequests, SourceError> {
    let ids: Vec<String> = origins.pull_requests.into_values().collect();
    let found = sources.github.pull_requests(repository, &ids).await?;
    let by_number: BTreeMap<u64, PullRequest> = found.into_iter().map(|found| (found.number, found)).collect();
    Ok(PullRequests { by_number, of_commit: origins.of_commit })
}

/// Reads the reviewed commits of squashed and rebased pull requests, where the criteria want them compared.
async fn own_commits(sources: &Sources, facts: &mut Facts, criteria: &Criteria, repository: &RepoName) {
    for number in evidence::rewritten(facts, criteria) {
        let Fact::Known(pull_requests) = &mut facts.pull_requests else { return };
        let Some(pull_request) = pull_requests.by_number.get_mut(&number) else { continue };
        match sources.github.own_commits(repository, pull_request).await {
            Ok(commits) => pull_request.commits = Some(commits),
            Err(error) => {
                let what = format!("the reviewed commits of pull request {number}");
                facts.pull_requests = fact(Err(error), &what, Source::Github);
                return;
            }
        }
    }
}

/// The release branch and repository of a service, as one argument.
pub(super) fn place(service: &Service) -> (&RepoName, &BranchName) {
    (&service.repository, &service.branch)
}
