//! Tickets that are made for what somebody asked for in Slack, one for each delivery.

use super::db::query;
use super::{Job, Store, StoreError, audit, jobs, stored};
use crate::audit::Entry;
use crate::model::{IssueId, TicketKey, Timestamp};

/// What came of a wish so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Granted {
    /// Nobody has asked Jira for a ticket.
    NotTried,
    /// Jira was asked then, and what came of it is not known.
    TriedAt(Timestamp),
    /// This is its ticket.
    Ticket(TicketKey),
}

impl Store {
    /// What came of the wish that a delivery brought.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn wish(&self, delivery: &str) -> Result<Granted, StoreError> {
        let sql = "SELECT tried_at, ticket_key FROM wishes WHERE delivery = $1";
        let Some(row) = query(sql).bind(delivery).optional(self.db.reader()).await? else {
            return Ok(Granted::NotTried);
        };
        match row.get::<Option<String>>("ticket_key")? {
            Some(key) => Ok(Granted::Ticket(stored(TicketKey::parse(&key))?)),
            None => Ok(Granted::TriedAt(Timestamp(row.get("tried_at")?))),
        }
    }

    /// Notes that Jira is asked for a ticket now: whatever comes of it, the next try looks for that ticket first.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn note_wish(&self, delivery: &str, now: Timestamp) -> Result<(), StoreError> {
        let sql = "INSERT INTO wishes (delivery, tried_at) VALUES ($1, $2) \
                   ON CONFLICT (delivery) DO UPDATE SET tried_at = excluded.tried_at";
        query(sql).bind(delivery).bind(now.0).execute(self.db.writer()).await.map(drop)
    }

    /// Connects a wish with its ticket, once, with the audit entry, and asks for a look at the ticket.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn grant_wish(
        &self,
        delivery: &str,
        (issue, key): (&IssueId, &TicketKey),
        entry: &Entry,
    ) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        let sql = "UPDATE wishes SET ticket_key = $1 WHERE delivery = $2 AND ticket_key IS NULL";
        if query(sql).bind(key.as_str()).bind(delivery).execute(&mut transaction).await? == 1 {
            audit::append(&mut transaction, entry).await?;
            jobs::enqueue(&mut transaction, &Job::Ticket(issue.clone()), entry.at).await?;
        }
        transaction.commit().await
    }
}
