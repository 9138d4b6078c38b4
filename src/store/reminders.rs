//! Reminders of tickets that wait: what was said since when, and what waits now.

use super::actions::insert;
use super::db::query;
use super::{Job, NewAction, Store, StoreError, audit, jobs, stored};
use crate::audit::Entry;
use crate::model::{IssueId, Timestamp};
use crate::policy::follow_up::held::Held;

impl Store {
    /// Since when a thing is switched on; from now on, when it is new.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn on_since(&self, name: &str, now: Timestamp) -> Result<Timestamp, StoreError> {
        let sql = "INSERT INTO switches (name, since) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        query(sql).bind(name).bind(now.0).execute(self.db.writer()).await?;
        let sql = "SELECT since FROM switches WHERE name = $1";
        query(sql).bind(name).one(self.db.reader()).await?.get(0).map(Timestamp)
    }

    /// Notes that a thing is switched off; it begins anew when it is switched on again.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn switch_off(&self, name: &str) -> Result<(), StoreError> {
        query("DELETE FROM switches WHERE name = $1").bind(name).execute(self.db.writer()).await?;
        Ok(())
    }

    /// When a subject was told of last: the `since` of its newest step.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn last_reminded(&self, subject: &str) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT max(since) FROM reminders WHERE subject = $1";
        let since: Option<i64> = query(sql).bind(subject).one(self.db.reader()).await?.get(0)?;
        Ok(since.map(Timestamp))
    }

    /// A ticket that waits for a human: since when it does without a pause, and what was said since then. Nothing when it
    /// does not wait.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn held(&self, issue: &IssueId) -> Result<Option<Held>, StoreError> {
        let sql = "SELECT min(d.decided_at) FROM decisions AS d JOIN tickets AS t ON t.issue_id = d.issue_id \
                   WHERE d.issue_id = $1 AND t.status = 'pending' AND d.verdict = 'waiting' \
                   AND d.evaluation > COALESCE((SELECT max(o.evaluation) FROM decisions AS o \
                    WHERE o.issue_id = d.issue_id AND o.verdict <> 'waiting'), 0) \
                   AND d.decided_at >= COALESCE((SELECT max(m.marked_at) FROM approval_marks AS m \
                    WHERE m.issue_id = d.issue_id), 0)";
        let since: Option<i64> = query(sql).bind(issue.as_str()).one(self.db.reader()).await?.get(0)?;
        let Some(since) = since else { return Ok(None) };
        let taken = self.steps_taken(issue.as_str(), Timestamp(since)).await?;
        Ok(Some(Held { since: Timestamp(since), taken }))
    }

    /// The tickets that wait for a human, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn all_held(&self) -> Result<Vec<IssueId>, StoreError> {
        // Put in order as a sum, so that nobody walks through all the finished ones for the sake of the order.
        let sql = "SELECT t.issue_id FROM tickets AS t JOIN decisions AS d ON d.id = t.decision_id \
                   WHERE t.status IN ('pending', 'approved') AND t.status = 'pending' AND d.verdict = 'waiting' \
                   ORDER BY t.seen_at + 0, t.issue_id";
        let rows = query(sql).all(self.db.reader()).await?;
        rows.iter().map(|row| stored(IssueId::parse(row.get(0)?))).collect()
    }

    /// Whether a step was taken since then.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn was_reminded(&self, subject: &str, since: Timestamp) -> Result<bool, StoreError> {
        let sql = "SELECT count(*) FROM reminders WHERE subject = $1 AND since = $2";
        let taken: i64 = query(sql).bind(subject).bind(since.0).one(self.db.reader()).await?.get(0)?;
        Ok(taken > 0)
    }

    /// Takes a step, with what is to be said and its audit entry. Says whether it is new; when it was taken before, nothing
    /// is done.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn remind(
        &self,
        (subject, since, step): (&str, Timestamp, &str),
        (issue, actions): (&IssueId, &[NewAction]),
        entry: &Entry,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.write().await?;
        let sql =
            "INSERT INTO reminders (subject, since, step, taken_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
        let new = query(sql).bind(subject).bind(since.0).bind(step).bind(entry.at.0);
        if new.execute(&mut transaction).await? == 0 {
            return Ok(false);
        }
        insert(&mut transaction, (issue, None), actions, entry.at).await?;
        audit::append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Asks for a look at whatever is followed up and has no timer: after an upgrade, or when a look was given up.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn set_timers(&self, now: Timestamp) -> Result<usize, StoreError> {
        let sql = "SELECT i.issue_id FROM (SELECT issue_id FROM emergencies WHERE issue_id IS NOT NULL AND NOT EXISTS \
                    (SELECT 1 FROM emergency_marks AS m WHERE m.emergency = emergencies.id AND m.kind = 'ended' \
                     AND (m.detail <> 'called-off' OR NOT EXISTS (SELECT 1 FROM emergency_marks AS u \
                     WHERE u.emergency = m.emergency AND u.kind = 'used'))) \
                    UNION SELECT t.issue_id FROM tickets AS t JOIN decisions AS d ON d.id = t.decision_id \
                    WHERE t.status IN ('pending', 'approved') AND t.status = 'pending' AND d.verdict = 'waiting') AS i \
                   WHERE NOT EXISTS (SELECT 1 FROM jobs AS j WHERE j.kind = 'follow-up' AND j.subject = i.issue_id \
                    AND j.state IN ('ready', 'running'))";
        let rows = query(sql).all(self.db.reader()).await?;
        let mut transaction = self.db.begin().await?;
        for row in &rows {
            let issue = stored(IssueId::parse(row.get(0)?))?;
            jobs::enqueue(&mut transaction, &Job::FollowUp(issue), now).await?;
        }
        transaction.commit().await?;
        Ok(rows.len())
    }
}
