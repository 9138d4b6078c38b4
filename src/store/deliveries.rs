//! The inbox.

use sha2::{Digest, Sha256};

use super::db::query;
use super::jobs::{Job, enqueue};
use super::{Store, StoreError, ledger};
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

impl Store {
    /// Stores a delivery, its line in the ledger, and what is to be done about it. When this returns, all are on disk.
    ///
    /// # Errors
    /// When they are not.
    pub async fn receive(
        &self,
        delivery: &Delivery<'_>,
        job: Option<&Job>,
        now: Timestamp,
    ) -> Result<Received, StoreError> {
        let mut transaction = self.db.begin().await?;
        let sql = "INSERT INTO deliveries (source, delivery_id, body_sha256, body, received_at) \
                   VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING seq";
        let inserted = query(sql)
            .bind(delivery.source)
            .bind(delivery.id)
            .bind(hex::encode(Sha256::digest(delivery.body)))
            .bind(delivery.body)
            .bind(now.0)
            .optional(&mut transaction)
            .await?;
        let Some(inserted) = inserted else { return Ok(Received::Duplicate) };
        if let Some(receipt) = delivery.receipt {
            ledger::append(&mut transaction, receipt, (inserted.get(0)?, now)).await?;
        }
        if let Some(job) = job {
            enqueue(&mut transaction, job, now).await?;
        }
        transaction.commit().await?;
        Ok(Received::New)
    }
}
