//! A ticket is approved: by us, which the outbox records, or by a human, which is judged here.

use super::{Context, HandlerError, Next, announce, voiding};
use crate::audit::{Entry, Event};
use crate::integrations::jira::StatusChange;
use crate::model::{CommitSha, Field, Scope, Ticket};
use crate::policy::approvers::{edits, human_approval};
use crate::policy::evidence::contributors;
use crate::policy::facts::Placement;
use crate::render::verdict::Verdict;
use crate::store::{Approval, Place};

/// Looks at who approved the ticket.
pub(super) async fn run(context: &Context, ticket: Ticket) -> Result<Next, HandlerError> {
    let scope = Placement::of(&ticket, &context.sources.services).scope();
    context.sources.store.note_ticket(&ticket, scope.as_ref(), context.clock.now()).await?;
    if voiding::of_edited(context, &ticket).await? {
        return Ok(Next::Nothing);
    }
    let Some(change) = context.sources.jira.approved_by(&ticket.key).await? else { return Ok(Next::Nothing) };
    if is_dealt_with(context, &ticket, &change).await? {
        return Ok(Next::Nothing);
    }
    match judge(context, &ticket, &change, scope).await? {
        Judgement::Counts { approval, role } => counts(context, &ticket, &approval, &role).await?,
        Judgement::DoesNotCount(reason) => does_not_count(context, &ticket, &reason).await?,
    }
    Ok(Next::Nothing)
}

/// Whether an approval is ours, is recorded, or was voided.
async fn is_dealt_with(context: &Context, ticket: &Ticket, change: &StatusChange) -> Result<bool, HandlerError> {
    let store = &context.sources.store;
    let is_voided = store.voided(&ticket.id).await?.is_some_and(|voided| change.at <= voided);
    let is_recorded = store.standing_approval(&ticket.id).await?.is_some_and(|standing| standing.at == change.at);
    Ok(is_voided || is_recorded || change.by.as_ref() == Some(context.sources.jira.myself().await?))
}

/// What a human's approval came to, with what there is to record of it.
enum Judgement {
    Counts { approval: Box<Approval>, role: String },
    DoesNotCount(String),
}

async fn judge(
    context: &Context,
    ticket: &Ticket,
    change: &StatusChange,
    scope: Option<Scope>,
) -> Result<Judgement, HandlerError> {
    let no = |reason: &str| Ok(Judgement::DoesNotCount(reason.to_owned()));
    let Some(by) = &change.by else { return no("Jira does not say who approved it.") };
    if let Some(reason) = edits::after_approval(&change.edited_since) {
        return no(&reason);
    }
    let commit = ticket.field(Field::Commit).and_then(|text| CommitSha::parse(text).ok());
    let (Some(scope), Some(commit)) = (scope, commit) else {
        return no("The ticket does not name a registered service, environment and commit.");
    };
    let criteria = &context.policy.criteria;
    let last = context.sources.store.newest_decision(&ticket.key).await?;
    let worked_on_it = last.map_or_else(Default::default, |last| contributors(&last.facts, criteria));
    Ok(match human_approval::judge(by, ticket, &worked_on_it, criteria) {
        human_approval::Approval::DoesNotCount(reason) => Judgement::DoesNotCount(reason),
        human_approval::Approval::Counts { by, role } => {
            let fingerprint = ticket.fingerprint();
            let (issue, ticket, by) = (ticket.id.clone(), ticket.key.clone(), Some(by.name.clone()));
            let approval = Approval { issue, ticket, scope, commit, at: change.at, decision: None, by, fingerprint };
            Judgement::Counts { approval: Box::new(approval), role: role.title() }
        }
    })
}

async fn counts(context: &Context, ticket: &Ticket, approval: &Approval, role: &str) -> Result<(), HandlerError> {
    let by = approval.by.clone().unwrap_or_default();
    let last = context.sources.store.newest_decision(&ticket.key).await?;
    let subject = approval.scope.to_string();
    let actions = announce::approved(context, ticket, (&by, role), (&subject, last.as_ref()))?;
    let event = Event::ApprovedByHuman { by, role: role.to_owned(), commit: approval.commit.clone() };
    let entry = Entry { at: context.clock.now(), ticket: Some(ticket.key.clone()), event };
    context.sources.store.record_approval(approval, &entry, &actions).await?;
    Ok(())
}

async fn does_not_count(context: &Context, ticket: &Ticket, reason: &str) -> Result<(), HandlerError> {
    let post = context.sources.store.post(&ticket.id, Place::Comment).await?;
    if post.is_some_and(|post| post.verdict == Verdict::NotCounted.id()) {
        return Ok(());
    }
    let subject =
        Placement::of(ticket, &context.sources.services).scope().map_or_else(String::new, |scope| scope.to_string());
    let actions = announce::not_counted(context, ticket, reason, (&subject, evaluation(context, ticket).await?))?;
    let event = Event::ApprovalNotCounted { reason: reason.to_owned() };
    let entry = Entry { at: context.clock.now(), ticket: Some(ticket.key.clone()), event };
    Ok(context.sources.store.ask_for((&ticket.id, &actions), &entry, context.clock.now()).await?)
}

/// The number of the last evaluation; none happened when a human was faster than we.
async fn evaluation(context: &Context, ticket: &Ticket) -> Result<i64, HandlerError> {
    Ok(context.sources.store.newest_decision(&ticket.key).await?.map_or(0, |last| last.evaluation))
}
