//! Approved changes.

use super::actions::{drop_untried, insert};
use super::db::{Query, Row, Transaction, query};
use super::{NewAction, Store, StoreError, audit, marks, stored};
use crate::audit::Entry;
use crate::model::{CommitSha, DecisionId, IssueId, Scope, TicketKey, Timestamp, listed};
use crate::policy::facts::PastChange;

/// Whether the newest word about a row of `approvals` is that it was given, for the scope of the row. One that was given again
/// for another scope is none of this one.
macro_rules! stands {
    () => {
        "COALESCE((SELECT m.mark || ' ' || COALESCE(m.scope, approvals.service || ':' || approvals.environment) \
           FROM approval_marks AS m WHERE m.issue_id = approvals.issue_id AND m.commit_sha = approvals.commit_sha \
           ORDER BY m.seq DESC LIMIT 1), 'given ' || approvals.service || ':' || approvals.environment) \
         = 'given ' || approvals.service || ':' || approvals.environment"
    };
}

/// Whether nobody has said what became of its deployment.
macro_rules! unreported {
    () => {
        "COALESCE((SELECT r.outcome FROM gate_outcomes AS r WHERE r.issue_id = approvals.issue_id \
           AND r.commit_sha = approvals.commit_sha ORDER BY r.seq DESC LIMIT 1), 'unreported') = 'unreported'"
    };
}

/// A change that was approved.
#[derive(Debug, Clone)]
pub struct Approval {
    /// Jira's id of the ticket.
    pub issue: IssueId,
    /// The ticket's key.
    pub ticket: TicketKey,
    /// Its scope.
    pub scope: Scope,
    /// What was approved.
    pub commit: CommitSha,
    /// When.
    pub at: Timestamp,
    /// By which decision of ours, if it was one.
    pub decision: Option<DecisionId>,
    /// By whom, if it was humans: the name of each and the title of the role.
    pub by: Vec<(String, String)>,
    /// The fingerprint of the ticket that was approved.
    pub fingerprint: String,
}

impl Store {
    /// Records an approval with its audit entry and what is to be said about it. A second time it changes nothing, unless
    /// it was voided meanwhile.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn record_approval(
        &self,
        approval: &Approval,
        entry: &Entry,
        actions: &[NewAction],
    ) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        let sql = "INSERT INTO approvals (issue_id, ticket_key, service, environment, commit_sha, approved_at, decision_id, approved_by) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
        let inserted = query(sql)
            .bind(approval.issue.as_str())
            .bind(approval.ticket.as_str())
            .bind(approval.scope.service.as_str())
            .bind(approval.scope.environment.as_str())
            .bind(approval.commit.as_str())
            .bind(approval.at.0)
            .bind(approval.decision.map(|id| id.to_string()))
            .bind(names(approval))
            .execute(&mut transaction)
            .await?;
        if inserted == 0 && !marks::is_voided(&mut transaction, &approval.issue, &approval.commit).await? {
            return Ok(());
        }
        marks::give(&mut transaction, approval, entry.at).await?;
        note_approvers(&mut transaction, approval).await?;
        if !actions.is_empty() {
            drop_untried(&mut transaction, &approval.issue).await?;
            insert(&mut transaction, (&approval.issue, None), actions, entry.at).await?;
        }
        audit::append(&mut transaction, entry).await?;
        transaction.commit().await
    }

    /// What was approved by decisions of ours in a time, and has no message in the channel for changes; oldest first.
    ///
    /// # Errors
    /// When the database does not answer, or a record cannot be read.
    pub async fn approved_untold(
        &self,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Vec<(IssueId, DecisionId)>, StoreError> {
        let sql = "SELECT issue_id, decision_id FROM approvals WHERE decision_id IS NOT NULL \
                   AND approved_at >= $1 AND approved_at < $2 AND NOT EXISTS \
                    (SELECT 1 FROM posts AS p WHERE p.issue_id = approvals.issue_id AND p.place = 'changes') ORDER BY seq";
        let rows = query(sql).bind(from.0).bind(to.0).all(self.db.reader()).await?;
        let pair = |row: &Row| {
            let issue = stored(IssueId::parse(row.get("issue_id")?))?;
            Ok((issue, stored(DecisionId::parse(row.get("decision_id")?))?))
        };
        rows.iter().map(pair).collect()
    }

    /// The last approved change of a scope, other than the ticket itself, that is in production as far as anybody has
    /// said. A voided approval is none, nor is one whose deployment failed or was rolled back. Where a pipeline has said
    /// that a deployment succeeded, the one that succeeded last counts: a wrong "failed" makes the range longer, and nothing
    /// that nobody reported makes it shorter. Where none has, the approval that was given last has to be enough.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn baseline(&self, scope: &Scope, except: &IssueId) -> Result<Option<PastChange>, StoreError> {
        let deployed = concat!(
            "SELECT ticket_key, approvals.commit_sha, approved_at, decision_id FROM gate_outcomes AS o \
             JOIN approvals ON approvals.issue_id = o.issue_id AND approvals.commit_sha = o.commit_sha \
             WHERE o.service = $1 AND o.environment = $2 AND approvals.service = $1 AND approvals.environment = $2 \
             AND approvals.issue_id <> $3 AND o.outcome = 'succeeded' AND NOT EXISTS \
               (SELECT 1 FROM gate_outcomes AS l WHERE l.issue_id = o.issue_id AND l.commit_sha = o.commit_sha AND l.seq > o.seq) \
             AND ",
            stands!(),
            " ORDER BY o.seq DESC LIMIT 1"
        );
        let found = self.past_change(query(deployed), scope, except.as_str()).await?;
        if found.is_some() || self.has_succeeded(scope).await? {
            return Ok(found);
        }
        let given = concat!(
            "SELECT ticket_key, approvals.commit_sha, n.approved_at, n.decision_id FROM approval_marks AS n \
             JOIN approvals ON approvals.issue_id = n.issue_id AND approvals.commit_sha = n.commit_sha \
             WHERE n.scope = $1 || ':' || $2 AND n.mark = 'given' AND n.issue_id <> $3 AND NOT EXISTS \
               (SELECT 1 FROM approval_marks AS l WHERE l.issue_id = n.issue_id AND l.commit_sha = n.commit_sha AND l.seq > n.seq) \
             AND ",
            unreported!(),
            " ORDER BY n.seq DESC LIMIT 1"
        );
        if let Some(found) = self.past_change(query(given), scope, except.as_str()).await? {
            return Ok(Some(found));
        }
        // Older versions did not note what an approval was given for.
        let older = concat!(
            "SELECT ticket_key, commit_sha, approved_at, decision_id FROM approvals \
             WHERE service = $1 AND environment = $2 AND issue_id <> $3 AND ",
            stands!(),
            " AND ",
            unreported!(),
            " ORDER BY seq DESC LIMIT 1"
        );
        self.past_change(query(older), scope, except.as_str()).await
    }

    /// Whether a pipeline has said of any deployment to a scope that it succeeded, and nothing else since.
    async fn has_succeeded(&self, scope: &Scope) -> Result<bool, StoreError> {
        let sql = "SELECT count(*) FROM (SELECT 1 FROM gate_outcomes AS s WHERE s.service = $1 AND s.environment = $2 \
                     AND s.outcome = 'succeeded' AND NOT EXISTS \
                     (SELECT 1 FROM gate_outcomes AS l WHERE l.request_id = s.request_id AND l.seq > s.seq) LIMIT 1) AS found";
        let query = query(sql).bind(scope.service.as_str()).bind(scope.environment.as_str());
        Ok(query.one(self.db.reader()).await?.get::<i64>(0)? > 0)
    }

    /// The last change of a scope in which exactly this commit was approved.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn approval_of_commit(
        &self,
        scope: &Scope,
        commit: &CommitSha,
    ) -> Result<Option<PastChange>, StoreError> {
        let sql = concat!(
            "SELECT ticket_key, commit_sha, approved_at, decision_id FROM approvals \
             WHERE service = $1 AND environment = $2 AND commit_sha = $3 AND ",
            stands!(),
            " ORDER BY seq DESC LIMIT 1"
        );
        self.past_change(query(sql), scope, commit.as_str()).await
    }

    /// The last change of a scope in which exactly this commit was approved and whose ticket is closed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn closed_change_of_commit(
        &self,
        scope: &Scope,
        commit: &CommitSha,
    ) -> Result<Option<PastChange>, StoreError> {
        let sql = concat!(
            "SELECT ticket_key, commit_sha, approved_at, decision_id FROM approvals \
             WHERE service = $1 AND environment = $2 AND commit_sha = $3 AND ",
            stands!(),
            " AND EXISTS (SELECT 1 FROM tickets AS t WHERE t.issue_id = approvals.issue_id AND t.status = 'closed') \
             ORDER BY seq DESC LIMIT 1"
        );
        self.past_change(query(sql), scope, commit.as_str()).await
    }

    async fn past_change(&self, query: Query, scope: &Scope, third: &str) -> Result<Option<PastChange>, StoreError> {
        let query = query.bind(scope.service.to_string()).bind(scope.environment.to_string()).bind(third);
        query.optional(self.db.reader()).await?.as_ref().map(past_change).transpose()
    }
}

/// `Priya Nair and Sam Okafor`, for people; who counts stands in a table of its own.
fn names(approval: &Approval) -> Option<String> {
    let names: Vec<String> = approval.by.iter().map(|(name, _)| name.clone()).collect();
    (!names.is_empty()).then(|| listed(&names, "and"))
}

async fn note_approvers(transaction: &mut Transaction, approval: &Approval) -> Result<(), StoreError> {
    let sql = "INSERT INTO approvers (issue_id, commit_sha, approved_at, name, role) VALUES ($1, $2, $3, $4, $5)";
    for (name, role) in &approval.by {
        let query_ = query(sql).bind(approval.issue.as_str()).bind(approval.commit.as_str()).bind(approval.at.0);
        query_.bind(name).bind(role).execute(&mut *transaction).await?;
    }
    Ok(())
}

fn past_change(row: &Row) -> Result<PastChange, StoreError> {
    let decision: Option<String> = row.get("decision_id")?;
    Ok(PastChange {
        ticket: stored(TicketKey::parse(row.get("ticket_key")?))?,
        commit: stored(CommitSha::parse(row.get("commit_sha")?))?,
        approved_at: Timestamp(row.get("approved_at")?),
        decision: decision.map(|id| stored(DecisionId::parse(&id))).transpose()?,
    })
}
