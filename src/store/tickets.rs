//! What we know of each ticket.

use super::db::{Row, Transaction, query};
use super::{Store, StoreError, stored};
use crate::model::{DecisionId, IssueId, Scope, ServiceName, Ticket, TicketKey, TicketStatus, Timestamp};

/// A ticket in our records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownTicket {
    /// Jira's id.
    pub issue: IssueId,
    /// Its key when we last saw it.
    pub key: TicketKey,
    /// Its state when we last saw it: `pending`, `approved`, `declined`, `closed`, `other` or `gone`.
    pub status: String,
    /// When we first saw it.
    pub first_seen: Timestamp,
    /// How many evaluations it has had.
    pub evaluation: i64,
    /// Its last decision.
    pub decision: Option<DecisionId>,
    /// SHA-256 of what the last evaluation said, to tell whether a new one says something new.
    pub result: Option<String>,
}

impl Store {
    /// A ticket by Jira's id.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn known_ticket(&self, issue: &IssueId) -> Result<Option<KnownTicket>, StoreError> {
        let sql = "SELECT issue_id, ticket_key, status, seen_at, evaluation, decision_id, result_sha256 FROM tickets WHERE issue_id = $1";
        let row = query(sql).bind(issue.as_str()).optional(self.db.reader()).await?;
        row.as_ref().map(known).transpose()
    }

    /// The tickets of a scope that were not finished when we last saw them, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn unfinished_of_scope(&self, scope: &Scope) -> Result<Vec<KnownTicket>, StoreError> {
        let sql = "SELECT issue_id, ticket_key, status, seen_at, evaluation, decision_id, result_sha256 FROM tickets \
                   WHERE service = $1 AND environment = $2 AND status IN ('pending', 'approved') ORDER BY seen_at, issue_id";
        let query = query(sql).bind(scope.service.as_str()).bind(scope.environment.as_str());
        query.all(self.db.reader()).await?.iter().map(known).collect()
    }

    /// The tickets of a scope that are in no status of ours although their approval was used, and no pipeline has said what
    /// became of it: some workflows have a status for a deployment that is under way.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn under_way_in_scope(&self, scope: &Scope) -> Result<Vec<IssueId>, StoreError> {
        let sql = "SELECT t.issue_id FROM tickets AS t WHERE t.service = $1 AND t.environment = $2 AND t.status = 'other' \
                   AND EXISTS (SELECT 1 FROM gate_uses AS u WHERE u.issue_id = t.issue_id AND NOT EXISTS \
                     (SELECT 1 FROM gate_outcomes AS o WHERE o.request_id = u.request_id)) ORDER BY t.seen_at, t.issue_id";
        let query = query(sql).bind(scope.service.as_str()).bind(scope.environment.as_str());
        let rows = query.all(self.db.reader()).await?;
        rows.iter().map(|row| stored(IssueId::parse(row.get("issue_id")?))).collect()
    }

    /// The tickets of a service that waited for a decision when we last saw them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn pending_of_service(&self, service: &ServiceName) -> Result<Vec<KnownTicket>, StoreError> {
        // Both states are named because the index of unfinished tickets is asked for by its own words.
        let sql = "SELECT issue_id, ticket_key, status, seen_at, evaluation, decision_id, result_sha256 FROM tickets \
                   WHERE service = $1 AND status IN ('pending', 'approved') AND status = 'pending' ORDER BY seen_at, issue_id";
        query(sql).bind(service.as_str()).all(self.db.reader()).await?.iter().map(known).collect()
    }

    /// The scope in which a ticket was not finished when we last saw it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn unfinished_in(&self, issue: &IssueId) -> Result<Option<Scope>, StoreError> {
        let sql = "SELECT service, environment FROM tickets WHERE issue_id = $1 AND status IN ('pending', 'approved') \
                   AND service IS NOT NULL AND environment IS NOT NULL";
        let row = query(sql).bind(issue.as_str()).optional(self.db.reader()).await?;
        row.map(|row| stored(Scope::parse(row.get("service")?, row.get("environment")?))).transpose()
    }

    /// The scope in which others may wait for a ticket, as we last saw it: it was not finished.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn waited_for_in(&self, issue: &IssueId) -> Result<Option<Scope>, StoreError> {
        let sql = "SELECT service, environment FROM tickets WHERE issue_id = $1 AND status IN ('pending', 'approved', 'other') \
                   AND service IS NOT NULL AND environment IS NOT NULL";
        let row = query(sql).bind(issue.as_str()).optional(self.db.reader()).await?;
        row.map(|row| stored(Scope::parse(row.get("service")?, row.get("environment")?))).transpose()
    }

    /// Notes a ticket as it is now, before anything is decided about it: so that others of its scope can see it.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn note_ticket(&self, ticket: &Ticket, scope: Option<&Scope>, now: Timestamp) -> Result<(), StoreError> {
        let mut transaction = self.db.begin().await?;
        note(&mut transaction, ticket, scope, now).await?;
        transaction.commit().await
    }

    /// Notes that a ticket is gone: deleted, moved away, or hidden from us.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn note_gone(&self, issue: &IssueId) -> Result<(), StoreError> {
        query("UPDATE tickets SET status = 'gone' WHERE issue_id = $1")
            .bind(issue.as_str())
            .execute(self.db.writer())
            .await?;
        Ok(())
    }

    /// How many tickets are in each state, for the metrics.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ticket_counts(&self) -> Result<Vec<(String, i64)>, StoreError> {
        let rows = query("SELECT status, count(*) FROM tickets GROUP BY status").all(self.db.reader()).await?;
        rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
    }
}

pub(super) async fn note(
    transaction: &mut Transaction,
    ticket: &Ticket,
    scope: Option<&Scope>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO tickets (issue_id, ticket_key, service, environment, status, evaluation, seen_at) \
               VALUES ($1, $2, $3, $4, $5, 0, $6) ON CONFLICT (issue_id) DO UPDATE SET ticket_key = excluded.ticket_key, \
               service = excluded.service, environment = excluded.environment, status = excluded.status";
    query(sql)
        .bind(ticket.id.as_str())
        .bind(ticket.key.as_str())
        .bind(scope.map(|scope| scope.service.as_str()))
        .bind(scope.map(|scope| scope.environment.as_str()))
        .bind(status(ticket.status.meaning))
        .bind(now.0)
        .execute(transaction)
        .await?;
    Ok(())
}

fn status(meaning: TicketStatus) -> &'static str {
    match meaning {
        TicketStatus::Pending => "pending",
        TicketStatus::Approved => "approved",
        TicketStatus::Declined => "declined",
        TicketStatus::Closed => "closed",
        TicketStatus::Other => "other",
    }
}

fn known(row: &Row) -> Result<KnownTicket, StoreError> {
    let decision: Option<String> = row.get("decision_id")?;
    Ok(KnownTicket {
        issue: stored(IssueId::parse(row.get("issue_id")?))?,
        key: stored(TicketKey::parse(row.get("ticket_key")?))?,
        status: row.get("status")?,
        first_seen: Timestamp(row.get("seen_at")?),
        evaluation: row.get("evaluation")?,
        decision: decision.map(|id| stored(DecisionId::parse(&id))).transpose()?,
        result: row.get("result_sha256")?,
    })
}
