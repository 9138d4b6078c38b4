//! Closes a ticket whose deployment has ended.

use super::{Done, Outbox, OutboxError};
use crate::integrations::jira::TransitionError;
use crate::model::TicketStatus;
use crate::store::ClaimedAction;

impl Outbox {
    /// Closed once: an earlier try whose answer was lost, or a human, may have been faster.
    pub(super) async fn close(&self, claimed: &ClaimedAction) -> Result<Done, OutboxError> {
        let jira = &self.context.sources.jira;
        let ticket = jira.ticket(&claimed.action.issue).await?;
        match ticket.status.meaning {
            TicketStatus::Closed => return Ok(Done::Did("closed already".into())),
            TicketStatus::Declined | TicketStatus::Pending | TicketStatus::Other => {
                return Ok(Done::Dropped("the ticket is not approved any more"));
            }
            TicketStatus::Approved => {}
        }
        match jira.close(&ticket.key).await {
            Ok(()) => Ok(Done::Did("closed".into())),
            Err(TransitionError::Source(error)) => Err(error.into()),
            Err(TransitionError::NotOffered(name)) => {
                let key = &ticket.key;
                tracing::error!(ticket.key = %key, "Jira does not offer the transition \"{name}\" for {key}, whose deployment has ended: check jira.workflow and the account's rights");
                Ok(Done::Dropped("Jira does not offer the transition"))
            }
        }
    }
}
