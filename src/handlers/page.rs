//! What people do on cm-bot's pages: sign in, approve, decline.

use std::time::Duration;

use super::word::{Refusal, Saying, open};
use super::{Context, HandlerError};
use crate::audit::{Entry, Event};
use crate::gather::inspection::hands;
use crate::model::{Identity, Month, Person, TicketKey, Timestamp, TokenDigest};
use crate::policy::approvers::{Deed, Way};
use crate::store::{InspectionResult, NewSession, StoreError, StoredDecision, Word};

/// A form of a page that came back.
#[derive(Debug)]
pub struct Sent<'a> {
    /// What is said once by it, however often it comes.
    pub delivery: &'a str,
    /// The ticket whose page it was.
    pub ticket: &'a TicketKey,
    /// The decision that it showed.
    pub decision: &'a str,
    /// What it says.
    pub deed: Deed,
    /// Who sent it, by the people file.
    pub person: &'a Person,
}

/// Begins a session. Says whether it did: a sign-in makes one at most.
///
/// # Errors
/// When it cannot be stored.
pub async fn signed_in(
    context: &Context,
    (cookie, sign_in): (&TokenDigest, &TokenDigest),
    (identity, person): (&Identity, &Person),
    length: Duration,
) -> Result<bool, StoreError> {
    let now = context.clock.now();
    let new = NewSession { cookie, sign_in, identity, ends: now.plus(length) };
    let event = Event::SignedIn { account: person.jira.clone() };
    context.sources.store.begin_session(&new, &Entry { at: now, ticket: None, event }).await
}

/// Somebody approves or declines a ticket: what was said is kept as it was said, with a look at the ticket, or refused.
///
/// # Errors
/// When Jira or the records do not answer; then nothing was recorded.
pub async fn decide(context: &Context, sent: Sent<'_>) -> Result<Result<(), Refusal>, HandlerError> {
    if context.sources.store.has_word(sent.delivery).await? {
        return Ok(Ok(()));
    }
    let saying = Saying { way: Way::Page, deed: &sent.deed, person: sent.person };
    match open(context, sent.decision, saying).await? {
        Ok(stored) if stored.ticket != *sent.ticket => {
            let refusal = Refusal::new("The form belongs to another ticket.", saying.again());
            refused(context, (sent.person, &sent.deed), &refusal).await?;
            Ok(Err(refusal))
        }
        Ok(stored) => Ok(Ok(note(context, sent, &stored).await?)),
        Err(refusal) => {
            refused(context, (sent.person, &sent.deed), &refusal).await?;
            Ok(Err(refusal))
        }
    }
}

/// An inspector says what an inspection of a change found.
///
/// # Errors
/// When the records do not answer. Inside, why it is not recorded.
pub async fn inspected(
    context: &Context,
    month: Month,
    result: InspectionResult,
    person: &Person,
) -> Result<Result<(), Refusal>, HandlerError> {
    let store = &context.sources.store;
    let refuse = |reason: &str, next: &str| Ok(Err(Refusal::new(reason, next)));
    let Some(population) = store.population(month).await? else {
        return refuse("Nothing is fixed of this month.", "Please load the page again.");
    };
    let drawn = store.draws(month).await?.iter().any(|draw| draw.tickets.contains(&result.ticket));
    if !drawn && !population.always().any(|member| member.ticket == result.ticket) {
        return refuse("This change is not among what is inspected of the month.", "Please load the page again.");
    }
    let hands = hands(store, &context.policy.criteria, &result.ticket).await?;
    if let Some(did) = hands.of(&person.name) {
        let reason = format!("You {did} this change, so somebody else has to inspect it.");
        return refuse(&reason, "Another inspector can.");
    }
    store.record_result(month, &result).await?;
    Ok(Ok(()))
}

async fn note(context: &Context, sent: Sent<'_>, stored: &StoredDecision) -> Result<(), StoreError> {
    let now: Timestamp = context.clock.now();
    let word = Word {
        way: Way::Page,
        delivery: sent.delivery.to_owned(),
        by: sent.person.jira.clone(),
        deed: sent.deed,
        at: now,
        decision: stored.id,
        fingerprint: stored.facts.ticket.fingerprint(),
    };
    context.sources.store.note_word(&stored.facts.ticket.id, &word, now).await
}

async fn refused(context: &Context, (person, deed): (&Person, &Deed), refusal: &Refusal) -> Result<(), StoreError> {
    let what = if matches!(deed, Deed::Decline { .. }) { "decline" } else { "approve" };
    let event =
        Event::RefusedOnPage { account: person.jira.clone(), what: what.to_owned(), reason: refusal.reason.clone() };
    let entry = Entry { at: context.clock.now(), ticket: refusal.ticket.clone(), event };
    context.sources.store.append(&entry).await
}
