//! The newest checkpoint, kept outside of the database: records that are older were put back from a backup, and do not know
//! which approvals were used since.

use std::io::{self, Write as _};
use std::path::PathBuf;

use crate::audit::checkpoint::{Checkpoint, CheckpointError};
use crate::audit::{Entry, Event};
use crate::model::Timestamp;
use crate::store::{Memory, Store, StoreError};

/// What is to be done about records that were put back.
const REMEDY: &str = "If a backup was restored, approvals were given and used that it does not know: let two people of the people \
                    file answer for it with `cm-bot serve --acknowledge-rollback NAME --acknowledge-rollback NAME`, and look at \
                    every ticket that Jira shows as approved since";

/// The file.
#[derive(Debug, Clone)]
pub struct KeptCheckpoint {
    /// Where it is kept.
    pub file: PathBuf,
}

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// The records do not know the checkpoint, or hold fewer entries than it tells of.
    #[error(
        "the records are older than the checkpoint in {file}: it tells of {kept} entries of the audit trail, and the database \
         has made no such checkpoint of the {found} that it holds. {REMEDY}"
    )]
    Older {
        /// The file.
        file: String,
        /// Entries that the checkpoint tells of.
        kept: u64,
        /// Entries that there are.
        found: i64,
    },
    /// The records say that they know the checkpoint, and hold other entries.
    #[error(
        "the records are others than those of which the checkpoint in {file} was made: the first {kept} of the {found} entries \
         of the audit trail in the database have another root, whatever its list of checkpoints says. {REMEDY}"
    )]
    Other {
        /// The file.
        file: String,
        /// Entries that the checkpoint tells of.
        kept: u64,
        /// Entries that there are.
        found: i64,
    },
    /// Nobody can tell what the file says.
    #[error("{0} (audit.kept_checkpoint_file): {1}. A checkpoint that was kept is never ignored")]
    NoCheckpoint(String, CheckpointError),
    /// The file cannot be read or written.
    #[error("{0} (audit.kept_checkpoint_file): {1}")]
    File(String, io::Error),
    /// The records do not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl KeptCheckpoint {
    /// Replaces what was kept, as a whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn keep(&self, note: &str) -> Result<(), KeptError> {
        let beside = self.file.with_extension("new");
        let write = || {
            let mut file = std::fs::File::create(&beside)?;
            file.write_all(note.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&beside, &self.file)
        };
        write().map_err(|error| self.failed(error))
    }

    /// Holds the records against it, which reads the trail once. Without a file there is nothing to hold them against.
    ///
    /// # Errors
    /// When they do not know it, or it cannot be read.
    pub async fn hold_against(&self, store: &Store) -> Result<(), KeptError> {
        let Some(kept) = self.read()? else { return Ok(()) };
        let memory = store.remembers(&kept).await?;
        let (file, kept, found) = (self.name(), kept.size, store.trail_length().await?);
        match memory {
            Memory::Whole => Ok(()),
            Memory::Older => Err(KeptError::Older { file, kept, found }),
            Memory::Other => Err(KeptError::Other { file, kept, found }),
        }
    }

    /// Somebody answers for it that the records are older: an entry of the trail says who, and the checkpoint is put aside.
    ///
    /// # Errors
    /// When it cannot be recorded or put aside. Records that are not older need no answer, and nothing happens.
    pub async fn acknowledge(&self, store: &Store, by: &[String], now: Timestamp) -> Result<(), KeptError> {
        let Err(KeptError::Older { kept, found, .. } | KeptError::Other { kept, found, .. }) =
            self.hold_against(store).await
        else {
            return Ok(());
        };
        let event = Event::RollbackAcknowledged { by: by.to_vec(), kept, found };
        store.append(&Entry { at: now, ticket: None, event }).await?;
        let aside = self.file.with_extension(format!("before-{}", now.0));
        std::fs::rename(&self.file, aside).map_err(|error| self.failed(error))
    }

    fn read(&self) -> Result<Option<Checkpoint>, KeptError> {
        let text = match std::fs::read_to_string(&self.file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed(error)),
        };
        // Whoever signed it: the key may have changed since, and a forged one can only keep us from starting.
        Checkpoint::unverified(&text).map(Some).map_err(|error| KeptError::NoCheckpoint(self.name(), error))
    }

    fn failed(&self, error: io::Error) -> KeptError {
        KeptError::File(self.name(), error)
    }

    fn name(&self) -> String {
        self.file.display().to_string()
    }
}
