//! One ticket at a time in each scope: two that are judged at once would not see each other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Postgres};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use super::claims::LEASE;
use super::{Store, StoreError, db};
use crate::model::Scope;

/// Most turns that one process has at once.
const MOST: u32 = 8;

/// Who may judge now, by scope: in this process, and among all that share a PostgreSQL.
#[derive(Debug, Clone)]
pub(super) struct Turns {
    here: Arc<Mutex<HashMap<Scope, Arc<AsyncMutex<()>>>>>,
    everywhere: Option<PgPool>,
}

/// The right to judge in a scope, as long as it is held.
#[derive(Debug)]
pub struct Turn {
    _here: OwnedMutexGuard<()>,
    /// It has the lock as long as its connection lives, and the server ends one that stays silent for a [`LEASE`].
    everywhere: Option<sqlx::Transaction<'static, Postgres>>,
}

impl Turns {
    /// For one process alone.
    pub(super) fn alone() -> Turns {
        Turns { here: Arc::default(), everywhere: None }
    }

    /// For all processes that use this PostgreSQL. Turns have connections of their own: whoever waits for one must not
    /// keep others from their work.
    pub(super) fn shared(options: PgConnectOptions) -> Turns {
        let lease = format!("{}s", LEASE.as_secs());
        let limits = [("idle_in_transaction_session_timeout", &lease), ("lock_timeout", &lease)];
        let pool = PgPoolOptions::new().max_connections(MOST).acquire_timeout(LEASE);
        // Waiting for a turn is no slow statement.
        let options = options.options(limits).disable_statement_logging();
        Turns { here: Arc::default(), everywhere: Some(pool.connect_lazy_with(options)) }
    }
}

impl Store {
    /// Waits for a scope to be free.
    ///
    /// # Errors
    /// When the database does not answer, or somebody else does not come to an end.
    pub async fn turn(&self, scope: &Scope) -> Result<Turn, StoreError> {
        let lock = Arc::clone(
            self.turns.here.lock().unwrap_or_else(PoisonError::into_inner).entry(scope.clone()).or_default(),
        );
        let here = lock.lock_owned().await;
        let Some(pool) = &self.turns.everywhere else { return Ok(Turn { _here: here, everywhere: None }) };
        let mut transaction = pool.begin().await?;
        let sql = "SELECT pg_advisory_xact_lock($1, $2)";
        sqlx::query(sql).bind(db::SCOPES).bind(key(scope)).execute(&mut *transaction).await?;
        Ok(Turn { _here: here, everywhere: Some(transaction) })
    }
}

impl Turn {
    /// Whether it is still held.
    ///
    /// # Errors
    /// When it was lost: somebody else may be judging by now.
    pub async fn assure(&mut self) -> Result<(), StoreError> {
        if let Some(transaction) = &mut self.everywhere {
            sqlx::query("SELECT 1").execute(&mut **transaction).await?;
        }
        Ok(())
    }
}

/// Two scopes with one key wait for each other, and that is all.
fn key(scope: &Scope) -> i32 {
    let digest = Sha256::digest(format!("{}\n{}", scope.service, scope.environment));
    i32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}
