//! What the forge knows of the commit: its branch, the commits since the baseline, their pull requests, its scans.

use std::collections::{BTreeMap, BTreeSet};

use tokio::sync::oneshot;

use super::branch::{self, Last};
use super::objects::{self, Hints};
use super::{Sources, comments, fact, kept, scans};
use crate::integrations::SourceError;
use crate::integrations::forge::{Comparison, Origins, OwnCommits, PullRequestsRead};
use crate::model::{Commit, CommitSha, PullRequest, Service};
use crate::policy::criteria::Criteria;
use crate::policy::evidence;
use crate::policy::facts::{Fact, Facts, Gap, GapReason, Objects, PullRequests, Range, RemovedCommit};
use crate::store::StoreError;

/// Most commits that would leave production and are named.
const MOST_REMOVED: usize = 100;

/// How often reading begins anew when the release branch was rewritten meanwhile.
const MOST_RESTARTS: usize = 3;

/// What is not known when the branch could not be read.
const BRANCH: &str = "the release branch";

/// What is not known when the pull requests could not be read.
const PULL_REQUESTS: &str = "the pull requests of the commits";

/// Fills in what the forge knows, as far as the ticket says what to ask for.
///
/// # Errors
/// Only when our own records cannot be read.
pub(super) async fn gather(sources: &Sources, facts: &mut Facts, criteria: &Criteria) -> Result<(), StoreError> {
    let (Some(head), Some(service)) = (facts.head(), facts.placement.service().cloned()) else { return Ok(()) };
    for _ in 0..=MOST_RESTARTS {
        match once(sources, facts, (&service, &head), criteria).await? {
            Ok(Last::Steady(relation)) => facts.on_branch = Fact::Known(relation),
            Err(error) => facts.on_branch = fact(Err(error), BRANCH, service.forge.into()),
            Ok(Last::Rewritten) => {
                tracing::warn!(repository = %service.repository, "The release branch was rewritten while it was read");
                let (what, source) = (BRANCH.to_owned(), service.forge.into());
                facts.on_branch = Fact::Unknown(Gap { what, source, reason: GapReason::Unstable });
                continue;
            }
        }
        return Ok(());
    }
    Ok(())
}

/// Reads everything once, the branch first and last. Without a baseline there is no range, and the commit itself is as good
/// a place to begin.
async fn once(
    sources: &Sources,
    facts: &mut Facts,
    (service, head): (&Service, &CommitSha),
    criteria: &Criteria,
) -> Result<Result<Last, SourceError>, StoreError> {
    facts.objects = Objects::default();
    let from = facts.baseline.known().ok().and_then(Option::as_ref).map_or(head, |baseline| &baseline.commit);
    let (first, found, scans) = tokio::join!(
        branch::first(sources, (service, head), from),
        range(sources, facts, (service, head), criteria),
        scans::of(sources, (service, head))
    );
    let (scans, begun) = scans.map_or_else(|error| (Err(error), Vec::new()), |(scans, begun)| (Ok(scans), begun));
    facts.scans = fact(scans, "the security scans of this commit", service.forge.into());
    scans::add_uploads(sources, facts).await?;
    let mut hints = note(facts, found);
    own_record(sources, facts, service).await?;
    scans::complete(sources, facts, (service, head), (criteria, begun)).await;
    if let Ok(first) = &first {
        hints.reached.clone_from(&first.reached);
    }
    objects::complete(sources, facts, (evidence::wanted, criteria), &mut hints).await;
    objects::keep(sources, facts, &hints).await;
    Ok(match first {
        Ok(first) => branch::last(sources, (service, head), (&first, hints.tip)).await,
        Err(error) => Err(error),
    })
}

/// Takes what was found into the facts; what is left are hints where to look further.
fn note(facts: &mut Facts, found: Option<Result<Found, SourceError>>) -> Hints {
    let source = facts.forge().into();
    match found {
        None => Hints::default(),
        Some(Ok(found)) => {
            facts.range = Fact::Known(found.range);
            facts.pull_requests = fact(found.pull_requests, PULL_REQUESTS, source);
            facts.objects = found.objects;
            found.hints
        }
        Some(Err(error)) => {
            facts.range = fact(Err(error.clone()), "the commits since the last approved change", source);
            facts.pull_requests = fact(Err(error), PULL_REQUESTS, source);
            Hints::default()
        }
    }
}

/// Adds what our own record of GitHub's deliveries says about the pull requests.
async fn own_record(sources: &Sources, facts: &mut Facts, service: &Service) -> Result<(), StoreError> {
    // Only GitHub's deliveries are kept, and a repository that has moved from there keeps its name and begins its numbers anew.
    let Fact::Known(pull_requests) = &mut facts.pull_requests else { return Ok(()) };
    if !service.forge.is_github() {
        return Ok(());
    }
    let numbers: Vec<u64> = pull_requests.by_number.keys().copied().collect();
    for (number, ledger) in sources.store.ledger(&service.repository, &numbers).await? {
        if let Some(pull_request) = pull_requests.by_number.get_mut(&number) {
            pull_request.ledger = ledger;
        }
    }
    let in_range = facts.range.known().map_or(&[][..], |range| &range.commits);
    let own = pull_requests.by_number.values().flat_map(|pull_request| pull_request.commits.iter().flatten());
    let commits: Vec<&CommitSha> = in_range.iter().chain(own).map(|commit| &commit.sha).collect();
    pull_requests.first_pushed = sources.store.first_pushed(&service.repository, &commits).await?;
    Ok(())
}

/// The range, the pull requests of its commits, and what was read of the repository meanwhile.
struct Found {
    range: Range,
    pull_requests: Result<PullRequests, SourceError>,
    objects: Objects,
    hints: Hints,
}

/// Nothing when there is no baseline to count from.
async fn range(
    sources: &Sources,
    facts: &Facts,
    (service, head): (&Service, &CommitSha),
    criteria: &Criteria,
) -> Option<Result<Found, SourceError>> {
    let baseline = facts.baseline.known().ok()?.as_ref()?;
    Some(match kept::comparison(sources, service, (&baseline.commit, head)).await {
        Ok(comparison) => compared(sources, facts, (service, &baseline.commit, head, comparison), criteria).await,
        Err(error) => Err(error),
    })
}

/// The shape of history says already which files merges are made of, so they are read while GitHub says who made them.
async fn compared(
    sources: &Sources,
    facts: &Facts,
    (service, baseline, head, comparison): (&Service, &CommitSha, &CommitSha, Comparison),
    criteria: &Criteria,
) -> Result<Found, SourceError> {
    let mut ahead = shape(facts, &comparison)?;
    ahead.objects = kept::objects(sources, service, &Objects::pair(baseline, head)).await;
    let paths = comparison.paths().into_iter().collect();
    let mut hints = Hints { paths, kept: ahead.objects.count(), ..Hints::default() };
    let (tell, told) = oneshot::channel();
    let (people, removed_commits, ()) = tokio::join!(
        people(sources, (service, &comparison), (head, criteria), tell),
        removed(sources, service, &comparison, (baseline, head)),
        read_ahead(sources, (&mut ahead, &mut hints), criteria, told),
    );
    let (commits, pull_requests) = people?;
    let (relation, removed, base_tree) = (comparison.relation(), comparison.removed(), comparison.base_tree().clone());
    let range = Range { relation, base_tree, commits, removed, removed_commits };
    // The pull requests were read last, and the branch was seen with them.
    hints.tip = pull_requests.as_ref().ok().and_then(|(_, tip)| tip.clone());
    Ok(Found { range, pull_requests: pull_requests.map(|(found, _)| found), objects: ahead.objects, hints })
}

/// Reads what merges are made of, and as soon as GitHub has told which pull requests it connects commits with, the files
/// between which they rewrote commits.
async fn read_ahead(
    sources: &Sources,
    (ahead, hints): (&mut Facts, &mut Hints),
    criteria: &Criteria,
    told: oneshot::Receiver<Connected>,
) {
    objects::complete(sources, ahead, (evidence::foreseen, criteria), hints).await;
    if let Ok(of_commit) = told.await {
        ahead.pull_requests = Fact::Known(PullRequests { of_commit, ..PullRequests::default() });
        objects::read_ahead(sources, ahead, (evidence::expected, criteria), hints).await;
    }
}

/// The pull requests that GitHub connects with each commit.
type Connected = BTreeMap<CommitSha, Vec<u64>>;

/// Pull requests, and the commit that the release branch ended in when they were read.
type Seen = (PullRequests, Option<CommitSha>);

/// The facts as far as the comparison tells them: without people, and without pull requests.
fn shape(facts: &Facts, comparison: &Comparison) -> Result<Facts, SourceError> {
    let range = Range {
        relation: comparison.relation(),
        base_tree: comparison.base_tree().clone(),
        commits: comparison.shape()?,
        removed: comparison.removed(),
        removed_commits: Vec::new(),
    };
    let pull_requests = PullRequests::default();
    Ok(Facts { range: Fact::Known(range), pull_requests: Fact::Known(pull_requests), ..facts.clone() })
}

/// Who made the commits, and the pull requests that they came through: each with its own error. `tell` hears of the
/// connections between them as soon as they are known.
async fn people(
    sources: &Sources,
    (service, comparison): (&Service, &Comparison),
    (head, criteria): (&CommitSha, &Criteria),
    tell: oneshot::Sender<Connected>,
) -> Result<(Vec<Commit>, Result<Seen, SourceError>), SourceError> {
    let mut origins = sources.forge(service).origins(service, comparison).await?;
    drop(tell.send(origins.of_commit.clone()));
    let commits = std::mem::take(&mut origins.commits);
    let rewritten = evidence::rewritten((&commits, head), &origins.of_commit, criteria);
    let ids: Vec<String> = origins.pull_requests.values().cloned().collect();
    let (found, comments) = tokio::join!(
        pull_requests(sources, service, (origins, rewritten)),
        comments::approving(sources, service, &ids, criteria),
    );
    let found = found.and_then(|(mut found, tip)| {
        comments::add(comments?, &mut found);
        Ok((found, tip))
    });
    Ok((commits, found))
}

/// The commits that would leave production, for people; the number is known without them.
async fn removed(
    sources: &Sources,
    service: &Service,
    comparison: &Comparison,
    (baseline, head): (&CommitSha, &CommitSha),
) -> Vec<RemovedCommit> {
    if comparison.removed() == 0 {
        return Vec::new();
    }
    let back = kept::comparison(sources, service, (head, baseline)).await.and_then(|back| back.headlines());
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

/// The pull requests, with their reviewed commits where these may have been rewritten.
async fn pull_requests(
    sources: &Sources,
    service: &Service,
    (origins, rewritten): (Origins, BTreeSet<u64>),
) -> Result<Seen, SourceError> {
    let asked: BTreeSet<u64> = origins.pull_requests.keys().copied().collect();
    let (rewritten, others): (Vec<_>, Vec<_>) =
        origins.pull_requests.into_iter().partition(|(number, _)| rewritten.contains(number));
    let ids = |some: Vec<(u64, String)>| some.into_iter().map(|(_, id)| id).collect::<Vec<String>>();
    let (rewritten, others) = (ids(rewritten), ids(others));
    let forge = sources.forge(service);
    let (rewritten, others) = tokio::try_join!(
        forge.pull_requests(service, (&rewritten, OwnCommits::All)),
        forge.pull_requests(service, (&others, OwnCommits::None)),
    )?;
    let read = [rewritten, others].into_iter().filter(|read| !read.found.is_empty());
    let (found, tips): (Vec<Vec<PullRequest>>, BTreeSet<Option<CommitSha>>) =
        read.map(|PullRequestsRead { found, tip }| (found, tip)).unzip();
    let by_number: BTreeMap<u64, PullRequest> =
        found.into_iter().flatten().map(|found| (found.number, found)).collect();
    if !by_number.keys().eq(&asked) {
        return Err(SourceError::Incomplete("other pull requests than those that were asked for".into()));
    }
    let tip = tips.first().cloned().flatten().filter(|_| tips.len() == 1);
    Ok((PullRequests { by_number, of_commit: origins.of_commit, ..PullRequests::default() }, tip))
}
