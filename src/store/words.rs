//! What people decided in Slack or on our pages: one row a form that was sent, never changed.

use super::db::{Row, query};
use super::{Job, Store, StoreError, jobs, stored};
use crate::model::{AccountId, DecisionId, IssueId, Timestamp};
use crate::policy::approvers::{Deed, Way};

/// Somebody's word in a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Where the form was: in Slack or on a page.
    pub way: Way,
    /// The id of the delivery that says it.
    pub delivery: String,
    /// The Jira account of whoever the people file says it was.
    pub by: AccountId,
    /// What.
    pub deed: Deed,
    /// When we were told.
    pub at: Timestamp,
    /// The decision that the form showed.
    pub decision: DecisionId,
    /// The fingerprint of the ticket that was decided about.
    pub fingerprint: String,
}

/// The statement that keeps a word of this way.
fn insert(way: Way) -> &'static str {
    match way {
        Way::Page => {
            "INSERT INTO words_on_pages (issue_id, delivery, account, deed, said_at, decision_id, fingerprint) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING"
        }
        Way::Slack | Way::Status | Way::Field | Way::Comment | Way::ServiceDesk => {
            "INSERT INTO words_in_slack (issue_id, delivery, account, deed, said_at, decision_id, fingerprint) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING"
        }
    }
}

impl Store {
    /// Records a word, with a look at its ticket. A delivery says one, however often it is handled.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn note_word(&self, issue: &IssueId, word: &Word, now: Timestamp) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        let query_ = query(insert(word.way)).bind(issue.as_str()).bind(&word.delivery).bind(word.by.as_str());
        let query_ = query_.bind(stored(serde_json::to_string(&word.deed))?).bind(word.at.0);
        query_.bind(word.decision.to_string()).bind(&word.fingerprint).execute(&mut transaction).await?;
        jobs::enqueue(&mut transaction, &Job::Ticket(issue.clone()), now).await?;
        transaction.commit().await
    }

    /// Whether a delivery has said something already.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn has_word(&self, delivery: &str) -> Result<bool, StoreError> {
        let sql = "SELECT (SELECT count(*) FROM words_in_slack WHERE delivery = $1) \
                   + (SELECT count(*) FROM words_on_pages WHERE delivery = $1)";
        Ok(query(sql).bind(delivery).one(self.db.reader()).await?.get::<i64>(0)? > 0)
    }

    /// What people said about a ticket, oldest first.
    ///
    /// # Errors
    /// When the database does not answer, or a record cannot be read.
    pub async fn words(&self, issue: &IssueId) -> Result<Vec<Word>, StoreError> {
        let sql = "SELECT 'slack' AS way, seq, delivery, account, deed, said_at, decision_id, fingerprint \
                   FROM words_in_slack WHERE issue_id = $1 UNION ALL \
                   SELECT 'page' AS way, seq, delivery, account, deed, said_at, decision_id, fingerprint \
                   FROM words_on_pages WHERE issue_id = $1 ORDER BY said_at, way, seq";
        let rows = query(sql).bind(issue.as_str()).all(self.db.reader()).await?;
        rows.iter().map(word).collect()
    }
}

fn word(row: &Row) -> Result<Word, StoreError> {
    Ok(Word {
        way: if row.get::<String>("way")? == Way::Page.id() { Way::Page } else { Way::Slack },
        delivery: row.get("delivery")?,
        by: stored(AccountId::parse(row.get("account")?))?,
        deed: stored(serde_json::from_str(row.get("deed")?))?,
        at: Timestamp(row.get("said_at")?),
        decision: stored(DecisionId::parse(row.get("decision_id")?))?,
        fingerprint: row.get("fingerprint")?,
    })
}
