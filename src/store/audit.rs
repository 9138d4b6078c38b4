//! The audit trail's table.

use sqlx::{Sqlite, Transaction};

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
        transaction.commit().await?;
        Ok(())
    }

    /// The whole trail: number, body, hash.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn trail(&self) -> Result<Vec<(i64, String, String)>, StoreError> {
        Ok(sqlx::query_as("SELECT seq, body, hash FROM audit_entries ORDER BY seq").fetch_all(&self.readers).await?)
    }
}

/// Appends an entry inside the transaction of what it tells of.
pub(super) async fn append(transaction: &mut Transaction<'static, Sqlite>, entry: &Entry) -> Result<(), StoreError> {
    let last: Option<(i64, String)> = sqlx::query_as("SELECT seq, hash FROM audit_entries ORDER BY seq DESC LIMIT 1")
        .fetch_optional(&mut **transaction)
        .await?;
    let (number, previous) = last.unwrap_or((0, chain::START.to_owned()));
    let body = stored(serde_json::to_string(entry))?;
    let hash = chain::hash(&previous, &body);
    sqlx::query("INSERT INTO audit_entries (seq, body, hash) VALUES ($1, $2, $3)")
        .bind(number + 1)
        .bind(body)
        .bind(hash)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}
