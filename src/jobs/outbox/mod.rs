//! Carries out actions: at least once, and so that they arrive once.

mod approve;
mod by_people;
mod callback;
mod card;
mod close;
mod comment;
mod message;
mod notice;
mod review_run;
mod set_back;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::{FOR_OTHERS, insist, try_again_at, work_on};
use crate::handlers::{Context, HandlerError};
use crate::integrations::SourceError;
use crate::integrations::slack::{SlackClient, SlackError};
use crate::signals::Wake;
use crate::store::{ClaimedAction, Effect, StoreError};

/// The first wait after a failure, and the longest.
const WAITS: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(300));

/// How often something that is clearly refused is tried before it is given up.
const MOST_REFUSALS: i64 = 5;

/// A worker for actions; several may run.
#[derive(Debug, Clone)]
pub struct Outbox {
    /// What handlers work with.
    pub context: Context,
    /// Slack.
    pub slack: Arc<SlackClient>,
    /// The channels.
    pub channels: Channels,
    /// Wakes us.
    pub wake: Wake,
}

/// Where messages go.
#[derive(Debug, Clone)]
pub struct Channels {
    /// About changes.
    pub changes: String,
    /// About emergencies.
    pub emergencies: String,
}

/// What came of an action.
#[derive(Debug, PartialEq, Eq)]
enum Done {
    /// It was carried out; what came of it.
    Did(String),
    /// It is pointless by now; why.
    Dropped(&'static str),
}

/// Why an action was not carried out.
#[derive(Debug, thiserror::Error)]
enum OutboxError {
    #[error(transparent)]
    Handler(#[from] HandlerError),
    #[error(transparent)]
    Slack(#[from] SlackError),
}

impl From<SourceError> for OutboxError {
    fn from(error: SourceError) -> OutboxError {
        OutboxError::Handler(error.into())
    }
}

impl From<StoreError> for OutboxError {
    fn from(error: StoreError) -> OutboxError {
        OutboxError::Handler(error.into())
    }
}

impl Outbox {
    /// Works until it is told to stop, and finishes what it has begun.
    pub async fn run(self, stop: CancellationToken) {
        work_on(|| self.work_once(), &self.wake, &stop).await;
    }

    /// Carries out the next action, if one is due; says whether one was.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn work_once(&self) -> Result<bool, StoreError> {
        let store = &self.context.sources.store;
        let Some(claimed) = store.claim_action(self.context.clock.now()).await? else { return Ok(false) };
        let (issue, key) = (&claimed.action.issue, &claimed.action.ticket);
        let span = tracing::error_span!("action", ticket.id = %issue, ticket.key = %key, action.id = claimed.action.id);
        self.work(&claimed).instrument(span).await?;
        Ok(true)
    }

    async fn work(&self, claimed: &ClaimedAction) -> Result<(), StoreError> {
        let store = &self.context.sources.store;
        // What the largest action needs is a lot for a stack, so each has its own place.
        let result = Box::pin(self.carry_out(claimed)).await;
        if let Err(error) = &result {
            Box::pin(insist(|| self.fall_back(claimed, error))).await?;
        }
        let now = self.context.clock.now();
        match result {
            Ok(Done::Did(result)) => {
                tracing::debug!(result, "Carried out an action: {result}");
                insist(|| store.finish_action(claimed, &result, now)).await?;
            }
            Ok(Done::Dropped(why)) => insist(|| store.drop_action(claimed, why, now)).await?,
            Err(error) if is_refused(&error) && claimed.attempts >= MOST_REFUSALS => {
                tracing::error!(ticket.key = %claimed.action.ticket, "Gave up an action for {}: {error}", claimed.action.ticket);
                insist(|| store.give_up_action(claimed, now)).await?;
            }
            Err(error @ OutboxError::Handler(HandlerError::Store(StoreError::OtherCriteria))) => {
                let why = error.to_string();
                insist(|| store.retry_action(claimed, now.plus(FOR_OTHERS), &why)).await?;
            }
            Err(error) => {
                let key = &claimed.action.ticket;
                tracing::warn!(ticket.key = %key, attempts = claimed.attempts, "An action for {key} is tried again: {error}");
                let run_at = try_again_at(now, claimed.attempts, WAITS, asked_to_wait(&error));
                let why = error.to_string();
                insist(|| store.retry_action(claimed, run_at, &why)).await?;
            }
        }
        Ok(())
    }

    async fn carry_out(&self, claimed: &ClaimedAction) -> Result<Done, OutboxError> {
        match &claimed.action.effect {
            Effect::Approve { decision } => self.approve(claimed, *decision).await,
            Effect::ApproveByPeople {} => Box::pin(self.approve_by_people(claimed)).await,
            Effect::DeclineByPeople {} => Box::pin(self.decline_by_people(claimed)).await,
            Effect::SetBack {} => self.set_back(claimed).await,
            Effect::Close {} => self.close(claimed).await,
            Effect::Comment { verdict, evaluation, body } => self.comment(claimed, (verdict, *evaluation, body)).await,
            Effect::Link { link } => {
                self.context.sources.jira.link(&claimed.action.ticket, link).await?;
                Ok(Done::Did("linked".into()))
            }
            Effect::Message { place, verdict, message } => self.message(claimed, *place, (verdict, message)).await,
            Effect::Reply { message } => self.reply(claimed, message).await,
            Effect::Remind { place, reach, message } => self.remind(claimed, (*place, *reach), message).await,
            Effect::Direct { to, message } => self.direct(claimed, to, message).await,
            Effect::Daily { message } => self.daily(claimed, message).await,
            Effect::Ends { message } => self.ends(claimed, message).await,
            Effect::Alert { message } => self.alert(claimed, message).await,
            Effect::Inspection { month, until, message } => self.inspection(claimed, (month, *until), message).await,
            Effect::Call { about, body } => self.call(claimed, (about, body)).await,
            Effect::Callback { request, address, state } => self.call_back(claimed, (*request, address, state)).await,
            Effect::Card { instead_of } => Box::pin(self.card(claimed, instead_of)).await,
            Effect::ReviewRun { .. } => Box::pin(self.review_run(claimed)).await,
        }
    }
}

/// A refusal that stays a refusal. Everything else is worth trying again without end: a ticket that cannot be answered today
/// is answered tomorrow.
fn is_refused(error: &OutboxError) -> bool {
    match error {
        OutboxError::Slack(SlackError::Refused(_) | SlackError::Gone(_)) => true,
        OutboxError::Slack(SlackError::Source(error)) | OutboxError::Handler(HandlerError::Source(error)) => {
            matches!(error, SourceError::Refused { .. } | SourceError::NotFound)
        }
        OutboxError::Handler(HandlerError::Store(_)) => false,
    }
}

fn asked_to_wait(error: &OutboxError) -> Option<Duration> {
    match error {
        OutboxError::Slack(SlackError::Source(error)) | OutboxError::Handler(HandlerError::Source(error)) => {
            error.retry_after()
        }
        OutboxError::Slack(SlackError::Refused(_) | SlackError::Gone(_))
        | OutboxError::Handler(HandlerError::Store(_)) => None,
    }
}
