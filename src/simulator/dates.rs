//! The `Date` header of every answer: the time of the simulated world, or a wrong one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::DATE;
use axum::middleware::Next;
use axum::response::Response;

use super::clock::Clock;

/// Which time answers bear.
#[derive(Debug, Clone)]
pub struct Dates {
    clock: Clock,
    by_machine: Arc<AtomicBool>,
}

/// A mark on an answer: its date is not the time.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wrong {
    /// It is off by so many milliseconds.
    By(i64),
    /// There is none that anybody could read.
    Missing,
}

impl Dates {
    /// The time of a world.
    pub(super) fn of(clock: Clock) -> Dates {
        Dates { clock, by_machine: Arc::default() }
    }

    /// From now on the machine's time, for a service in a process of its own, whose clock no script moves.
    pub fn follow_the_machine(&self) {
        self.by_machine.store(true, Ordering::SeqCst);
    }

    fn now_ms(&self) -> i64 {
        if self.by_machine.load(Ordering::SeqCst) { Clock::Real.now_ms() } else { self.clock.now_ms() }
    }
}

impl Wrong {
    /// Puts the mark on an answer.
    pub(super) fn mark(self, mut response: Response) -> Response {
        response.extensions_mut().insert(self);
        response
    }
}

/// Middleware that writes the header.
pub(super) async fn date(State(dates): State<Dates>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let date = match response.extensions().get::<Wrong>() {
        Some(Wrong::Missing) => None,
        Some(Wrong::By(ms)) => text(dates.now_ms() + ms),
        None => text(dates.now_ms()),
    };
    // Without one, the server would write the machine's time.
    response.headers_mut().insert(DATE, date.unwrap_or(HeaderValue::from_static("unknown")));
    response
}

/// As HTTP writes it (RFC 9110, section 5.6.7).
fn text(ms: i64) -> Option<HeaderValue> {
    let time = jiff::Timestamp::from_millisecond(ms).ok()?;
    HeaderValue::try_from(time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()).ok()
}
