//! What the pages list: tickets that wait, evaluations of a ticket, how long approvals took, emergencies.

use std::time::Duration;

use super::db::{Row, query};
use super::{EmergencyRecord, Store, StoreError, stored};
use crate::model::{DecisionId, EmergencyId, TicketKey, Timestamp};

/// One evaluation of a ticket, by its numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastEvaluation {
    /// Its decision.
    pub id: DecisionId,
    /// Which evaluation of the ticket, from 1.
    pub number: i64,
    /// Its verdict.
    pub verdict: String,
    /// The digest of the criteria and people under which it was made.
    pub policy: String,
    /// When.
    pub at: Timestamp,
}

/// How an approval came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeadTime {
    /// When it was given.
    pub at: Timestamp,
    /// How long after cm-bot had first seen the ticket.
    pub waited: Duration,
    /// Whether people gave it.
    pub by_people: bool,
}

/// A ticket in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: TicketKey,
    /// `billing-api to prod-us`; nothing when it names nothing that is registered.
    pub scope: Option<String>,
    /// Its state when we last saw it: `pending`, `approved`, `declined`, `closed`, `other` or `gone`.
    pub status: String,
    /// The verdict of its newest decision.
    pub verdict: String,
    /// When that was made.
    pub at: Timestamp,
}

impl Store {
    /// The newest decisions about tickets that wait, the oldest first, and how many there are.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn waiting(&self, most: i64) -> Result<(Vec<DecisionId>, i64), StoreError> {
        // Both states are named because the index of unfinished tickets is asked for by its own words.
        let sql = "SELECT decision_id FROM tickets WHERE status IN ('pending', 'approved') AND status = 'pending' \
                   AND decision_id IS NOT NULL ORDER BY seen_at, issue_id LIMIT $1";
        let rows = query(sql).bind(most).all(self.db.reader()).await?;
        let ids = rows.iter().map(|row| stored(DecisionId::parse(row.get(0)?))).collect::<Result<_, _>>()?;
        let sql = "SELECT count(*) FROM tickets WHERE status IN ('pending', 'approved') AND status = 'pending' \
                   AND decision_id IS NOT NULL";
        Ok((ids, query(sql).one(self.db.reader()).await?.get(0)?))
    }

    /// The tickets with the newest decisions, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn newest_changes(&self, most: i64) -> Result<Vec<Listed>, StoreError> {
        let sql = "SELECT d.ticket_key, d.verdict, d.decided_at, t.status, t.service, t.environment \
                   FROM decisions AS d JOIN tickets AS t ON t.decision_id = d.id \
                   ORDER BY d.decided_at DESC, d.id DESC LIMIT $1";
        let rows = query(sql).bind(most).all(self.db.reader()).await?;
        rows.iter().map(listed).collect()
    }

    /// Every evaluation of a ticket, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn evaluations(&self, ticket: &TicketKey, most: i64) -> Result<Vec<PastEvaluation>, StoreError> {
        let sql = "SELECT id, evaluation, verdict, policy_digest, decided_at FROM decisions WHERE ticket_key = $1 \
                   ORDER BY evaluation DESC LIMIT $2";
        let rows = query(sql).bind(ticket.as_str()).bind(most).all(self.db.reader()).await?;
        rows.iter().map(evaluation).collect()
    }

    /// The decision of one evaluation of a ticket.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn evaluation_of(&self, ticket: &TicketKey, number: i64) -> Result<Option<DecisionId>, StoreError> {
        let sql = "SELECT id FROM decisions WHERE ticket_key = $1 AND evaluation = $2";
        let row = query(sql).bind(ticket.as_str()).bind(number).optional(self.db.reader()).await?;
        row.map(|row| stored(DecisionId::parse(row.get(0)?))).transpose()
    }

    /// Facts and decision as they are stored, letter by letter: the audit trail holds their SHA-256.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn texts_of(&self, decision: DecisionId) -> Result<Option<(String, String)>, StoreError> {
        let sql = "SELECT facts, decision FROM decisions WHERE id = $1";
        let row = query(sql).bind(decision.to_string()).optional(self.db.reader()).await?;
        row.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
    }

    /// How the approvals since a moment came to be.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn lead_times(&self, since: Timestamp) -> Result<Vec<LeadTime>, StoreError> {
        let sql = "SELECT a.approved_at, a.approved_by, t.seen_at FROM approvals AS a \
                   JOIN tickets AS t ON t.issue_id = a.issue_id WHERE a.approved_at >= $1 ORDER BY a.seq";
        let rows = query(sql).bind(since.0).all(self.db.reader()).await?;
        rows.iter().map(lead_time).collect()
    }

    /// The emergencies that were declared last, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn newest_emergencies(&self, most: i64) -> Result<Vec<EmergencyRecord>, StoreError> {
        let sql = "SELECT id FROM emergencies ORDER BY declared_at DESC, id LIMIT $1";
        let mut found = Vec::new();
        for row in query(sql).bind(most).all(self.db.reader()).await? {
            found.extend(self.emergency(stored(EmergencyId::parse(row.get(0)?))?).await?);
        }
        Ok(found)
    }
}

fn listed(row: &Row) -> Result<Listed, StoreError> {
    let (service, environment): (Option<String>, Option<String>) = (row.get("service")?, row.get("environment")?);
    Ok(Listed {
        key: stored(TicketKey::parse(row.get("ticket_key")?))?,
        scope: service.zip(environment).map(|(service, environment)| format!("{service} to {environment}")),
        status: row.get("status")?,
        verdict: row.get("verdict")?,
        at: Timestamp(row.get("decided_at")?),
    })
}

fn evaluation(row: &Row) -> Result<PastEvaluation, StoreError> {
    Ok(PastEvaluation {
        id: stored(DecisionId::parse(row.get("id")?))?,
        number: row.get("evaluation")?,
        verdict: row.get("verdict")?,
        policy: row.get("policy_digest")?,
        at: Timestamp(row.get("decided_at")?),
    })
}

fn lead_time(row: &Row) -> Result<LeadTime, StoreError> {
    let (at, seen) = (Timestamp(row.get("approved_at")?), Timestamp(row.get("seen_at")?));
    let by: Option<String> = row.get("approved_by")?;
    Ok(LeadTime { at, waited: at.since(seen), by_people: by.is_some() })
}
