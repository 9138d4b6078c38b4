//! Keeps one comment on the ticket that is true: edited while the verdict stays, a new one when it changes.

use serde_json::Value;

use super::{Done, Outbox, OutboxError};
use crate::integrations::SourceError;
use crate::integrations::jira::{Comment, CommentMark};
use crate::render::document::Line;
use crate::render::jira::superseded;
use crate::store::{ClaimedAction, Place, Post};

/// Jira's most for the value of a property, with room to spare.
const MOST_KEPT: usize = 30_000;

impl Outbox {
    pub(super) async fn comment(
        &self,
        claimed: &ClaimedAction,
        (verdict, evaluation, body): (&str, i64, &Value),
    ) -> Result<Done, OutboxError> {
        let (jira, store) = (&self.context.sources.jira, &self.context.sources.store);
        let action = &claimed.action;
        let checkpoint = store.newest_checkpoint().await?;
        let mark = CommentMark { action: action.id.clone(), verdict: verdict.to_owned(), checkpoint };
        let comment = Comment { body, mark: &mark };
        let earlier = store.post(&action.issue, Place::Comment).await?;
        if let Some(post) = earlier.as_ref().filter(|post| post.verdict == verdict) {
            match jira.edit_comment(&action.ticket, &post.external_id, &comment).await {
                Ok(()) => return self.noted(claimed, post.external_id.clone(), verdict).await,
                Err(SourceError::NotFound) => {} // Somebody deleted it: it is written anew.
                Err(error) => return Err(error.into()),
            }
        }
        let id = match self.written_before(claimed).await? {
            Some(id) => id,
            None if claimed.superseded => return Ok(Done::Dropped("a newer comment follows")),
            None => jira.write_comment(&action.ticket, &comment).await?,
        };
        let done = self.noted(claimed, id, verdict).await?;
        if let Some(post) = earlier.filter(|post| post.verdict != verdict) {
            self.mark_superseded(claimed, &post, &superseded(verdict, evaluation)).await?;
        }
        Ok(done)
    }

    /// The comment that an earlier try of this action wrote, whose answer was lost.
    async fn written_before(&self, claimed: &ClaimedAction) -> Result<Option<String>, OutboxError> {
        if claimed.attempts == 1 {
            return Ok(None);
        }
        Ok(self.context.sources.jira.find_comment(&claimed.action.ticket, &claimed.action.id).await?)
    }

    async fn noted(&self, claimed: &ClaimedAction, id: String, verdict: &str) -> Result<Done, OutboxError> {
        let action = &claimed.action;
        let post = Post {
            external_id: id.clone(),
            channel: String::new(),
            verdict: verdict.to_owned(),
            action: action.id.clone(),
        };
        self.context.sources.store.note_post(&action.issue, Place::Comment, &post).await?;
        Ok(Done::Did(format!("comment {id}")))
    }

    /// An edited comment keeps no history that people see, so the old verdict stays readable under a line that says it is old.
    async fn mark_superseded(&self, claimed: &ClaimedAction, post: &Post, line: &Line) -> Result<(), OutboxError> {
        let Some(body) = self.context.sources.store.comment_body(&post.action).await? else { return Ok(()) };
        let body = self.context.sources.jira.with_first_line(line, body);
        if body.to_string().len() > MOST_KEPT {
            return Ok(());
        }
        let verdict = format!("superseded:{}", post.verdict);
        let checkpoint = self.context.sources.store.newest_checkpoint().await?;
        let mark = CommentMark { action: post.action.clone(), verdict, checkpoint };
        let comment = Comment { body: &body, mark: &mark };
        match self.context.sources.jira.edit_comment(&claimed.action.ticket, &post.external_id, &comment).await {
            Ok(()) | Err(SourceError::NotFound) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
