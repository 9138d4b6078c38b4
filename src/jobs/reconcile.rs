//! Asks Jira for what its webhooks should have told us: one may be lost on the way, and Jira repeats few of them.

use std::collections::HashMap;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::handlers::{Context, HandlerError};
use crate::integrations::jira::{ChangedTicket, Wanted};
use crate::model::{IssueId, Timestamp};
use crate::signals::Wake;
use crate::store::Job;

/// How far back the first look goes, beside everything that waits.
const FIRST: Duration = Duration::from_secs(24 * 3600);

/// How much further back a later look goes than the one before it: Jira's index is late, sometimes by minutes.
const LATE: Duration = Duration::from_secs(15 * 60);

/// Whoever asks.
#[derive(Debug)]
pub struct Reconcile {
    /// What handlers work with.
    pub context: Context,
    /// Wakes the workers.
    pub wake: Wake,
    /// How often.
    pub every: Duration,
    seen: HashMap<IssueId, String>,
    last: Option<Timestamp>,
}

impl Reconcile {
    /// Somebody who has not asked yet.
    #[must_use]
    pub fn new(context: Context, wake: Wake) -> Reconcile {
        let every = context.intervals.reconcile;
        Reconcile { context, wake, every, seen: HashMap::new(), last: None }
    }

    /// Asks at once and then every now and then, until it is told to stop.
    pub async fn run(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            match self.once().await {
                Ok(0) => {}
                Ok(number) => tracing::debug!("{number} tickets were changed since the last look"),
                Err(error) => tracing::warn!(%error, "Jira could not be asked for what changed: {error}"),
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(self.every) => {}
            }
        }
    }

    /// Has every ticket looked at that is not as it was at the last look; says how many.
    ///
    /// # Errors
    /// When Jira or the database does not answer.
    pub async fn once(&mut self) -> Result<usize, HandlerError> {
        let begun = self.context.clock.now();
        let jira = &self.context.sources.jira;
        let mut found = Vec::new();
        if self.last.is_none() {
            found.extend(jira.changed(Wanted::Pending).await?);
        }
        let since = self.last.map_or(FIRST, |last| begun.since(last) + LATE);
        found.extend(jira.changed(Wanted::ChangedSince(since)).await?);
        let mut changed = 0;
        for ChangedTicket { id, updated } in &found {
            if self.seen.get(id) == Some(updated) {
                continue;
            }
            self.context.sources.store.enqueue(&Job::Ticket(id.clone()), begun).await?;
            self.seen.insert(id.clone(), updated.clone());
            changed += 1;
        }
        // What a later look cannot find again need not be remembered.
        self.seen.retain(|id, _| found.iter().any(|ticket| ticket.id == *id));
        self.last = Some(begun);
        if changed > 0 {
            self.wake.all();
        }
        Ok(changed)
    }
}
