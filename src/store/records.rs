//! Decisions, with everything that is needed to make them again.

use sha2::{Digest, Sha256};

use super::db::{Row, query};
use super::{
    KnownTicket, NewAction, Policy, Standing, Store, StoreError, Turn, actions, audit, policies, stored, tickets,
};
use crate::audit::{Entry, Event};
use crate::model::{DecisionId, IssueId, Scope, TicketKey, Timestamp};
use crate::policy::criteria::Criteria;
use crate::policy::decision::Decision;
use crate::policy::facts::Facts;

/// One evaluation of a ticket, to be recorded.
#[derive(Debug)]
pub struct Evaluation<'a> {
    /// The facts that were judged.
    pub facts: &'a Facts,
    /// The decision.
    pub decision: &'a Decision,
    /// Its id.
    pub id: DecisionId,
    /// Which evaluation of the ticket, from 1.
    pub number: i64,
    /// Its verdict.
    pub verdict: &'a str,
    /// What it was judged under.
    pub policy: &'a Policy,
    /// When.
    pub at: Timestamp,
    /// What is to be done outside.
    pub actions: &'a [NewAction],
}

/// A decision as it was recorded.
#[derive(Debug, Clone)]
pub struct StoredDecision {
    /// Its id.
    pub id: DecisionId,
    /// The ticket.
    pub ticket: TicketKey,
    /// Which evaluation of the ticket.
    pub evaluation: i64,
    /// Its verdict.
    pub verdict: String,
    /// The facts that were judged.
    pub facts: Facts,
    /// The decision, as JSON.
    pub decision: String,
    /// The criteria and people under which it was made.
    pub criteria: Criteria,
    /// When.
    pub at: Timestamp,
}

/// What an evaluation says, as one number: equal numbers mean that there is nothing new to tell anybody.
fn result_sha256(decision: &Decision) -> Result<String, StoreError> {
    Ok(hex::encode(Sha256::digest(stored(serde_json::to_string(decision))?)))
}

impl Store {
    /// Records an evaluation: facts, decision, ticket, audit entry and actions in one transaction.
    ///
    /// # Errors
    /// When it cannot be stored, or the turn in which it was made was lost; then nothing of it is.
    pub async fn record(
        &self,
        evaluation: &Evaluation<'_>,
        scope: Option<&Scope>,
        turn: Option<&mut Turn>,
    ) -> Result<(), StoreError> {
        let Evaluation { facts, decision, id, number, at, .. } = *evaluation;
        let ticket = &facts.ticket;
        let facts_json = stored(serde_json::to_string(facts))?;
        let decision_json = stored(serde_json::to_string(decision))?;
        let entry = entry(evaluation, &facts_json, &decision_json);
        let mut transaction = self.write().await?;
        tickets::note(&mut transaction, ticket, scope, at).await?;
        policies::keep(&mut transaction, evaluation.policy, at).await?;
        let sql = "INSERT INTO decisions (id, issue_id, ticket_key, evaluation, verdict, facts, decision, policy_digest, decided_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        query(sql)
            .bind(id.to_string())
            .bind(ticket.id.as_str())
            .bind(ticket.key.as_str())
            .bind(number)
            .bind(evaluation.verdict)
            .bind(&facts_json)
            .bind(&decision_json)
            .bind(decision.criteria_digest())
            .bind(at.0)
            .execute(&mut transaction)
            .await?;
        let sql = "UPDATE tickets SET evaluation = $1, decision_id = $2, result_sha256 = $3 WHERE issue_id = $4";
        query(sql)
            .bind(number)
            .bind(id.to_string())
            .bind(result_sha256(decision)?)
            .bind(ticket.id.as_str())
            .execute(&mut transaction)
            .await?;
        actions::drop_untried(&mut transaction, &ticket.id).await?;
        actions::insert(&mut transaction, (&ticket.id, Some(id)), evaluation.actions, at).await?;
        audit::append(&mut transaction, &entry).await?;
        if let Some(turn) = turn {
            turn.assure().await?;
        }
        transaction.commit().await
    }

    /// A decision by its id.
    ///
    /// # Errors
    /// When the database does not answer, or the record cannot be read.
    pub async fn decision(&self, id: DecisionId) -> Result<Option<StoredDecision>, StoreError> {
        let sql = "SELECT d.id, d.ticket_key, d.evaluation, d.verdict, d.facts, d.decision, d.decided_at, \
                   p.criteria, p.people, p.criteria_signature, p.people_signature, p.allowed_signers \
                   FROM decisions AS d JOIN policies AS p ON p.digest = d.policy_digest WHERE d.id = $1";
        let row = query(sql).bind(id.to_string()).optional(self.db.reader()).await?;
        row.as_ref().map(stored_decision).transpose()
    }

    /// The newest decision about a ticket.
    ///
    /// # Errors
    /// As [`Store::decision`].
    pub async fn newest_decision(&self, ticket: &TicketKey) -> Result<Option<StoredDecision>, StoreError> {
        let sql = "SELECT d.id, d.ticket_key, d.evaluation, d.verdict, d.facts, d.decision, d.decided_at, \
                   p.criteria, p.people, p.criteria_signature, p.people_signature, p.allowed_signers \
                   FROM decisions AS d JOIN policies AS p ON p.digest = d.policy_digest \
                   WHERE d.ticket_key = $1 ORDER BY d.evaluation DESC LIMIT 1";
        let row = query(sql).bind(ticket.as_str()).optional(self.db.reader()).await?;
        row.as_ref().map(stored_decision).transpose()
    }

    /// The decision at which a ticket stood at a moment; before the first one that one.
    ///
    /// # Errors
    /// As [`Store::decision`].
    pub async fn decision_at(&self, issue: &IssueId, at: Timestamp) -> Result<Option<StoredDecision>, StoreError> {
        let sql = "SELECT d.id, d.ticket_key, d.evaluation, d.verdict, d.facts, d.decision, d.decided_at, \
                   p.criteria, p.people, p.criteria_signature, p.people_signature, p.allowed_signers \
                   FROM decisions AS d JOIN policies AS p ON p.digest = d.policy_digest WHERE d.issue_id = $1 \
                   ORDER BY CASE WHEN d.decided_at <= $2 THEN 0 ELSE 1 END, \
                     CASE WHEN d.decided_at <= $2 THEN -d.evaluation ELSE d.evaluation END LIMIT 1";
        let row = query(sql).bind(issue.as_str()).bind(at.0).optional(self.db.reader()).await?;
        row.as_ref().map(stored_decision).transpose()
    }

    /// What whoever approved a ticket has seen: the decision at which it was approved. What was judged later, by a look that
    /// came late, is seen by nobody who approved.
    ///
    /// # Errors
    /// As [`Store::decision`].
    pub async fn decision_behind(
        &self,
        issue: &IssueId,
        standing: &Standing,
    ) -> Result<Option<StoredDecision>, StoreError> {
        match standing.decision {
            Some(id) => self.decision(id).await,
            None => Ok(self.decision_at(issue, standing.at).await?.filter(|stored| stored.at <= standing.at)),
        }
    }

    /// The newest decision about each ticket, if it was made since a moment; oldest first.
    ///
    /// # Errors
    /// When the database does not answer, or a record cannot be read.
    pub async fn newest_decisions_since(&self, since: Timestamp) -> Result<Vec<DecisionId>, StoreError> {
        let sql = "SELECT d.id FROM decisions AS d JOIN tickets AS t ON t.decision_id = d.id \
                   WHERE d.decided_at >= $1 ORDER BY d.decided_at, d.id";
        let rows = query(sql).bind(since.0).all(self.db.reader()).await?;
        rows.iter().map(|row| stored(DecisionId::parse(row.get("id")?))).collect()
    }

    /// How many decisions were made with each verdict, for the metrics.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn verdict_counts(&self) -> Result<Vec<(String, i64)>, StoreError> {
        let rows = query("SELECT verdict, count(*) FROM decisions GROUP BY verdict").all(self.db.reader()).await?;
        rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
    }

    /// Whether a decision differs from the last one about the ticket.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn says_something_new(&self, known: Option<&KnownTicket>, decision: &Decision) -> Result<bool, StoreError> {
        let last = known.and_then(|known| known.result.as_deref());
        Ok(last != Some(result_sha256(decision)?.as_str()))
    }

    /// Whether a ticket stands at this decision: no newer one was made, and it was not taken back.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_current(&self, issue: &IssueId, decision: DecisionId) -> Result<bool, StoreError> {
        let stands = |ticket: KnownTicket| ticket.decision == Some(decision) && ticket.result.is_some();
        Ok(self.known_ticket(issue).await?.is_some_and(stands))
    }
}

fn entry(evaluation: &Evaluation<'_>, facts: &str, decision: &str) -> Entry {
    Entry {
        at: evaluation.at,
        ticket: Some(evaluation.facts.ticket.key.clone()),
        event: Event::Decided {
            decision: evaluation.id,
            evaluation: evaluation.number,
            verdict: evaluation.verdict.to_owned(),
            facts_sha256: hex::encode(Sha256::digest(facts)),
            decision_sha256: hex::encode(Sha256::digest(decision)),
            policy_digest: evaluation.decision.criteria_digest().to_owned(),
            actions: evaluation.actions.iter().map(NewAction::stamp).collect(),
        },
    }
}

fn stored_decision(row: &Row) -> Result<StoredDecision, StoreError> {
    Ok(StoredDecision {
        id: stored(DecisionId::parse(row.get("id")?))?,
        ticket: stored(TicketKey::parse(row.get("ticket_key")?))?,
        evaluation: row.get("evaluation")?,
        verdict: row.get("verdict")?,
        facts: stored(serde_json::from_str(row.get("facts")?))?,
        decision: row.get("decision")?,
        criteria: stored(Criteria::read(&policies::texts(row)?))?,
        at: Timestamp(row.get("decided_at")?),
    })
}
