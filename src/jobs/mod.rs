//! Durable work: what was promised is done, also after a crash.

mod outbox;
mod probe;
mod worker;

pub use outbox::{Channels, Outbox};
pub use probe::Probe;
pub use worker::Worker;

use std::time::Duration;

use crate::model::Timestamp;
use crate::signals::Wake;
use crate::store::StoreError;

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
