//! The expected scans of exactly one commit.

use std::collections::{BTreeMap, BTreeSet};

use super::{Sources, fact};
use crate::integrations::SourceError;
use crate::model::{AlertDismissal, CommitSha, CommitStatus, Scanner, Service};
use crate::policy::approval::security_scan;
use crate::policy::criteria::Criteria;
use crate::policy::facts::{Fact, Facts, Scans, Source};
use crate::store::StoreError;

/// What is not known when alerts could not be read.
const DISMISSALS: &str = "the dismissed alerts";

/// Looks for each expected scan, and for the findings of those that are of this commit.
pub(super) async fn of(
    sources: &Sources,
    (service, head): (&Service, &CommitSha),
    criteria: &Criteria,
) -> Result<Scans, SourceError> {
    let repository = &service.repository;
    let not_yet = Fact::not_asked(DISMISSALS);
    let mut scans = Scans {
        analyses: Vec::new(),
        findings: BTreeMap::new(),
        checks: Vec::new(),
        statuses: statuses(sources, service, head).await?,
        uploads: Vec::new(),
        dismissals: not_yet,
    };
    for scanner in &service.scanners {
        match scanner {
            Scanner::Analysis { tool, category, .. } => {
                let found = sources.github.analysis(repository, (tool, category), head).await?;
                if let Some(analysis) = found.as_ref().filter(|analysis| analysis.commit == *head) {
                    let findings = sources.github.findings(repository, analysis.id).await;
                    let what = format!("the findings of {tool}");
                    scans.findings.insert(analysis.id, fact(findings, &what, Source::Github));
                }
                scans.analyses.extend(found);
            }
            Scanner::Check { check, app_id } => {
                scans.checks.extend(sources.github.check_runs(repository, (check, *app_id), head).await?);
            }
            // One list holds all statuses, and what pipelines sent is with us.
            Scanner::Status { .. } | Scanner::Sarif { .. } => {}
        }
    }
    let tools = security_scan::tools_with_alerts((service, head), &scans, criteria);
    if !tools.is_empty() {
        scans.dismissals = fact(dismissals(sources, service, &tools).await, DISMISSALS, Source::Github);
    }
    Ok(scans)
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
    sources.github.newest_statuses(&service.repository, &contexts, head).await
}

/// Adds what pipelines sent.
///
/// # Errors
/// When our own records cannot be read.
pub(super) async fn add_uploads(sources: &Sources, facts: &mut Facts) -> Result<(), StoreError> {
    let (Some(build), Some(service)) = (facts.build(), facts.placement.service().cloned()) else { return Ok(()) };
    let Fact::Known(scans) = &mut facts.scans else { return Ok(()) };
    for tool in service.scanners.iter().filter_map(Scanner::uploaded) {
        scans.uploads.extend(sources.store.uploads(&service, tool, &build).await?);
    }
    Ok(())
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
