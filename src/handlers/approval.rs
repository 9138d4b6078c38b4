//! A ticket's status says approved: by us, which the outbox records, or by people, which is judged here.

use std::time::Duration;

use super::approvals::{self, Look, Stand};
use super::{Context, HandlerError, Next, announce, ends, voiding};
use crate::audit::{Entry, Event};
use crate::integrations::jira::StatusChange;
use crate::model::{CommitSha, Field, Scope, Ticket, Timestamp, listed, shortened};
use crate::policy::approvers::{Act, Deed, HumanApproval, Way, edits};
use crate::policy::decision::Kind;
use crate::policy::facts::Placement;
use crate::render::verdict::Verdict;
use crate::store::{Approval, Effect, NewAction, NewActs, Place};

/// Looks at who approved the ticket.
///
/// # Errors
/// When Jira or the records do not answer.
pub async fn run(context: &Context, ticket: Ticket) -> Result<Next, HandlerError> {
    let scope = Placement::of(&ticket, &context.sources.services).scope();
    context.sources.store.note_ticket(&ticket, scope.as_ref(), context.clock.now()).await?;
    if voiding::of_edited(context, &ticket).await? {
        return Ok(Next::Nothing);
    }
    ends::note(context, &ticket).await?;
    context.sources.store.assure_in_force(&context.policy.criteria).await?;
    let Some(change) = context.sources.jira.approved_by(&ticket.key).await? else { return Ok(Next::Nothing) };
    if is_dealt_with(context, &ticket, &change).await? {
        let why = "The ticket is approved already. Whoever means to take that back sets it back to review.";
        return approvals::too_late(context, &ticket, why).await.map(|()| Next::Nothing);
    }
    match Box::pin(approvals::look(context, &ticket)).await? {
        Look::Edited => Ok(Next::LookAgain(Duration::ZERO)),
        Look::Quiet => Ok(Next::Nothing),
        Look::Stands(stand) => judge(context, &ticket, (&change, &stand)).await,
    }
}

/// Whether an approval is recorded, was voided, or is ours and on its way to the records. What brings no code has no approval
/// on record, so what people did is looked at each time.
async fn is_dealt_with(context: &Context, ticket: &Ticket, change: &StatusChange) -> Result<bool, HandlerError> {
    let store = &context.sources.store;
    let is_voided = store.voided(&ticket.id).await?.is_some_and(|voided| change.at <= voided);
    let standing = store.standing_approval(&ticket.id).await?;
    if is_voided || standing.as_ref().is_some_and(|standing| standing.at == change.at) {
        return Ok(true);
    }
    let is_own = change.by.as_ref() == Some(context.sources.jira.myself().await?);
    // Ours without any record is one whose answer was lost and that nobody means any more.
    Ok(is_own
        && build(context, ticket).is_some()
        && (standing.is_some() || store.is_being_approved(&ticket.id).await?))
}

/// What of a ticket can be deployed, and where.
fn build(context: &Context, ticket: &Ticket) -> Option<(Scope, CommitSha)> {
    let scope = Placement::of(ticket, &context.sources.services).scope()?;
    Some((scope, CommitSha::parse(ticket.field(Field::Commit)?).ok()?))
}

/// The status is worth what stands behind it: enough approvals, one of several, or none that counts.
async fn judge(
    context: &Context,
    ticket: &Ticket,
    (change, stand): (&StatusChange, &Stand),
) -> Result<Next, HandlerError> {
    if let Some(right) = stand.approvals.approval() {
        approvals::note(context, ticket, &approvals::noted(context, ticket, stand)?).await?;
        return approve(context, ticket, (&right, stand, change.at)).await.map(|()| Next::Nothing);
    }
    if voiding::of_given_again(context, ticket).await? {
        approvals::note(context, ticket, &approvals::noted(context, ticket, stand)?).await?;
        return Ok(Next::Nothing);
    }
    let is_own = change.by.as_ref() == Some(context.sources.jira.myself().await?);
    match edits::after_approval(&change.edited_since).or_else(|| refused(stand)) {
        Some(why) if !is_own => does_not_count(context, ticket, (stand, &why)).await,
        Some(_) | None => is_not_enough(context, ticket, stand).await,
    }
}

/// Why the word of whoever set the status does not count, if it was refused.
fn refused(stand: &Stand) -> Option<String> {
    let is_status = |act: &&Act| act.way == Way::Status && matches!(act.deed, Deed::Approve { .. });
    let newest = stand.acts.iter().rfind(is_status);
    newest.map_or_else(|| Some("Jira does not say who approved it.".to_owned()), |act| act.refused.clone())
}

/// Records that people approved the ticket, and says so. A second time it changes nothing.
///
/// # Errors
/// When it cannot be stored.
pub async fn approve(
    context: &Context,
    ticket: &Ticket,
    (right, stand, at): (&HumanApproval, &Stand, Timestamp),
) -> Result<(), HandlerError> {
    let build = build(context, ticket);
    let subject = build.as_ref().map_or_else(|| shortened(&ticket.summary, 80), |(scope, _)| scope.to_string());
    let actions = announce::approved(context, ticket, right.by(), (&subject, &stand.basis))?;
    let entry = Entry {
        at: context.clock.now(),
        ticket: Some(ticket.key.clone()),
        event: event(right, build.as_ref().map(|(_, commit)| commit.clone()), at),
    };
    let store = &context.sources.store;
    let Some((scope, commit)) = build else {
        // Nothing is deployed, so there is no approval for a gate or a baseline; that it was said is known by what it rests on.
        let newest = stand.acts.last().map_or_else(String::new, |act| format!("{}:{}", act.way.id(), act.source));
        let once = format!("approved:{}:{newest}", right.fingerprint());
        let new = NewActs { acts: Vec::new(), answered: vec![once], entries: vec![entry], actions };
        store.record_acts(&ticket.id, &new, at).await?;
        return Ok(());
    };
    let (issue, fingerprint) = (ticket.id.clone(), right.fingerprint().to_owned());
    let (key, by) = (ticket.key.clone(), right.by().to_vec());
    let approval = Approval { issue, ticket: key, scope, commit, at, decision: None, by, fingerprint };
    Ok(store.record_approval(&approval, &entry, &actions).await?)
}

fn event(right: &HumanApproval, commit: Option<CommitSha>, approved_at: Timestamp) -> Event {
    let column = |of: fn(&(String, String)) -> &String| right.by().iter().map(of).cloned().collect::<Vec<_>>();
    let (names, roles) = (column(|(name, _)| name), column(|(_, role)| role));
    Event::ApprovedByHuman { by: listed(&names, "and"), role: listed(&roles, "and"), commit, approved_at }
}

/// Somebody approved who may, and others are missing: the ticket goes back to review, where they can approve too.
///
/// # Errors
/// When it cannot be stored.
pub async fn is_not_enough(context: &Context, ticket: &Ticket, stand: &Stand) -> Result<Next, HandlerError> {
    decide_anew(context, stand).await?;
    let mut new = approvals::told(context, ticket, stand)?;
    new.actions.insert(0, NewAction::new(Effect::SetBack {})?);
    approvals::note(context, ticket, &new).await?;
    Ok(Next::Nothing)
}

/// Whoever sets the status keeps cm-bot from approving what it found clean. Once the ticket is back in review it is decided
/// anew, although it is as it was.
async fn decide_anew(context: &Context, stand: &Stand) -> Result<(), HandlerError> {
    match &stand.basis.stored {
        Some(stored) if stand.basis.decision.kind() == Kind::Approve => {
            Ok(context.sources.store.void_decision(stored.id).await?)
        }
        Some(_) | None => Ok(()),
    }
}

async fn does_not_count(
    context: &Context,
    ticket: &Ticket,
    (stand, reason): (&Stand, &str),
) -> Result<Next, HandlerError> {
    let store = &context.sources.store;
    approvals::note(context, ticket, &approvals::noted(context, ticket, stand)?).await?;
    decide_anew(context, stand).await?;
    let post = store.post(&ticket.id, Place::Comment).await?;
    if stand.new.is_empty() && post.is_some_and(|post| post.verdict == Verdict::NotCounted.id()) {
        return Ok(Next::Nothing);
    }
    let scope = Placement::of(ticket, &context.sources.services).scope();
    let subject = scope.as_ref().map_or_else(String::new, Scope::to_string);
    let evaluation = store.known_ticket(&ticket.id).await?.map_or(0, |known| known.evaluation);
    let title = stand.approvals.title();
    let actions = announce::not_counted(context, ticket, (&title, reason), (&subject, evaluation))?;
    let event = Event::ApprovalNotCounted { reason: reason.to_owned() };
    let entry = Entry { at: context.clock.now(), ticket: Some(ticket.key.clone()), event };
    store.ask_for((&ticket.id, &actions), &entry, context.clock.now()).await?;
    Ok(Next::Nothing)
}
