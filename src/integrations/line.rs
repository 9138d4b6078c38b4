//! A line to a system that is only read from: a few requests at a time, none while it says "later", and for one ticket no
//! more than the settings allow.

use std::sync::Arc;
use std::time::Duration;

use backon::Retryable;
use reqwest::RequestBuilder;
use tokio::sync::Semaphore;

use super::SourceError;
use super::allowance::Allowance;
use super::http::{Answer, Peer, backoff};
use super::limits::Gate;
use super::peer_clock::PeerClock;
use crate::clock::Clock;

/// How long a system is left alone when it says "too often" and no time.
const UNNAMED: Duration = Duration::from_secs(60);

/// Everything that requests to one system share. A clone shares it, too.
#[derive(Debug, Clone)]
pub(super) struct Line {
    peer: Peer,
    clock: Clock,
    their_clock: Arc<PeerClock>,
    gate: Arc<Gate>,
    under_way: Arc<Semaphore>,
    requests_per_ticket: usize,
    /// Nothing when any number of requests may be sent.
    allowance: Option<Arc<Allowance>>,
}

/// How many requests may be sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// At a time.
    pub at_a_time: usize,
    /// For one look at one ticket.
    pub per_ticket: usize,
}

impl Line {
    /// A line over which nothing has been sent.
    pub(super) fn new(peer: Peer, bounds: Bounds, clock: Clock) -> Line {
        Line {
            peer,
            clock,
            their_clock: Arc::default(),
            gate: Arc::default(),
            under_way: Arc::new(Semaphore::new(bounds.at_a_time)),
            requests_per_ticket: bounds.per_ticket,
            allowance: None,
        }
    }

    /// The same line for one look at one ticket, with an allowance of its own.
    pub(super) fn for_one_ticket(&self) -> Line {
        Line { allowance: Some(Arc::new(Allowance::of(self.requests_per_ticket))), ..self.clone() }
    }

    /// What requests over it use up, for those that take another way to the same system.
    pub(super) fn allowance(&self) -> Option<Arc<Allowance>> {
        self.allowance.clone()
    }

    /// How long the system wants to be left alone; nothing when it may be asked.
    pub(super) fn must_wait(&self) -> Option<Duration> {
        self.gate.closed_for(self.clock.now())
    }

    /// How many milliseconds its clock is ahead of ours, by its newest answer; nothing when that did not say.
    pub(super) fn clock_ahead_ms(&self) -> Option<i64> {
        self.their_clock.ahead_ms()
    }

    /// Sends a request that only reads; up to three times when there is no answer.
    ///
    /// # Errors
    /// As [`Peer::send_once`]; [`SourceError::UsedUp`] when the ticket's allowance is.
    pub(super) async fn read(&self, request: impl Fn() -> RequestBuilder) -> Result<Answer, SourceError> {
        let attempt = || async { self.once(request()).await };
        attempt.retry(backoff()).when(|error| matches!(error, SourceError::Unreachable(_))).await
    }

    async fn once(&self, request: RequestBuilder) -> Result<Answer, SourceError> {
        let closed = |_| SourceError::Unreachable("the program is ending".into());
        let _permit = self.under_way.acquire().await.map_err(closed)?;
        self.gate.pass(self.clock.now())?;
        self.allowance.as_ref().map_or(Ok(()), |allowance| allowance.take())?;
        let asked = self.clock.now();
        let answer = self.peer.send_once(request).await;
        match &answer {
            Ok(answer) => self.their_clock.note(&answer.headers, asked, self.clock.now()),
            Err(SourceError::RateLimited(wait)) => self.gate.close(self.clock.now(), wait.unwrap_or(UNNAMED)),
            Err(_) => {}
        }
        answer
    }
}
