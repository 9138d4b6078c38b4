//! A pipeline says what became of its deployment, or has been silent for too long.

use crate::audit::{Entry, Event};
use crate::handlers::{Context, HandlerError, announce};
use crate::model::{Ending, IssueId, shortened};
use crate::store::{GateRequest, Reported};

/// Longest note that is kept, in characters.
const MOST_NOTE: usize = 500;

/// Records what became of a deployment that was let through.
///
/// The ticket is closed with it, whatever it was: its approval is used, and lets nothing through any more. What may not
/// follow what was said before is not recorded.
///
/// # Errors
/// When it cannot be recorded.
pub async fn finish(
    context: &Context,
    (request, issue): (&GateRequest, &IssueId),
    ending: Ending,
    note: &str,
) -> Result<Reported, HandlerError> {
    let (store, now) = (&context.sources.store, context.clock.now());
    let note = shortened(note, MOST_NOTE);
    let actions = announce::deployed(context, (request, ending), &note)?;
    let event =
        Event::DeploymentEnded { request: request.id.to_string(), outcome: ending.id().to_owned(), note: note.clone() };
    let key = request.ticket.as_ref().map(|(_, key)| key.clone());
    let entry = Entry { at: now, ticket: key, event };
    let reported = store.record_ending((request, issue), (ending, &note), (&entry, &actions)).await?;
    if reported == Reported::Recorded {
        tracing::info!(request = %request.id, "{} ended: {}", request.deployment.run, ending.id());
    }
    Ok(reported)
}

/// Asks people to look after deployments of which nobody has said how they ended; says how many. One that is reported at
/// this moment is none.
///
/// # Errors
/// When the records do not answer.
pub async fn follow_up(context: &Context) -> Result<usize, HandlerError> {
    let now = context.clock.now();
    let silent = context.sources.store.unreported_since(now.minus(context.report_after)).await?;
    let mut asked = 0;
    for request in &silent {
        let Some((issue, _)) = &request.ticket else { continue };
        if finish(context, (request, issue), Ending::Unreported, "").await? == Reported::Recorded {
            asked += 1;
        }
    }
    Ok(asked)
}
