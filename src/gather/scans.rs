//! The expected scans of exactly one commit.

use std::collections::BTreeMap;

use super::{Sources, fact};
use crate::integrations::SourceError;
use crate::model::{CommitSha, Scanner, Service};
use crate::policy::facts::{Scans, Source};

/// Looks for each expected scan, and for the findings of those that are of this commit.
pub(super) async fn of(sources: &Sources, service: &Service, head: &CommitSha) -> Result<Scans, SourceError> {
    let repository = &service.repository;
    let mut scans = Scans { analyses: Vec::new(), findings: BTreeMap::new(), checks: Vec::new() };
    for scanner in &service.scanners {
        match scanner {
            Scanner::Analysis { tool, category } => {
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
        }
    }
    Ok(scans)
}
