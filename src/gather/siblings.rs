//! Other tickets of the same scope that are not finished.
//!
//! Jira's search shows changes some seconds to minutes late, so it is only one of two sources: our own records know every
//! ticket that we have seen. Whoever either of them names is then read by id, which is never late.

use std::collections::BTreeSet;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::{Sources, fact};
use crate::integrations::SourceError;
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
pub(super) async fn of(sources: &Sources, ticket: &Ticket, scope: &Scope) -> Result<Fact<Vec<Sibling>>, StoreError> {
    let known = sources.store.unfinished_of_scope(scope).await?;
    let known: Vec<IssueId> = known.into_iter().map(|known| known.issue).collect();
    Ok(fact(ask(sources, ticket, scope, known).await, "the other tickets of this service", Source::Jira))
}

async fn ask(
    sources: &Sources,
    ticket: &Ticket,
    scope: &Scope,
    known: Vec<IssueId>,
) -> Result<Vec<Sibling>, SourceError> {
    let found = sources.jira.unfinished(&scope.service, &known).await?;
    let found = found.into_iter().filter(|found| is_of(found, scope)).map(|found| found.id);
    let ids: BTreeSet<IssueId> = known.into_iter().chain(found).filter(|id| *id != ticket.id).collect();
    if ids.len() > MOST {
        return Err(SourceError::TooMuch(format!("{} unfinished tickets", ids.len())));
    }
    let reads: Vec<_> = ids.iter().map(|id| read(sources, id)).collect();
    let tickets: Vec<Option<Ticket>> = stream::iter(reads).buffered(AT_A_TIME).try_collect().await?;
    let pending = tickets.into_iter().flatten().filter(|other| is_of(other, scope) && is_unfinished(other));
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

fn is_of(ticket: &Ticket, scope: &Scope) -> bool {
    ticket.components.iter().any(|component| component == scope.service.as_str())
        && ticket.field(Field::Environment) == Some(scope.environment.as_str())
}

fn is_unfinished(ticket: &Ticket) -> bool {
    matches!(ticket.status.meaning, TicketStatus::Pending | TicketStatus::Approved)
}
