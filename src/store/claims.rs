//! Who has which work. A claim is a lease, and on PostgreSQL it also names its owner: a process that says there, by a lock
//! that the server takes away when the process dies, that it lives.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::db::{self, Db, Row, query};
use super::doubts::Doubts;
use super::{Store, StoreError};
use crate::model::Timestamp;

/// How long a claim on a job or action holds when its worker says nothing.
pub const LEASE: Duration = Duration::from_secs(120);

/// How long a process that lost its lock, and has it again, believes that others are only as late as itself.
const GRACE: Duration = Duration::from_secs(10);

/// The statement that claims, as each database calls it. Both take the end of the lease and the time; on PostgreSQL, where
/// several claim at once, it also takes the owner and the owner's number of the claim, and whoever comes second takes the
/// next. `due` finds what there is to claim, and takes nothing.
pub(super) struct Claim {
    pub(super) due: &'static str,
    pub(super) sqlite: &'static str,
    pub(super) postgres: &'static str,
}

/// This process, among those that share a PostgreSQL.
#[derive(Clone)]
pub(super) struct Owner {
    number: i32,
    options: PgConnectOptions,
    lock: Arc<Mutex<Lock>>,
    doubts: Doubts,
}

/// The connection that holds the lock, and until when nobody is declared dead.
#[derive(Default)]
struct Lock {
    connection: Option<PgConnection>,
    patient_until: Option<Instant>,
}

/// Options hold the password.
impl std::fmt::Debug for Owner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Owner").field("number", &self.number).finish_non_exhaustive()
    }
}

impl Owner {
    pub(super) fn new(options: PgConnectOptions) -> Owner {
        let [a, b, c, d, ..] = *Uuid::new_v4().as_bytes();
        let number = i32::from_be_bytes([a, b, c, d]) & i32::MAX;
        Owner { number, options, lock: Arc::default(), doubts: Doubts::default() }
    }

    /// Takes the lock, or takes it again when the connection was lost. Says whether the dead may be looked for.
    async fn live(&self) -> Result<bool, StoreError> {
        let mut lock = self.lock.lock().await;
        if let Some(connection) = lock.connection.as_mut() {
            if connection.ping().await.is_ok() {
                return Ok(lock.patient_until.is_none_or(|until| until < Instant::now()));
            }
            lock.connection = None;
            lock.patient_until = Some(Instant::now() + GRACE);
        }
        let mut connection = self.options.connect().await?;
        let sql = "SELECT pg_try_advisory_lock($1, $2)";
        let taken: bool = sqlx::query_scalar(sql).bind(db::OWNERS).bind(self.number).fetch_one(&mut connection).await?;
        // The server may need a moment to notice that the lost connection is lost.
        lock.connection = taken.then_some(connection);
        Ok(taken && lock.patient_until.is_none())
    }
}

/// Ends the leases in a table that one claim of an owner took, without the owner knowing.
macro_rules! unheard {
    ($table:literal) => {
        concat!("UPDATE ", $table, " SET lease_until = 0 WHERE state = 'running' AND owner = $1 AND claim = $2")
    };
}

/// Ends the leases in a table whose owners hold no lock.
macro_rules! dead {
    ($table:literal) => {
        concat!(
            "UPDATE ",
            $table,
            " SET lease_until = 0 WHERE state = 'running' AND lease_until > 0 AND NOT EXISTS \
             (SELECT 1 FROM pg_locks AS l WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 \
              AND l.classid::bigint = $1 AND l.objid::bigint = owner \
              AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
        )
    };
}

impl Store {
    /// Gives back everything that an earlier process had begun: on SQLite all of it, because only this process uses the
    /// file; on PostgreSQL what belonged to processes that are dead.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn reclaim(&self) -> Result<(), StoreError> {
        match self.db {
            Db::Sqlite { .. } => self.reclaim_all().await,
            Db::Pg(_) => self.take_over().await.map(drop),
        }
    }

    /// Ends the claims of processes that have died, where processes share the database, and those of our own that we never
    /// heard of; says how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take_over(&self) -> Result<u64, StoreError> {
        let Some(owner) = &self.owner else { return Ok(0) };
        let mut ended = 0;
        for claim in owner.doubts.lost() {
            for sql in [unheard!("jobs"), unheard!("actions")] {
                ended += query(sql).bind(i64::from(owner.number)).bind(claim).execute(self.db.writer()).await?;
            }
        }
        if !owner.live().await? {
            return Ok(ended);
        }
        for sql in [dead!("jobs"), dead!("actions")] {
            ended += query(sql).bind(i64::from(db::OWNERS)).execute(self.db.writer()).await?;
        }
        Ok(ended)
    }

    /// Claims something that is due.
    pub(super) async fn claim(&self, claim: &Claim, now: Timestamp) -> Result<Option<Row>, StoreError> {
        let until = now.plus(LEASE).0;
        let Some(owner) = &self.owner else {
            // Most who look find nothing, and on SQLite whoever writes keeps webhooks waiting that are to be stored.
            let due = query(claim.due).bind(until).bind(now.0).optional(self.db.reader()).await?;
            if due.is_none() {
                return Ok(None);
            }
            return query(claim.sqlite).bind(until).bind(now.0).optional(self.db.writer()).await;
        };
        let asked = owner.doubts.ask();
        let claim = query(claim.postgres).bind(until).bind(now.0).bind(i64::from(owner.number)).bind(asked.claim);
        let row = claim.optional(self.db.writer()).await?;
        asked.answered();
        Ok(row)
    }

    async fn reclaim_all(&self) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        // A job that waits again may meet a newer one for the same subject; one look is enough for both.
        let joined = "DELETE FROM jobs WHERE state = 'running' AND EXISTS (SELECT 1 FROM jobs AS other \
                      WHERE other.kind = jobs.kind AND other.subject = jobs.subject AND other.state = 'ready')";
        query(joined).execute(&mut transaction).await?;
        let jobs = "UPDATE jobs SET state = 'ready', run_at = 0 WHERE state = 'running'";
        query(jobs).execute(&mut transaction).await?;
        let actions = "UPDATE actions SET state = 'ready', run_at = 0 \
                       WHERE state IN ('ready', 'running') AND state = 'running'";
        query(actions).execute(&mut transaction).await?;
        transaction.commit().await
    }
}
