//! Signs what the audit trail is, again and again, so that what is kept of it elsewhere binds it here.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::audit::checkpoint::Signer;
use crate::clock::Clock;
use crate::store::Store;

use super::KeptCheckpoint;

/// Whoever signs.
#[derive(Debug)]
pub struct Checkpoints {
    /// The records.
    pub store: Store,
    /// The key.
    pub signer: Arc<Signer>,
    /// The time.
    pub clock: Clock,
    /// How often.
    pub every: Duration,
    /// Where the newest is kept besides, if anywhere.
    pub kept: Option<KeptCheckpoint>,
}

impl Checkpoints {
    /// Signs at once and then every now and then, until it is told to stop.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            match self.store.checkpoint(&self.signer, self.clock.now()).await {
                Ok(Some(note)) => self.tell(&note),
                Ok(None) => {}
                Err(error) => tracing::error!(%error, "No checkpoint of the audit trail could be made: {error}"),
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(self.every) => {}
            }
        }
    }

    fn tell(&self, note: &str) {
        tracing::info!("Checkpoint of the audit trail: {}", note.replace('\n', " "));
        if let Some(Err(error)) = self.kept.as_ref().map(|kept| kept.keep(note)) {
            tracing::error!(%error, "The checkpoint could not be kept outside of the database: {error}");
        }
    }
}
