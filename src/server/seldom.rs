//! Lines of the log that anybody can cause: one a second at most, so that nobody fills a disk with them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The time from one line to the next.
const BETWEEN: Duration = Duration::from_secs(1);

/// When a line was written last, and how often there was none since.
#[derive(Debug, Clone, Default)]
pub struct Seldom(Arc<Mutex<Told>>);

#[derive(Debug, Default)]
struct Told {
    last: Option<Instant>,
    kept_back: u64,
}

impl Seldom {
    /// How many events a line written now stands for; nothing when none is to be written.
    pub(super) fn turn(&self) -> Option<u64> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.kept_back += 1;
        if told.last.is_some_and(|last| last.elapsed() < BETWEEN) {
            return None;
        }
        told.last = Some(Instant::now());
        Some(std::mem::take(&mut told.kept_back))
    }
}
