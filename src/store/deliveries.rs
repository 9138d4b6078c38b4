//! The inbox.

use sha2::{Digest, Sha256};

use super::StoreError;
use super::db::{Transaction, query};
use crate::model::{Receipt, Timestamp};

/// A webhook whose signature was checked.
#[derive(Debug, Clone)]
pub struct Delivery<'a> {
    /// `jira` or `github`.
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
    /// It was there already, by its id or by its content. Nothing was done.
    Duplicate,
}

/// Writes a delivery down; nothing when it was there already.
pub(super) async fn insert(
    transaction: &mut Transaction,
    source: &str,
    (id, body): (&str, &[u8]),
    now: Timestamp,
) -> Result<Option<i64>, StoreError> {
    let sql = "INSERT INTO deliveries (source, delivery_id, body_sha256, body, received_at) \
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING seq";
    let sha256 = hex::encode(Sha256::digest(body));
    let inserted = query(sql).bind(source).bind(id).bind(sha256).bind(body).bind(now.0).optional(transaction).await?;
    inserted.map(|row| row.get(0)).transpose()
}
