//! What became of approvals: given, voided, given again. Approvals themselves are never changed.

use super::actions::{drop_untried, insert};
use super::db::{Transaction, query};
use super::{Approval, NewAction, Store, StoreError, audit, stored};
use crate::audit::Entry;
use crate::model::{CommitSha, DecisionId, IssueId, Scope, Timestamp};

/// The approval at which a ticket stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// What was approved.
    pub commit: CommitSha,
    /// For which scope.
    pub scope: Scope,
    /// When.
    pub at: Timestamp,
    /// By which decision of ours, if it was one.
    pub decision: Option<DecisionId>,
    /// By whom, where it is the first approval of its commit: all that an older version wrote down.
    pub by: Option<String>,
    /// The fingerprint of the ticket that was approved; nothing when an older version recorded it.
    pub fingerprint: Option<String>,
}

/// An approval that does not count any more.
#[derive(Debug, Clone)]
pub struct Void<'a> {
    /// The ticket.
    pub issue: &'a IssueId,
    /// What had been approved.
    pub commit: &'a CommitSha,
    /// When it was approved, by Jira's history as far as it is known. An older approval never counts again.
    pub approved_at: Timestamp,
    /// Whether the ticket is judged anew although it may be as it was before.
    pub again: Again,
}

/// What comes after an approval was voided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// The next look at the ticket is recorded whatever it finds.
    Judge,
    /// A human took the approval back, so it is recorded only when it finds something new.
    OnlyWhenNew,
}

impl Store {
    /// The approval at which a ticket stands, if it stands at one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn standing_approval(&self, issue: &IssueId) -> Result<Option<Standing>, StoreError> {
        // A row of `approvals` is never changed, so it tells of the first approval. What was voided and given again is told by
        // its newest mark alone, and that one says nothing of a decision when people gave it.
        let sql = "SELECT a.commit_sha, m.fingerprint, COALESCE(m.scope, a.service || ':' || a.environment) AS scope, \
                     COALESCE(m.approved_at, a.approved_at) AS approved_at, \
                     CASE WHEN v.seq IS NULL THEN a.decision_id ELSE m.decision_id END AS decision_id, \
                     CASE WHEN v.seq IS NULL THEN a.approved_by END AS approved_by \
                   FROM approvals AS a \
                   LEFT JOIN approval_marks AS m ON m.seq = (SELECT max(n.seq) FROM approval_marks AS n \
                     WHERE n.issue_id = a.issue_id AND n.commit_sha = a.commit_sha) \
                   LEFT JOIN approval_marks AS v ON v.seq = (SELECT max(n.seq) FROM approval_marks AS n \
                     WHERE n.issue_id = a.issue_id AND n.commit_sha = a.commit_sha AND n.mark = 'voided') \
                   WHERE a.issue_id = $1 AND COALESCE(m.mark, 'given') = 'given' ORDER BY a.seq DESC LIMIT 1";
        let Some(row) = query(sql).bind(issue.as_str()).optional(self.db.reader()).await? else { return Ok(None) };
        let decision: Option<String> = row.get("decision_id")?;
        Ok(Some(Standing {
            commit: stored(CommitSha::parse(row.get("commit_sha")?))?,
            scope: scope(row.get("scope")?)?,
            at: Timestamp(row.get("approved_at")?),
            decision: decision.map(|id| stored(DecisionId::parse(&id))).transpose()?,
            by: row.get("approved_by")?,
            fingerprint: row.get("fingerprint")?,
        }))
    }

    /// When the newest approval of a ticket that was voided had been given.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn voided(&self, issue: &IssueId) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT max(approved_at) FROM approval_marks WHERE issue_id = $1 AND mark = 'voided'";
        let newest: Option<i64> = query(sql).bind(issue.as_str()).one(self.db.reader()).await?.get(0)?;
        Ok(newest.map(Timestamp))
    }

    /// Whether a decision of ours was carried out: the ticket was approved by it, whatever became of that approval.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn was_given_by(&self, issue: &IssueId, decision: DecisionId) -> Result<bool, StoreError> {
        // What an older version gave, has a mark without a decision.
        let sql = "SELECT (SELECT count(*) FROM approval_marks WHERE issue_id = $1 AND decision_id = $2) \
                   + (SELECT count(*) FROM approvals WHERE issue_id = $1 AND decision_id = $2)";
        let query = query(sql).bind(issue.as_str()).bind(decision.to_string());
        Ok(query.one(self.db.reader()).await?.get::<i64>(0)? > 0)
    }

    /// Voids an approval, with its audit entry and what is to be done about it. A second time it changes nothing.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn void_approval(&self, void: &Void<'_>, entry: &Entry, actions: &[NewAction]) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        if is_voided(&mut transaction, void.issue, void.commit).await? {
            return Ok(());
        }
        // One approval is voided once. Another one that Jira dates alike is told apart by a millisecond.
        for approved_at in void.approved_at.0.. {
            let sql = "INSERT INTO approval_marks (issue_id, commit_sha, mark, approved_at, marked_at) \
                       VALUES ($1, $2, 'voided', $3, $4) ON CONFLICT DO NOTHING";
            let query = query(sql).bind(void.issue.as_str()).bind(void.commit.as_str());
            if query.bind(approved_at).bind(entry.at.0).execute(&mut transaction).await? == 1 {
                break;
            }
        }
        if void.again == Again::Judge {
            let sql = "UPDATE tickets SET result_sha256 = NULL WHERE issue_id = $1";
            query(sql).bind(void.issue.as_str()).execute(&mut transaction).await?;
        }
        drop_untried(&mut transaction, void.issue).await?;
        insert(&mut transaction, (void.issue, None), actions, entry.at).await?;
        audit::append(&mut transaction, entry).await?;
        transaction.commit().await
    }
}

/// Whether the newest mark of an approval says that it does not count any more.
pub(super) async fn is_voided(
    transaction: &mut Transaction,
    issue: &IssueId,
    commit: &CommitSha,
) -> Result<bool, StoreError> {
    let sql = "SELECT mark FROM approval_marks WHERE issue_id = $1 AND commit_sha = $2 ORDER BY seq DESC LIMIT 1";
    let row = query(sql).bind(issue.as_str()).bind(commit.as_str()).optional(transaction).await?;
    row.map_or(Ok(false), |row| Ok(row.get::<&str>(0)? == "voided"))
}

/// When the approval of a commit was given the last time. Its marks say it; an older version has left none.
pub(super) async fn given_at(
    transaction: &mut Transaction,
    issue: &IssueId,
    commit: &CommitSha,
) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT COALESCE((SELECT m.approved_at FROM approval_marks AS m \
                 WHERE m.issue_id = a.issue_id AND m.commit_sha = a.commit_sha AND m.mark = 'given' \
                 ORDER BY m.seq DESC LIMIT 1), a.approved_at) \
               FROM approvals AS a WHERE a.issue_id = $1 AND a.commit_sha = $2";
    let row = query(sql).bind(issue.as_str()).bind(commit.as_str()).optional(transaction).await?;
    row.map(|row| Ok(Timestamp(row.get(0)?))).transpose()
}

/// Notes that an approval was given.
pub(super) async fn give(transaction: &mut Transaction, approval: &Approval, now: Timestamp) -> Result<(), StoreError> {
    let sql = "INSERT INTO approval_marks (issue_id, commit_sha, mark, fingerprint, approved_at, marked_at, decision_id, scope) \
               VALUES ($1, $2, 'given', $3, $4, $5, $6, $7)";
    query(sql)
        .bind(approval.issue.as_str())
        .bind(approval.commit.as_str())
        .bind(approval.fingerprint.as_str())
        .bind(approval.at.0)
        .bind(now.0)
        .bind(approval.decision.map(|id| id.to_string()))
        .bind(format!("{}:{}", approval.scope.service, approval.scope.environment))
        .execute(transaction)
        .await
        .map(drop)
}

/// A scope as a mark has it; neither name has a colon.
fn scope(text: &str) -> Result<Scope, StoreError> {
    let (service, environment) = text.split_once(':').unwrap_or((text, ""));
    stored(Scope::parse(service, environment))
}
