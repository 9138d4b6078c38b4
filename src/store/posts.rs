//! Where our comment and our messages about a ticket are.

use serde::{Deserialize, Serialize};

use super::db::query;
use super::{Store, StoreError};
use crate::model::IssueId;

/// The places where a ticket has one post of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The comment on the ticket that is true now.
    Comment,
    /// The root message in the channel for changes.
    Changes,
    /// The root message in the channel for emergencies.
    Emergencies,
    /// The root message there that says that documentation is overdue.
    Overdue,
}

/// A post of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// The id of the comment, or Slack's `ts`.
    pub external_id: String,
    /// Slack's channel; empty for a comment.
    pub channel: String,
    /// The verdict that it gives.
    pub verdict: String,
    /// The action that wrote it last.
    pub action: String,
}

impl Place {
    fn id(self) -> &'static str {
        match self {
            Place::Comment => "comment",
            Place::Changes => "changes",
            Place::Emergencies => "emergencies",
            Place::Overdue => "overdue",
        }
    }
}

impl Store {
    /// The post of a ticket at a place.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn post(&self, issue: &IssueId, place: Place) -> Result<Option<Post>, StoreError> {
        let sql = "SELECT external_id, channel, verdict, action_id FROM posts WHERE issue_id = $1 AND place = $2";
        let row = query(sql).bind(issue.as_str()).bind(place.id()).optional(self.db.reader()).await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Post {
            external_id: row.get("external_id")?,
            channel: row.get("channel")?,
            verdict: row.get("verdict")?,
            action: row.get("action_id")?,
        }))
    }

    /// Notes where a post is now.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn note_post(&self, issue: &IssueId, place: Place, post: &Post) -> Result<(), StoreError> {
        let sql = "INSERT INTO posts (issue_id, place, external_id, channel, verdict, action_id) VALUES ($1, $2, $3, $4, $5, $6) \
                   ON CONFLICT (issue_id, place) DO UPDATE SET external_id = excluded.external_id, \
                   channel = excluded.channel, verdict = excluded.verdict, action_id = excluded.action_id";
        query(sql)
            .bind(issue.as_str())
            .bind(place.id())
            .bind(&post.external_id)
            .bind(&post.channel)
            .bind(&post.verdict)
            .bind(&post.action)
            .execute(self.db.writer())
            .await?;
        Ok(())
    }
}
