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

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::model::Timestamp;
use crate::signals::Wake;
use crate::store::StoreError;

/// How long the database may be away before the result of a piece of work is given up.
const WAITS: [Duration; 4] =
    [Duration::from_millis(200), Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];

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

/// Writes down what came of a piece of work, also when the database is away for a moment: who does not hear of it has it
/// done again.
async fn insist<F: Future<Output = Result<(), StoreError>>>(write: impl Fn() -> F) -> Result<(), StoreError> {
    for wait in WAITS {
        match write().await {
            Err(StoreError::Sql(error)) => tracing::warn!(%error, "The database failed, and is asked again: {error}"),
            result => return result,
        }
        tokio::time::sleep(wait).await;
    }
    write().await
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

    use super::*;

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
