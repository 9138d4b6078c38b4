//! Durable work: what was promised is done, also after a crash.

mod checkpoints;
mod gate;
mod kept_checkpoint;
mod missed;
mod orphans;
mod outbox;
mod probe;
mod reconcile;
mod schedule;
mod takeover;
mod worker;

pub use checkpoints::Checkpoints;
pub use gate::GateKeeper;
pub use kept_checkpoint::{KeptCheckpoint, KeptError};
pub use missed::Missed;
pub use orphans::Orphans;
pub use outbox::{Channels, Outbox};
pub use probe::Probe;
pub use reconcile::Reconcile;
pub use schedule::Schedule;
pub use takeover::Takeover;
pub use worker::Worker;

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::model::Timestamp;
use crate::signals::Wake;
use crate::store::{LEASE, StoreError};

/// How long to wait before what came of a piece of work is written down again, and between all later tries.
const WAITS: [Duration; 3] = [Duration::from_millis(200), Duration::from_millis(500), Duration::from_secs(1)];
const LATER: Duration = Duration::from_secs(2);

/// When work is due again that this process leaves to others, because they have the criteria in force and it has not.
const FOR_OTHERS: Duration = Duration::from_secs(5);

/// Works until it is told to stop: one piece after the other, and a rest when there was none or the queue failed.
async fn work_on<F: Future<Output = Result<bool, StoreError>>>(
    work_once: impl Fn() -> F,
    wake: &Wake,
    stop: &CancellationToken,
) {
    while !stop.is_cancelled() {
        let nudge = wake.next();
        let rest = match work_once().await {
            Ok(true) => {
                wake.all();
                continue;
            }
            Ok(false) => nudge,
            Err(error) => {
                tracing::error!(%error, "The queue failed: {error}");
                wake.next()
            }
        };
        tokio::select! {
            () = rest => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Writes down what came of a piece of work, also when the database is away for a while or its disk is full. It is given up
/// only when others may have taken the work: until then nobody would do it again, and its ticket would wait for nothing.
async fn insist<F: Future<Output = Result<(), StoreError>>>(write: impl Fn() -> F) -> Result<(), StoreError> {
    insist_for(LEASE, write).await
}

async fn insist_for<F: Future<Output = Result<(), StoreError>>>(
    most: Duration,
    write: impl Fn() -> F,
) -> Result<(), StoreError> {
    let (since, mut waits) = (Instant::now(), WAITS.into_iter());
    loop {
        match write().await {
            Err(StoreError::Sql(error)) if since.elapsed() < most => {
                tracing::warn!(%error, "The database failed, and is asked again: {error}");
            }
            result => return result,
        }
        tokio::time::sleep(waits.next().unwrap_or(LATER)).await;
    }
}

/// When to try again after `attempts` tries: `first`, doubled each time, at most `most`; never sooner than was asked of us.
fn try_again_at(
    now: Timestamp,
    attempts: i64,
    (first, most): (Duration, Duration),
    asked: Option<Duration>,
) -> Timestamp {
    let doublings = u32::try_from(attempts.clamp(1, 16) - 1).unwrap_or(0);
    let wait = first.saturating_mul(2_u32.saturating_pow(doublings)).min(most);
    now.plus(spread(wait).max(asked.unwrap_or(Duration::ZERO)))
}

/// Up to a fifth sooner: those who failed together do not come back together.
fn spread(wait: Duration) -> Duration {
    let [random, ..] = *Uuid::new_v4().as_bytes();
    wait.mul_f64(1.0 - f64::from(random) / f64::from(u8::MAX) / 5.0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// Whether what came of a piece of work is written down, and at which try, when it is insisted on for half a second.
    async fn insisted(away: Duration, failure: fn() -> StoreError) -> (bool, u32) {
        let (since, tries) = (Instant::now(), AtomicU32::new(0));
        let write = || async {
            tries.fetch_add(1, Ordering::Relaxed);
            if since.elapsed() < away { Err(failure()) } else { Ok(()) }
        };
        let written = insist_for(Duration::from_millis(500), write).await;
        (written.is_ok(), tries.into_inner())
    }

    #[tokio::test]
    async fn a_result_is_insisted_on_while_the_database_is_away_and_not_for_ever() {
        let away = || StoreError::Sql(sqlx::Error::PoolTimedOut);
        assert_eq!(insisted(Duration::ZERO, away).await, (true, 1));
        assert!(insisted(Duration::from_millis(100), away).await.0);
        let (written, tries) = insisted(Duration::MAX, away).await;
        assert!(!written && tries > 1, "{tries}");
    }

    #[tokio::test]
    async fn what_the_database_refuses_is_not_asked_again() {
        assert_eq!(insisted(Duration::MAX, || StoreError::LeaseLost).await, (false, 1));
    }

    #[test]
    fn waits_grow_to_a_limit_and_respect_what_was_asked() {
        let range = (Duration::from_secs(30), Duration::from_secs(600));
        let wait = |attempts, asked| try_again_at(Timestamp(0), attempts, range, asked).0 / 1000;
        for (attempts, most) in [(1, 30), (2, 60), (3, 120), (6, 600), (60, 600)] {
            let waits: BTreeSet<i64> = (0..100).map(|_| wait(attempts, None)).collect();
            assert!(waits.iter().all(|wait| (most * 4 / 5..=most).contains(wait)), "{attempts}: {waits:?}");
            assert!(waits.len() > 3, "all at the same time: {waits:?}");
        }
        assert_eq!(wait(1, Some(Duration::from_secs(90))), 90);
    }
}
