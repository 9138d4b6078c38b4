//! Who has approved a ticket: what people did is read from Jira, noted once, and added up.

mod look;
mod tell;

pub use crate::gather::acts::{roles_for, shown};
pub use look::{Basis, Look, Stand, basis, look};

use super::{Context, HandlerError, Next};
use crate::model::{IssueId, Ticket, TicketStatus, Timestamp};
use crate::policy::approvers::{Act, Seen};
use crate::policy::decision::Kind;
use crate::store::{Effect, NewAction, NewActs, Word};

/// How long Jira is given before an approval that it did not take is tried again.
const AGAIN: std::time::Duration = std::time::Duration::from_secs(3600);

/// Looks at what people did to a ticket that waits, answers them, and has it approved or declined when they are enough.
pub(super) async fn attend(context: &Context, ticket: &Ticket, next: Next) -> Result<Next, HandlerError> {
    let stand = match look(context, ticket).await? {
        Look::Quiet => return Ok(next),
        Look::Edited => return Ok(Next::LookAgain(std::time::Duration::ZERO)),
        Look::Stands(stand) => stand,
    };
    let now = context.clock.now();
    let mut new = tell::of(context, ticket, &stand)?;
    if let Some(effect) = due(context, ticket, (&stand, now)).await? {
        new.actions.push(NewAction::new(effect)?);
    }
    note(context, ticket, &new).await?;
    if is_free_again(context, ticket, &stand).await? {
        Ok(Next::LookAgain(std::time::Duration::ZERO))
    } else {
        Ok(next)
    }
}

/// Whether somebody took back what had kept cm-bot from approving a clean ticket: then it is decided anew.
async fn is_free_again(context: &Context, ticket: &Ticket, stand: &Stand) -> Result<bool, HandlerError> {
    let store = &context.sources.store;
    let Some(stored) = &stand.basis.stored else { return Ok(false) };
    let is_held_by_words = stand.approvals.declined().is_some() || stand.approvals.approval().is_some();
    let is_clean = stand.basis.decision.kind() == Kind::Approve && !stand.new.is_empty() && !is_held_by_words;
    if !is_clean
        || store.is_being_approved(&ticket.id).await?
        || store.was_given_by(&ticket.id, stored.id).await?
        || !store.is_current(&ticket.id, stored.id).await?
    {
        return Ok(false);
    }
    store.void_decision(stored.id).await?;
    Ok(true)
}

/// What people say about a ticket that is finished. Nothing comes of it any more, except that an emergency is approved after
/// the fact as long as it is not documented.
pub(super) async fn at_the_end(context: &Context, ticket: &Ticket) -> Result<(), HandlerError> {
    let emergency = context.sources.store.emergency_of(&ticket.id).await?;
    let is_owed = emergency.is_some_and(|emergency| emergency.state.ended.is_none());
    if !is_owed || ticket.status.meaning != TicketStatus::Closed {
        let why = "The ticket is finished, so nobody approves or declines it any more.";
        return too_late(context, ticket, why).await;
    }
    match look(context, ticket).await? {
        Look::Stands(stand) => note(context, ticket, &noted(context, ticket, &stand)?).await,
        // Whoever edits a ticket makes Jira tell of it, so it is looked at again.
        Look::Edited | Look::Quiet => Ok(()),
    }
}

/// Answers commands, and words in Slack or on our pages, that come when nothing can come of them any more.
pub(super) async fn too_late(context: &Context, ticket: &Ticket, why: &str) -> Result<(), HandlerError> {
    let (jira, store) = (&context.sources.jira, &context.sources.store);
    let answered = store.answered_comments(&ticket.id).await?;
    let mut new = NewActs::default();
    for command in jira.commands(&ticket.key).await? {
        if !answered.contains(&command.comment) {
            new.actions.push(tell::too_late(context, command.by.as_ref().map(|by| &by.account), why)?);
            new.answered.push(command.comment);
        }
    }
    for act in late_words(context, ticket, why).await? {
        new.actions.push(tell::too_late(context, act.by.as_ref(), why)?);
        new.entries.push(tell::entry(context, ticket, &act));
        new.acts.push(act);
    }
    note(context, ticket, &new).await
}

/// Whether somebody said something about a ticket that waits and no look has noted it yet, or the ticket is to be declined for
/// what was said: then it is not approved without anybody.
///
/// # Errors
/// When Jira or the records do not answer.
pub async fn is_spoken_for(context: &Context, ticket: &Ticket, since: Timestamp) -> Result<bool, HandlerError> {
    let store = &context.sources.store;
    let commands = context.sources.jira.commands(&ticket.key).await?;
    let answered = store.answered_comments(&ticket.id).await?;
    Ok(commands.iter().any(|command| !answered.contains(&command.comment))
        || !late_words(context, ticket, "").await?.is_empty()
        || store.is_asked_for(&ticket.id, &Effect::DeclineByPeople {}, since).await?)
}

/// Words that nobody noted: they came in the moment in which the ticket was decided.
async fn late_words(context: &Context, ticket: &Ticket, why: &str) -> Result<Vec<Act>, HandlerError> {
    let words = words(context, &ticket.id).await?;
    let known = context.sources.store.acts(&ticket.id).await?;
    let is_known = |word: &Word| known.iter().any(|act| act.way == word.way && act.source == word.delivery);
    let late = words.into_iter().filter(|word| !is_known(word)).map(|word| Act {
        way: word.way,
        source: word.delivery,
        by: Some(word.by),
        deed: word.deed,
        at: word.at,
        fingerprint: word.fingerprint,
        seen: Seen::default(),
        refused: Some(why.to_owned()),
    });
    Ok(late.collect())
}

/// What people said in Slack and on our pages about a ticket, where they may decide there now.
async fn words(context: &Context, issue: &IssueId) -> Result<Vec<Word>, HandlerError> {
    let deciding = context.links.deciding;
    if deciding.is_in_jira_alone() {
        return Ok(Vec::new());
    }
    let words = context.sources.store.words(issue).await?;
    Ok(words.into_iter().filter(|word| word.way.is_open(deciding)).collect())
}

/// Records what is new.
pub(super) async fn note(context: &Context, ticket: &Ticket, new: &NewActs) -> Result<(), HandlerError> {
    if !new.is_empty() {
        context.sources.store.record_acts(&ticket.id, new, context.clock.now()).await?;
    }
    Ok(())
}

/// What people did that is new, with everything that has to be shown anew.
pub(super) fn told(context: &Context, ticket: &Ticket, stand: &Stand) -> Result<NewActs, HandlerError> {
    Ok(tell::of(context, ticket, stand)?)
}

/// What people did that is new, as it is recorded when nothing else is to be said about it.
pub(super) fn noted(context: &Context, ticket: &Ticket, stand: &Stand) -> Result<NewActs, HandlerError> {
    Ok(tell::answers(context, ticket, stand)?)
}

/// The transition that is due, unless it was asked for since the newest thing that could make a difference.
async fn due(
    context: &Context,
    ticket: &Ticket,
    (stand, now): (&Stand, Timestamp),
) -> Result<Option<Effect>, HandlerError> {
    let store = &context.sources.store;
    let effect = match (stand.approvals.declined(), stand.approvals.approval()) {
        (Some(_), _) => Effect::DeclineByPeople {},
        // What cm-bot approves by itself needs nobody, unless its approval was taken back.
        (None, Some(_))
            if stand.basis.decision.kind() == Kind::Approve && store.is_being_approved(&ticket.id).await? =>
        {
            return Ok(None);
        }
        (None, Some(_)) => Effect::ApproveByPeople {},
        (None, None) => return Ok(None),
    };
    let decided = stand.basis.stored.as_ref().map_or(now, |stored| stored.at);
    let since = if stand.new.is_empty() { now.minus(AGAIN).max(decided) } else { now };
    let was_asked = store.is_asked_for(&ticket.id, &effect, since).await?;
    Ok((!was_asked).then_some(effect))
}
