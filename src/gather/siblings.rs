//! Other tickets of the same scope that are not finished.
//!
//! Jira's search shows changes some seconds to minutes late, so it is only one of two sources: our own records know every
//! ticket that we have seen. Whoever either of them names is then read by id, which is never late.

use std::collections::BTreeSet;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::{Sources, fact};
use crate::integrations::SourceError;
use crate::integrations::jira::FoundTicket;
use crate::model::{Field, IssueId, Scope, Ticket, TicketStatus};
use crate::policy::facts::{Fact, Sibling, Source};
use crate::store::StoreError;

/// Most tickets that are read one by one.
const MOST: usize = 50;

/// Reads at a time.
const AT_A_TIME: usize = 4;

/// Finds them.
///
/// # Errors
/// Only when our own records cannot be read.
pub async fn of(sources: &Sources, ticket: &Ticket, scope: &Scope) -> Result<Fact<Vec<Sibling>>, StoreError> {
    let known = sources.store.unfinished_of_scope(scope).await?;
    let known = Known {
        unfinished: known.into_iter().map(|known| known.issue).collect(),
        under_way: sources.store.under_way_in_scope(scope).await?,
    };
    let siblings = ask(sources, ticket, scope, known).await;
    Ok(fact(siblings, "the other tickets of this service", Source::Jira))
}

/// What our own records know of a scope.
struct Known {
    unfinished: Vec<IssueId>,
    /// In no status of ours, and deployed at this moment.
    under_way: Vec<IssueId>,
}

async fn ask(sources: &Sources, ticket: &Ticket, scope: &Scope, known: Known) -> Result<Vec<Sibling>, SourceError> {
    let Known { unfinished, under_way } = known;
    let others = unfinished.iter().filter(|id| **id != ticket.id);
    let recent: Vec<IssueId> = others.chain(std::iter::once(&ticket.id)).cloned().collect();
    let found = sources.jira.unfinished(&scope.service, &recent).await?;
    // Jira has brought the ticket itself up to date, so a search that misses it may miss others.
    if is_unfinished(ticket) && !found.iter().any(|found| found.id == ticket.id) {
        return Err(SourceError::Incomplete("the search does not find the ticket itself".into()));
    }
    let elsewhere = |found: &FoundTicket| {
        let environment = found.environment.as_deref().filter(|name| *name != scope.environment.as_str());
        environment.is_some_and(|name| is_registered(sources, scope, name))
    };
    let found = found.into_iter().filter(|found| !elsewhere(found)).map(|found| found.id);
    let ours = unfinished.into_iter().chain(under_way.iter().cloned());
    let ids: BTreeSet<IssueId> = ours.chain(found).filter(|id| *id != ticket.id).collect();
    if ids.len() > MOST {
        return Err(SourceError::TooMuch(format!("{} unfinished tickets", ids.len())));
    }
    let reads: Vec<_> = ids.iter().map(|id| read(sources, id)).collect();
    let tickets: Vec<Option<Ticket>> = stream::iter(reads).buffered(AT_A_TIME).try_collect().await?;
    let is_open = |other: &Ticket| match other.status.meaning {
        TicketStatus::Other => under_way.contains(&other.id),
        TicketStatus::Pending | TicketStatus::Approved | TicketStatus::Declined | TicketStatus::Closed => {
            is_unfinished(other)
        }
    };
    let pending = tickets.into_iter().flatten().filter(|other| is_of(other, scope) && is_open(other));
    Ok(pending.map(|other| Sibling { ticket: other.key, status: other.status.name }).collect())
}

/// A ticket that is gone is no sibling.
async fn read(sources: &Sources, id: &IssueId) -> Result<Option<Ticket>, SourceError> {
    match sources.jira.ticket(id).await {
        Ok(ticket) => Ok(Some(ticket)),
        Err(SourceError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether the service has an environment of this name. A name that nobody knows may be half of ours.
fn is_registered(sources: &Sources, scope: &Scope, name: &str) -> bool {
    let ours = sources.services.iter().filter(|service| service.name == scope.service);
    ours.flat_map(|service| &service.environments).any(|environment| environment.as_str() == name)
}

fn is_of(ticket: &Ticket, scope: &Scope) -> bool {
    ticket.components.iter().any(|component| component == scope.service.as_str())
        && ticket.field(Field::Environment) == Some(scope.environment.as_str())
}

fn is_unfinished(ticket: &Ticket) -> bool {
    matches!(ticket.status.meaning, TicketStatus::Pending | TicketStatus::Approved)
}
