//! cm-bot itself failed at a ticket again and again. It says so on the ticket, once, and leaves it to people.

use super::{Context, HandlerError, announce};
use crate::audit::{Entry, Event};
use crate::integrations::SourceError;
use crate::model::{IssueId, Scope, TicketStatus};
use crate::policy::facts::Placement;
use crate::render::verdict::Verdict;
use crate::store::{Job, Place};

/// Tells people that a job is given up.
///
/// # Errors
/// When they cannot be told now.
pub async fn gave_up(context: &Context, job: &Job) -> Result<(), HandlerError> {
    match job {
        Job::Ticket(issue) => ticket(context, issue).await,
        // Its tickets are looked at by the clock too.
        // So are those who wait for something; a run that waits goes on waiting; whoever did something in Slack sees that nothing came of it.
        Job::Repository(_) | Job::FollowUp(_) | Job::Declaration(_) | Job::Slack(_) | Job::Protected(_) => Ok(()),
    }
}

async fn ticket(context: &Context, issue: &IssueId) -> Result<(), HandlerError> {
    let ticket = match context.sources.jira.ticket(issue).await {
        Ok(ticket) => ticket,
        Err(SourceError::NotFound) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let store = &context.sources.store;
    let said = store.post(issue, Place::Comment).await?.is_some_and(|post| post.verdict == Verdict::Failed.id());
    if said || ticket.status.meaning != TicketStatus::Pending {
        return Ok(());
    }
    let scope = Placement::of(&ticket, &context.sources.services).scope();
    let now = context.clock.now();
    store.note_ticket(&ticket, scope.as_ref(), now).await?;
    let actions =
        announce::gave_up(context, &ticket, &scope.map_or_else(String::new, |scope: Scope| scope.to_string()))?;
    let entry = Entry { at: now, ticket: Some(ticket.key.clone()), event: Event::ProcessingError };
    store.ask_for((issue, &actions), &entry, now).await?;
    Ok(())
}
