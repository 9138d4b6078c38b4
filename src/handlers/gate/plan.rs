//! A pipeline sends the Terraform plan that it is going to apply. A risky one pauses the deployment: the ticket goes to
//! people, and an approval that was given without looking at it does not count any more.

use std::collections::BTreeSet;

use crate::audit::{Entry, Event};
use crate::handlers::{Context, HandlerError, voiding};
use crate::integrations::SourceError;
use crate::model::IssueId;
use crate::policy::plan::PlanRisk;
use crate::store::{GateRequest, Job, Planned, Standing, StoreError};

/// Records what was judged of a plan, and has the ticket judged with it.
///
/// # Errors
/// When it cannot be recorded, or Jira does not answer; then the plan counts all the same.
pub async fn plan(context: &Context, request: &GateRequest, risk: &PlanRisk) -> Result<Planned, HandlerError> {
    let (store, now) = (&context.sources.store, context.clock.now());
    let event = Event::PlanJudged {
        request: request.id.to_string(),
        run: request.deployment.run.to_string(),
        plan_sha256: risk.digest.clone(),
        risky: risk.items.iter().map(|item| item.id.clone()).collect(),
    };
    let ticket = request.ticket.as_ref().map(|(_, key)| key.clone());
    let planned = store.add_plan(request, risk, &Entry { at: now, ticket, event }).await?;
    if let (Planned::New | Planned::Known, Some((issue, _))) = (planned, &request.ticket) {
        store.enqueue(&Job::Ticket(issue.clone()), now).await?;
        take_back(context, issue).await?;
    }
    Ok(planned)
}

/// An approved ticket is looked at before the pipeline hears of anything: what it hears is true.
async fn take_back(context: &Context, issue: &IssueId) -> Result<(), HandlerError> {
    match context.sources.jira.ticket(issue).await {
        Ok(ticket) => voiding::of_edited(context, &ticket).await.map(drop),
        Err(SourceError::NotFound) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The risky changes at which whoever approved the ticket has looked.
///
/// # Errors
/// When the records do not answer.
pub async fn approved_changes(
    context: &Context,
    issue: &IssueId,
    standing: &Standing,
) -> Result<BTreeSet<String>, StoreError> {
    let decision = context.sources.store.decision_behind(issue, standing).await?;
    let plan = decision.and_then(|stored| stored.facts.plan);
    Ok(plan.into_iter().flat_map(|plan| plan.items).map(|item| item.id).collect())
}
