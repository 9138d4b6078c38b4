//! Who has signed in on the pages. Of a session's cookie only the digest is kept, so whoever reads the database gets no session.

use std::time::Duration;

use super::db::{Row, query};
use super::{Store, StoreError, audit};
use crate::audit::Entry;
use crate::model::{Identity, Timestamp, TokenDigest};

/// How often it is noted that a session is in use.
const NOTED_EVERY: Duration = Duration::from_secs(60);

/// A session that begins.
#[derive(Debug)]
pub struct NewSession<'a> {
    /// SHA-256 of its cookie.
    pub cookie: &'a TokenDigest,
    /// SHA-256 of the state of the sign-in that it comes of.
    pub sign_in: &'a TokenDigest,
    /// Who.
    pub identity: &'a Identity,
    /// When it ends, used or not.
    pub ends: Timestamp,
}

/// A session that lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Who signed in.
    pub identity: Identity,
    /// When it ends, used or not.
    pub ends: Timestamp,
}

impl Store {
    /// Begins a session. Says whether it did: a sign-in makes one at most, however often it comes back. Sessions whose time is
    /// over are forgotten.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn begin_session(&self, new: &NewSession<'_>, entry: &Entry) -> Result<bool, StoreError> {
        let mut transaction = self.write().await?;
        let sql = "DELETE FROM page_sessions WHERE ends_at < $1";
        query(sql).bind(entry.at.0).execute(&mut transaction).await?;
        let sql = "INSERT INTO page_sessions (cookie_sha256, sign_in_sha256, subject, email, begun_at, seen_at, ends_at) \
                   VALUES ($1, $2, $3, $4, $5, $5, $6) ON CONFLICT DO NOTHING";
        let query_ = query(sql).bind(new.cookie.as_str()).bind(new.sign_in.as_str());
        let query_ = query_.bind(&new.identity.subject).bind(new.identity.email.as_deref());
        if query_.bind(entry.at.0).bind(new.ends.0).execute(&mut transaction).await? == 0 {
            return Ok(false);
        }
        audit::append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// The session of a cookie, if it lasts: it has not ended, was not signed out of, and was used within `idle`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn session(
        &self,
        cookie: &TokenDigest,
        (now, idle): (Timestamp, Duration),
    ) -> Result<Option<Session>, StoreError> {
        let sql = "SELECT subject, email, seen_at, ends_at FROM page_sessions WHERE cookie_sha256 = $1 \
                   AND ends_at > $2 AND seen_at > $3 AND signed_out_at IS NULL";
        let query_ = query(sql).bind(cookie.as_str()).bind(now.0).bind(now.minus(idle).0);
        let Some(row) = query_.optional(self.db.reader()).await? else { return Ok(None) };
        if Timestamp(row.get("seen_at")?) < now.minus(NOTED_EVERY) {
            let sql = "UPDATE page_sessions SET seen_at = $1 WHERE cookie_sha256 = $2 AND seen_at < $1";
            query(sql).bind(now.0).bind(cookie.as_str()).execute(self.db.writer()).await?;
        }
        session(&row).map(Some)
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn end_session(&self, cookie: &TokenDigest, now: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE page_sessions SET signed_out_at = $1 WHERE cookie_sha256 = $2 AND signed_out_at IS NULL";
        query(sql).bind(now.0).bind(cookie.as_str()).execute(self.db.writer()).await.map(drop)
    }
}

fn session(row: &Row) -> Result<Session, StoreError> {
    let identity = Identity { subject: row.get("subject")?, email: row.get("email")? };
    Ok(Session { identity, ends: Timestamp(row.get("ends_at")?) })
}
