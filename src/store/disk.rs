//! What the disk says: that it is full, which passes, or that it has lost what was written, which does not.
//!
//! After a failed fsync nobody knows what is on the disk, and asking again would be answered with yes whatever the truth is
//! (sqlite.org/atomiccommit.html, section 9.4). So the process ends, and the next one begins with what is really there.
//! Both are told of the machine and not of one store, and so is this.

use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::sqlite::SqliteError;
use tokio_util::sync::CancellationToken;

use super::StoreError;

/// SQLite's primary result codes (sqlite.org/rescode.html), and PostgreSQL's `disk_full`.
const IOERR: i64 = 10;
const FULL: i64 = 13;
const DISK_FULL: &str = "53100";

/// How long a full disk is remembered when nothing could be written since.
const REMEMBERED: Duration = Duration::from_secs(60);

static LOST: LazyLock<CancellationToken> = LazyLock::new(CancellationToken::new);
static FULL_SINCE: Mutex<Option<Instant>> = Mutex::new(None);

/// Ends when the disk has lost what was written, which may never be.
pub async fn lost() {
    LOST.cancelled().await;
}

/// Whether the newest write found the disk full.
pub(super) fn is_full() -> bool {
    full().is_some_and(|last| last.elapsed() < REMEMBERED)
}

/// Something was written, and is there as far as anybody can tell.
pub(super) fn wrote() -> Result<(), StoreError> {
    *full() = None;
    // What came before it may be gone, so that it counts for nothing.
    if LOST.is_cancelled() { Err(StoreError::DiskLost) } else { Ok(()) }
}

/// Takes notice of what a failed statement says about the disk.
pub(super) fn listen(error: &sqlx::Error) {
    let Some(error) = error.as_database_error() else { return };
    let sqlite = error.try_downcast_ref::<SqliteError>().and_then(|_| error.code()?.parse::<i64>().ok());
    match sqlite.map(|code| code & 0xff) {
        Some(IOERR) => LOST.cancel(),
        Some(FULL) => *full() = Some(Instant::now()),
        Some(_) => {}
        None if error.code().as_deref() == Some(DISK_FULL) => *full() = Some(Instant::now()),
        None => {}
    }
}

fn full() -> std::sync::MutexGuard<'static, Option<Instant>> {
    FULL_SINCE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> StoreError {
        listen(&error);
        StoreError::Sql(error)
    }
}
