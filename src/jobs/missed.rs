//! Asks GitHub for deliveries of its webhooks that we have not got: it sends each of them once.
//!
//! Only an App can ask. Whoever logs in with a token has no own record of what was missed; then approvals are bound by
//! reconstruction, or do not count.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::handlers::{Context, HandlerError};
use crate::integrations::github::{Listed, webhook};
use crate::model::Timestamp;
use crate::signals::Wake;
use crate::store::{Delivery, Job, Received};

/// How far back the first look goes: so long GitHub keeps them.
const FIRST: Duration = Duration::from_secs(3 * 24 * 3600);

/// How much further back a later look goes than the one before it: a delivery is listed some time after it was sent.
const LATE: Duration = Duration::from_secs(15 * 60);

/// Most deliveries that are read in one look; the rest comes with the next.
const MOST: usize = 500;

/// Whoever asks.
#[derive(Debug)]
pub struct Missed {
    /// What handlers work with.
    pub context: Context,
    /// Wakes the workers.
    pub wake: Wake,
    last: Option<Timestamp>,
}

impl Missed {
    /// Somebody who has not asked yet.
    #[must_use]
    pub fn new(context: Context, wake: Wake) -> Missed {
        Missed { context, wake, last: None }
    }

    /// Asks at once and then every now and then, until it is told to stop.
    pub async fn run(mut self, stop: CancellationToken) {
        if !self.context.sources.github.tells_deliveries() {
            tracing::info!("GitHub tells only an App which of its webhooks got lost; with a token nobody can ask");
            return;
        }
        while !stop.is_cancelled() {
            match self.once().await {
                Ok(0) => {}
                Ok(number) => tracing::info!("{number} webhooks of GitHub had not arrived, and were asked for"),
                Err(error) => tracing::warn!(%error, "GitHub could not be asked for lost webhooks: {error}"),
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(self.context.intervals.reconcile) => {}
            }
        }
    }

    /// Takes in what did not arrive, oldest first; says how many.
    ///
    /// # Errors
    /// When GitHub or the database does not answer. What was taken in stays; the next look begins where this one did.
    pub async fn once(&mut self) -> Result<usize, HandlerError> {
        let begun = self.context.clock.now();
        let since = begun.minus(self.last.map_or(FIRST, |last| begun.since(last) + LATE));
        let mut missing = self.missing(since).await?;
        let left = missing.split_off(missing.len().min(MOST));
        let mut taken = 0;
        for listed in &missing {
            taken += usize::from(self.take(listed).await?);
        }
        if left.is_empty() {
            self.last = Some(begun);
        }
        if taken > 0 {
            self.wake.all();
        }
        Ok(taken)
    }

    /// What GitHub sent since then and we have not got, each once, oldest first.
    async fn missing(&self, since: Timestamp) -> Result<Vec<Listed>, HandlerError> {
        let mut sent = self.context.sources.github.deliveries(since).await?;
        sent.retain(|listed| webhook::matters(&listed.event));
        let guids: Vec<String> = sent.iter().map(|listed| listed.guid.clone()).collect();
        let mut missing = self.context.sources.store.not_received("github", &guids).await?;
        // Whatever was sent again is listed again: the first time is when it happened.
        sent.sort_by_key(|listed| (listed.at, listed.id));
        sent.retain(|listed| missing.remove(&listed.guid));
        Ok(sent)
    }

    /// Takes it in as if it had come, at the time at which it was sent.
    async fn take(&self, listed: &Listed) -> Result<bool, HandlerError> {
        let sources = &self.context.sources;
        let Some(body) = sources.github.delivery(listed).await? else { return Ok(false) };
        let told = webhook::told(&sources.services, &listed.event, &body);
        for why in &told.odd {
            tracing::warn!(source = "github", "A lost webhook of github could not be understood: {why}");
        }
        let delivery = Delivery { source: "github", id: &listed.guid, body: &body, receipt: told.receipt.as_ref() };
        let job = told.held.map(Job::Protected).or(told.repository.map(Job::Repository));
        let received = sources.store.receive(&delivery, job.as_ref(), listed.at).await?;
        metrics::counter!("cm_bot_webhooks_total", "source" => "github", "outcome" => "asked_for").increment(1);
        Ok(matches!(received, Received::New | Received::Kept))
    }
}
