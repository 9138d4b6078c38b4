//! Takes jobs from the queue and has them handled.

use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use super::{FOR_OTHERS, insist, try_again_at, work_on};
use crate::handlers::{Context, HandlerError, Next, gave_up, handle};
use crate::signals::Wake;
use crate::store::{ClaimedJob, Job, StoreError};

/// How many faults of ours a job may end in before it is left to people.
const MOST_FAULTS: i64 = 5;

/// A worker for jobs; several may run.
#[derive(Debug, Clone)]
pub struct Worker {
    /// What handlers work with.
    pub context: Context,
    /// Wakes us.
    pub wake: Wake,
}

impl Worker {
    /// Works until it is told to stop, and finishes what it has begun.
    pub async fn run(self, stop: CancellationToken) {
        work_on(|| self.work_once(), &self.wake, &stop).await;
    }

    /// Does the next job, if one is due; says whether one was.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn work_once(&self) -> Result<bool, StoreError> {
        let store = &self.context.sources.store;
        let Some(claimed) = store.claim_job(self.context.clock.now()).await? else { return Ok(false) };
        self.work(&claimed).instrument(span(&claimed.job)).await?;
        Ok(true)
    }

    async fn work(&self, claimed: &ClaimedJob) -> Result<(), StoreError> {
        let (context, job) = (self.context.clone(), claimed.job.clone());
        // In a task of its own, so that a panic ends one job and not the worker.
        let task = tokio::spawn(async move { handle(&context, &job).await }.in_current_span());
        let result = AbortOnDropHandle::new(task).await;
        match result {
            Ok(Ok(next)) => self.finish(claimed, next).await,
            Ok(Err(HandlerError::Store(StoreError::Damaged(what)))) => self.fault(claimed, &what).await,
            Ok(Err(error)) => self.retry(claimed, &error).await,
            Err(panic) => self.fault(claimed, &panic.to_string()).await,
        }
    }

    async fn finish(&self, claimed: &ClaimedJob, next: Next) -> Result<(), StoreError> {
        let store = &self.context.sources.store;
        match next {
            Next::Nothing => insist(|| store.finish_job(claimed)).await,
            Next::LookAgain(wait) => {
                let run_at = self.context.clock.now().plus(wait);
                insist(|| store.look_again(claimed, run_at)).await
            }
            Next::LookAt(at) => insist(|| store.look_again(claimed, at)).await,
            Next::TryAgain(asked) => {
                let run_at = self.later(claimed, asked);
                insist(|| store.retry_job(claimed, run_at, "something could not be found out")).await
            }
        }
    }

    async fn retry(&self, claimed: &ClaimedJob, error: &HandlerError) -> Result<(), StoreError> {
        if matches!(error, HandlerError::Store(StoreError::OtherCriteria)) {
            let run_at = self.context.clock.now().plus(FOR_OTHERS);
            return insist(|| self.context.sources.store.look_again(claimed, run_at)).await;
        }
        tracing::warn!(job = ?claimed.job, attempts = claimed.attempts, "{:?} is tried again: {error}", claimed.job);
        let asked = match error {
            HandlerError::Source(error) => error.retry_after(),
            HandlerError::Store(_) => None,
        };
        let (run_at, why) = (self.later(claimed, asked), error.to_string());
        insist(|| self.context.sources.store.retry_job(claimed, run_at, &why)).await
    }

    /// A fault of ours: the same would happen again and again, so it is tried a few times and then left to people.
    async fn fault(&self, claimed: &ClaimedJob, why: &str) -> Result<(), StoreError> {
        let (store, faults) = (&self.context.sources.store, claimed.faults + 1);
        tracing::error!(job = ?claimed.job, faults, "Handling {:?} failed inside cm-bot: {why}", claimed.job);
        let run_at = self.later(claimed, None);
        if faults < MOST_FAULTS {
            return insist(|| store.retry_after_fault(claimed, run_at, why)).await;
        }
        if let Err(error) = gave_up(&self.context, &claimed.job).await {
            tracing::error!(job = ?claimed.job, "Nobody could be told that {:?} is given up: {error}", claimed.job);
            return insist(|| store.retry_job(claimed, run_at, why)).await;
        }
        insist(|| store.bury_job(claimed, self.context.clock.now(), why)).await
    }

    fn later(&self, claimed: &ClaimedJob, asked: Option<std::time::Duration>) -> crate::model::Timestamp {
        let intervals = self.context.intervals;
        try_again_at(self.context.clock.now(), claimed.attempts, (intervals.retry, intervals.recheck), asked)
    }
}

/// What every log line of a job carries, whatever level is logged.
fn span(job: &Job) -> Span {
    match job {
        Job::Ticket(issue) | Job::FollowUp(issue) => {
            tracing::error_span!("ticket", ticket.id = %issue, ticket.key = Empty)
        }
        Job::Repository(name) => tracing::error_span!("repository", repository = %name),
        Job::Declaration(id) => tracing::error_span!("declaration", emergency = %id),
        Job::Slack(delivery) => tracing::error_span!("slack", delivery.id = delivery),
        Job::Protected(held) => tracing::error_span!("protected_run", repository = %held.repository, run = held.run),
    }
}
