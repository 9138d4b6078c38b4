//! What GitHub knows of the commit: its branch, the commits since the baseline, their pull requests, its scans.

use std::collections::BTreeMap;

use super::{Sources, fact, scans};
use crate::integrations::SourceError;
use crate::integrations::github::Origins;
use crate::model::{CommitSha, PullRequest, Relation, RepoName, Service};
use crate::policy::approval::commits_to_look_into;
use crate::policy::criteria::Criteria;
use crate::policy::facts::{Facts, FileChange, FileChangeKind, PullRequests, Range, Source};

/// Fills in what GitHub knows, as far as the ticket says what to ask for.
pub(super) async fn gather(sources: &Sources, facts: &mut Facts, criteria: &Criteria) {
    let (Some(head), Some(service)) = (facts.head(), facts.placement.service().cloned()) else { return };
    let baseline = facts.baseline.known().ok().cloned().flatten().map(|baseline| baseline.commit);
    let (on_branch, range, scans) = tokio::join!(
        position(sources, &service, &head),
        range(sources, &service.repository, baseline.as_ref(), &head),
        scans::of(sources, &service, &head),
    );
    facts.on_branch = fact(on_branch, "the release branch", Source::Github);
    facts.scans = fact(scans, "the security scans of this commit", Source::Github);
    if let Some(found) = range {
        let (range, pull_requests) = split(found);
        facts.range = fact(range, "the commits since the last approved change", Source::Github);
        facts.pull_requests = fact(pull_requests, "the pull requests of the commits", Source::Github);
    }
    for sha in commits_to_look_into(facts, criteria) {
        let changes = changes(sources, &service.repository, &sha, criteria).await;
        let what = format!("the files of commit {}", sha.short());
        facts.changes.insert(sha, fact(changes, &what, Source::Github));
    }
}

/// How the commit stands to the release branch. The branch is asked for once, and then only the commit that it ended in.
async fn position(sources: &Sources, service: &Service, head: &CommitSha) -> Result<Relation, SourceError> {
    let tip = sources.github.branch_tip(&service.repository, &service.branch).await?;
    sources.github.relation(&service.repository, &tip, head).await
}

/// The range, and the pull requests of its commits: each with its own error.
type Found = Result<(Range, Result<PullRequests, SourceError>), SourceError>;

/// Nothing when there is no baseline to count from.
async fn range(
    sources: &Sources,
    repository: &RepoName,
    baseline: Option<&CommitSha>,
    head: &CommitSha,
) -> Option<Found> {
    let baseline = baseline?;
    let comparison = match sources.github.compare(repository, baseline, head).await {
        Ok(comparison) => comparison,
        Err(error) => return Some(Err(error)),
    };
    let (relation, removed) = (comparison.relation, comparison.removed);
    let found = match sources.github.origins(repository, &comparison).await {
        Ok(mut origins) => {
            let commits = std::mem::take(&mut origins.commits);
            Ok((Range { relation, commits, removed }, pull_requests(sources, repository, origins).await))
        }
        Err(error) => Err(error),
    };
    Some(found)
}

fn split(found: Found) -> (Result<Range, SourceError>, Result<PullRequests, SourceError>) {
    match found {
        Ok((range, pull_requests)) => (Ok(range), pull_requests),
        Err(error) => (Err(error.clone()), Err(error)),
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

/// What a commit changes. The content is read only when it could be a version bump.
async fn changes(
    sources: &Sources,
    repository: &RepoName,
    sha: &CommitSha,
    criteria: &Criteria,
) -> Result<Vec<FileChange>, SourceError> {
    let (parent, files) = sources.github.changed_files(repository, sha).await?;
    let covered = criteria.terms.version_bump.covers(files.iter().map(|(path, _)| path.as_str()));
    let mut changes = Vec::new();
    for (path, status) in files {
        let kind = match (&parent, status.as_str()) {
            (Some(parent), "modified") if covered => content(sources, repository, &path, (parent, sha)).await?,
            _ => FileChangeKind::Other,
        };
        changes.push(FileChange { path, kind });
    }
    Ok(changes)
}

async fn content(
    sources: &Sources,
    repository: &RepoName,
    path: &str,
    (parent, sha): (&CommitSha, &CommitSha),
) -> Result<FileChangeKind, SourceError> {
    let before = sources.github.file(repository, path, parent).await?;
    let after = sources.github.file(repository, path, sha).await?;
    Ok(match (before, after) {
        (Some(before), Some(after)) => FileChangeKind::Content { before, after },
        (None, _) | (_, None) => FileChangeKind::Other,
    })
}
