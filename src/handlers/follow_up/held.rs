//! A ticket that waits for a human: those who are missing are reminded, and nobody else.

use super::{Context, HandlerError};
use crate::audit::{Entry, Event};
use crate::handlers::approvals::shown;
use crate::model::{IssueId, Person, TicketStatus, Timestamp};
use crate::policy::approvers::Approvals;
use crate::policy::evaluate;
use crate::policy::follow_up::held::{Held, Step, is_for_the_daily_message, judge};
use crate::render::reminders::{self as render, Waiting};
use crate::render::slack::Message;
use crate::render::view::subject;
use crate::store::{Effect, Job, NewAction, Place, Reach, StoreError, StoredDecision};

/// The subject of the daily message in the records.
const DAILY: &str = "daily";

pub(super) async fn run(
    context: &Context,
    issue: &IssueId,
    (on, now): (Timestamp, Timestamp),
) -> Result<Option<Timestamp>, HandlerError> {
    let Some(held) = context.sources.store.held(issue).await? else { return Ok(None) };
    let judgement = judge(&held, &context.reminders, (on, now));
    if let Some(step) = judgement.owed {
        take(context, issue, (&held, step, now)).await?;
    }
    let today = context.reminders.daily.last_before(now);
    if today >= on && is_for_the_daily_message(&held, &context.reminders, now) {
        daily(context, issue, (today, now)).await?;
    }
    Ok(Some(judgement.next.unwrap_or_else(|| context.reminders.daily.next_after(now))))
}

/// Takes one step, unless the ticket was decided a moment ago.
async fn take(
    context: &Context,
    issue: &IssueId,
    (held, step, now): (&Held, Step, Timestamp),
) -> Result<(), HandlerError> {
    let store = &context.sources.store;
    if context.sources.jira.ticket(issue).await?.status.meaning != TicketStatus::Pending {
        return Ok(store.enqueue(&Job::Ticket(issue.clone()), now).await?);
    }
    let Some(decision) = decision(context, issue).await? else { return Ok(()) };
    let approvals = standing(context, &decision).await?;
    let waiting = waiting(context, &decision, (held, &approvals));
    let (actions, who) = said(context, &waiting, (step, now))?;
    let event = Event::Reminded { step: step.name().into(), who };
    let entry = Entry { at: now, ticket: Some(decision.ticket.clone()), event };
    store.remind((issue.as_str(), held.since, step.name()), (issue, &actions), &entry).await?;
    Ok(())
}

async fn decision(context: &Context, issue: &IssueId) -> Result<Option<StoredDecision>, StoreError> {
    let store = &context.sources.store;
    match store.known_ticket(issue).await?.and_then(|known| known.decision) {
        Some(decision) => store.decision(decision).await,
        None => Ok(None),
    }
}

/// Who has approved a ticket, and who is missing.
async fn standing(context: &Context, stored: &StoredDecision) -> Result<Approvals, StoreError> {
    let decision = evaluate(&stored.facts, &stored.criteria, stored.at);
    shown((&context.sources.store, context.links.deciding), &context.policy.criteria, (&stored.facts, &decision)).await
}

/// Whom a ticket waits for: everybody who could fill a role that is missing, and nobody who has approved.
fn waiting<'a>(
    context: &'a Context,
    decision: &'a StoredDecision,
    (held, approvals): (&Held, &'a Approvals),
) -> Waiting<'a> {
    Waiting {
        key: &decision.ticket,
        subject: subject(&decision.facts),
        title: approvals.title(),
        people: approvals.wanted(),
        since: held.since,
        links: &context.links,
    }
}

/// What is said at a step, and to whom.
fn said(
    context: &Context,
    waiting: &Waiting<'_>,
    (step, now): (Step, Timestamp),
) -> Result<(Vec<NewAction>, Vec<String>), StoreError> {
    let names = |people: &[&Person]| people.iter().map(|person| person.name.clone()).collect();
    let json = |message: &Message| context.posted(message, &format!("{}:{}", waiting.key, step.name()));
    let remind = |reach, message: &Message| {
        NewAction::new(Effect::Remind { place: Place::Changes, reach, message: json(message) })
    };
    match step {
        Step::Thread => Ok((vec![remind(Reach::Thread, &render::in_thread(waiting, now))?], names(&waiting.people))),
        Step::Direct => {
            let message = json(&render::direct(waiting, now));
            let accounts = waiting.people.iter().filter_map(|person| person.slack.clone());
            let direct = accounts.map(|to| NewAction::new(Effect::Direct { to, message: message.clone() }));
            Ok((direct.collect::<Result<_, _>>()?, names(&waiting.people)))
        }
        Step::LastResort => {
            let people = &context.policy.criteria.people;
            let asked: Vec<&Person> =
                people.with_any_role(std::slice::from_ref(&context.reminders.held.role)).collect();
            let asked = if asked.is_empty() { waiting.people.clone() } else { asked };
            Ok((vec![remind(Reach::Channel, &render::last_resort(waiting, &asked, now))?], names(&asked)))
        }
    }
}

/// The daily message about all tickets that wait for long; whoever comes first on a day writes it.
async fn daily(context: &Context, issue: &IssueId, (today, now): (Timestamp, Timestamp)) -> Result<(), HandlerError> {
    let store = &context.sources.store;
    if store.was_reminded(DAILY, today).await? {
        return Ok(());
    }
    let mut found = Vec::new();
    for other in store.all_held().await? {
        let Some(held) = store.held(&other).await? else { continue };
        let Some(decision) = decision(context, &other).await? else { continue };
        if is_for_the_daily_message(&held, &context.reminders, now) {
            let approvals = standing(context, &decision).await?;
            found.push((held, decision, approvals));
        }
    }
    let of = |(held, decision, approvals)| waiting(context, decision, (held, approvals));
    let all: Vec<Waiting<'_>> =
        found.iter().map(|(held, decision, approvals)| of((held, decision, approvals))).collect();
    if all.is_empty() {
        return Ok(());
    }
    let message = context.posted(&render::daily(&all, now), &format!("{DAILY}:{}", today.seconds()));
    let action = NewAction::new(Effect::Daily { message })?;
    let who = all.iter().map(|waiting| waiting.key.to_string()).collect();
    let entry = Entry { at: now, ticket: None, event: Event::Reminded { step: DAILY.into(), who } };
    store.remind((DAILY, today, "message"), (issue, &[action]), &entry).await?;
    Ok(())
}
