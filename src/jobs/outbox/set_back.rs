//! Sets a ticket back to review whose approval does not count any more.

use super::{Done, Outbox, OutboxError};
use crate::audit::{Entry, Event};
use crate::handlers::could_not_set_back;
use crate::integrations::jira::TransitionError;
use crate::model::{Ticket, TicketStatus};
use crate::policy::facts::Placement;
use crate::store::{ClaimedAction, Job};

impl Outbox {
    pub(super) async fn set_back(&self, claimed: &ClaimedAction) -> Result<Done, OutboxError> {
        let (jira, store) = (&self.context.sources.jira, &self.context.sources.store);
        let issue = &claimed.action.issue;
        let ticket = jira.ticket(issue).await?;
        if ticket.status.meaning != TicketStatus::Approved || store.standing_approval(issue).await?.is_some() {
            return Ok(Done::Dropped("the ticket is not approved without an approval any more"));
        }
        match jira.set_back(&ticket.key).await {
            Ok(()) => {
                store.enqueue(&Job::Ticket(issue.clone()), self.context.clock.now()).await?;
                Ok(Done::Did("set back to review".into()))
            }
            Err(TransitionError::Source(error)) => Err(error.into()),
            Err(TransitionError::NotOffered(name)) => self.stays_approved(claimed, &ticket, &name).await,
        }
    }

    /// The status goes on saying something that is not so, and only people can change that.
    async fn stays_approved(&self, claimed: &ClaimedAction, ticket: &Ticket, name: &str) -> Result<Done, OutboxError> {
        let (key, store) = (&ticket.key, &self.context.sources.store);
        tracing::error!(ticket.key = %key, "Jira does not offer the transition \"{name}\" for {key}, which says approved and is not: check jira.workflow and the account's rights");
        let subject = Placement::of(ticket, &self.context.sources.services).scope();
        let subject = subject.map_or_else(String::new, |scope| scope.to_string());
        let evaluation = store.known_ticket(&ticket.id).await?.map_or(0, |known| known.evaluation);
        let actions = could_not_set_back(&self.context, ticket, (name, &subject, evaluation))?;
        let now = self.context.clock.now();
        let event = Event::ActionDropped { action: claimed.action.id.clone(), reason: "transition not offered".into() };
        store.ask_for((&ticket.id, &actions), &Entry { at: now, ticket: Some(key.clone()), event }, now).await?;
        Ok(Done::Dropped("Jira does not offer the transition"))
    }
}
