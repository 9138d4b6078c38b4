//! The time of the service: the machine's clock, or one that a scene moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::model::Timestamp;

/// Where the service reads the time. Nothing else in the program does.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// Milliseconds since the epoch that somebody else moves.
    Scripted(Arc<AtomicI64>),
}

impl Clock {
    /// Now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place where the service reads the machine's clock")]
    pub fn now(&self) -> Timestamp {
        match self {
            Clock::System => Timestamp(jiff::Timestamp::now().as_millisecond()),
            Clock::Scripted(time) => Timestamp(time.load(Ordering::SeqCst)),
        }
    }

    /// Waits. Nobody sits through a scene in its own time: there it is only a moment.
    pub async fn rest(&self, wait: Duration) {
        match self {
            Clock::System => tokio::time::sleep(wait).await,
            Clock::Scripted(_) => tokio::time::sleep(wait / 100).await,
        }
    }
}
