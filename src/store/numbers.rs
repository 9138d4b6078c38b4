//! Numbers about the work, for the metrics.

use std::time::Duration;

use super::db::{Row, query};
use super::{Store, StoreError, stored};
use crate::model::{TicketKey, Timestamp};

/// How much there is to do, and how long it has waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// How many there are.
    pub waiting: i64,
    /// How long the oldest that is due has waited since it was due; nothing waits when it is zero.
    pub oldest: Duration,
}

/// An action that failed and is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retried {
    /// The ticket.
    pub ticket: TicketKey,
    /// What is to be done, as [`crate::store::Effect`] is called in the database.
    pub kind: String,
    /// How often it was tried.
    pub attempts: i64,
    /// Why it failed last.
    pub why: String,
    /// When it is tried next.
    pub next: Timestamp,
}

impl Store {
    /// Tickets and repositories to look at; those that wait for their time are not due.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn backlog_of_jobs(&self, now: Timestamp) -> Result<Backlog, StoreError> {
        let sql = "SELECT count(*), coalesce(min(run_at), $1) FROM jobs WHERE state = 'ready' AND run_at <= $1";
        self.backlog(sql, now).await
    }

    /// Comments, approvals and messages, since they were asked for: one that is tried again and again is as old as that.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn backlog_of_actions(&self, now: Timestamp) -> Result<Backlog, StoreError> {
        let sql = "SELECT count(*), coalesce(min(made_at), $1) FROM actions WHERE state IN ('ready', 'running')";
        self.backlog(sql, now).await
    }

    /// Actions that failed and are tried again, the oldest first, at most so many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn retried(&self, most: i64) -> Result<Vec<Retried>, StoreError> {
        // Said twice, so that SQLite knows that the index of what is to be done has all of them.
        let sql = "SELECT t.ticket_key, a.kind, a.attempts, a.last_error, a.run_at FROM actions AS a \
                   JOIN tickets AS t ON t.issue_id = a.issue_id \
                   WHERE a.state IN ('ready', 'running') AND a.state = 'ready' AND a.last_error IS NOT NULL \
                   ORDER BY a.seq LIMIT $1";
        let rows = query(sql).bind(most).all(self.db.reader()).await?;
        let read = |row: &Row| {
            let (kind, attempts, why) = (row.get("kind")?, row.get("attempts")?, row.get("last_error")?);
            let ticket = stored(TicketKey::parse(row.get("ticket_key")?))?;
            Ok(Retried { ticket, kind, attempts, why, next: Timestamp(row.get("run_at")?) })
        };
        rows.iter().map(read).collect()
    }

    /// How many entries the audit trail has, and when a checkpoint of it was made last.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn audit_numbers(&self) -> Result<(i64, Option<Timestamp>), StoreError> {
        let entries = query("SELECT coalesce(max(seq), 0) FROM audit_entries").one(self.db.reader()).await?.get(0)?;
        let sql = "SELECT made_at FROM audit_checkpoints ORDER BY seq DESC LIMIT 1";
        let made = query(sql).optional(self.db.reader()).await?;
        Ok((entries, made.map(|row| row.get(0)).transpose()?.map(Timestamp)))
    }

    async fn backlog(&self, sql: &'static str, now: Timestamp) -> Result<Backlog, StoreError> {
        let row = query(sql).bind(now.0).one(self.db.reader()).await?;
        let oldest = now.0.saturating_sub(row.get::<i64>(1)?);
        Ok(Backlog { waiting: row.get(0)?, oldest: Duration::from_millis(u64::try_from(oldest).unwrap_or(0)) })
    }
}
