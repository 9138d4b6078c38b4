//! Tells a pipeline that its request has changed. What is sent opens nothing: whoever gets it asks the gate.

use std::time::Duration;

use uuid::Uuid;

use super::{Done, Outbox, OutboxError};
use crate::integrations::callback::News;
use crate::store::ClaimedAction;

/// How long it is tried. Whoever waits asks from time to time in any case.
const LONGEST: Duration = Duration::from_secs(6 * 3600);

impl Outbox {
    pub(super) async fn call_back(
        &self,
        claimed: &ClaimedAction,
        (request, address, state): (Uuid, &str, &str),
    ) -> Result<Done, OutboxError> {
        let (store, now) = (&self.context.sources.store, self.context.clock.now());
        if store.told(request).await?.is_none_or(|told| told != state) {
            return Ok(Done::Dropped("something newer is told"));
        }
        if now.since(claimed.action.made_at) > LONGEST {
            return Ok(Done::Dropped("nobody takes it"));
        }
        let Some(known) = store.gate_request(request).await? else {
            return Ok(Done::Dropped("there is no such request"));
        };
        let gate = self.context.gates.iter().find(|gate| gate.service == known.deployment.service);
        let callbacks = gate.and_then(|gate| gate.callbacks.as_ref());
        // The settings count as they are now: what is not listed any more is not called.
        let listed = callbacks.and_then(|callbacks| Some((callbacks.admit(address)?, &callbacks.secrets)));
        let Some((address, secrets)) = listed else { return Ok(Done::Dropped("the address is not listed")) };
        let (id, change) = (claimed.action.id.as_str(), request.to_string());
        let news = News { id, change: &change, state, ticket: &claimed.action.ticket, since: claimed.action.made_at };
        self.context.callbacks.send(&address, &news, (secrets, now)).await?;
        Ok(Done::Did(format!("told the pipeline: {state}")))
    }
}
