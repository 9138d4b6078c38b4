//! The changes of a period, for an auditor.

use std::time::Duration;

use super::Context;
use crate::gather::evidence::{Hold, Reach};
use crate::gather::period::{Asked, How, Numbers, Period, PeriodError, period};
use crate::model::{Day, ServiceName, Timestamp, Watched};
use crate::policy::follow_up::completeness::{Orphan, OrphanKind};

/// What an export of a period would say, without what it would hold.
#[derive(Debug)]
pub struct Preview {
    /// The first and the last day.
    pub days: (Day, Day),
    /// As of when the records were asked.
    pub made_at: Timestamp,
    /// When it was read, by our clock.
    pub read_at: Timestamp,
    /// Tickets, answers, runs and deployments; why one of them is not known.
    pub numbers: Numbers,
    /// Everything that misses its counterpart.
    pub orphans: Vec<Orphan>,
    /// How many there are of each kind.
    pub orphans_by_kind: Vec<(OrphanKind, usize)>,
    /// What could not be read.
    pub gaps: Vec<String>,
    /// What was asked of whom, word for word.
    pub asked: Vec<String>,
    /// SHA-256 over the sorted keys, as the export writes it.
    pub keys_sha256: String,
    /// Each change: key, what it is, its state, its last verdict.
    pub changes: Vec<[String; 4]>,
}

impl Context {
    /// Collects the changes of a period and compares them.
    ///
    /// # Errors
    /// As [`period`].
    pub async fn period(&self, days: (Option<Day>, Option<Day>), how: How) -> Result<Period, PeriodError> {
        let watched: Vec<(ServiceName, Vec<Watched>)> =
            self.gates.iter().map(|gate| (gate.service.clone(), gate.watch.clone())).collect();
        let hours = self.policy.criteria.terms.gate.approval_hours;
        let asked = Asked {
            sources: &self.sources,
            jenkins: self.jenkins.as_ref(),
            watched: &watched,
            approval: Duration::from_secs(hours.saturating_mul(3600)),
            longest: self.report_after,
            project: &self.project,
        };
        period(&asked, days, self.clock.now(), how).await
    }
}

/// What an export of these days would say now. It asks everybody, as the export does.
///
/// # Errors
/// When our own records cannot be read, or the days are no period.
pub async fn preview(context: &Context, (first, last): (Day, Day)) -> Result<Preview, PeriodError> {
    let how = How { reach: Reach::Everybody, hold: Hold::Outline, progress: |line| tracing::debug!("{line}") };
    let period = context.period((Some(first), Some(last)), how).await?;
    Ok(Preview {
        days: period.days,
        made_at: period.question.now,
        read_at: context.clock.now(),
        numbers: period.numbers(),
        orphans_by_kind: period.orphans_by_kind(),
        keys_sha256: period.keys_sha256(),
        changes: period.population.changes.iter().map(crate::gather::evidence::Change::row).collect(),
        orphans: period.comparison.orphans,
        gaps: period.population.gaps,
        asked: period.population.asked,
    })
}
