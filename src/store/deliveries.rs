//! The inbox.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::db::{Transaction, Value, insert_rows, query, query_among};
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
    /// It was stored, and asks for nothing: no ticket waits for what it tells.
    Kept,
    /// Its id was there already: it was sent again. Nothing was done.
    Duplicate,
    /// Its body was there already under another id, and ids are not signed. Nothing was done: a body that says the same is
    /// the same hint, the time stands in each, and what is looked at is how things are now.
    DuplicateBody,
}

impl Store {
    /// When the newest webhook of a system came; nothing when none ever did.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn last_received(&self, source: &str) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT received_at FROM deliveries WHERE source = $1 ORDER BY seq DESC LIMIT 1";
        let row = query(sql).bind(source).optional(self.db.reader()).await?;
        row.map(|row| row.get(0).map(Timestamp)).transpose()
    }

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
        let known = "SELECT delivery_id FROM deliveries WHERE source = $1 AND delivery_id IN";
        self.unknown(known, source, ids).await
    }

    /// Those ids that a statement does not find beside the name of whoever uses them.
    pub(super) async fn unknown(
        &self,
        known: &'static str,
        whose: &'static str,
        ids: &[String],
    ) -> Result<BTreeSet<String>, StoreError> {
        let mut unknown: BTreeSet<String> = ids.iter().cloned().collect();
        for ids in ids.chunks(AT_ONCE) {
            let query = query_among(known, (2, ids.len()), "").bind(whose);
            let query = ids.iter().fold(query, |query, id| query.bind(id));
            for row in query.all(self.db.reader()).await? {
                unknown.remove(row.get::<&str>(0)?);
            }
        }
        Ok(unknown)
    }
}

/// A delivery that is to be written down.
pub(super) struct Draft<'a> {
    pub source: &'static str,
    pub id: &'a str,
    pub body: &'a [u8],
    pub sha256: String,
    pub at: Timestamp,
}

impl<'a> Draft<'a> {
    pub(super) fn new(source: &'static str, (id, body): (&'a str, &'a [u8]), at: Timestamp) -> Draft<'a> {
        Draft { source, id, body, sha256: hex::encode(Sha256::digest(body)), at }
    }

    fn under(&self, id: &str) -> Vec<Value> {
        vec![self.source.into(), id.into(), (&self.sha256).into(), self.body.into(), self.at.0.into()]
    }
}

const INSERT: &str = "INSERT INTO deliveries (source, delivery_id, body_sha256, body, received_at)";

/// Writes deliveries down and gives back the number of each, or how it was known already. Most are new and go with one
/// statement; only the others are looked at one by one.
pub(super) async fn insert(
    transaction: &mut Transaction,
    drafts: &[Draft<'_>],
) -> Result<Vec<Result<i64, Received>>, StoreError> {
    let rows = drafts.iter().map(|draft| draft.under(draft.id)).collect();
    let end = "ON CONFLICT DO NOTHING RETURNING seq, source, delivery_id, body_sha256";
    let mut new: BTreeMap<(String, String, String), i64> = BTreeMap::new();
    for row in insert_rows(INSERT, rows, end).all(&mut *transaction).await? {
        new.insert((row.get("source")?, row.get("delivery_id")?, row.get("body_sha256")?), row.get("seq")?);
    }
    let mut written = Vec::with_capacity(drafts.len());
    for draft in drafts {
        // Taken out: of two in one statement that are the same, one is new.
        let seq = new.remove(&(draft.source.to_owned(), draft.id.to_owned(), draft.sha256.clone()));
        written.push(match seq {
            Some(seq) => Ok(seq),
            None => insert_known(transaction, draft).await?,
        });
    }
    Ok(written)
}

/// Says how a delivery was known. An id that came with another body before is not the same delivery: ids are not signed, and
/// whoever sends one first must not silence the one that is meant.
async fn insert_known(transaction: &mut Transaction, draft: &Draft<'_>) -> Result<Result<i64, Received>, StoreError> {
    let of_another = format!("{} {}", draft.id, draft.sha256);
    let known = "SELECT delivery_id FROM deliveries WHERE source = $1 AND body_sha256 = $2";
    let known = query(known).bind(draft.source).bind(&draft.sha256);
    if let Some(row) = known.optional(&mut *transaction).await? {
        let same = [draft.id, &of_another].contains(&row.get::<&str>(0)?);
        return Ok(Err(if same { Received::Duplicate } else { Received::DuplicateBody }));
    }
    let insert = insert_rows(INSERT, vec![draft.under(&of_another)], "ON CONFLICT DO NOTHING RETURNING seq");
    match insert.optional(transaction).await? {
        Some(row) => Ok(Ok(row.get(0)?)),
        None => Ok(Err(Received::Duplicate)),
    }
}
