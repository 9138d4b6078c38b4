//! Somebody approves or declines a ticket in Slack. The word counts like a comment in Jira, if the settings let people decide
//! here; it is for the decision that the form showed, and everything is looked at again when the form comes back.

use super::{Act, Answer, Refusal};
use crate::gather::acts::{roles_for, shown};
use crate::handlers::{Context, HandlerError};
use crate::integrations::SourceError;
use crate::integrations::slack::interaction::{Press, Submit};
use crate::model::{DecisionId, Decisions, Ticket, TicketStatus};
use crate::policy::approvers::{Accounts, Deed, Seen};
use crate::policy::evaluate;
use crate::render::approvals::who_can;
use crate::render::decide::subject_of;
use crate::render::form::{APPROVE, DECLINE, REASON};
use crate::render::view::build;
use crate::store::{StoredDecision, Word};

/// What is said to somebody who may decide, when nothing came of it.
const AGAIN: &str = "Please use the newest message about the ticket.";

/// A button was pressed and its form did not open: whoever pressed it is told why.
pub(super) async fn pressed(context: &Context, press: &Press, act: &Act<'_>) -> Result<Answer, HandlerError> {
    let deed = match press.action.as_str() {
        DECLINE => Deed::Decline { reason: String::new() },
        _ => Deed::Approve { note: String::new() },
    };
    Ok(Answer::Refused(match open(context, &press.value, (&deed, act)).await? {
        Err(refusal) => refusal,
        Ok(stored) => refuse("The form did not open.", "Please press the button again.").about(&stored),
    }))
}

/// A form came back.
pub(super) async fn by_form(context: &Context, form: &Submit, act: &Act<'_>) -> Result<Answer, HandlerError> {
    let store = &context.sources.store;
    if store.has_word(act.delivery).await? {
        return Ok(Answer::Seen);
    }
    let Some(deed) = deed(form) else {
        let reason = format!("A decline needs a reason of at least {REASON} characters.");
        return Ok(Answer::Refused(refuse(&reason, AGAIN)));
    };
    let (value, _) = subject_of(&form.about);
    let stored = match open(context, value, (&deed, act)).await? {
        Ok(stored) => stored,
        Err(refusal) => return Ok(Answer::Refused(refusal)),
    };
    let word = Word {
        delivery: act.delivery.to_owned(),
        by: act.person.jira.clone(),
        deed,
        at: act.at,
        decision: stored.id,
        fingerprint: stored.facts.ticket.fingerprint(),
    };
    store.note_word(&stored.facts.ticket.id, &word, context.clock.now()).await?;
    Ok(Answer::Seen)
}

fn deed(form: &Submit) -> Option<Deed> {
    let said = |name: &str| form.said.get(name).cloned();
    if form.form == APPROVE {
        return Some(Deed::Approve { note: said("note").unwrap_or_else(String::new) });
    }
    let reason = said("reason").filter(|reason| reason.chars().count() >= REASON)?;
    Some(Deed::Decline { reason })
}

/// The decision that somebody may decide about now, or why not.
async fn open(
    context: &Context,
    value: &str,
    (deed, act): (&Deed, &Act<'_>),
) -> Result<Result<StoredDecision, Refusal>, HandlerError> {
    if context.links.decisions == Decisions::Link {
        let next = "Approve or decline the ticket there, where you are logged in.";
        return Ok(Err(refuse("People decide in Jira here, not in Slack.", next)));
    }
    let stored = match DecisionId::parse(value) {
        Ok(id) => context.sources.store.decision(id).await?,
        Err(_) => None,
    };
    let Some(stored) = stored else { return Ok(Err(refuse("cm-bot knows of no such decision.", AGAIN))) };
    let ticket = match context.sources.jira.ticket(&stored.facts.ticket.id).await {
        Ok(ticket) => ticket,
        Err(SourceError::NotFound) => {
            return Ok(Err(refuse("Jira has no such ticket any more.", "Nobody needs to act.").about(&stored)));
        }
        Err(error) => return Err(error.into()),
    };
    let refusal = match ended(&ticket).or(outdated(context, &stored, &ticket).await?) {
        Some(refusal) => Some(refusal),
        None => not_allowed(context, &stored, (deed, act)).await?,
    };
    Ok(match refusal {
        Some(refusal) => Err(refusal.about(&stored)),
        None => Ok(stored),
    })
}

/// Nobody decides about a ticket that is decided.
fn ended(ticket: &Ticket) -> Option<Refusal> {
    let is = match ticket.status.meaning {
        TicketStatus::Pending => return None,
        TicketStatus::Approved => "is approved already",
        TicketStatus::Declined => "was declined already",
        TicketStatus::Closed => "is closed",
        TicketStatus::Other => "does not wait for a decision now",
    };
    Some(refuse(&format!("{} {is}.", ticket.key), "Nobody needs to act."))
}

/// An old message is about another build, or about a ticket that was edited since.
async fn outdated(
    context: &Context,
    stored: &StoredDecision,
    ticket: &Ticket,
) -> Result<Option<Refusal>, HandlerError> {
    let store = &context.sources.store;
    let newest = store.newest_decision(&ticket.key).await?;
    if let Some(newest) = newest.filter(|newest| newest.id != stored.id) {
        let of = |one: &StoredDecision| format!("{} (evaluation {})", build(&one.facts), one.evaluation);
        return Ok(Some(refuse(&format!("This was for {}; {} is current.", of(stored), of(&newest)), AGAIN)));
    }
    let is_edited = stored.facts.ticket.fingerprint() != ticket.fingerprint();
    let is_current = store.is_current(&ticket.id, stored.id).await?;
    // The form shows what the decision showed; what has come up since is in nobody's sight.
    let shown = Seen::of(&evaluate(&stored.facts, &stored.criteria, stored.at));
    let now = evaluate(&stored.facts, &context.policy.criteria, context.clock.now());
    Ok((is_edited || !is_current || !shown.missed(&now).is_empty())
        .then(|| refuse("The ticket is not any more what this message speaks of, and is being checked again.", AGAIN)))
}

/// Whoever may not decide is told who can.
async fn not_allowed(
    context: &Context,
    stored: &StoredDecision,
    (deed, act): (&Deed, &Act<'_>),
) -> Result<Option<Refusal>, HandlerError> {
    let (store, criteria) = (&context.sources.store, &context.policy.criteria);
    let decision = evaluate(&stored.facts, criteria, context.clock.now());
    let about = (&stored.facts, &decision);
    let state = context.sources.jira.account_state(&act.person.jira).await?;
    let accounts = Accounts::Asked([(act.person.jira.clone(), state)].into());
    let Err(why) = roles_for(store, criteria, about, (deed, act.person, &accounts)).await? else { return Ok(None) };
    let approvals = shown((store, context.links.decisions), criteria, about).await?;
    let next = who_can(&approvals).unwrap_or_else(|| "Nobody else is needed.".into());
    Ok(Some(refuse(&why, &next)))
}

fn refuse(reason: &str, next: &str) -> Refusal {
    Refusal { reason: reason.into(), next: next.into(), ticket: None }
}

impl Refusal {
    fn about(mut self, stored: &StoredDecision) -> Refusal {
        self.ticket = Some(stored.ticket.clone());
        self
    }
}
