//! Looks after requests of the gate: those without a ticket, and those whose deployment nobody has told of.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::handlers::gate::{follow_up, tend};
use crate::handlers::{Context, HandlerError};
use crate::signals::Wake;

/// How often to look.
const EVERY: Duration = Duration::from_secs(5);

/// Whoever looks.
#[derive(Debug, Clone)]
pub struct GateKeeper {
    /// What handlers work with.
    pub context: Context,
    /// Wakes the workers.
    pub wake: Wake,
}

impl GateKeeper {
    /// Looks every now and then, until it is told to stop.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = self.once().await {
                tracing::warn!(%error, "The requests of the gate could not be looked after: {error}");
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    /// Tends what waits for a ticket, and asks people to look after what has been silent for too long.
    ///
    /// # Errors
    /// When the records do not answer. One request that fails does not hold up the others.
    pub async fn once(&self) -> Result<(), HandlerError> {
        for request in self.context.sources.store.requests_without_ticket().await? {
            match tend(&self.context, &request).await {
                Ok(()) => self.wake.all(),
                Err(error) => tracing::warn!(request = %request.id, %error, "No ticket yet: {error}"),
            }
        }
        if follow_up(&self.context).await? > 0 {
            self.wake.all();
        }
        Ok(())
    }
}
