//! A deployment in an emergency. It is let through as any other, for the approval that people gave; from then the time to
//! document it runs, and the pipeline reads what is owed.

use crate::audit::{Entry, Event};
use crate::handlers::{Context, HandlerError};
use crate::model::Timestamp;
use crate::render::emergency::{at_the_gate, owed};
use crate::store::{EmergencyRecord, GateRequest, Mark};

/// What a pipeline reads of the emergency on whose account it deploys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// The emergency, as a sentence; nothing when there is none.
    pub emergency: Option<String>,
    /// What is owed, each as a sentence.
    pub duties: Vec<String>,
}

/// The emergency that the ticket of a request declares, while it is open.
async fn of(context: &Context, request: &GateRequest) -> Result<Option<EmergencyRecord>, HandlerError> {
    let Some((issue, _)) = &request.ticket else { return Ok(None) };
    let record = context.sources.store.emergency_of(issue).await?;
    Ok(record.filter(|record| record.state.ended.is_none()))
}

/// On what account a request is.
///
/// # Errors
/// When the records do not answer.
pub async fn account(context: &Context, request: &GateRequest) -> Result<Account, HandlerError> {
    let Some(record) = of(context, request).await? else { return Ok(Account::default()) };
    let due = record.state.due(&context.reminders);
    Ok(Account { emergency: Some(at_the_gate(&record.declaration, &record.state)), duties: owed(&record.missing, due) })
}

/// The gate let a request through: its emergency has changed production. A second time it changes nothing.
pub(super) async fn note_use(context: &Context, request: &GateRequest, at: Timestamp) -> Result<(), HandlerError> {
    let Some(record) = of(context, request).await? else { return Ok(()) };
    let ticket = request.ticket.as_ref().map(|(_, key)| key.clone());
    let used = Entry { at, ticket, event: Event::EmergencyUsed { emergency: record.id } };
    context.sources.store.mark_emergency(&record, Mark::Used, (&used, &[])).await?;
    Ok(())
}
