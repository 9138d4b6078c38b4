//! The audit trail's table.

use super::db::{On, Transaction, query};
use super::{Store, StoreError, stored};
use crate::audit::{Entry, chain};

impl Store {
    /// Appends an entry on its own.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn append(&self, entry: &Entry) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        append(&mut transaction, entry).await?;
        transaction.commit().await
    }

    /// The next entries of the trail, at most `most`, after the one with this number: number, body, hash.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn trail_after(&self, number: i64, most: i64) -> Result<Vec<TrailEntry>, StoreError> {
        after(self.db.reader(), number, most).await
    }
}

/// Number, body and hash of an entry.
pub type TrailEntry = (i64, String, String);

/// The entries after the one with this number.
pub(super) async fn after<'a>(on: impl Into<On<'a>>, number: i64, most: i64) -> Result<Vec<TrailEntry>, StoreError> {
    let sql = "SELECT seq, body, hash FROM audit_entries WHERE seq > $1 ORDER BY seq LIMIT $2";
    let rows = query(sql).bind(number).bind(most).all(on).await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).collect()
}

/// Appends an entry inside the transaction of what it tells of.
pub(super) async fn append(transaction: &mut Transaction, entry: &Entry) -> Result<(), StoreError> {
    let last =
        query("SELECT seq, hash FROM audit_entries ORDER BY seq DESC LIMIT 1").optional(&mut *transaction).await?;
    let (number, previous): (i64, String) = match last {
        Some(last) => (last.get(0)?, last.get(1)?),
        None => (0, chain::START.to_owned()),
    };
    let body = stored(serde_json::to_string(entry))?;
    let hash = chain::hash(&previous, &body);
    query("INSERT INTO audit_entries (seq, body, hash) VALUES ($1, $2, $3)")
        .bind(number + 1)
        .bind(body)
        .bind(hash)
        .execute(transaction)
        .await?;
    Ok(())
}
