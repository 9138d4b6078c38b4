//! Tells GitHub what becomes of a run that waits at a deployment protection rule, if that is still so when it is told.

use super::{Done, Outbox, OutboxError};
use crate::handlers::gate::objection;
use crate::integrations::github::DeploymentReview;
use crate::model::ProtectedRun;
use crate::render::protection::{Waiting, approved, rejected};
use crate::store::{ClaimedAction, Effect, GateRequest, StoreError};

impl Outbox {
    /// An approval is never sent on the word of a moment ago: the ticket and the run are read again.
    pub(super) async fn review_run(&self, claimed: &ClaimedAction) -> Result<Done, OutboxError> {
        let Effect::ReviewRun { request, repository, run, attempt, environment, rejected } = &claimed.action.effect
        else {
            return Ok(Done::Dropped("it is no answer for a run"));
        };
        let damaged = |error: crate::model::ParseError| StoreError::Damaged(error.to_string());
        let held = ProtectedRun::new(repository.clone(), *run, environment).map_err(damaged)?;
        let (github, store) = (&self.context.sources.github, &self.context.sources.store);
        if claimed.attempts > 1 && github.was_told(&held, &claimed.action.id).await? {
            return Ok(Done::Did(format!("told GitHub about run {run} by an earlier try")));
        }
        let Some(request) = store.gate_request(*request).await? else {
            return Ok(Done::Dropped("there is no such request"));
        };
        let why = match rejected {
            Some(why) => Some(why.clone()),
            None => objection(&self.context, &request).await?.map(|why| vec![why]),
        };
        // Last, so that as little as possible can happen between this and the answer.
        let seen = github.workflow_run(&held).await?;
        if seen.attempt != *attempt || seen.commit != request.deployment.commit || !github.is_held(&held).await? {
            return Ok(Done::Dropped("the run does not wait for it any more"));
        }
        self.tell(claimed, &held, (&request, why)).await
    }

    async fn tell(
        &self,
        claimed: &ClaimedAction,
        held: &ProtectedRun,
        (request, why): (&GateRequest, Option<Vec<String>>),
    ) -> Result<Done, OutboxError> {
        let ticket = request.ticket.as_ref().map(|(_, key)| key);
        let (links, mark) = (&self.context.links, claimed.action.id.as_str());
        let about = |why| Waiting { deployment: &request.deployment, ticket, why };
        let (review, words, done) = match &why {
            None => (DeploymentReview::Approved, approved(&about(&[]), links, mark), "approved"),
            Some(why) => (DeploymentReview::Rejected, rejected(&about(why), links, mark), "rejected"),
        };
        self.context.sources.github.review_deployment(held, review, &words).await?;
        tracing::info!(run = %held, ticket.key = %claimed.action.ticket, "GitHub was told: {done}");
        Ok(Done::Did(format!("{done} run {} at GitHub", held.run)))
    }
}
