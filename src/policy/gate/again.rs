//! A run that was let through asks again, because an answer was lost on the way. It is answered the same until its deployment
//! has ended. Whoever presses "Retry" in a CI system long after that asks as the same run, too, and so does a job that was
//! started again: for those there is a new approval or nothing (policy: an approval counts once).

use std::time::Duration;

use super::{Denial, Reason};
use crate::model::{Ending, PipelineName, Timestamp};
use crate::policy::criteria::Criteria;

/// What is on record of a run that was let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Past<'a> {
    /// When it was let through.
    pub used_at: Timestamp,
    /// When the approval that it used had been given.
    pub used: Timestamp,
    /// The job of the run that was let through, where its token said so.
    pub job: Option<&'a PipelineName>,
    /// The job of the run that asks now.
    pub asked_by: Option<&'a PipelineName>,
    /// When the approval was given at which its ticket stands now; nothing when it stands at none.
    pub standing: Option<Timestamp>,
    /// What became of the deployment, as far as that is known.
    pub ending: Option<Ending>,
}

/// Denies a run that was let through, and to which the same answer would be a second deployment.
#[must_use]
pub fn used_up(past: &Past<'_>, criteria: &Criteria, now: Timestamp) -> Option<Denial> {
    if let Some(ending) = past.ending {
        return Some(no(match ending {
            Ending::Succeeded => "This run was let through before, and its deployment has ended: it succeeded.",
            Ending::Failed => "This run was let through before, and its deployment has ended: it failed.",
            Ending::RolledBack => "This run was let through before, and its deployment has ended: it was rolled back.",
            Ending::Unreported => "This run was let through before, and nobody has said how its deployment ended.",
        }));
    }
    if let Some(job) = past.job.filter(|job| past.asked_by != Some(*job)) {
        return Some(another_job(job));
    }
    if past.standing != Some(past.used) {
        return Some(no("The approval that let this run through does not count any more."));
    }
    let hours = criteria.terms.gate.approval_hours;
    let ends = past.used_at.plus(Duration::from_secs(hours.saturating_mul(3600)));
    let at = past.used_at.day_and_clock();
    (now >= ends).then(|| no(format!("This run was let through at {at}, and that counts for {hours} hours.")))
}

/// The denial to a job of a run in which another job was let through.
#[must_use]
pub fn another_job(let_through: &PipelineName) -> Denial {
    no(format!("This run was let through before, in its job {let_through}, and this is another job."))
}

fn no(headline: impl Into<String>) -> Denial {
    Denial {
        reason: Reason::AlreadyUsed,
        headline: headline.into(),
        details: Vec::new(),
        todo: "start a new run of the pipeline: it requests a change of its own.".into(),
    }
}
