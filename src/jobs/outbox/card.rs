//! Tells Teams what Slack did not take. Teams shows nobody what was posted there, so what was not answered is posted again.

use std::time::Duration;

use serde_json::Value;

use super::{Done, Outbox, OutboxError};
use crate::integrations::SourceError;
use crate::integrations::slack::SlackError;
use crate::integrations::teams::{Room, to_json};
use crate::render::teams;
use crate::store::{Action, ClaimedAction, Effect, Place, Reached, StoreError, Untold};

impl Outbox {
    /// Has an action for Slack that failed told in Teams: at once when Slack refuses it, else when it does not answer for long.
    pub(super) async fn fall_back(&self, claimed: &ClaimedAction, error: &OutboxError) -> Result<(), StoreError> {
        let (Some(teams), OutboxError::Slack(error)) = (&self.context.teams, error) else { return Ok(()) };
        let now = self.context.clock.now();
        let wait = if is_final(error) { Duration::ZERO } else { teams.after };
        let store = &self.context.sources.store;
        store.tell_elsewhere(&claimed.action.id, (now.plus(wait), teams.after), now).await
    }

    /// Posts the card that says what a message in Slack would have said, unless it is said by now, or needless.
    pub(super) async fn card(&self, claimed: &ClaimedAction, instead_of: &str) -> Result<Done, OutboxError> {
        let (Some(teams), store) = (&self.context.teams, &self.context.sources.store) else {
            return Ok(Done::Dropped("the settings name no Teams"));
        };
        let Some(Untold { action, reached, newer }) = store.untold(instead_of).await? else {
            return Ok(Done::Dropped("there is no such message"));
        };
        match reached {
            Reached::Waits | Reached::GivenUp => {}
            Reached::Taken => return Ok(Done::Dropped("Slack has taken it")),
            Reached::Needless => return Ok(Done::Dropped("nobody needs it any more")),
        }
        if let Some(newer) = newer {
            let now = self.context.clock.now();
            store.tell_elsewhere(&newer, (now, teams.after), now).await?;
            return Ok(Done::Dropped("a newer message follows"));
        }
        if let Some(why) = self.why_not(&action).await? {
            return Ok(Done::Dropped(why));
        }
        let Some((message, room)) = self.what_and_where(&action).await? else {
            return Ok(Done::Dropped("it is no message"));
        };
        let links = (&claimed.action.ticket, &self.context.links);
        let card = match message.get("card") {
            Some(card) => card.clone(),
            None => to_json(&teams::sentence(message["text"].as_str().unwrap_or_default(), links)),
        };
        teams.client.post(room, &card).await?;
        Ok(Done::Did(format!("card in Teams instead of {instead_of}")))
    }

    /// What a message says, and to which of the two channels it belongs.
    async fn what_and_where<'a>(&self, action: &'a Action) -> Result<Option<(&'a Value, Room)>, StoreError> {
        let of = |place: &Place| match place {
            Place::Emergencies | Place::Overdue => Room::Emergencies,
            Place::Changes | Place::Comment => Room::Changes,
        };
        Ok(match &action.effect {
            Effect::Message { place, message, .. } | Effect::Remind { place, message, .. } => {
                Some((message, of(place)))
            }
            Effect::Reply { message } | Effect::Direct { message, .. } => {
                let is_emergency = self.context.sources.store.emergency_of(&action.issue).await?.is_some();
                Some((message, if is_emergency { Room::Emergencies } else { Room::Changes }))
            }
            Effect::Daily { message }
            | Effect::Ends { message }
            | Effect::Alert { message }
            | Effect::Inspection { message, .. } => Some((message, Room::Changes)),
            _ => None,
        })
    }

    /// Why a message need not be told any more.
    async fn why_not(&self, action: &Action) -> Result<Option<&'static str>, OutboxError> {
        match &action.effect {
            Effect::Remind { place, .. } => self.is_needless(&action.issue, *place).await,
            Effect::Direct { .. } => self.is_needless(&action.issue, Place::Emergencies).await,
            Effect::Ends { .. } => self.allows_nothing(&action.issue).await,
            Effect::Inspection { month, until, .. } => self.was_inspected(month, *until).await,
            Effect::Message { verdict, place, .. } if self.is_told_otherwise(verdict) => {
                let posted = self.context.sources.store.post(&action.issue, *place).await?.is_some();
                Ok((!posted).then_some("it is not told one by one"))
            }
            _ => Ok(None),
        }
    }
}

/// Whether Slack refuses whatever comes, and does not only fail to answer, or dislike one message.
fn is_final(error: &SlackError) -> bool {
    match error {
        SlackError::Refused(word) => {
            matches!(word.as_str(), "channel_not_found" | "is_archived" | "not_in_channel" | "restricted_action")
        }
        SlackError::Gone(_) => false,
        SlackError::Source(error) => matches!(error, SourceError::Unauthorized),
    }
}
