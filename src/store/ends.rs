//! When what approved tickets allow for a time ends, as they said at the last look.

use std::collections::BTreeSet;

use super::db::query;
use super::{Store, StoreError, stored};
use crate::model::{IssueId, Timestamp};

impl Store {
    /// Notes what a ticket says now; what it said before is forgotten.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn note_ends(&self, issue: &IssueId, due: &[Timestamp]) -> Result<(), StoreError> {
        let mut transaction = self.db.begin().await?;
        query("DELETE FROM ends WHERE issue_id = $1").bind(issue.as_str()).execute(&mut transaction).await?;
        for moment in due {
            let sql = "INSERT INTO ends (issue_id, due) VALUES ($1, $2) ON CONFLICT DO NOTHING";
            query(sql).bind(issue.as_str()).bind(moment.0).execute(&mut transaction).await?;
        }
        transaction.commit().await
    }

    /// What approved tickets allow that ends in a time, the next end first.
    ///
    /// # Errors
    /// When the database does not answer, or a record cannot be read.
    pub async fn ends_between(
        &self,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Vec<(IssueId, Timestamp)>, StoreError> {
        let sql = "SELECT e.issue_id, e.due FROM ends AS e JOIN tickets AS t ON t.issue_id = e.issue_id \
                   WHERE t.status IN ('pending', 'approved') AND t.status = 'approved' AND e.due >= $1 AND e.due <= $2 \
                   ORDER BY e.due, e.issue_id";
        let rows = query(sql).bind(from.0).bind(to.0).all(self.db.reader()).await?;
        rows.iter().map(|row| Ok((stored(IssueId::parse(row.get("issue_id")?))?, Timestamp(row.get("due")?)))).collect()
    }

    /// The steps of a subject that were taken since a moment, by their names.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn steps_taken(&self, subject: &str, since: Timestamp) -> Result<BTreeSet<String>, StoreError> {
        let sql = "SELECT step FROM reminders WHERE subject = $1 AND since = $2";
        let rows = query(sql).bind(subject).bind(since.0).all(self.db.reader()).await?;
        rows.iter().map(|row| row.get("step")).collect()
    }

    /// The ticket that was seen last: it carries what belongs to none.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn newest_ticket(&self) -> Result<Option<IssueId>, StoreError> {
        let sql = "SELECT issue_id FROM tickets ORDER BY seen_at DESC, issue_id DESC LIMIT 1";
        let row = query(sql).optional(self.db.reader()).await?;
        row.map(|row| stored(IssueId::parse(row.get(0)?))).transpose()
    }
}
