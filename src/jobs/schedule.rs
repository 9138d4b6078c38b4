//! The clock behind reminders. Whatever is followed up has a job that waits in the database for its time, so it survives
//! restarts and whoever is there does it; this looks that none was lost.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::handlers::{Context, digest, ends, inspection};
use crate::signals::Wake;
use crate::store::{Job, StoreError};

/// How often.
const EVERY: Duration = Duration::from_secs(60);

/// Whoever looks.
#[derive(Debug)]
pub struct Schedule {
    /// What handlers work with.
    pub context: Context,
    /// Wakes the workers.
    pub wake: Wake,
}

impl Schedule {
    /// Looks at once and then every now and then, until it is told to stop.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            match self.once().await {
                Ok(0) => {}
                Ok(number) => {
                    tracing::info!("{number} things are followed up from now on");
                    self.wake.all();
                }
                Err(error) => tracing::error!(%error, "What is followed up cannot be seen: {error}"),
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    /// Gives a timer to whatever is followed up and has none, and writes what belongs to a day and to no ticket; says how
    /// much there is to do.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn once(&self) -> Result<usize, StoreError> {
        let (store, now) = (&self.context.sources.store, self.context.clock.now());
        let mut number = store.set_timers(now).await?;
        for (id, issue) in store.open_emergencies().await? {
            if issue.is_none() {
                store.enqueue(&Job::Declaration(id), now).await?;
                number += 1;
            }
        }
        number += usize::from(digest::run(&self.context).await?);
        Ok(number + ends::run(&self.context).await? + inspection::run(&self.context).await?)
    }
}
