//! What people do about an emergency: acknowledge it, call it off, give a new date.

use std::time::Duration;

use super::{Act, Answer, Refusal};
use crate::audit::{Entry, Event};
use crate::handlers::follow_up::emergency::{edits, key, root};
use crate::handlers::{Context, HandlerError};
use crate::integrations::slack::Post;
use crate::integrations::slack::interaction::Submit;
use crate::model::{EmergencyId, Person, Timestamp, listed};
use crate::policy::follow_up::emergency::{
    Ending, objection_to_acknowledging, objection_to_calling_off, objection_to_new_date,
};
use crate::render::form::REASON;
use crate::store::{EmergencyRecord, Job, Mark, StoreError};

/// Longest time that the Security Officer may give at once.
const MOST_HOURS: u64 = 7 * 24;

/// A lead knows of it. That is no approval.
pub(super) async fn acknowledge(context: &Context, id: &str, act: &Act<'_>) -> Result<Answer, HandlerError> {
    let Some(mut record) = found(context, id).await? else { return no_such_emergency() };
    let leads = &context.policy.criteria.terms.notify.emergency;
    if let Some(reason) = objection_to_acknowledging(&record.state, act.person, leads) {
        return refuse(context, &record, reason).await;
    }
    let name = act.person.name.clone();
    if record.state.acknowledged.iter().any(|(by, _)| *by == name) {
        return Ok(Answer::Recorded("You have acknowledged this emergency already.".into()));
    }
    record.state.acknowledged.push((name.clone(), act.at));
    let event = Event::EmergencyAcknowledged { emergency: record.id, by: name.clone() };
    mark(context, &record, (Mark::Acknowledged(&name), event)).await?;
    Ok(Answer::Seen)
}

/// Production was not changed after all.
pub(super) async fn call_off(context: &Context, id: &str, act: &Act<'_>) -> Result<Answer, HandlerError> {
    let Some(mut record) = found(context, id).await? else { return no_such_emergency() };
    let owner = (owner(context, &record), record.declaration.owner_name.as_str());
    let leads = &context.policy.criteria.terms.notify.emergency;
    let times = (record.state.due(&context.reminders), context.clock.now());
    if let Some(reason) = objection_to_calling_off(&record.state, owner, (act.person, leads), times) {
        return refuse(context, &record, reason).await;
    }
    record.state.ended = Some(Ending::CalledOff);
    let event = Event::EmergencyCalledOff { emergency: record.id, by: act.person.name.clone() };
    mark(context, &record, (Mark::CalledOff, event)).await?;
    Ok(Answer::Seen)
}

/// More time. That the first date was missed stays in the record.
pub(super) async fn new_date(context: &Context, form: &Submit, act: &Act<'_>) -> Result<Answer, HandlerError> {
    let Some(mut record) = found(context, &form.about).await? else { return no_such_emergency() };
    if let Some(reason) = objection_to_new_date(owner(context, &record), act.person) {
        return Ok(Answer::Refused(not_the_officer(context, &record, reason).await?));
    }
    let hours = form.said.get("hours").and_then(|hours| hours.parse::<u64>().ok());
    let reason = form.said.get("reason").filter(|reason| reason.chars().count() >= REASON);
    let (Some(hours @ 1..=MOST_HOURS), Some(reason)) = (hours, reason) else {
        return refuse(context, &record, "A new date needs a time and a reason in words.".into()).await;
    };
    if record.state.ended.is_some() {
        return refuse(context, &record, "This emergency is over.".into()).await;
    }
    let until = Timestamp(act.at.seconds() * 1000).plus(Duration::from_secs(hours * 3600));
    record.state.new_date = Some(until);
    let by = act.person.name.clone();
    let event = Event::EmergencyNewDate { emergency: record.id, by, until, reason: reason.clone() };
    mark(context, &record, (Mark::NewDate(until), event)).await?;
    Ok(Answer::Recorded(format!("The documentation is due by {}.", until.day_and_clock())))
}

/// A button that only the Security Officer may use opens its form at once; whoever else pressed it is told here.
pub(super) async fn not_yours(context: &Context, id: &str, act: &Act<'_>) -> Result<Refusal, HandlerError> {
    let Some(record) = found(context, id).await? else { return Ok(unknown()) };
    let why = objection_to_new_date(owner(context, &record), act.person);
    not_the_officer(context, &record, why.unwrap_or("The form could not be opened: please press the button again."))
        .await
}

async fn not_the_officer(context: &Context, record: &EmergencyRecord, reason: &str) -> Result<Refusal, HandlerError> {
    let owner = owner(context, record);
    let people = context.policy.criteria.people.everybody().iter();
    let people = people.filter(|person| objection_to_new_date(owner, person).is_none());
    let names: Vec<String> = people.map(|person| person.name.clone()).collect();
    let next = match names.as_slice() {
        [] => "Nobody can: please complete the ticket.".into(),
        names => format!("Who can: {}.", listed(names, "or")),
    };
    Ok(Refusal { reason: reason.into(), next, ticket: key(context, record).await? })
}

/// Whoever declared it, if the people file knows the account.
fn owner<'a>(context: &'a Context, record: &EmergencyRecord) -> Option<&'a Person> {
    record.declaration.owner_in(&context.policy.criteria.people)
}

/// Records it, and shows it in every message about the emergency.
async fn mark(
    context: &Context,
    record: &EmergencyRecord,
    (mark, event): (Mark<'_>, Event),
) -> Result<(), HandlerError> {
    let (store, now) = (&context.sources.store, context.clock.now());
    let entry = Entry { at: now, ticket: key(context, record).await?, event };
    let actions = if record.issue.is_some() { edits(context, record, now).await? } else { Vec::new() };
    let is_new = store.mark_emergency(record, mark, (&entry, &actions)).await?;
    match (&record.issue, &record.root) {
        (Some(issue), _) => store.enqueue(&Job::FollowUp(issue.clone()), now).await?,
        (None, Some((channel, ts))) if is_new => {
            let there = Post { channel: channel.clone(), ts: ts.clone() };
            context.slack.edit(&there, &root(context, record).await?, &record.id.to_string()).await?;
        }
        (None, _) => {}
    }
    Ok(())
}

async fn found(context: &Context, id: &str) -> Result<Option<EmergencyRecord>, StoreError> {
    match EmergencyId::parse(id) {
        Ok(id) => context.sources.store.emergency(id).await,
        Err(_) => Ok(None),
    }
}

async fn refuse(context: &Context, record: &EmergencyRecord, reason: String) -> Result<Answer, HandlerError> {
    let criteria = &context.policy.criteria;
    let leads = criteria.people.with_any_role(&criteria.terms.notify.emergency);
    let names: Vec<String> = leads.map(|person| person.name.clone()).collect();
    let next = match record.state.ended {
        Some(_) => "Nobody needs to act.".into(),
        None => format!("Who can: {}.", listed(&names, "or")),
    };
    Ok(Answer::Refused(Refusal { reason, next, ticket: key(context, record).await? }))
}

fn no_such_emergency() -> Result<Answer, HandlerError> {
    Ok(Answer::Refused(unknown()))
}

fn unknown() -> Refusal {
    Refusal {
        reason: "cm-bot knows of no such emergency.".into(),
        next: "Please use the newest message.".into(),
        ticket: None,
    }
}
