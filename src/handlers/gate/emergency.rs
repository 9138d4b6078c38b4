//! A deployment in an emergency. It is let through as any other, for the approval that people gave; from then the time to
//! document it runs, and the pipeline reads what is owed.

use crate::audit::{Entry, Event};
use crate::handlers::follow_up::emergency::reopened;
use crate::handlers::{Context, HandlerError};
use crate::model::{TicketKey, Timestamp};
use crate::policy::evaluate;
use crate::policy::follow_up::emergency::Ending;
use crate::render::emergency::{at_the_gate, owed};
use crate::store::{EmergencyRecord, GateRequest, Job, Mark, StoreError};

/// What a pipeline reads of the emergency on whose account it deploys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// The emergency, as a sentence; nothing when there is none.
    pub emergency: Option<String>,
    /// What is owed, each as a sentence.
    pub duties: Vec<String>,
}

/// The emergency that the ticket of a request declares, however it stands.
async fn of(context: &Context, request: &GateRequest) -> Result<Option<EmergencyRecord>, HandlerError> {
    let Some((issue, _)) = &request.ticket else { return Ok(None) };
    Ok(context.sources.store.emergency_of(issue).await?)
}

/// On what account a request is.
///
/// # Errors
/// When the records do not answer.
pub async fn account(context: &Context, request: &GateRequest) -> Result<Account, HandlerError> {
    let open = of(context, request).await?.filter(|record| record.state.ended.is_none());
    let Some(record) = open else { return Ok(Account::default()) };
    let due = record.state.due(&context.reminders);
    Ok(Account { emergency: Some(at_the_gate(&record.declaration, &record.state)), duties: owed(&record.missing, due) })
}

/// The gate let a request through: its emergency has changed production. A second time it changes nothing.
///
/// Calling an emergency off says that production is not changed. Whoever deploys nevertheless owes everything again. One that was
/// documented before stays so, and the trail shows what came first.
pub(super) async fn note_use(context: &Context, request: &GateRequest, at: Timestamp) -> Result<(), HandlerError> {
    let Some(mut record) = of(context, request).await? else { return Ok(()) };
    let store = &context.sources.store;
    let ticket = request.ticket.as_ref().map(|(_, key)| key.clone());
    let mut actions = Vec::new();
    if record.state.ended == Some(Ending::CalledOff) {
        if !still_declares(context, ticket.as_ref()).await? {
            return Ok(());
        }
        (record.state.ended, record.state.used) = (None, Some(at));
        actions = reopened(context, &record, at).await?;
    }
    let used = Entry { at, ticket, event: Event::EmergencyUsed { emergency: record.id } };
    if store.mark_emergency(&record, Mark::Used, (&used, &actions)).await?
        && let Some(issue) = &record.issue
    {
        store.enqueue(&Job::FollowUp(issue.clone()), context.clock.now()).await?;
    }
    Ok(())
}

/// Whether a ticket is an emergency by the newest decision about it. One that was called off may go on as an ordinary change.
async fn still_declares(context: &Context, ticket: Option<&TicketKey>) -> Result<bool, StoreError> {
    let Some(key) = ticket else { return Ok(true) };
    let newest = context.sources.store.newest_decision(key).await?;
    Ok(newest.is_none_or(|stored| evaluate(&stored.facts, &stored.criteria, stored.at).is_emergency()))
}
