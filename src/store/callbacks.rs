//! Pipelines that want to be told when their request has changed.

use uuid::Uuid;

use super::actions::insert;
use super::db::query;
use super::{NewAction, Store, StoreError, stored};
use crate::model::{IssueId, Timestamp};

/// A pipeline that wants to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// Its request.
    pub request: Uuid,
    /// Where.
    pub address: String,
    /// The state of which it was told last.
    pub told: String,
}

impl Store {
    /// Notes that a pipeline wants to be told, and what it knows already. What it said first counts.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn note_callback(&self, request: Uuid, address: &str, known: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO gate_callbacks (request_id, address, told) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        query(sql).bind(request.to_string()).bind(address).bind(known).execute(self.db.writer()).await.map(drop)
    }

    /// Whoever wants to be told of a ticket.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn callbacks_of(&self, issue: &IssueId) -> Result<Vec<Callback>, StoreError> {
        let sql = "SELECT c.request_id, c.address, c.told FROM gate_callbacks AS c \
                   JOIN gate_requests AS r ON r.id = c.request_id WHERE r.issue_id = $1";
        let rows = query(sql).bind(issue.as_str()).all(self.db.reader()).await?;
        let read = |row: &super::db::Row| {
            let request = stored(Uuid::parse_str(row.get("request_id")?))?;
            Ok(Callback { request, address: row.get("address")?, told: row.get("told")? })
        };
        rows.iter().map(read).collect()
    }

    /// The state of which a pipeline was told last; nothing when it does not want to be told.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn told(&self, request: Uuid) -> Result<Option<String>, StoreError> {
        let sql = "SELECT told FROM gate_callbacks WHERE request_id = $1";
        let row = query(sql).bind(request.to_string()).optional(self.db.reader()).await?;
        row.map(|row| row.get(0)).transpose()
    }

    /// Has a pipeline told of a state, unless somebody else did so meanwhile.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn tell_callback(
        &self,
        (callback, issue): (&Callback, &IssueId),
        (state, action): (&str, &NewAction),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        let sql = "UPDATE gate_callbacks SET told = $1 WHERE request_id = $2 AND told = $3";
        let query_ = query(sql).bind(state).bind(callback.request.to_string()).bind(&callback.told);
        if query_.execute(&mut transaction).await? == 0 {
            return Ok(());
        }
        insert(&mut transaction, (issue, None), std::slice::from_ref(action), now).await?;
        transaction.commit().await
    }
}
