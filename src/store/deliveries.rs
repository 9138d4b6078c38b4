//! The inbox.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};
use sqlx::AssertSqlSafe;

use super::db::{Transaction, query};
use super::{Store, StoreError};
use crate::model::{Receipt, Timestamp};

/// Ids in one statement; SQLite allows some ten thousand values in one.
const AT_ONCE: usize = 500;

/// A webhook whose signature was checked.
#[derive(Debug, Clone)]
pub struct Delivery<'a> {
    /// `jira`, `github` or `slack`.
    pub source: &'static str,
    /// The sender's id of the delivery; the same when it is sent again.
    pub id: &'a str,
    /// The body as it came.
    pub body: &'a [u8],
    /// What the ledger takes from it.
    pub receipt: Option<&'a Receipt>,
}

/// Whether a delivery was new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// It was stored, and its job with it.
    New,
    /// Its id was there already: it was sent again. Nothing was done.
    Duplicate,
    /// Its body was there already under another id, and ids are not signed. Nothing was done: a body that says the same is
    /// the same hint, the time stands in each, and what is looked at is how things are now.
    DuplicateBody,
}

impl Store {
    /// The body of a delivery and when it came.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn delivery(&self, source: &str, id: &str) -> Result<Option<(Vec<u8>, Timestamp)>, StoreError> {
        let sql = "SELECT body, received_at FROM deliveries WHERE source = $1 AND delivery_id = $2";
        let row = query(sql).bind(source).bind(id).optional(self.db.reader()).await?;
        row.map(|row| Ok((row.get("body")?, Timestamp(row.get("received_at")?)))).transpose()
    }

    /// Those ids under which no delivery of a sender has come.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn not_received(&self, source: &'static str, ids: &[String]) -> Result<BTreeSet<String>, StoreError> {
        let mut missing: BTreeSet<String> = ids.iter().cloned().collect();
        for ids in ids.chunks(AT_ONCE) {
            let places: Vec<String> = (2..ids.len() + 2).map(|place| format!("${place}")).collect();
            let sql = "SELECT delivery_id FROM deliveries WHERE source = $1 AND delivery_id IN";
            let sql = format!("{sql} ({})", places.join(", "));
            let mut query = query(AssertSqlSafe(sql)).bind(source);
            for id in ids {
                query = query.bind(id.clone());
            }
            for row in query.all(self.db.reader()).await? {
                missing.remove(row.get::<&str>(0)?);
            }
        }
        Ok(missing)
    }
}

/// Writes a delivery down, and gives back its number, or how it was known already. An id that came with another body before
/// is not the same delivery: ids are not signed, and whoever sends one first must not silence the one that is meant.
pub(super) async fn insert(
    transaction: &mut Transaction,
    source: &str,
    (id, body): (&str, &[u8]),
    now: Timestamp,
) -> Result<Result<i64, Received>, StoreError> {
    let sha256 = hex::encode(Sha256::digest(body));
    let of_another = format!("{id} {sha256}");
    for stored_id in [id, &of_another] {
        let sql = "INSERT INTO deliveries (source, delivery_id, body_sha256, body, received_at) \
                   VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING seq";
        let new = query(sql).bind(source).bind(stored_id).bind(&sha256).bind(body).bind(now.0);
        if let Some(row) = new.optional(&mut *transaction).await? {
            return Ok(Ok(row.get(0)?));
        }
        let sql = "SELECT delivery_id FROM deliveries WHERE source = $1 AND body_sha256 = $2";
        if let Some(row) = query(sql).bind(source).bind(&sha256).optional(&mut *transaction).await? {
            let same = [id, &of_another].contains(&row.get::<&str>(0)?);
            return Ok(Err(if same { Received::Duplicate } else { Received::DuplicateBody }));
        }
    }
    Ok(Err(Received::Duplicate))
}
