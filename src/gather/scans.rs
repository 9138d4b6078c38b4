//! The expected scans of exactly one commit.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Sources, fact};
use crate::integrations::SourceError;
use crate::integrations::github::Analyses;
use crate::model::{
    AlertDismissal, Analysis, BranchName, Commit, CommitSha, CommitStatus, PullRequest, RepoName, Scanner, Service,
    Signature, Timestamp,
};
use crate::policy::approval::security_scan;
use crate::policy::criteria::Criteria;
use crate::policy::facts::{Fact, Facts, Scans, Source};
use crate::store::StoreError;

/// What is not known when alerts could not be read.
const DISMISSALS: &str = "the dismissed alerts";

/// How long before a pull request is merged a merge queue may have made and scanned the result, and how long before an
/// approval its scans were read.
const BEFORE: Duration = Duration::from_secs(6 * 60 * 60);

/// The analyses of one scanner, which may go on.
pub(super) struct Begun {
    tool: String,
    category: String,
    analyses: Analyses,
}

/// Looks for each expected scan, and for the findings of those that are of this commit. Whether there are older analyses of
/// it is told by [`complete`], when it is known how far back they may be.
pub(super) async fn of(
    sources: &Sources,
    (service, head): (&Service, &CommitSha),
) -> Result<(Scans, Vec<Begun>), SourceError> {
    let repository = &service.repository;
    let mut scans = Scans {
        analyses: Vec::new(),
        findings: BTreeMap::new(),
        checks: Vec::new(),
        statuses: statuses(sources, service, head).await?,
        uploads: Vec::new(),
        dismissals: Fact::not_asked(DISMISSALS),
    };
    let mut begun = Vec::new();
    let github = match service.scanners.iter().all(|scanner| scanner.uploaded().is_some()) {
        true => return Ok((scans, begun)),
        false => sources.forge(service).github()?,
    };
    for scanner in &service.scanners {
        match scanner {
            Scanner::Analysis { tool, category, .. } => {
                let analyses = github.analyses(repository, (tool, category), head).await?;
                add(sources, repository, &analyses.of_commit, &mut scans).await;
                let other = analyses.other.clone().filter(|_| analyses.of_commit.is_empty());
                scans.analyses.extend(other);
                begun.push(Begun { tool: tool.clone(), category: category.clone(), analyses });
            }
            Scanner::Check { check, app_id } => {
                scans.checks.extend(github.check_runs(repository, (check, *app_id), head).await?);
            }
            // One list holds all statuses, and what pipelines sent is with us.
            Scanner::Status { .. } | Scanner::Sarif { .. } => {}
        }
    }
    Ok((scans, begun))
}

/// Adds the older analyses of the commit, so that none is hidden by a newer one, and the dismissed alerts if they matter. Where
/// there is none as far as the list was read, and there may be one behind that, nothing is known of the scans.
pub(super) async fn complete(
    sources: &Sources,
    facts: &mut Facts,
    (service, head): (&Service, &CommitSha),
    (criteria, begun): (&Criteria, Vec<Begun>),
) {
    let since = since(facts, &service.branch);
    let Fact::Known(scans) = &mut facts.scans else { return };
    for Begun { tool, category, analyses } in begun {
        let Some(newest) = analyses.of_commit.first().map(|newest| newest.id) else {
            if analyses.goes_back_to(since) {
                continue;
            }
            let much = Err(SourceError::TooMuch(tool.clone()));
            facts.scans = fact(much, &format!("the analyses of {tool}"), Source::Github);
            return;
        };
        let asked = ((tool.as_str(), category.as_str()), head);
        match sources.github.analyses_since(&service.repository, asked, (analyses, since)).await {
            Ok(analyses) => add(sources, &service.repository, &analyses.of_commit, scans).await,
            Err(error) => {
                let what = format!("all analyses of {tool}");
                scans.findings.insert(newest, fact(Err(error), &what, Source::Github));
            }
        }
    }
    let tools = security_scan::tools_with_alerts((service, head), scans, criteria);
    if !tools.is_empty() {
        scans.dismissals = fact(dismissals(sources, service, &tools).await, DISMISSALS, Source::Github);
    }
}

/// The time before which no analysis of the commit matters: it did not exist. It holds every commit of the range, so it is no
/// older than any that a merge into the release branch made. And what was there when cm-bot approved this very commit was
/// judged then. Dates in Git say nothing about it, and merges into other branches are at everybody's choice.
fn since(facts: &Facts, branch: &BranchName) -> Option<Timestamp> {
    let range = facts.range.known().map_or(&[][..], |range| &range.commits);
    let pull_requests = facts.pull_requests.known().ok().into_iter().flat_map(|found| found.by_number.values());
    let pull_requests: Vec<&PullRequest> = pull_requests.collect();
    let first = first_merged(&pull_requests);
    let released = pull_requests.iter().filter(|found| found.base == *branch && has_made(found, range));
    let made = released.filter_map(|found| first.get(&found.merged.as_ref()?.commit).copied());
    let approved = facts.approved_before.known().ok().and_then(Option::as_ref);
    let approved = approved.filter(|approved| approved.decision.is_some()).map(|approved| approved.approved_at);
    made.chain(approved).max().map(|time| time.minus(BEFORE))
}

/// Whether a merge made a commit of the range. A branch that was pushed as it is has made none, and a merge of two lines that
/// GitHub did not sign may have been made by hand long before it was pushed.
fn has_made(pull_request: &PullRequest, range: &[Commit]) -> bool {
    let merged = pull_request.merged.as_ref().map(|merged| &merged.commit);
    range.iter().find(|commit| Some(&commit.sha) == merged).is_some_and(|commit| {
        commit.sha != pull_request.head && (commit.parents.len() < 2 || commit.signature == Signature::ByGithub)
    })
}

/// When each commit came to be that pull requests were merged as. A push to the release branch brings what a merge into another
/// branch has made, and GitHub then calls the pull request merged in it.
fn first_merged<'a>(pull_requests: &[&'a PullRequest]) -> BTreeMap<&'a CommitSha, Timestamp> {
    let mut first = BTreeMap::new();
    for merged in pull_requests.iter().filter_map(|found| found.merged.as_ref()) {
        first.entry(&merged.commit).and_modify(|at: &mut Timestamp| *at = (*at).min(merged.at)).or_insert(merged.at);
    }
    first
}

/// Takes in analyses of the commit that are not there yet, each with its findings. Of one that failed there are none, unless it
/// says so.
async fn add(sources: &Sources, repository: &RepoName, found: &[Analysis], scans: &mut Scans) {
    for analysis in found {
        if scans.analyses.iter().any(|known| known.id == analysis.id) {
            continue;
        }
        let mut analysis = analysis.clone();
        if analysis.error.is_empty() || analysis.results > 0 {
            let runs = sources.github.findings(repository, analysis.id).await;
            if analysis.error.is_empty() && runs.as_ref().is_ok_and(|runs| runs.iter().any(|run| !run.completed)) {
                analysis.error = "its run did not end well".into();
            }
            let findings = runs.map(|runs| runs.into_iter().flat_map(|run| run.findings).collect());
            let what = format!("the findings of {}", analysis.tool);
            scans.findings.insert(analysis.id, fact(findings, &what, Source::Github));
        }
        scans.analyses.push(analysis);
    }
}

/// One request, and none for a service that expects no status.
async fn statuses(sources: &Sources, service: &Service, head: &CommitSha) -> Result<Vec<CommitStatus>, SourceError> {
    let context = |scanner: &'_ Scanner| match scanner {
        Scanner::Status { status, .. } => Some(status.clone()),
        Scanner::Analysis { .. } | Scanner::Check { .. } | Scanner::Sarif { .. } => None,
    };
    let contexts: BTreeSet<String> = service.scanners.iter().filter_map(context).collect();
    if contexts.is_empty() {
        return Ok(Vec::new());
    }
    let contexts = contexts.iter().map(String::as_str).collect();
    sources.forge(service).github()?.newest_statuses(&service.repository, &contexts, head).await
}

/// Puts in what pipelines sent.
///
/// # Errors
/// When our own records cannot be read.
pub(super) async fn add_uploads(sources: &Sources, facts: &mut Facts) -> Result<(), StoreError> {
    let (Some(build), Some(service)) = (facts.build(), facts.placement.service().cloned()) else { return Ok(()) };
    let Fact::Known(scans) = &mut facts.scans else { return Ok(()) };
    scans.uploads.clear();
    for tool in service.scanners.iter().filter_map(Scanner::uploaded) {
        scans.uploads.extend(sources.store.uploads(&service, tool, &build).await?);
    }
    Ok(())
}

/// The same facts with what pipelines have sent by now; nothing when that is the same.
///
/// # Errors
/// When our own records cannot be read.
pub async fn with_later(sources: &Sources, then: &Facts) -> Result<Option<Facts>, StoreError> {
    if !then.placement.service().is_some_and(|service| service.scanners.iter().any(|one| one.uploaded().is_some())) {
        return Ok(None);
    }
    let mut now = then.clone();
    add_uploads(sources, &mut now).await?;
    Ok((now.scans != then.scans).then_some(now))
}

async fn dismissals(
    sources: &Sources,
    service: &Service,
    tools: &BTreeSet<&str>,
) -> Result<BTreeMap<u64, AlertDismissal>, SourceError> {
    let mut all = BTreeMap::new();
    for tool in tools {
        all.extend(sources.github.dismissals((&service.repository, &service.branch), tool).await?);
    }
    Ok(all)
}
