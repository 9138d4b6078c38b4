//! A ticket is finished, gone, or not yet (or no longer) waiting for a decision.

use std::time::Duration;

use super::{Context, HandlerError, Next, announce, voiding};
use crate::audit::{Entry, Event};
use crate::gather::acts::noted;
use crate::model::{IssueId, Scope, Ticket, TicketStatus, shortened};
use crate::policy::approvers::Deed;
use crate::policy::facts::Placement;
use crate::render::verdict::Verdict;
use crate::store::Place;

/// The longest reason that the message repeats; the ticket has all of it.
const MOST_REASON: usize = 300;

/// The ticket was declined or closed: its message ends.
pub(super) async fn run(context: &Context, ticket: Ticket) -> Result<Next, HandlerError> {
    let scope = Placement::of(&ticket, &context.sources.services).scope();
    match note(context, &ticket, scope.as_ref()).await? {
        Next::Nothing => end_message(context, &ticket, scope.as_ref()).await.map(|()| Next::Nothing),
        again => Ok(again),
    }
}

/// The ticket is in a status that means nothing to us, for example a draft.
pub(super) async fn set_aside(context: &Context, ticket: Ticket) -> Result<Next, HandlerError> {
    let scope = Placement::of(&ticket, &context.sources.services).scope();
    note(context, &ticket, scope.as_ref()).await
}

/// Notes that a ticket does not keep others of its scope waiting any more. What was read before our turn came may be older
/// than an approval, which must not be hidden: so it is read again.
async fn note(context: &Context, ticket: &Ticket, scope: Option<&Scope>) -> Result<Next, HandlerError> {
    let store = &context.sources.store;
    let _turn = match scope {
        Some(scope) => Some(store.turn(scope).await?),
        None => None,
    };
    if context.sources.jira.ticket(&ticket.id).await? != *ticket {
        return Ok(Next::LookAgain(Duration::ZERO));
    }
    store.note_ticket(ticket, scope, context.clock.now()).await?;
    if ticket.status.meaning == TicketStatus::Declined {
        voiding::of_declined(context, &ticket.id).await?;
    }
    Ok(Next::Nothing)
}

/// The ticket was deleted, or moved to where we may not see it, or to another project. Jira tells nobody by whom a ticket
/// was deleted; the time is when we noticed.
pub(super) async fn gone(context: &Context, issue: &IssueId, how: &str) -> Result<Next, HandlerError> {
    let store = &context.sources.store;
    let Some(known) = store.known_ticket(issue).await? else { return Ok(Next::Nothing) };
    if known.status == "gone" {
        return Ok(Next::Nothing);
    }
    if known.status != "closed" {
        voiding::of_gone(context, issue, &format!("The ticket is {how}.")).await?;
    }
    store.note_gone(issue).await?;
    let event = Event::Ended { status: how.to_owned() };
    store.append(&Entry { at: context.clock.now(), ticket: Some(known.key), event }).await?;
    Ok(Next::Nothing)
}

/// Edits the root messages that are there. A ticket that nobody was told of ends in silence.
async fn end_message(context: &Context, ticket: &Ticket, scope: Option<&Scope>) -> Result<(), HandlerError> {
    let (verdict, how) = match ticket.status.meaning {
        TicketStatus::Declined => (Verdict::Declined, declined(context, ticket).await?),
        TicketStatus::Closed | TicketStatus::Pending | TicketStatus::Approved | TicketStatus::Other => {
            (Verdict::Closed, "Closed".to_owned())
        }
    };
    if context.sources.store.deployment_ended(&ticket.id).await? {
        // How it ended says more than that it is closed.
        return Ok(());
    }
    let subject = scope.map_or_else(String::new, Scope::to_string);
    let emergency = context.sources.store.emergency_of(&ticket.id).await?;
    // An emergency ends when it is documented, whatever the status of its ticket says.
    let places = if emergency.is_some() { &[Place::Changes][..] } else { &[Place::Changes, Place::Emergencies][..] };
    for place in places.iter().copied() {
        let post = context.sources.store.post(&ticket.id, place).await?;
        if post.is_some_and(|post| post.verdict != verdict.id()) {
            let actions = announce::ended(context, ticket, verdict, (&how, &subject, place))?;
            let event = Event::Ended { status: ticket.status.name.clone() };
            let entry = Entry { at: context.clock.now(), ticket: Some(ticket.key.clone()), event };
            context.sources.store.ask_for((&ticket.id, &actions), &entry, context.clock.now()).await?;
        }
    }
    Ok(())
}

/// By whom and why, when somebody said so to cm-bot; who only sets the status gives no reason.
async fn declined(context: &Context, ticket: &Ticket) -> Result<String, HandlerError> {
    let acts = noted(&context.sources.store, &ticket.id, context.links.deciding).await?;
    let newest = acts.iter().rev().find_map(|act| match &act.deed {
        Deed::Decline { reason } if act.refused.is_none() => Some((act.by.as_ref()?, reason)),
        _ => None,
    });
    let people = &context.policy.criteria.people;
    let said = newest.and_then(|(account, reason)| Some((people.by_jira(account)?, reason)));
    Ok(said.map_or_else(
        || "Declined".to_owned(),
        |(person, reason)| format!("Declined by {}: {}", person.name, shortened(reason, MOST_REASON)),
    ))
}
