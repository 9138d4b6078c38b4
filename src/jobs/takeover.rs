//! Takes over what processes had begun that have died, where several share a database.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::signals::Wake;
use crate::store::Store;

/// How often somebody looks.
const EVERY: Duration = Duration::from_secs(1);

/// Whoever looks.
#[derive(Debug)]
pub struct Takeover {
    /// The records.
    pub store: Store,
    /// Wakes the workers.
    pub wake: Wake,
}

impl Takeover {
    /// Looks until it is told to stop.
    pub async fn run(self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
            match self.store.take_over().await {
                Ok(0) => {}
                Ok(number) => {
                    tracing::warn!("Took over {number} pieces of work from a process that has died");
                    self.wake.all();
                }
                Err(error) => tracing::error!(%error, "The work of other processes cannot be seen: {error}"),
            }
        }
    }
}
