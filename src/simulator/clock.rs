//! The time of a simulated world.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// When a scripted world begins: 2026-11-02 09:00 UTC, a Monday.
pub const SCENE_START_MS: i64 = 1_793_610_000_000;

/// Milliseconds since the epoch, either the machine's or those of a script.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    Real,
    /// Stands still until the script moves it. Share the number to give others the same time.
    Scripted(Arc<AtomicI64>),
}

impl Clock {
    /// A scripted clock that shows the start of a scene.
    #[must_use]
    pub fn scripted() -> Clock {
        Clock::Scripted(Arc::new(AtomicI64::new(SCENE_START_MS)))
    }

    /// Now, in milliseconds since the epoch.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place where the simulated world reads the machine's clock")]
    pub fn now_ms(&self) -> i64 {
        match self {
            Clock::Real => jiff::Timestamp::now().as_millisecond(),
            Clock::Scripted(time) => time.load(Ordering::SeqCst),
        }
    }

    /// Moves a scripted clock; the machine's clock goes by itself.
    pub fn pass(&self, time: Duration) {
        if let Clock::Scripted(clock) = self {
            clock.fetch_add(i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 2), Ordering::SeqCst);
        }
    }
}

/// A time as RFC 3339 in UTC, whole seconds.
#[must_use]
pub fn text(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms)
        .map_or_else(|_| String::new(), |time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}
