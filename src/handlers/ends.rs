//! What was allowed for a time ends: whoever answers for it is told some days before and when it is over, once each, unless
//! the ticket was closed or says another day by then.

use std::time::Duration;

use super::{Context, HandlerError};
use crate::audit::{Entry, Event};
use crate::integrations::SourceError;
use crate::model::{IssueId, Person, Ticket, TicketKey, TicketStatus, Timestamp};
use crate::policy::follow_up::ends::{End, Step, accepted_risks, ends, owed};
use crate::render::ends as render;
use crate::store::{Effect, Job, NewAction, StoreError};

/// How long after an end it is still told of: whoever was not there for longer has other troubles.
const LATE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Notes when what an approved ticket allows ends, and that it is known from now on.
pub(super) async fn note(context: &Context, ticket: &Ticket) -> Result<(), StoreError> {
    let store = &context.sources.store;
    let due: Vec<Timestamp> = ends(ticket, &context.policy.criteria).iter().map(End::due).collect();
    for moment in &due {
        store.on_since(&switch(&of(&ticket.id), *moment), context.clock.now()).await?;
    }
    store.note_ends(&ticket.id, &due).await
}

/// What a ticket allows, as a subject of the records.
fn of(issue: &IssueId) -> String {
    format!("end:{issue}")
}

/// Under which name the records hold since when an end is known.
fn switch(subject: &str, due: Timestamp) -> String {
    format!("{subject}:{}", due.seconds())
}

/// Takes the steps that are owed; says how many.
///
/// # Errors
/// When the records do not answer. A ticket that Jira does not show is looked at the next time.
pub async fn run(context: &Context) -> Result<usize, StoreError> {
    let (store, now) = (&context.sources.store, context.clock.now());
    let mut steps = 0;
    for end in accepted_risks(&context.policy.criteria) {
        let subject = format!("end:{}", end.what);
        if let Some(step) = step(context, (&subject, end.due()), now).await?
            && let Some(carrier) = store.newest_ticket().await?
        {
            steps += usize::from(of_risk(context, (&end, step), (&subject, &carrier)).await?);
        }
    }
    let late = Timestamp(now.0.saturating_sub(i64::try_from(LATE.as_millis()).unwrap_or(i64::MAX)));
    for (issue, due) in store.ends_between((late, now.plus(context.reminders.remind_end))).await? {
        let subject = of(&issue);
        let Some(step) = step(context, (&subject, due), now).await? else { continue };
        match of_ticket(context, (&issue, due), (&subject, step, now)).await {
            Ok(taken) => steps += usize::from(taken),
            Err(HandlerError::Store(error)) => return Err(error),
            Err(HandlerError::Source(error)) => {
                tracing::warn!(ticket.id = %issue, "Jira does not say whether something ends: {error}");
            }
        }
    }
    Ok(steps)
}

/// What is owed of something that ends; it is known of from now on, when it was not.
async fn step(
    context: &Context,
    (subject, due): (&str, Timestamp),
    now: Timestamp,
) -> Result<Option<Step>, StoreError> {
    let store = &context.sources.store;
    let since = store.on_since(&switch(subject, due), now).await?;
    let taken = store.steps_taken(subject, due).await?;
    Ok(owed(due, &taken, context.reminders.remind_end, (since, now)))
}

/// Tells of an end, if the ticket still says so.
async fn of_ticket(
    context: &Context,
    (issue, due): (&IssueId, Timestamp),
    (subject, step, now): (&str, Step, Timestamp),
) -> Result<bool, HandlerError> {
    let store = &context.sources.store;
    let ticket = match context.sources.jira.ticket(issue).await {
        Ok(ticket) => Some(ticket),
        Err(SourceError::NotFound) => None,
        Err(error) => return Err(error.into()),
    };
    let approved = ticket.filter(|ticket| ticket.status.meaning == TicketStatus::Approved);
    let end = approved.as_ref().and_then(|ticket| {
        let mut all = ends(ticket, &context.policy.criteria).into_iter();
        Some((ticket, all.find(|end| end.due() == due)?))
    });
    let Some((ticket, end)) = end else {
        store.enqueue(&Job::Ticket(issue.clone()), now).await?;
        return Ok(false);
    };
    let named = end.owner.as_ref().and_then(|name| person(context, name));
    let asked = ticket.requester.as_ref().and_then(|account| context.policy.criteria.people.by_jira(account));
    let message = render::of_ticket((&end, step), named.or(asked), (&ticket.key, &context.links));
    let effect = Effect::Ends { message: context.posted(&message, &format!("{subject}:{}", step.name())) };
    Ok(take(context, (subject, due, step), (issue, Some(&ticket.key), effect), named.or(asked)).await?)
}

async fn of_risk(
    context: &Context,
    (end, step): (&End, Step),
    (subject, carrier): (&str, &IssueId),
) -> Result<bool, StoreError> {
    let owner = end.owner.as_ref().and_then(|name| person(context, name));
    let message = context.posted(&render::of_risk((end, step), owner), &format!("{subject}:{}", step.name()));
    take(context, (subject, end.due(), step), (carrier, None, Effect::Daily { message }), owner).await
}

async fn take(
    context: &Context,
    (subject, due, step): (&str, Timestamp, Step),
    (issue, ticket, effect): (&IssueId, Option<&TicketKey>, Effect),
    who: Option<&Person>,
) -> Result<bool, StoreError> {
    let now = context.clock.now();
    let who = who.map(|person| person.name.clone()).into_iter().collect();
    let entry = Entry { at: now, ticket: ticket.cloned(), event: Event::Reminded { step: step.name().into(), who } };
    let action = NewAction::new(effect)?;
    context.sources.store.remind((subject, due, step.name()), (issue, &[action]), &entry).await
}

/// Whoever the people file knows by this name.
fn person<'a>(context: &'a Context, name: &str) -> Option<&'a Person> {
    let name = name.trim();
    context.policy.criteria.people.everybody().iter().find(|person| person.name.eq_ignore_ascii_case(name))
}
