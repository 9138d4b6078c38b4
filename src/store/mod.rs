//! The database. One file a family of tables; each function is one statement or one transaction.

mod actions;
mod approvals;
mod audit;
mod deliveries;
mod jobs;
mod kept;
mod ledger;
mod posts;
mod records;
mod tickets;
mod uploads;

use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{SqlSafeStr, Sqlite, Transaction};

pub use actions::{Action, ClaimedAction, Effect, Lane, NewAction};
pub use approvals::Approval;
pub use deliveries::{Delivery, Received};
pub use jobs::{ClaimedJob, Job};
pub use posts::{Place, Post};
pub use records::{Evaluation, Policy, StoredDecision};
pub use tickets::KnownTicket;
pub use uploads::{Upload, Uploaded};

use crate::model::Timestamp;

/// Every change of the tables, in order.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "records", include_str!("migrations/sqlite/0001_records.sql")),
    (2, "ledger", include_str!("migrations/sqlite/0002_ledger.sql")),
    (3, "uploaded_scans", include_str!("migrations/sqlite/0003_uploaded_scans.sql")),
];

/// How long a claim on a job or action holds when its worker says nothing.
pub const LEASE: Duration = Duration::from_secs(120);

/// What can go wrong with the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be opened or its tables cannot be made.
    #[error("the database {0} cannot be opened: {1}")]
    Open(String, String),
    /// A statement failed.
    #[error("the database failed: {0}")]
    Sql(#[from] sqlx::Error),
    /// A stored value cannot be read back.
    #[error("a record in the database cannot be read: {0}")]
    Damaged(String),
    /// The worker's claim ran out and somebody else has it now.
    #[error("the claim on this work was lost")]
    LeaseLost,
}

/// A handle on the database; cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    /// One connection writes; so a write waits for the one before it instead of failing.
    writer: SqlitePool,
    readers: SqlitePool,
}

impl Store {
    /// Opens the database and brings its tables up to date.
    ///
    /// # Errors
    /// [`StoreError::Open`] with the reason.
    pub async fn open(url: &str) -> Result<Store, StoreError> {
        let failed = |why: &dyn std::fmt::Display| StoreError::Open(url.to_owned(), why.to_string());
        let options: SqliteConnectOptions = url.parse().map_err(|error: sqlx::Error| failed(&error))?;
        let options = options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10))
            .foreign_keys(true);
        let pool = |most| SqlitePoolOptions::new().max_connections(most);
        let writer = pool(1).connect_with(options.clone()).await.map_err(|error| failed(&error))?;
        migrator().run(&writer).await.map_err(|error| failed(&error))?;
        let readers = pool(4).connect_with(options).await.map_err(|error| failed(&error))?;
        Ok(Store { writer, readers })
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn check(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT count(*) FROM jobs").execute(&self.readers).await?;
        Ok(())
    }

    /// Whether nothing is left to do that is due by `now`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_idle(&self, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "SELECT (SELECT count(*) FROM jobs WHERE state = 'running' OR (state = 'ready' AND run_at <= $1)) \
                   + (SELECT count(*) FROM actions AS a WHERE a.state = 'running' OR (a.state = 'ready' AND a.run_at <= $1 \
                      AND NOT EXISTS (SELECT 1 FROM actions AS b WHERE b.lane = a.lane AND b.seq < a.seq \
                                      AND b.state IN ('ready', 'running')) \
                      AND NOT EXISTS (SELECT 1 FROM actions AS c WHERE c.id = a.waits_for AND c.state IN ('ready', 'running'))))";
        let left: i64 = sqlx::query_scalar(sql).bind(now.0).fetch_one(&self.readers).await?;
        Ok(left == 0)
    }

    /// Gives back everything that an earlier process had begun. Only this process uses the file.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn reclaim(&self) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        // A job that waits again may meet a newer one for the same subject; one look is enough for both.
        sqlx::query(
            "DELETE FROM jobs WHERE state = 'running' AND EXISTS \
             (SELECT 1 FROM jobs AS other WHERE other.kind = jobs.kind AND other.subject = jobs.subject AND other.state = 'ready')",
        )
        .execute(&mut *transaction)
        .await?;
        sqlx::query("UPDATE jobs SET state = 'ready', run_at = 0 WHERE state = 'running'")
            .execute(&mut *transaction)
            .await?;
        sqlx::query("UPDATE actions SET state = 'ready', run_at = 0 WHERE state = 'running'")
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn write(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }
}

fn migrator() -> Migrator {
    let migration = |(version, name, sql): &(i64, &'static str, &'static str)| {
        Migration::new(*version, (*name).into(), MigrationType::Simple, (*sql).into_sql_str(), false)
    };
    Migrator::with_migrations(MIGRATIONS.iter().map(migration).collect())
}

/// A stored text as one of our types.
fn stored<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<T, StoreError> {
    result.map_err(|error| StoreError::Damaged(error.to_string()))
}
