//! Somebody says in a form, in Slack or on our page, that a ticket is approved or declined.
//!
//! The word counts like a comment in Jira: it is for the decision that the form showed, and everything is looked at again when the form comes back.

use super::{Context, HandlerError};
use crate::gather::acts::{roles_for, shown};
use crate::integrations::SourceError;
use crate::model::{DecisionId, Person, Ticket, TicketKey, TicketStatus};
use crate::policy::approvers::{Accounts, Deed, Seen, Way};
use crate::policy::evaluate;
use crate::render::approvals::who_can;
use crate::render::view::build;
use crate::store::StoredDecision;

/// Why nothing was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Why, as a sentence.
    pub reason: String,
    /// Who can do it, or what to do instead.
    pub next: String,
    /// Which ticket it was about.
    pub ticket: Option<TicketKey>,
}

/// A word that somebody wants to say.
#[derive(Debug, Clone, Copy)]
pub struct Saying<'a> {
    /// Where.
    pub way: Way,
    /// What.
    pub deed: &'a Deed,
    /// Who, by the people file.
    pub person: &'a Person,
}

impl Refusal {
    /// A refusal with a sentence and what to do.
    #[must_use]
    pub fn new(reason: &str, next: &str) -> Refusal {
        Refusal { reason: reason.into(), next: next.into(), ticket: None }
    }

    fn about(mut self, stored: &StoredDecision) -> Refusal {
        self.ticket = Some(stored.ticket.clone());
        self
    }
}

impl Saying<'_> {
    /// What is said to somebody who may decide, when nothing came of it.
    #[must_use]
    pub fn again(&self) -> &'static str {
        match self.way {
            Way::Page => "Please read the page of the ticket as it is now.",
            Way::Slack | Way::Status | Way::Field | Way::Comment | Way::ServiceDesk => {
                "Please use the newest message about the ticket."
            }
        }
    }

    /// Where the form stood.
    fn place(&self) -> &'static str {
        if self.way == Way::Page { "page" } else { "message" }
    }

    fn closed(&self) -> Refusal {
        let reason = format!("People decide in Jira here, not {}.", self.way.words());
        Refusal::new(&reason, "Approve or decline the ticket there, where you are logged in.")
    }
}

/// The decision that somebody may decide about now, or why not.
///
/// # Errors
/// When Jira or the records do not answer.
pub async fn open(
    context: &Context,
    decision: &str,
    saying: Saying<'_>,
) -> Result<Result<StoredDecision, Refusal>, HandlerError> {
    if !saying.way.is_open(context.links.deciding) {
        return Ok(Err(saying.closed()));
    }
    let stored = match DecisionId::parse(decision) {
        Ok(id) => context.sources.store.decision(id).await?,
        Err(_) => None,
    };
    let Some(stored) = stored else {
        return Ok(Err(Refusal::new("cm-bot knows of no such decision.", saying.again())));
    };
    let ticket = match context.sources.jira.ticket(&stored.facts.ticket.id).await {
        Ok(ticket) => ticket,
        Err(SourceError::NotFound) => {
            return Ok(Err(Refusal::new("Jira has no such ticket any more.", "Nobody needs to act.").about(&stored)));
        }
        Err(error) => return Err(error.into()),
    };
    let refusal = match ended(&ticket).or(outdated(context, (&stored, &ticket), saying).await?) {
        Some(refusal) => Some(refusal),
        None => not_allowed(context, &stored, saying).await?,
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
    Some(Refusal::new(&format!("{} {is}.", ticket.key), "Nobody needs to act."))
}

/// An old form is about another build, or about a ticket that was edited since.
async fn outdated(
    context: &Context,
    (stored, ticket): (&StoredDecision, &Ticket),
    saying: Saying<'_>,
) -> Result<Option<Refusal>, HandlerError> {
    let store = &context.sources.store;
    let newest = store.newest_decision(&ticket.key).await?;
    if let Some(newest) = newest.filter(|newest| newest.id != stored.id) {
        let of = |one: &StoredDecision| format!("{} (evaluation {})", build(&one.facts), one.evaluation);
        let reason = format!("This was for {}; {} is current.", of(stored), of(&newest));
        return Ok(Some(Refusal::new(&reason, saying.again())));
    }
    let is_edited = stored.facts.ticket.fingerprint() != ticket.fingerprint();
    let is_current = store.is_current(&ticket.id, stored.id).await?;
    // The form shows what the decision showed; what has come up since is in nobody's sight.
    let shown = Seen::of(&evaluate(&stored.facts, &stored.criteria, stored.at));
    let now = evaluate(&stored.facts, &context.policy.criteria, context.clock.now());
    let reason =
        format!("The ticket is not any more what this {} speaks of, and is being checked again.", saying.place());
    Ok((is_edited || !is_current || !shown.missed(&now).is_empty()).then(|| Refusal::new(&reason, saying.again())))
}

/// Whoever may not decide is told who can.
async fn not_allowed(
    context: &Context,
    stored: &StoredDecision,
    Saying { deed, person, .. }: Saying<'_>,
) -> Result<Option<Refusal>, HandlerError> {
    let (store, criteria) = (&context.sources.store, &context.policy.criteria);
    let decision = evaluate(&stored.facts, criteria, context.clock.now());
    let about = (&stored.facts, &decision);
    let state = context.sources.jira.account_state(&person.jira).await?;
    let accounts = Accounts::Asked([(person.jira.clone(), state)].into());
    let Err(why) = roles_for(store, criteria, about, (deed, person, &accounts)).await? else { return Ok(None) };
    let approvals = shown((store, context.links.deciding), criteria, about).await?;
    let next = who_can(&approvals).unwrap_or_else(|| "Nobody else is needed.".into());
    Ok(Some(Refusal::new(&why, &next)))
}
