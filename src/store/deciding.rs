//! Where people could decide beside Jira, and since when.

use super::db::query;
use super::{Store, StoreError, audit};
use crate::audit::{Entry, Event};
use crate::model::{Deciding, Timestamp};

impl Store {
    /// Notes where people can decide from now on; nothing when it is as it was. Before anything was noted it was Jira alone.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn note_deciding(&self, deciding: Deciding, now: Timestamp) -> Result<bool, StoreError> {
        let (slack, pages) = (deciding.slack.id(), deciding.pages.id());
        let mut transaction = self.write().await?;
        let last = query("SELECT slack, pages FROM deciding_places ORDER BY seq DESC LIMIT 1");
        let is_as_before = match last.optional(&mut transaction).await? {
            Some(row) => row.get::<&str>("slack")? == slack && row.get::<&str>("pages")? == pages,
            None => deciding.is_in_jira_alone(),
        };
        if is_as_before {
            return Ok(false);
        }
        let sql = "INSERT INTO deciding_places (slack, pages, since) VALUES ($1, $2, $3)";
        query(sql).bind(slack).bind(pages).bind(now.0).execute(&mut transaction).await?;
        let event = Event::DecidingChanged { slack: slack.to_owned(), pages: pages.to_owned() };
        audit::append(&mut transaction, &Entry { at: now, ticket: None, event }).await?;
        transaction.commit().await?;
        Ok(true)
    }
}
