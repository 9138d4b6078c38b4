//! Keeps one message in Slack for each ticket: posted once, edited in place, with replies in its thread.

use serde_json::Value;

use super::{Done, Outbox, OutboxError};
use crate::integrations::slack::{Post as SlackPost, SlackError, Thread};
use crate::model::AutoApproved;
use crate::render::verdict::Verdict;
use crate::store::{ClaimedAction, Place, Post};

impl Outbox {
    /// Edits the root message, or posts it when there is none that can be edited.
    pub(super) async fn message(
        &self,
        claimed: &ClaimedAction,
        place: Place,
        (verdict, message): (&str, &Value),
    ) -> Result<Done, OutboxError> {
        let action = &claimed.action;
        if let Some(post) = self.context.sources.store.post(&action.issue, place).await? {
            let there = SlackPost { channel: post.channel.clone(), ts: post.external_id.clone() };
            match self.slack.edit(&there, message, &action.id).await {
                Ok(()) => return self.noted_message(claimed, place, (&there, verdict)).await,
                Err(SlackError::Gone(_)) => {} // Deleted, or too old to be edited: a new root.
                Err(error) => return Err(error.into()),
            }
        }
        let channel = self.channel(place);
        let post = match self.posted_before(claimed, channel, None).await? {
            Some(post) => post,
            None if claimed.superseded => return Ok(Done::Dropped("a newer message follows")),
            None if self.is_told_otherwise(verdict) => return Ok(Done::Dropped("it is not told one by one")),
            None => self.slack.post(channel, None, message, &action.id).await?,
        };
        self.noted_message(claimed, place, (&post, verdict)).await
    }

    /// Whether no new message is posted for this: nobody was asked about the ticket, and nobody has to act.
    pub(super) fn is_told_otherwise(&self, verdict: &str) -> bool {
        let quiet = [Verdict::ApprovedAutomatically, Verdict::Deployed];
        self.context.auto_approved != AutoApproved::Each && quiet.iter().any(|one| one.id() == verdict)
    }

    /// Replies in the thread of the root message that the ticket has.
    pub(super) async fn reply(&self, claimed: &ClaimedAction, message: &Value) -> Result<Done, OutboxError> {
        let store = &self.context.sources.store;
        let action = &claimed.action;
        let root = match store.post(&action.issue, Place::Changes).await? {
            Some(root) => Some(root),
            None => store.post(&action.issue, Place::Emergencies).await?,
        };
        let Some(root) = root else { return Ok(Done::Dropped("there is no message to reply to")) };
        let thread = root.external_id.as_str();
        let post = match self.posted_before(claimed, &root.channel, Some(thread)).await? {
            Some(post) => post,
            None if claimed.superseded => return Ok(Done::Dropped("a newer message follows")),
            None => self.slack.post(&root.channel, Some(Thread::Quiet(thread)), message, &action.id).await?,
        };
        Ok(Done::Did(format!("reply {}", post.ts)))
    }

    /// The message that an earlier try of this action posted, whose answer was lost. Without the right to read the channel it
    /// cannot be looked for; then the same key is sent again and Slack may recognise it.
    pub(super) async fn posted_before(
        &self,
        claimed: &ClaimedAction,
        channel: &str,
        thread: Option<&str>,
    ) -> Result<Option<SlackPost>, OutboxError> {
        if claimed.attempts == 1 {
            return Ok(None);
        }
        let action = &claimed.action;
        match self.slack.find(channel, thread, &action.id, action.made_at).await {
            Ok(found) => Ok(found),
            Err(SlackError::Refused(word)) if word == "missing_scope" => {
                tracing::warn!(
                    "Slack does not let cm-bot read the channel, so a message may appear twice: add channels:history"
                );
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Where the root messages of a place are.
    pub(super) fn channel(&self, place: Place) -> &str {
        match place {
            Place::Emergencies | Place::Overdue => &self.channels.emergencies,
            Place::Changes | Place::Comment => &self.channels.changes,
        }
    }

    async fn noted_message(
        &self,
        claimed: &ClaimedAction,
        place: Place,
        (there, verdict): (&SlackPost, &str),
    ) -> Result<Done, OutboxError> {
        let action = &claimed.action;
        let post = Post {
            external_id: there.ts.clone(),
            channel: there.channel.clone(),
            verdict: verdict.to_owned(),
            action: action.id.clone(),
        };
        self.context.sources.store.note_post(&action.issue, place, &post).await?;
        Ok(Done::Did(format!("message {}", there.ts)))
    }
}
