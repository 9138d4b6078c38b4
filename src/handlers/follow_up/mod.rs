//! It is time to see what is owed for a ticket. What is owed is for the policy to say; each step is recorded with its
//! messages, once, whoever takes it.

pub(super) mod emergency;
mod held;

use super::{Context, HandlerError, Next};
use crate::model::{IssueId, Timestamp};
use crate::store::{Job, StoreError};

/// The name of the switch that says since when people are reminded.
const SWITCH: &str = "reminders";

/// Takes the steps that are owed, and says when to look next.
pub(super) async fn run(context: &Context, issue: &IssueId) -> Result<Next, HandlerError> {
    let now = context.clock.now();
    let since = context.sources.store.on_since(SWITCH, now).await?;
    let emergency = emergency::run(context, issue, (since, now)).await?;
    let held = held::run(context, issue, (since, now)).await?;
    Ok([emergency, held].into_iter().flatten().min().map_or(Next::Nothing, Next::LookAt))
}

/// Has a ticket looked at that was just judged or changed, if something may be owed for it.
pub(super) async fn of_ticket(context: &Context, issue: &IssueId, now: Timestamp) -> Result<(), StoreError> {
    let store = &context.sources.store;
    let is_emergency = store.emergency_of(issue).await?.is_some_and(|record| record.state.ended.is_none());
    if is_emergency || store.held(issue).await?.is_some() {
        store.enqueue(&Job::FollowUp(issue.clone()), now).await?;
    }
    Ok(())
}
