//! A pipeline is about to deploy: the ticket is read again, everything is compared, and the approval is used once.

use std::collections::BTreeSet;

use super::emergency::note_use;
use crate::audit::{Entry, Event};
use crate::gather;
use crate::handlers::approvals::basis;
use crate::handlers::gate::{approved_changes, unlike};
use crate::handlers::{Context, HandlerError, approval, voiding};
use crate::integrations::SourceError;
use crate::model::{AccountId, IssueId, PipelineName, ServiceName, Text, Ticket, TicketStatus, Timestamp};
use crate::policy::approvers::Matrix;
use crate::policy::approvers::acts::rests_on_closed_way;
use crate::policy::gate::{
    Answer, Approved, Denial, Pass, Past, Planned, Stand, already_used, another_job, audit_unavailable, may_deploy,
    other_plan, used_up,
};
use crate::settings::ServiceGate;
use crate::store::{GateApproval, GateRequest, StoreError, Use, Used};

/// What a run is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Consumed {
    /// It may deploy, since this time.
    Allowed(Timestamp),
    /// Not yet.
    Waiting,
    /// It may not.
    Denied(Denial),
    /// Something could not be found out.
    CouldNotCheck(String),
}

/// Who asks, and for what.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asking<'a> {
    /// The job of the run that asks, where its token says so.
    pub job: Option<&'a PipelineName>,
    /// The digest of the Terraform plan that it applies, if it applies one.
    pub plan: Option<&'a str>,
}

/// Answers a run.
///
/// One that was let through is answered the same again, until its deployment has ended, its approval does not count any
/// more, or the time of an approval is over; and only the same job of it.
///
/// # Errors
/// Never: whatever fails is an answer that lets nothing through.
pub async fn consume(context: &Context, request: &GateRequest, asking: Asking<'_>) -> Consumed {
    if let Some(answer) = outdated(context).await {
        return answer;
    }
    if let Some(used) = &request.used {
        return match no_longer(context, (request, used), asking).await {
            Ok(None) => allowed(context, request, used.at).await,
            Ok(Some(denial)) => deny(context, request, denial).await,
            Err(error) => unavailable(&error),
        };
    }
    match unlike(context, &request.deployment).await {
        Ok(None) => {}
        Ok(Some(denial)) => return deny(context, request, denial).await,
        Err(error) => {
            return Consumed::CouldNotCheck(format!("The CI system could not be asked about the run: {error}."));
        }
    }
    match judged(context, request, asking.plan).await {
        Ok(Answer::Allow(pass)) => allow(context, (request, &pass), asking).await,
        Ok(Answer::Wait) => Consumed::Waiting,
        Ok(Answer::Deny(denial)) => deny(context, request, denial).await,
        Ok(Answer::CouldNotCheck(gap)) => Consumed::CouldNotCheck(format!("{gap}.")),
        Err(HandlerError::Store(error)) => unavailable(&error),
        Err(HandlerError::Source(error)) => Consumed::CouldNotCheck(format!("Jira could not be asked: {error}.")),
    }
}

/// What a process answers that has other criteria than those in force.
async fn outdated(context: &Context) -> Option<Consumed> {
    match context.sources.store.assure_in_force(&context.policy.criteria).await {
        Ok(()) => None,
        Err(StoreError::OtherCriteria) => {
            let why =
                "Other criteria have come into force than this process has; an operator of cm-bot starts it anew.";
            Some(Consumed::CouldNotCheck(why.into()))
        }
        Err(error) => Some(unavailable(&error)),
    }
}

/// Why a run that was let through may not deploy any more; nothing when everything is still as it was then. The approval
/// must be the one that it has used: one that was given later is for another run.
///
/// # Errors
/// When something could not be found out.
pub async fn objection(context: &Context, request: &GateRequest) -> Result<Option<String>, HandlerError> {
    let Some(used) = &request.used else { return Ok(Some("It was not let through.".into())) };
    if let Some(ending) = request.ending {
        return Ok(Some(format!("Its deployment has ended before: {}.", ending.id())));
    }
    context.sources.store.assure_in_force(&context.policy.criteria).await?;
    match judged(context, request, None).await? {
        Answer::Allow(pass) if pass.approved().at == used.approved_at => Ok(None),
        Answer::Allow(_) => Ok(Some("The approval that it had used does not count any more.".into())),
        Answer::Wait => Ok(Some("The ticket is not approved any more.".into())),
        Answer::Deny(denial) => Ok(Some(denial.headline)),
        Answer::CouldNotCheck(gap) => Err(SourceError::Incomplete(gap.to_string()).into()),
    }
}

/// Why a run that was let through is not answered the same again, as our own records know it; nothing when it is.
async fn no_longer(
    context: &Context,
    (request, used): (&GateRequest, &Use),
    asking: Asking<'_>,
) -> Result<Option<Denial>, StoreError> {
    let past = Past {
        used_at: used.at,
        used: used.approved_at,
        job: used.job.as_ref(),
        asked_by: asking.job,
        standing: standing(context, request).await?,
        ending: request.ending,
    };
    if let Some(denial) = used_up(&past, &context.policy.criteria, context.clock.now()) {
        return Ok(Some(denial));
    }
    let sent = context.sources.store.plan_of(request.id).await?;
    let planned = Planned { sent: sent.as_ref(), applied: asking.plan, ..Planned::default() };
    Ok(other_plan(&planned, &request.deployment.service))
}

/// When the approval was given at which the ticket of a request stands now. A ticket that was declined or closed, or is gone,
/// stands at none, although its approval was not voided.
async fn standing(context: &Context, request: &GateRequest) -> Result<Option<Timestamp>, StoreError> {
    let store = &context.sources.store;
    let Some((issue, _)) = &request.ticket else { return Ok(None) };
    let known = store.known_ticket(issue).await?;
    if known.is_some_and(|known| ["declined", "closed", "gone"].contains(&known.status.as_str())) {
        return Ok(None);
    }
    Ok(store.gate_approval(issue).await?.map(|approval| approval.standing.at))
}

async fn judged(context: &Context, request: &GateRequest, plan: Option<&str>) -> Result<Answer, HandlerError> {
    let Some((issue, _)) = &request.ticket else { return Ok(Answer::Wait) };
    let deployment = &request.deployment;
    let service = context.sources.services.iter().find(|service| service.name == deployment.service);
    let service = service.ok_or_else(|| SourceError::Unreadable("the service is not registered any more".into()))?;
    let ticket = read(context, issue).await?;
    let found = found(context, issue, ticket.as_ref()).await?;
    let used_by = found.as_ref().and_then(|found| found.used_by.clone());
    let used_by = used_by.filter(|run| *run != deployment.run);
    let seen = match &found {
        Some(found) => approved_changes(context, issue, &found.standing).await?,
        None => BTreeSet::new(),
    };
    let approved = match found {
        Some(found) => Some(approved(context, issue, found).await?),
        None => None,
    };
    let on_branch = gather::position(&context.sources, service, &deployment.commit).await;
    let matrix = match &ticket {
        Some(ticket) => matrix(context, ticket).await?,
        None => Matrix::of_any(&context.policy.criteria),
    };
    let sent = context.sources.store.plan_of(request.id).await?;
    let planned = Planned {
        sent: sent.as_ref(),
        applied: plan,
        approved: seen,
        is_wanted: gate_of(context, &deployment.service).is_some_and(|gate| gate.applies_plans),
    };
    let declarer = context.sources.store.involved(issue).await?.declarer;
    let stand = Stand {
        ticket: ticket.as_ref(),
        service,
        approval: approved.as_ref(),
        used_by: used_by.as_ref(),
        on_branch,
        clock_ahead_ms: context.sources.forge(service).clock_ahead_ms(),
        matrix,
        deployers: names(context, request.requester.iter()),
        declarer: names(context, declarer.iter()).pop_first(),
        planned,
    };
    Ok(may_deploy(deployment, &stand, &context.policy.criteria, context.clock.now()))
}

fn gate_of<'a>(context: &'a Context, service: &ServiceName) -> Option<&'a ServiceGate> {
    context.gates.iter().find(|gate| gate.service == *service)
}

/// Whom the change wants as approvers.
async fn matrix(context: &Context, ticket: &Ticket) -> Result<Matrix, HandlerError> {
    let basis = basis(context, ticket).await?;
    Ok(Matrix::of(&basis.facts, &basis.decision, &context.policy.criteria))
}

/// The names of those whose accounts these are, as far as they are known.
fn names<'a>(context: &Context, accounts: impl Iterator<Item = &'a AccountId>) -> BTreeSet<String> {
    let people = &context.policy.criteria.people;
    accounts.filter_map(|account| people.by_jira(account)).map(|person| person.name.clone()).collect()
}

/// The ticket as it is now; nothing when it is gone, or is not in our project any more.
async fn read(context: &Context, issue: &IssueId) -> Result<Option<Ticket>, HandlerError> {
    match context.sources.jira.ticket(issue).await {
        Ok(ticket) => Ok((ticket.key.project() == context.project).then_some(ticket)),
        Err(SourceError::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The approval at which the ticket stands. A webhook may be late or lost: one that is new is judged now. One whose ticket
/// was edited is voided now, and still answered, so that the run learns what was wrong with it.
async fn found(
    context: &Context,
    issue: &IssueId,
    ticket: Option<&Ticket>,
) -> Result<Option<GateApproval>, HandlerError> {
    let store = &context.sources.store;
    let before = store.gate_approval(issue).await?;
    let Some(ticket) = ticket.filter(|ticket| ticket.status.meaning == TicketStatus::Approved) else {
        return Ok(before);
    };
    if voiding::of_edited(context, ticket).await? {
        return Ok(before);
    }
    Box::pin(approval::run(context, ticket.clone())).await?;
    Ok(store.gate_approval(issue).await?)
}

async fn approved(context: &Context, issue: &IssueId, found: GateApproval) -> Result<Approved, HandlerError> {
    let GateApproval { standing, mut by, .. } = found;
    // What people decided where they do not decide any more lets nothing through.
    let acts = context.sources.store.acts(issue).await?;
    let now = (&context.policy.criteria.people, context.links.deciding);
    by.retain(|name| !rests_on_closed_way(&acts, name, now));
    let decision = match standing.decision {
        Some(id) => context.sources.store.decision(id).await?,
        None => None,
    };
    let of_decision = decision.as_ref().map(|decision| decision.facts.ticket.fingerprint());
    Ok(Approved {
        commit: standing.commit,
        scope: standing.scope,
        at: standing.at,
        fingerprint: standing.fingerprint.or(of_decision),
        criteria_digest: decision.map(|decision| decision.criteria.digest),
        by,
    })
}

async fn allow(context: &Context, (request, pass): (&GateRequest, &Pass), asking: Asking<'_>) -> Consumed {
    let now = context.clock.now();
    let event = Event::GateAllowed {
        request: request.id.to_string(),
        run: request.deployment.run.to_string(),
        commit: request.deployment.commit.clone(),
        scope: request.deployment.scope().to_string(),
        fingerprint: pass.fingerprint().to_owned(),
        approved_at: pass.approved().at,
    };
    let entry = Entry { at: now, ticket: Some(pass.ticket().clone()), event };
    // Asking the others took its time.
    if let Some(answer) = outdated(context).await {
        return answer;
    }
    match context.sources.store.use_approval((request, pass), asking.job, &entry).await {
        Ok(Used::By(at)) => {
            tracing::info!(ticket.key = %pass.ticket(), request = %request.id, "Let {} through", request.deployment.run);
            allowed(context, request, at).await
        }
        Ok(Used::ByAnother(run)) => deny(context, request, already_used(&run)).await,
        Ok(Used::ByAnotherJob(job)) => deny(context, request, another_job(&job)).await,
        Ok(Used::NotStanding) => Consumed::Waiting,
        Err(error) => unavailable(&error),
    }
}

/// The yes, once it is also written down that an emergency has changed production, if one has.
async fn allowed(context: &Context, request: &GateRequest, at: Timestamp) -> Consumed {
    match note_use(context, request, at).await {
        Ok(()) => Consumed::Allowed(at),
        Err(HandlerError::Store(error)) => unavailable(&error),
        Err(HandlerError::Source(error)) => Consumed::CouldNotCheck(format!("Something did not answer: {error}.")),
    }
}

async fn deny(context: &Context, request: &GateRequest, denial: Denial) -> Consumed {
    let event = Event::GateDenied {
        request: request.id.to_string(),
        run: request.deployment.run.to_string(),
        reason: denial.reason.id().to_owned(),
        details: denial.details.iter().map(Text::plain).collect(),
    };
    let ticket = request.ticket.as_ref().map(|(_, key)| key.clone());
    match context.sources.store.append(&Entry { at: context.clock.now(), ticket, event }).await {
        Ok(()) => Consumed::Denied(denial),
        Err(error) => unavailable(&error),
    }
}

fn unavailable(error: &StoreError) -> Consumed {
    tracing::error!(%error, "The gate let nothing through, because its answer could not be recorded: {error}");
    Consumed::Denied(audit_unavailable())
}
