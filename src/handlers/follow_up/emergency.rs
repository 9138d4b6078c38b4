//! An emergency: who has acknowledged it, what is missing, what is owed.

use std::collections::BTreeSet;

use serde_json::Value;
use uuid::Uuid;

use crate::audit::{Entry, Event};
use crate::gather::acts::is_covered;
use crate::handlers::{Context, HandlerError};
use crate::integrations::SourceError;
use crate::model::{Declaration, EmergencyId, Field, IssueId, Scope, Ticket, TicketStatus, Timestamp, shortened};
use crate::policy::follow_up::emergency::{Announced, Emergency, Ending, Owed, Step, judge};
use crate::policy::follow_up::parts::{AfterTheFact, Part, missing, texts};
use crate::render::emergency::{self as render, EmergencyView, Whom};
use crate::render::slack::Message;
use crate::store::{Effect, EmergencyRecord, Mark, NewAction, Place, Reach, StoreError};

/// How soon an emergency is looked at again when Jira did not say what is missing.
const AGAIN: std::time::Duration = std::time::Duration::from_secs(60);

/// The emergency that a ticket declares; opened, when it is new.
pub(in crate::handlers) async fn of_ticket(
    context: &Context,
    ticket: &Ticket,
    (scope, first_seen): (Option<Scope>, Timestamp),
) -> Result<EmergencyRecord, StoreError> {
    let store = &context.sources.store;
    if let Some(known) = store.emergency_of(&ticket.id).await? {
        return Ok(known);
    }
    if let Some(known) = declared_in_slack(context, ticket).await? {
        return Ok(known);
    }
    let field = |field: Field| ticket.field(field).unwrap_or("").to_owned();
    let declaration = Declaration {
        owner: ticket.requester.clone(),
        owner_name: ticket.requester_name.clone(),
        scope,
        summary: ticket.summary.clone(),
        what: what(ticket),
        why: field(Field::Justification),
        severity: None,
        incident: None,
    };
    let id = EmergencyId(Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("ticket:{}", ticket.id).as_bytes()));
    open(context, (id, Some(ticket.id.clone())), declaration, first_seen).await
}

/// `build 1871 of commit 9f3c2ab`, as far as the ticket says.
fn what(ticket: &Ticket) -> String {
    let build = ticket.field(Field::BuildNumber).map(|number| format!("build {}", shortened(number, 30)));
    let commit = ticket.field(Field::Commit).map(|commit| format!("commit {}", commit.get(..7).unwrap_or(commit)));
    let parts: Vec<String> = [build, commit].into_iter().flatten().collect();
    if parts.is_empty() { "no build named".into() } else { parts.join(" of ") }
}

/// The ticket that cm-bot made for an emergency says so in its summary.
async fn declared_in_slack(context: &Context, ticket: &Ticket) -> Result<Option<EmergencyRecord>, StoreError> {
    let store = &context.sources.store;
    for (id, issue) in store.open_emergencies().await? {
        if issue.is_none() && ticket.summary.contains(&id.token()) {
            store.note_ticket_of(id, &ticket.id).await?;
            return store.emergency(id).await;
        }
    }
    Ok(None)
}

/// Records that an emergency was declared.
pub(in crate::handlers) async fn open(
    context: &Context,
    (id, issue): (EmergencyId, Option<IssueId>),
    declaration: Declaration,
    declared: Timestamp,
) -> Result<EmergencyRecord, StoreError> {
    let store = &context.sources.store;
    let was_late = match &declaration.scope {
        Some(scope) => store.last_emergency_was_overdue(&scope.service, declared).await?,
        None => false,
    };
    let leads_needed = if was_late { 2 } else { 1 };
    let state = Emergency {
        declared,
        used: None,
        acknowledged: Vec::new(),
        leads_needed,
        new_date: None,
        was_overdue: false,
        ended: None,
        announced: Announced::NotYet,
        taken: BTreeSet::new(),
    };
    let missing = Part::ALL.into_iter().collect();
    let by = declaration.owner_name.clone();
    let record = EmergencyRecord { id, issue, declaration, state, missing, root: None };
    let event = Event::EmergencyDeclared { emergency: id, by, leads_needed };
    store.open_emergency(&record, &Entry { at: declared, ticket: None, event }).await?;
    Ok(store.emergency(id).await?.unwrap_or(record))
}

/// The announcement as it stands now.
pub(in crate::handlers) async fn root(context: &Context, record: &EmergencyRecord) -> Result<Value, StoreError> {
    let key = key(context, record).await?;
    Ok(json(context, &render::root(&view(context, record, key.as_ref())), record))
}

/// What is written about an emergency, by the words of `render`.
pub(in crate::handlers) fn view<'a>(
    context: &'a Context,
    record: &'a EmergencyRecord,
    ticket: Option<&'a crate::model::TicketKey>,
) -> EmergencyView<'a> {
    let criteria = &context.policy.criteria;
    EmergencyView {
        id: record.id,
        declaration: &record.declaration,
        ticket,
        state: &record.state,
        missing: &record.missing,
        due: record.state.due(&context.reminders),
        people: &criteria.people,
        leads: &criteria.terms.notify.emergency,
        links: &context.links,
    }
}

/// The key of its ticket, once there is one.
pub(in crate::handlers) async fn key(
    context: &Context,
    record: &EmergencyRecord,
) -> Result<Option<crate::model::TicketKey>, StoreError> {
    match &record.issue {
        Some(issue) => Ok(context.sources.store.known_ticket(issue).await?.map(|known| known.key)),
        None => Ok(None),
    }
}

/// New block ids for each edit, as Slack asks.
fn json(context: &Context, message: &Message, record: &EmergencyRecord) -> Value {
    let state = &record.state;
    let generation = state.acknowledged.len() + state.taken.len() + usize::from(state.used.is_some()) + Part::ALL.len()
        - record.missing.len();
    context.posted(message, &format!("{}:{generation}", record.id))
}

pub(super) async fn run(
    context: &Context,
    issue: &IssueId,
    (since, now): (Timestamp, Timestamp),
) -> Result<Option<Timestamp>, HandlerError> {
    let Some(record) = context.sources.store.emergency_of(issue).await? else { return Ok(None) };
    if record.state.ended.is_some() {
        return Ok(None);
    }
    let Seen { record, texts, again } = look(context, record, now).await?;
    let judgement = judge(&record.state, &record.missing, &context.reminders, (since, now));
    for owed in judgement.owed {
        take(context, (&record, texts.as_deref()), (owed, now)).await?;
    }
    Ok([judgement.next, again].into_iter().flatten().min())
}

/// What a look at the ticket of an emergency came to.
struct Seen {
    /// The emergency, with what is missing now.
    record: EmergencyRecord,
    /// What its documentation says, as JSON; nothing when Jira did not show the ticket.
    texts: Option<String>,
    /// When to look again, because Jira did not answer.
    again: Option<Timestamp>,
}

/// Sees what is missing now. Jira may not answer; then what was missing at the last look is missing still.
async fn look(context: &Context, mut record: EmergencyRecord, now: Timestamp) -> Result<Seen, HandlerError> {
    let Some(issue) = record.issue.clone() else { return Ok(Seen { record, texts: None, again: None }) };
    let ticket = match context.sources.jira.ticket(&issue).await {
        Ok(ticket) => ticket,
        Err(SourceError::NotFound) => return Ok(Seen { record, texts: None, again: None }),
        Err(error) => {
            tracing::warn!(ticket.id = %issue, "Jira does not say what an emergency lacks: {error}");
            return Ok(Seen { record, texts: None, again: Some(now.plus(AGAIN)) });
        }
    };
    let approval = after_the_fact(context, (&ticket, now)).await?;
    let seen = missing(&ticket, approval, &context.policy.criteria);
    if seen != record.missing {
        record.missing = seen;
        let actions = if record.missing.is_empty() { Vec::new() } else { edits(context, &record, now).await? };
        context.sources.store.note_missing(&record, &record.missing, (&actions, now)).await?;
    }
    let texts = serde_json::to_string(&texts(&ticket)).map_err(|error| StoreError::Damaged(error.to_string()))?;
    Ok(Seen { record, texts: Some(texts), again: None })
}

/// Whether the right people have approved what the ticket says now. What was approved before the documentation was written does
/// not cover it. Without a build there is no approval on record, and a closed ticket keeps the one with which it was deployed:
/// then it is known from what people did.
async fn after_the_fact(context: &Context, (ticket, now): (&Ticket, Timestamp)) -> Result<AfterTheFact, StoreError> {
    let (store, criteria) = (&context.sources.store, &context.policy.criteria);
    let standing = store.standing_approval(&ticket.id).await?.and_then(|standing| standing.fingerprint);
    let is_decided = matches!(ticket.status.meaning, TicketStatus::Approved | TicketStatus::Closed);
    let is_approved = standing.is_some_and(|fingerprint| fingerprint == ticket.fingerprint())
        || (is_decided && is_covered((store, context.links.deciding), criteria, (ticket, now)).await?);
    Ok(if is_approved { AfterTheFact::Approved } else { AfterTheFact::NotApproved })
}

/// Every message about the emergency that is there, as it stands now.
pub(in crate::handlers) async fn edits(
    context: &Context,
    record: &EmergencyRecord,
    now: Timestamp,
) -> Result<Vec<NewAction>, StoreError> {
    let key = key(context, record).await?;
    let view = view(context, record, key.as_ref());
    let mut actions = vec![message(Place::Emergencies, json(context, &render::root(&view), record))?];
    if record.state.was_overdue {
        actions.push(message(Place::Overdue, json(context, &render::overdue(&view, now), record))?);
    }
    Ok(actions)
}

/// What is said when production was changed on account of an emergency that was called off.
pub(in crate::handlers) async fn reopened(
    context: &Context,
    record: &EmergencyRecord,
    now: Timestamp,
) -> Result<Vec<NewAction>, StoreError> {
    let mut actions = edits(context, record, now).await?;
    let key = key(context, record).await?;
    let message = json(context, &render::reopened(&view(context, record, key.as_ref())), record);
    actions.push(NewAction::new(Effect::Remind { place: Place::Emergencies, reach: Reach::Channel, message })?);
    Ok(actions)
}

fn message(place: Place, message: Value) -> Result<NewAction, StoreError> {
    NewAction::new(Effect::Message { place, verdict: "emergency".into(), message })
}

/// Takes one step, unless somebody else has taken it.
async fn take(
    context: &Context,
    (record, texts): (&EmergencyRecord, Option<&str>),
    (owed, now): (Owed, Timestamp),
) -> Result<(), HandlerError> {
    let (step, actions) = match owed {
        Owed::Say(step) => (step, said(context, record, (step, now)).await?),
        Owed::Note(step) => (step, Vec::new()),
    };
    let name = step.name();
    let (mark, event) = match (step, texts) {
        (Step::Documented, Some(texts)) => (Mark::Documented(texts), Event::emergency_documented(record.id, texts)),
        // Nobody has seen what the documentation says.
        (Step::Documented, None) => return Ok(()),
        (step, _) => (Mark::Step(&name), event(record, step)),
    };
    let entry = Entry { at: now, ticket: key(context, record).await?, event };
    context.sources.store.mark_emergency(record, mark, (&entry, &actions)).await?;
    Ok(())
}

fn event(record: &EmergencyRecord, step: Step) -> Event {
    let emergency = record.id;
    match step {
        Step::Overdue(due) => Event::EmergencyOverdue { emergency, due, missing: record.missing.clone() },
        Step::Documented
        | Step::CallLeads(_)
        | Step::CallLeadsInJira
        | Step::RemindOwner(_)
        | Step::RemindLeads(_)
        | Step::StillOverdue(_) => {
            Event::Reminded { step: step.name(), who: vec![record.declaration.owner_name.clone()] }
        }
    }
}

/// What is said at a step.
async fn said(
    context: &Context,
    record: &EmergencyRecord,
    (step, now): (Step, Timestamp),
) -> Result<Vec<NewAction>, StoreError> {
    let key = key(context, record).await?;
    let view = view(context, record, key.as_ref());
    let remind = |place, reach, message: &Message| {
        NewAction::new(Effect::Remind { place, reach, message: json(context, message, record) })
    };
    Ok(match step {
        Step::CallLeads(_) => vec![remind(Place::Emergencies, Reach::Channel, &render::call_again(&view, now))?],
        Step::CallLeadsInJira => vec![call(context, "emergency", &render::call_in_jira(&view))?],
        Step::RemindOwner(_) => vec![to_owner(context, record, &render::remind(&view, Whom::Owner))?],
        Step::RemindLeads(_) => {
            vec![remind(Place::Emergencies, Reach::Thread, &render::remind(&view, Whom::OwnerAndLeads))?]
        }
        Step::Overdue(_) => vec![
            message(Place::Overdue, json(context, &render::overdue(&view, now), record))?,
            call(context, "overdue", &render::overdue_in_jira(&view))?,
        ],
        Step::StillOverdue(_) => vec![
            message(Place::Overdue, json(context, &render::overdue(&view, now), record))?,
            remind(Place::Overdue, Reach::Channel, &render::still_overdue(&view))?,
        ],
        Step::Documented => {
            let mut record = record.clone();
            record.state.ended = Some(Ending::Documented);
            edits(context, &record, now).await?
        }
    })
}

fn call(context: &Context, about: &str, document: &crate::render::document::Document) -> Result<NewAction, StoreError> {
    NewAction::new(Effect::Call { about: about.into(), body: context.sources.jira.body(document) })
}

/// To the owner alone; in the thread, when the owner has no account in Slack.
fn to_owner(context: &Context, record: &EmergencyRecord, message: &Message) -> Result<NewAction, StoreError> {
    let owner = record.declaration.owner_in(&context.policy.criteria.people);
    let message = json(context, message, record);
    NewAction::new(match owner.and_then(|owner| owner.slack.clone()) {
        Some(to) => Effect::Direct { to, message },
        None => Effect::Remind { place: Place::Emergencies, reach: Reach::Thread, message },
    })
}
