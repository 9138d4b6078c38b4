//! An approval does not count any more: the ticket was edited, set back, or is gone.

use super::{Context, HandlerError, announce, gate};
use crate::audit::{Entry, Event};
use crate::gather;
use crate::integrations::SourceError;
use crate::model::{IssueId, Text, Ticket, TicketStatus, plural};
use crate::policy::approval::security_scan;
use crate::policy::approvers::edits;
use crate::store::{Again, Standing, Void};

/// Voids the approval of an approved ticket that is not what was approved. Says whether it did, or had done before.
pub(super) async fn of_edited(context: &Context, ticket: &Ticket) -> Result<bool, HandlerError> {
    let store = &context.sources.store;
    let Some(standing) = store.standing_approval(&ticket.id).await? else { return Ok(false) };
    if objections(context, &standing, ticket).await?.is_empty() {
        return Ok(false);
    }
    let _turn = store.turn(&standing.scope).await?;
    match context.sources.jira.ticket(&ticket.id).await {
        Ok(ticket) => void_if_edited(context, &ticket).await,
        // Whoever looks next finds that it is gone.
        Err(SourceError::NotFound) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// The same for a ticket that was read a moment ago, by somebody who has the turn of its scope.
///
/// # Errors
/// When the records or Jira do not answer.
pub async fn void_if_edited(context: &Context, ticket: &Ticket) -> Result<bool, HandlerError> {
    let Some(standing) = context.sources.store.standing_approval(&ticket.id).await? else { return Ok(false) };
    let why = objections(context, &standing, ticket).await?;
    if why.is_empty() || ticket.status.meaning != TicketStatus::Approved {
        return Ok(false);
    }
    void(context, ticket, (&standing, &why, Again::Judge)).await?;
    Ok(true)
}

/// Voids the approval of a ticket that waits for a decision again. Says whether the ticket is still as it was read.
///
/// What was read before our turn came may be older than the approval. Whoever calls has the turn of its scope.
///
/// # Errors
/// When the records or Jira do not answer.
pub async fn void_if_set_back(context: &Context, ticket: &Ticket) -> Result<bool, HandlerError> {
    let Some(standing) = context.sources.store.standing_approval(&ticket.id).await? else { return Ok(true) };
    let now = context.sources.jira.ticket(&ticket.id).await?;
    if now.status.meaning != TicketStatus::Pending {
        return Ok(false);
    }
    let why = [Text::from("The ticket was set back to review after it was approved.")];
    void(context, &now, (&standing, &why, Again::OnlyWhenNew)).await?;
    Ok(now.fingerprint() == ticket.fingerprint())
}

/// Voids the approval of a ticket that has left the status in which it was approved, and was put there again by whoever may
/// not approve it. Says whether there was one.
pub(super) async fn of_given_again(context: &Context, ticket: &Ticket) -> Result<bool, HandlerError> {
    let store = &context.sources.store;
    let Some(before) = store.standing_approval(&ticket.id).await? else { return Ok(false) };
    let _turn = store.turn(&before.scope).await?;
    let Some(standing) = store.standing_approval(&ticket.id).await? else { return Ok(false) };
    // While we waited it may have been approved by whoever may.
    let now = context.sources.jira.ticket(&ticket.id).await?;
    if standing.at != before.at || now.status.meaning != TicketStatus::Approved {
        return Ok(false);
    }
    let why =
        ["The ticket left the status in which it was approved. Whoever put it there again may not approve it alone."];
    void(context, &now, (&standing, &why.map(Text::from), Again::OnlyWhenNew)).await?;
    Ok(true)
}

/// Voids the approval of a ticket that was declined afterwards. Nobody has to be told: who declined it tells why.
pub(super) async fn of_declined(context: &Context, issue: &IssueId) -> Result<(), HandlerError> {
    in_silence(context, issue, ("The ticket was declined after it was approved.", Again::OnlyWhenNew)).await
}

/// Voids the approval of a ticket that is gone before it was closed: nobody knows whether it went to production.
pub(super) async fn of_gone(context: &Context, issue: &IssueId, why: &str) -> Result<(), HandlerError> {
    in_silence(context, issue, (why, Again::Judge)).await
}

async fn in_silence(context: &Context, issue: &IssueId, (why, again): (&str, Again)) -> Result<(), HandlerError> {
    let store = &context.sources.store;
    let (Some(standing), Some(known)) = (store.standing_approval(issue).await?, store.known_ticket(issue).await?)
    else {
        return Ok(());
    };
    let event = Event::ApprovalVoided { commit: standing.commit.clone(), reason: why.to_owned() };
    let entry = Entry { at: context.clock.now(), ticket: Some(known.key), event };
    let void = Void { issue, commit: &standing.commit, approved_at: standing.at, again };
    Ok(store.void_approval(&void, &entry, &[]).await?)
}

async fn void(
    context: &Context,
    ticket: &Ticket,
    (standing, why, again): (&Standing, &[Text], Again),
) -> Result<(), HandlerError> {
    let store = &context.sources.store;
    let evaluation = store.known_ticket(&ticket.id).await?.map_or(0, |known| known.evaluation);
    let actions = announce::voided(context, ticket, (why, &standing.scope.to_string(), evaluation))?;
    let reason = why.iter().map(Text::plain).collect::<Vec<_>>().join(" ");
    let event = Event::ApprovalVoided { commit: standing.commit.clone(), reason };
    let entry = Entry { at: context.clock.now(), ticket: Some(ticket.key.clone()), event };
    // By Jira's clock, with which a later approval is compared; ours may be ahead of it.
    let approved_at = context.sources.jira.approved_by(&ticket.key).await?.map_or(standing.at, |change| change.at);
    let void = Void { issue: &ticket.id, commit: &standing.commit, approved_at, again };
    store.void_approval(&void, &entry, &actions).await?;
    tracing::warn!(ticket.key = %ticket.key, "The approval of {} does not count any more", ticket.key);
    Ok(())
}

/// The risky changes that a pipeline plans, and that nobody has seen who approved.
async fn planned_since(context: &Context, standing: &Standing, ticket: &Ticket) -> Result<Option<Text>, HandlerError> {
    let Some(plan) = context.sources.store.plan_for(&ticket.id).await? else { return Ok(None) };
    let approved = gate::approved_changes(context, &ticket.id, standing).await?;
    let unseen = plan.not_covered(&approved).count();
    let sentence = |unseen| {
        let risky = plural(unseen, "risky change");
        format!("The pipeline sent a Terraform plan with {risky} that nobody had seen who approved the ticket.")
    };
    Ok((unseen > 0).then(|| sentence(unseen).into()))
}

/// What scans say that the pipeline sent after the approval. Once it was used, the build is deployed, and an approval that is
/// taken back would stop nothing.
async fn scanned_since(context: &Context, standing: &Standing, ticket: &Ticket) -> Result<Vec<Text>, HandlerError> {
    let store = &context.sources.store;
    let Some(then) = store.decision_behind(&ticket.id, standing).await? else { return Ok(Vec::new()) };
    let Some(now) = gather::with_later_scans(&context.sources, &then.facts).await? else { return Ok(Vec::new()) };
    let against = security_scan::against_since(&then.facts, &now, &context.policy.criteria);
    if against.is_empty() || store.gate_approval(&ticket.id).await?.is_some_and(|found| found.used_by.is_some()) {
        return Ok(Vec::new());
    }
    let sent = Text::from("After the approval the pipeline sent another scan of this build, and it is not clean.");
    Ok([sent].into_iter().chain(against).collect())
}

/// What of the ticket is not as it was approved.
async fn objections(context: &Context, standing: &Standing, ticket: &Ticket) -> Result<Vec<Text>, HandlerError> {
    let store = &context.sources.store;
    let newest = store.newest_decision(&ticket.key).await?;
    if let Some(why) = planned_since(context, standing, ticket).await? {
        return Ok(vec![why]);
    }
    let scanned = scanned_since(context, standing, ticket).await?;
    if !scanned.is_empty() {
        return Ok(scanned);
    }
    let by_decision = match standing.decision {
        Some(id) => store.decision(id).await?.map(|stored| stored.facts.ticket),
        None => None,
    };
    let approved = standing.fingerprint.clone().or_else(|| by_decision.as_ref().map(Ticket::fingerprint));
    if approved.is_none_or(|approved| approved == ticket.fingerprint()) {
        return Ok(Vec::new());
    }
    let was = by_decision.or_else(|| newest.map(|stored| stored.facts.ticket));
    let edits = was.map_or_else(Vec::new, |was| edits::since(&was, ticket));
    Ok(if edits.is_empty() { vec![Text::from("The ticket was edited after it was approved.")] } else { edits })
}
