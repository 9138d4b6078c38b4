//! What makes the first draw of an inspection: a beacon, or dice.

use super::db::{On, query};
use super::{Store, StoreError, audit};
use crate::audit::{Entry, Event};
use crate::model::Timestamp;

/// Under which name a beacon is switched on; the hash of its chain follows.
const SWITCH: &str = "drawing:";

impl Store {
    /// Notes what draws from now on, the beacon of this chain or dice; nothing when it is as it was. Before anything was noted
    /// it was dice.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn note_drawing(&self, chain: Option<&str>, now: Timestamp) -> Result<bool, StoreError> {
        let mut transaction = self.write().await?;
        if noted(&mut transaction).await?.as_deref() == chain {
            return Ok(false);
        }
        query("DELETE FROM switches WHERE name LIKE 'drawing:%'").execute(&mut transaction).await?;
        if let Some(chain) = chain {
            let sql = "INSERT INTO switches (name, since) VALUES ($1, $2)";
            query(sql).bind(format!("{SWITCH}{chain}")).bind(now.0).execute(&mut transaction).await?;
        }
        let event = Event::DrawingChanged { chain: chain.map(str::to_owned) };
        audit::append(&mut transaction, &Entry { at: now, ticket: None, event }).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// The chain of the beacon that draws, as was noted last; nothing when dice do.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn drawing(&self) -> Result<Option<String>, StoreError> {
        noted(self.db.reader()).await
    }
}

async fn noted<'a>(on: impl Into<On<'a>>) -> Result<Option<String>, StoreError> {
    let sql = "SELECT name FROM switches WHERE name LIKE 'drawing:%' LIMIT 1";
    let row = query(sql).optional(on).await?;
    row.map(|row| Ok(row.get::<String>("name")?.trim_start_matches(SWITCH).to_owned())).transpose()
}
