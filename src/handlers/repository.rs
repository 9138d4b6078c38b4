//! Something about a repository changed: a push, a review, a scan. Open tickets of its services are looked at again.

use super::{Context, HandlerError, Next};
use crate::model::RepoName;
use crate::store::Job;

/// Asks for a look at each ticket that may be judged differently now.
pub(super) async fn changed(context: &Context, name: &RepoName) -> Result<Next, HandlerError> {
    let store = &context.sources.store;
    for service in context.sources.services.iter().filter(|service| service.repository == *name) {
        for ticket in store.pending_of_service(&service.name).await? {
            store.enqueue(&Job::Ticket(ticket.issue), context.clock.now()).await?;
        }
    }
    Ok(Next::Nothing)
}
