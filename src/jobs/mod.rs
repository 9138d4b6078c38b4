//! Durable work: what was promised is done, also after a crash.

mod checkpoints;
mod outbox;
mod probe;
mod reconcile;
mod takeover;
mod worker;

pub use checkpoints::Checkpoints;
pub use outbox::{Channels, Outbox};
pub use probe::Probe;
pub use reconcile::Reconcile;
pub use takeover::Takeover;
pub use worker::Worker;

use std::time::Duration;

use crate::model::Timestamp;
use crate::signals::Wake;
use crate::store::StoreError;

/// How long the database may be away before the result of a piece of work is given up.
const WAITS: [Duration; 4] =
    [Duration::from_millis(200), Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];

/// What a worker does after one piece of work: at once the next, or a rest when there was none or the queue failed.
async fn rest_after(result: Result<bool, StoreError>, wake: &Wake) {
    match result {
        Ok(true) => wake.all(),
        Ok(false) => wake.sleep().await,
        Err(error) => {
            tracing::error!(%error, "The queue failed: {error}");
            wake.sleep().await;
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
    now.plus(wait.max(asked.unwrap_or(Duration::ZERO)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_limit_and_respect_what_was_asked() {
        let range = (Duration::from_secs(30), Duration::from_secs(600));
        let wait = |attempts, asked| try_again_at(Timestamp(0), attempts, range, asked).0 / 1000;
        assert_eq!([1, 2, 3, 6, 60].map(|attempts| wait(attempts, None)), [30, 60, 120, 600, 600]);
        assert_eq!(wait(1, Some(Duration::from_secs(90))), 90);
    }
}
