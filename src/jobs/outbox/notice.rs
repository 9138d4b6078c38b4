//! Reminds people in Slack, and calls them in Jira. A reminder that nobody needs any more is not sent.

use serde_json::Value;

use super::{Done, Outbox, OutboxError};
use crate::gather;
use crate::integrations::jira::{Comment, CommentMark};
use crate::integrations::slack::Thread;
use crate::model::{IssueId, Month, SlackId};
use crate::store::{ClaimedAction, InspectionEnd, Place, Reach};

impl Outbox {
    /// Writes in the thread of a root message, or in its channel when Slack never took the root message.
    pub(super) async fn remind(
        &self,
        claimed: &ClaimedAction,
        (place, reach): (Place, Reach),
        message: &Value,
    ) -> Result<Done, OutboxError> {
        let action = &claimed.action;
        if let Some(why) = self.is_needless(&claimed.action.issue, place).await? {
            return Ok(Done::Dropped(why));
        }
        let root = self.context.sources.store.post(&action.issue, place).await?;
        let (channel, root) = match &root {
            Some(root) => (root.channel.as_str(), Some(root.external_id.as_str())),
            None => (self.channel(place), None),
        };
        let post = match self.posted_before(claimed, channel, root).await? {
            Some(post) => post,
            None if claimed.superseded => return Ok(Done::Dropped("a newer reminder follows")),
            None => {
                let thread = root.map(|root| match reach {
                    Reach::Thread => Thread::Quiet(root),
                    Reach::Channel => Thread::Broadcast(root),
                });
                self.slack.post(channel, thread, message, &action.id).await?
            }
        };
        Ok(Done::Did(format!("reminder {}", post.ts)))
    }

    /// Writes to one person alone.
    pub(super) async fn direct(
        &self,
        claimed: &ClaimedAction,
        to: &SlackId,
        message: &Value,
    ) -> Result<Done, OutboxError> {
        if let Some(why) = self.is_needless(&claimed.action.issue, Place::Emergencies).await? {
            return Ok(Done::Dropped(why));
        }
        let channel = self.slack.direct(to).await?;
        let post = match self.posted_before(claimed, &channel, None).await? {
            Some(post) => post,
            None if claimed.superseded => return Ok(Done::Dropped("a newer reminder follows")),
            None => self.slack.post(&channel, None, message, &claimed.action.id).await?,
        };
        Ok(Done::Did(format!("direct message {}", post.ts)))
    }

    /// Posts a message that belongs to no ticket alone, or to no thread.
    pub(super) async fn daily(&self, claimed: &ClaimedAction, message: &Value) -> Result<Done, OutboxError> {
        let channel = self.channel(Place::Changes);
        let post = match self.posted_before(claimed, channel, None).await? {
            Some(post) => post,
            None if claimed.superseded => return Ok(Done::Dropped("a newer one follows")),
            None => self.slack.post(channel, None, message, &claimed.action.id).await?,
        };
        Ok(Done::Did(format!("message {}", post.ts)))
    }

    /// Says that what a ticket allows ends, unless it was closed or set back meanwhile.
    pub(super) async fn ends(&self, claimed: &ClaimedAction, message: &Value) -> Result<Done, OutboxError> {
        if let Some(why) = self.allows_nothing(&claimed.action.issue).await? {
            return Ok(Done::Dropped(why));
        }
        self.daily(claimed, message).await
    }

    /// Tells the channel of something; each such message is one of its own.
    pub(super) async fn alert(&self, claimed: &ClaimedAction, message: &Value) -> Result<Done, OutboxError> {
        let channel = self.channel(Place::Changes);
        let post = match self.posted_before(claimed, channel, None).await? {
            Some(post) => post,
            None => self.slack.post(channel, None, message, &claimed.action.id).await?,
        };
        Ok(Done::Did(format!("message {}", post.ts)))
    }

    /// Tells the channel something about an inspection, unless what it asks for was done while it waited to be sent.
    pub(super) async fn inspection(
        &self,
        claimed: &ClaimedAction,
        (month, until): (&str, InspectionEnd),
        message: &Value,
    ) -> Result<Done, OutboxError> {
        if let Some(why) = self.was_inspected(month, until).await? {
            return Ok(Done::Dropped(why));
        }
        self.alert(claimed, message).await
    }

    /// Writes a comment of its own on the ticket.
    pub(super) async fn call(
        &self,
        claimed: &ClaimedAction,
        (about, body): (&str, &Value),
    ) -> Result<Done, OutboxError> {
        let (jira, action) = (&self.context.sources.jira, &claimed.action);
        if claimed.attempts > 1
            && let Some(id) = jira.find_comment(&action.ticket, &action.id).await?
        {
            return Ok(Done::Did(format!("comment {id}")));
        }
        let checkpoint = self.context.sources.store.newest_checkpoint().await?;
        let mark = CommentMark { action: action.id.clone(), verdict: format!("call:{about}"), checkpoint };
        let id = jira.write_comment(&action.ticket, &Comment { body, mark: &mark }).await?;
        Ok(Done::Did(format!("comment {id}")))
    }

    /// Why a reminder is not needed any more: what it is about has ended while it waited to be sent.
    pub(super) async fn is_needless(&self, issue: &IssueId, place: Place) -> Result<Option<&'static str>, OutboxError> {
        let store = &self.context.sources.store;
        let is_over = match store.emergency_of(issue).await? {
            Some(record) if place != Place::Changes => record.state.ended.is_some(),
            Some(_) | None => store.held(issue).await?.is_none(),
        };
        Ok(is_over.then_some("nobody waits for it any more"))
    }

    /// Why nobody needs to hear that what a ticket allows ends.
    pub(super) async fn allows_nothing(&self, issue: &IssueId) -> Result<Option<&'static str>, OutboxError> {
        let known = self.context.sources.store.known_ticket(issue).await?;
        let is_over = known.is_none_or(|known| known.status != "approved");
        Ok(is_over.then_some("the ticket allows nothing any more"))
    }

    /// Why nobody needs to hear of an inspection any more.
    pub(super) async fn was_inspected(
        &self,
        month: &str,
        until: InspectionEnd,
    ) -> Result<Option<&'static str>, OutboxError> {
        let inspection = match Month::parse(month) {
            Ok(month) => gather::inspection::of(&self.context.sources.store, month).await?,
            Err(_) => None,
        };
        let is_over = match until {
            InspectionEnd::Drawn => inspection.is_some_and(|inspection| !inspection.draws.is_empty()),
            InspectionEnd::Inspected => inspection.is_some_and(|inspection| inspection.open().is_empty()),
            InspectionEnd::Never => false,
        };
        Ok(is_over.then_some("what it asks for was done"))
    }
}
