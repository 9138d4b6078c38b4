//! The tree over the audit trail, and what was signed about it.

use std::collections::BTreeMap;

use super::db::{On, Row, Transaction, query};
use super::{Store, StoreError, audit, stored};
use crate::audit::checkpoint::{Checkpoint, Signer};
use crate::audit::tree::{Root, Tree};
use crate::audit::{Entry, Event};
use crate::model::Timestamp;

/// Most entries that one transaction adds to the tree; others can write in between.
const STEP: i64 = 500;

/// Most entries that are read at once to make the tree again.
const PAGE: u64 = 2000;

/// What the records know of a checkpoint that was kept elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// They made it, of the entries with which the trail still begins.
    Whole,
    /// They did not make it, or have fewer entries than it tells of.
    Older,
    /// They say that they made it, and the trail begins with other entries.
    Other,
}

impl Store {
    /// Brings the tree up to the newest entry, and signs it unless that was done before. Says what was signed.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn checkpoint(&self, signer: &Signer, now: Timestamp) -> Result<Option<String>, StoreError> {
        self.name_key(signer, now).await?;
        while self.grow().await? {}
        let mut transaction = self.write().await?;
        let tree = tree(&mut transaction).await?;
        let size = number(tree.size())?;
        let signed = "SELECT 1 FROM audit_checkpoints WHERE size = $1 AND public_key = $2";
        let signed = query(signed).bind(size).bind(signer.public()).optional(&mut transaction).await?;
        if signed.is_some() || size == 0 {
            return Ok(None);
        }
        let note = stored(signer.sign(tree.size(), stored(tree.root(tree.size()))?))?;
        let sql = "INSERT INTO audit_checkpoints (size, public_key, note, made_at) VALUES ($1, $2, $3, $4)";
        query(sql).bind(size).bind(signer.public()).bind(note.as_str()).bind(now.0).execute(&mut transaction).await?;
        transaction.commit().await?;
        Ok(Some(note))
    }

    /// What is known here of a checkpoint that was kept elsewhere. A row that says the same is not enough: everybody can read
    /// the newest checkpoint, so whoever puts old records back could add it. The root is made again from the entries, and not
    /// from the hashes that stand beside them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn remembers(&self, kept: &Checkpoint) -> Result<Memory, StoreError> {
        if !self.has_made(kept).await? || self.trail_length().await? < number(kept.size)? {
            return Ok(Memory::Older);
        }
        let again = self.root_of_first(kept.size).await?;
        Ok(if again == Some(kept.root) { Memory::Whole } else { Memory::Other })
    }

    /// Whether a checkpoint that says the same is among those that were made here.
    async fn has_made(&self, kept: &Checkpoint) -> Result<bool, StoreError> {
        let sql = "SELECT note FROM audit_checkpoints WHERE size = $1";
        let rows = query(sql).bind(number(kept.size)?).all(self.db.reader()).await?;
        let notes = rows.iter().map(|row| row.get::<String>(0)).collect::<Result<Vec<_>, _>>()?;
        Ok(notes.iter().any(|note| Checkpoint::unverified(note).is_ok_and(|known| known.root == kept.root)))
    }

    /// The root over the first entries, made from what they say; nothing when one of them is not there.
    async fn root_of_first(&self, size: u64) -> Result<Option<Root>, StoreError> {
        let mut tree = Tree::default();
        while tree.size() < size {
            let most = number(PAGE.min(size - tree.size()))?;
            let entries = audit::after(self.db.reader(), number(tree.size())?, most).await?;
            if entries.is_empty() {
                return Ok(None);
            }
            for (entry, body, _) in &entries {
                if *entry != number(tree.size() + 1)? {
                    return Ok(None);
                }
                stored(tree.append(body.as_bytes()))?;
            }
            tree.forget();
        }
        stored(tree.root(size)).map(Some)
    }

    /// How many entries the audit trail has.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn trail_length(&self) -> Result<i64, StoreError> {
        query("SELECT coalesce(max(seq), 0) FROM audit_entries").one(self.db.reader()).await?.get(0)
    }

    /// The newest checkpoint, if there is one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn newest_checkpoint(&self) -> Result<Option<String>, StoreError> {
        let row = query("SELECT note FROM audit_checkpoints ORDER BY seq DESC LIMIT 1").optional(self.db.reader());
        row.await?.map(|row| row.get(0)).transpose()
    }

    /// When what was recorded at a moment was published: at the first checkpoint after it. Where none was ever made, at once.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn published(&self, recorded: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT count(*) AS made, (SELECT min(made_at) FROM audit_checkpoints WHERE made_at > $1) AS made_at \
                   FROM audit_checkpoints";
        let row = query(sql).bind(recorded.0).one(self.db.reader()).await?;
        let after: Option<i64> = row.get("made_at")?;
        Ok(if row.get::<i64>("made")? == 0 { Some(recorded) } else { after.map(Timestamp) })
    }

    /// All checkpoints, the oldest first: the key that each is said to be signed with, and the note.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn checkpoints(&self) -> Result<Vec<(String, String)>, StoreError> {
        let rows = query("SELECT public_key, note FROM audit_checkpoints ORDER BY seq").all(self.db.reader()).await?;
        rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
    }

    /// Says in the trail itself with which key it is signed from now on, when that is news.
    async fn name_key(&self, signer: &Signer, now: Timestamp) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        let last = "SELECT public_key FROM audit_checkpoints ORDER BY seq DESC LIMIT 1";
        let last = query(last).optional(&mut transaction).await?;
        if last.map(|row| row.get::<String>(0)).transpose()?.as_deref() == Some(signer.public()) {
            return Ok(());
        }
        let event = Event::CheckpointKey { public: signer.public().to_owned() };
        audit::append(&mut transaction, &Entry { at: now, ticket: None, event }).await?;
        transaction.commit().await
    }

    /// Adds the next entries to the tree; says whether there may be more.
    async fn grow(&self) -> Result<bool, StoreError> {
        let mut transaction = self.write().await?;
        let mut tree = tree(&mut transaction).await?;
        let entries = audit::after(&mut transaction, number(tree.size())?, STEP).await?;
        for (entry, body, _) in &entries {
            for (place, hash) in stored(tree.append(body.as_bytes()))? {
                let sql = "INSERT INTO audit_hashes (place, entry, hash) VALUES ($1, $2, $3)";
                let hash = query(sql).bind(number(place)?).bind(*entry).bind(hex::encode(hash));
                hash.execute(&mut transaction).await?;
            }
        }
        transaction.commit().await?;
        Ok(number(entries.len() as u64)? == STEP)
    }
}

/// The tree as far as it has grown, with the hashes that it needs to grow on.
async fn tree(transaction: &mut Transaction) -> Result<Tree, StoreError> {
    let size = query("SELECT coalesce(max(entry), 0) FROM audit_hashes").one(&mut *transaction).await?;
    let size = stored(u64::try_from(size.get::<i64>(0)?))?;
    let mut hashes = BTreeMap::new();
    for place in Tree::needed(size) {
        let row = hash_at(&mut *transaction, place).await?;
        let hash = stored(hex::decode(row.get::<String>(0)?))?;
        let hash = <[u8; 32]>::try_from(hash).map_err(|_| StoreError::Damaged("a hash of the audit trail".into()))?;
        hashes.insert(place, hash);
    }
    Ok(Tree::of(size, hashes))
}

async fn hash_at<'a>(on: impl Into<On<'a>>, place: u64) -> Result<Row, StoreError> {
    query("SELECT hash FROM audit_hashes WHERE place = $1").bind(number(place)?).one(on).await
}

fn number(number: u64) -> Result<i64, StoreError> {
    stored(i64::try_from(number))
}
