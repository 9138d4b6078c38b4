//! A ticket that Jira was asked to make, and did not say whether it did.

use std::time::Duration;

use super::{Context, HandlerError};
use crate::integrations::SourceError;
use crate::integrations::jira::RequestMark;
use crate::model::{IssueId, TicketKey, Timestamp};

/// How late Jira's search may be: it has not said that it knows every new ticket sooner.
const SEARCH_IS_LATE: Duration = Duration::from_secs(60);

/// The ticket that was made when Jira was asked at a time; nothing when none was.
///
/// # Errors
/// [`SourceError::Incomplete`] as long as its search may not know of it yet: then nobody may make another.
pub(super) async fn made_before(
    context: &Context,
    mark: RequestMark,
    tried: Timestamp,
) -> Result<Option<(IssueId, TicketKey)>, HandlerError> {
    let found = context.sources.jira.find_created(mark).await?;
    if found.is_none() && context.clock.now().since(tried) < context.settle.max(SEARCH_IS_LATE) {
        return Err(SourceError::Incomplete("Jira may have made the ticket; its search is late".into()).into());
    }
    Ok(found)
}
