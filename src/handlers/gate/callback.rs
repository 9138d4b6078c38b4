//! A ticket has changed: pipelines that wait for it and want to be told are told. It is a hint and opens nothing.

use super::status;
use crate::handlers::{Context, HandlerError};
use crate::model::IssueId;
use crate::store::{Effect, NewAction};

/// Tells those of a ticket whose requests stand otherwise than they were told last.
pub(in crate::handlers) async fn tell(context: &Context, issue: &IssueId) -> Result<(), HandlerError> {
    let store = &context.sources.store;
    for callback in store.callbacks_of(issue).await? {
        let Some(request) = store.gate_request(callback.request).await? else { continue };
        let state = status(context, &request).await?.state.id();
        if state == callback.told {
            continue;
        }
        let (request, address) = (callback.request, callback.address.clone());
        let action = NewAction::new(Effect::Callback { request, address, state: state.to_owned() })?;
        store.tell_callback((&callback, issue), (state, &action), context.clock.now()).await?;
    }
    Ok(())
}
