//! Signs what the audit trail is, again and again, so that what is kept of it elsewhere binds it here.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::audit::checkpoint::Signer;
use crate::clock::Clock;
use crate::signals::Readiness;
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
    /// Where trouble is noted.
    pub readiness: Readiness,
    /// The newest one, as long as it is not kept there.
    pub unkept: Option<String>,
}

/// The name of the part that signs.
pub const PART: &str = "checkpoints";

impl Checkpoints {
    /// Signs at once and then every now and then, until it is told to stop.
    pub async fn run(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            self.once().await;
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(self.every) => {}
            }
        }
    }

    /// Signs once, and notes what came of it.
    pub async fn once(&mut self) {
        let trouble = self.sign().await.err();
        if let Some(trouble) = &trouble {
            tracing::error!(part = PART, "{trouble}");
        }
        self.readiness.note_beside(PART, trouble, self.clock.now());
    }

    /// Signs what is new and keeps it elsewhere, now or the next time; else what is wrong and what to do.
    async fn sign(&mut self) -> Result<(), String> {
        let signed = self.store.checkpoint(&self.signer, self.clock.now()).await;
        let signed = signed.map_err(|error| {
            let todo = "Look at the database; cm-bot tries again by itself";
            format!("No checkpoint of the audit trail could be made: {error}. {todo}")
        })?;
        if let Some(note) = signed {
            tracing::info!("Checkpoint of the audit trail: {}", note.replace('\n', " "));
            self.unkept = Some(note);
        }
        let (Some(kept), Some(note)) = (&self.kept, &self.unkept) else { return Ok(()) };
        kept.keep(note).map_err(|error| {
            let todo = "See that cm-bot may write there";
            format!("The checkpoint could not be kept outside of the database: {error}. {todo}")
        })?;
        self.unkept = None;
        Ok(())
    }
}
