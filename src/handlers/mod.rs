//! What happens when something happens. One file a trigger; each gathers, evaluates, records, and decides nothing itself.

mod announce;
mod approval;
mod ending;
mod evaluation;
mod fault;
mod repository;

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::gather::Sources;
use crate::integrations::SourceError;
use crate::model::{IssueId, TicketStatus};
use crate::render::view::Links;
use crate::settings::Jobs;
use crate::store::{Job, Policy, StoreError};

pub use announce::could_not_move;
pub use fault::gave_up;

/// What handlers work with.
#[derive(Debug, Clone)]
pub struct Context {
    /// Where facts come from.
    pub sources: Sources,
    /// The criteria and people in force.
    pub policy: Arc<Policy>,
    /// The time.
    pub clock: Clock,
    /// Where people find things.
    pub links: Links,
    /// The Jira project of change tickets.
    pub project: String,
    /// How often to look again.
    pub intervals: Jobs,
}

/// When to look again by ourselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Not before somebody does something.
    Nothing,
    /// After this time, even if nothing happens.
    LookAgain(Duration),
    /// Soon: something could not be found out. Sooner the first times, but not before another system wants to be asked.
    TryAgain(Option<Duration>),
}

/// Why a job could not be done now.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// Another system.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Our records.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Does one job.
///
/// # Errors
/// When it has to be tried again.
pub async fn handle(context: &Context, job: &Job) -> Result<Next, HandlerError> {
    match job {
        Job::Ticket(issue) => ticket(context, issue).await,
        Job::Repository(name) => repository::changed(context, name).await,
    }
}

/// A ticket was created or changed, or it is time to look at it again: what counts is how it is now.
async fn ticket(context: &Context, issue: &IssueId) -> Result<Next, HandlerError> {
    let ticket = match context.sources.jira.ticket(issue).await {
        Ok(ticket) => ticket,
        Err(SourceError::NotFound) => return ending::gone(context, issue).await,
        Err(error) => return Err(error.into()),
    };
    tracing::Span::current().record("ticket.key", ticket.key.as_str());
    if ticket.key.project() != context.project {
        tracing::info!(ticket.key = %ticket.key, "Ignored {}: it is not in project {}", ticket.key, context.project);
        return Ok(Next::Nothing);
    }
    match ticket.status.meaning {
        TicketStatus::Pending => evaluation::run(context, ticket).await,
        TicketStatus::Approved => approval::run(context, ticket).await,
        TicketStatus::Declined | TicketStatus::Closed => ending::run(context, ticket).await,
        TicketStatus::Other => ending::set_aside(context, ticket).await,
    }
}
