//! What people did that matters to an approval: one row an act, never changed.

use super::actions::insert;
use super::db::{Row, query};
use super::{Effect, NewAction, Store, StoreError, audit, stored};
use crate::audit::Entry;
use crate::model::{AccountId, IssueId, Timestamp};
use crate::policy::approvers::{Act, Deed, Involved, Way};

/// Acts that are new, with everything that comes of them.
#[derive(Debug, Default)]
pub struct NewActs {
    /// The acts.
    pub acts: Vec<Act>,
    /// The comments that are answered by it.
    pub answered: Vec<String>,
    /// What goes into the audit trail.
    pub entries: Vec<Entry>,
    /// What is to be said and done outside.
    pub actions: Vec<NewAction>,
}

impl NewActs {
    /// Whether there is nothing to record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.acts.is_empty() && self.answered.is_empty() && self.actions.is_empty()
    }
}

impl Store {
    /// What people did to a ticket, in the order in which they did it. What was edited in the same moment comes last.
    ///
    /// # Errors
    /// When the database does not answer, or a record cannot be read.
    pub async fn acts(&self, issue: &IssueId) -> Result<Vec<Act>, StoreError> {
        let sql = "SELECT way, source, account, deed, acted_at, fingerprint, seen, refused FROM approval_acts \
                   WHERE issue_id = $1 ORDER BY acted_at, seq";
        let rows = query(sql).bind(issue.as_str()).all(self.db.reader()).await?;
        let mut acts: Vec<Act> = rows.iter().map(act).collect::<Result<_, _>>()?;
        acts.sort_by_key(|act| (act.way.in_order(act.at), matches!(act.deed, Deed::Edit { .. })));
        Ok(acts)
    }

    /// The comments of a ticket that were answered.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn answered_comments(&self, issue: &IssueId) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT comment_id FROM answered_comments WHERE issue_id = $1";
        let rows = query(sql).bind(issue.as_str()).all(self.db.reader()).await?;
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Records acts with their audit entries and what comes of them. Says whether any of it was new; if another process was
    /// faster with all of them, nothing is done.
    ///
    /// # Errors
    /// When they cannot be stored.
    pub async fn record_acts(&self, issue: &IssueId, new: &NewActs, now: Timestamp) -> Result<bool, StoreError> {
        let mut transaction = self.write().await?;
        let mut fresh = 0;
        for act in &new.acts {
            let sql = "INSERT INTO approval_acts \
                       (issue_id, way, source, account, deed, acted_at, fingerprint, seen, refused, noted_at) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING";
            let query_ = query(sql).bind(issue.as_str()).bind(act.way.id()).bind(&act.source);
            let query_ = query_.bind(act.by.as_ref().map(AccountId::as_str));
            let query_ = query_.bind(stored(serde_json::to_string(&act.deed))?).bind(act.at.0).bind(&act.fingerprint);
            let query_ = query_.bind(stored(serde_json::to_string(&act.seen))?).bind(act.refused.as_deref());
            fresh += query_.bind(now.0).execute(&mut transaction).await?;
        }
        for comment in &new.answered {
            let sql = "INSERT INTO answered_comments (issue_id, comment_id, answered_at) VALUES ($1, $2, $3) \
                       ON CONFLICT DO NOTHING";
            let query_ = query(sql).bind(issue.as_str()).bind(comment).bind(now.0);
            fresh += query_.execute(&mut transaction).await?;
        }
        if fresh == 0 && !(new.acts.is_empty() && new.answered.is_empty()) {
            return Ok(false);
        }
        insert(&mut transaction, (issue, None), &new.actions, now).await?;
        for entry in &new.entries {
            audit::append(&mut transaction, entry).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// The accounts that asked the gate to deploy a ticket, and the one that declared its emergency.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn involved(&self, issue: &IssueId) -> Result<Involved, StoreError> {
        let emergency = self.emergency_of(issue).await?;
        let declarer = emergency.and_then(|emergency| emergency.declaration.owner);
        Ok(Involved { deployers: self.deployers(issue).await?, declarer })
    }

    async fn deployers(&self, issue: &IssueId) -> Result<Vec<AccountId>, StoreError> {
        let sql = "SELECT DISTINCT requester FROM gate_requests WHERE issue_id = $1 AND requester IS NOT NULL";
        let rows = query(sql).bind(issue.as_str()).all(self.db.reader()).await?;
        rows.iter().map(|row| stored(AccountId::parse(row.get(0)?))).collect()
    }

    /// Whether an approval of a ticket is still to be carried out, or is being carried out.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_being_approved(&self, issue: &IssueId) -> Result<bool, StoreError> {
        let sql = "SELECT count(*) FROM actions WHERE issue_id = $1 AND kind IN ('approve', 'approve-by-people') \
                   AND state IN ('ready', 'running')";
        Ok(query(sql).bind(issue.as_str()).one(self.db.reader()).await?.get::<i64>(0)? > 0)
    }

    /// Whether an action of this kind is still to be carried out for a ticket, or was asked for since a moment.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_asked_for(&self, issue: &IssueId, effect: &Effect, since: Timestamp) -> Result<bool, StoreError> {
        let sql = "SELECT count(*) FROM actions WHERE issue_id = $1 AND kind = $2 \
                   AND (state IN ('ready', 'running') OR made_at >= $3)";
        let query_ = query(sql).bind(issue.as_str()).bind(effect.kind()).bind(since.0);
        Ok(query_.one(self.db.reader()).await?.get::<i64>(0)? > 0)
    }
}

fn act(row: &Row) -> Result<Act, StoreError> {
    let way: String = row.get("way")?;
    let way = Way::ALL.into_iter().find(|known| known.id() == way);
    let account: Option<String> = row.get("account")?;
    Ok(Act {
        way: way.ok_or_else(|| StoreError::Damaged("an act of an unknown way".into()))?,
        source: row.get("source")?,
        by: account.map(|account| stored(AccountId::parse(&account))).transpose()?,
        deed: stored(serde_json::from_str(row.get("deed")?))?,
        at: Timestamp(row.get("acted_at")?),
        fingerprint: row.get("fingerprint")?,
        seen: stored(serde_json::from_str(row.get("seen")?))?,
        refused: row.get("refused")?,
    })
}
