//! A run of GitHub Actions waits at a deployment protection rule: the gate is asked as a pipeline would ask it, and GitHub
//! is told what comes of it.
//!
//! Until there is an answer GitHub is told nothing that decides anything: the run waits, for thirty days at most, and people
//! read beside it what it waits for.

use std::collections::BTreeMap;
use std::time::Duration;

use uuid::Uuid;

use super::{Asking, Consumed, NewRequest, State, consume, finish, request, status};
use crate::audit::{Entry, Event};
use crate::handlers::{Context, HandlerError, Next};
use crate::integrations::SourceError;
use crate::integrations::github::DeploymentReview;
use crate::model::{
    CiSystem, Deployment, Ending, Environment, IssueId, ProtectedRun, Service, WatchedPlace, WorkflowPin, WorkflowRun,
};
use crate::policy::gate::protection::{deployment, is_of};
use crate::policy::gate::{Denial, Reason};
use crate::render::protection::{Waiting, nobody_answers, stands_still, waits};
use crate::store::{Effect, GateRequest, HeldAttempt, Job, NewAction};

/// As whom the gate is asked.
pub const CALLER: &str = "GitHub's deployment protection rule";

/// GitHub takes ten words that decide nothing; some are left for what went out twice.
const MOST_REPORTS: u32 = 8;

/// GitHub may ask a moment before it shows that a run waits.
const LATE: Duration = Duration::from_secs(5 * 60);

/// How soon to look again then.
const SOON: Duration = Duration::from_secs(20);

/// How soon to look again at a run that stands still for another reason than its ticket, which tells by itself.
const SELDOM: Duration = Duration::from_secs(3600);

/// One attempt of a run.
struct Held<'a> {
    run: &'a ProtectedRun,
    attempt: u32,
    known: HeldAttempt,
}

/// Looks at a run that waits, and goes as far with it as one can now.
///
/// # Errors
/// When it has to be tried again.
pub async fn attend(context: &Context, run: &ProtectedRun) -> Result<Next, HandlerError> {
    let (github, store) = (&context.sources.github, &context.sources.store);
    let seen = match github.workflow_run(run).await {
        Ok(seen) => seen,
        // Deleted, or not of this repository: there is nobody who waits.
        Err(SourceError::NotFound) => return Ok(Next::Nothing),
        Err(error) => return Err(error.into()),
    };
    let known = store.note_held((run, seen.attempt), context.clock.now()).await?;
    let held = Held { run, attempt: seen.attempt, known };
    if held.known.answer.is_some() {
        return Ok(Next::Nothing);
    }
    if !github.is_held(run).await? {
        return gone(context, &held).await;
    }
    match asked(context, run, &seen) {
        Ok(deployment) => ask(context, &held, (deployment, &seen)).await,
        Err(why) => say(context, &held, (nobody_answers(&why), SELDOM)).await,
    }
}

/// Whoever waits for this ticket is looked at again.
pub(in crate::handlers) async fn look_again(context: &Context, issue: &IssueId) -> Result<(), HandlerError> {
    let store = &context.sources.store;
    for held in store.held_for(issue).await? {
        store.enqueue(&Job::Protected(held), context.clock.now()).await?;
    }
    Ok(())
}

/// GitHub shows that a deployment succeeded. The pipeline of one that waited at the rule calls nothing, so that is its end.
pub(in crate::handlers) async fn went_out(context: &Context, request: Uuid) -> Result<(), HandlerError> {
    let Some(request) = context.sources.store.gate_request(request).await? else { return Ok(()) };
    let has_no_end = request.used.is_some() && request.ending.is_none_or(|ending| ending == Ending::Unreported);
    match &request.ticket {
        Some((issue, _)) if has_no_end && request.caller == CALLER => {
            let note = "GitHub shows that the deployment succeeded.";
            finish(context, (&request, issue), Ending::Succeeded, note).await.map(drop)
        }
        Some(_) | None => Ok(()),
    }
}

/// It does not wait: not yet, or not any more.
async fn gone(context: &Context, held: &Held<'_>) -> Result<Next, HandlerError> {
    if context.clock.now().since(held.known.seen_at) < LATE && held.known.request.is_none() {
        return Ok(Next::LookAgain(SOON));
    }
    context.sources.store.end_held((held.run, held.attempt), "gone", None).await?;
    Ok(Next::Nothing)
}

/// What the run wants to deploy, if it is one that may ask.
fn asked(context: &Context, run: &ProtectedRun, seen: &WorkflowRun) -> Result<Deployment, String> {
    let (service, environment) = place(context, run)?;
    let gate = context.gates.iter().find(|gate| gate.service == service.name);
    let identities = gate.iter().flat_map(|gate| &gate.identities);
    let pins: Vec<WorkflowPin<'_>> = identities
        .filter(|identity| identity.system == CiSystem::GithubActions)
        .filter_map(|identity| {
            let (repository_id, workflow) = (identity.repository_id.as_deref()?, identity.workflow.as_deref()?);
            Some(WorkflowPin { repository_id, workflow })
        })
        .collect();
    deployment(run, seen, (service, environment), &pins)
}

/// Which service goes to which environment, as `watch` says it; exactly one.
fn place<'a>(context: &'a Context, run: &ProtectedRun) -> Result<(&'a Service, &'a Environment), String> {
    let is_it =
        |place: &WatchedPlace| matches!(place, WatchedPlace::Github { environment } if *environment == run.environment);
    let services = context.sources.services.iter().filter(|service| service.repository == run.repository);
    let places = services.flat_map(|service| {
        let gate = context.gates.iter().find(|gate| gate.service == service.name);
        let watched = gate.into_iter().flat_map(|gate| &gate.watch).filter(|one| is_it(&one.place));
        watched.map(move |one| (service, &one.environment))
    });
    match places.collect::<Vec<_>>().as_slice() {
        [one] => Ok(*one),
        [] => Err(format!("Nobody has said which environment of a service GitHub's {} is.", run.environment)),
        [_, ..] => Err(format!("GitHub's {} is the environment of several services.", run.environment)),
    }
}

/// Asks the gate.
async fn ask(
    context: &Context,
    held: &Held<'_>,
    (deployment, seen): (Deployment, &WorkflowRun),
) -> Result<Next, HandlerError> {
    let store = &context.sources.store;
    let people = &context.policy.criteria.people;
    let requester = seen.started_by.and_then(|id| people.by_account(id)).map(|person| person.jira.clone());
    let new = NewRequest {
        deployment: deployment.clone(),
        words: BTreeMap::new(),
        caller: CALLER.into(),
        requester,
        wanted: None,
    };
    let stored = request(context, new).await?;
    if !is_of(&stored.deployment, &deployment) {
        let why = "This run asked the gate for something else before.";
        return say(context, held, (nobody_answers(why), SELDOM)).await;
    }
    store.link_held((held.run, held.attempt), stored.id).await?;
    answer(context, held, &stored).await
}

async fn answer(context: &Context, held: &Held<'_>, request: &GateRequest) -> Result<Next, HandlerError> {
    let status = status(context, request).await?;
    let why: Vec<String> = status.why.iter().chain(&status.who).cloned().collect();
    match status.state {
        State::Creating | State::Waiting | State::Blocked => wait(context, held, (request, &why)).await,
        State::Declined => reject(context, held, request, "The change was declined.").await,
        State::Withdrawn => reject(context, held, request, "The ticket is closed, or is gone.").await,
        State::UsedByAnother => reject(context, held, request, "Another run has used the approval.").await,
        State::Ended(_) => reject(context, held, request, "The deployment of this run has ended before.").await,
        State::Approved | State::Deploying => match consume(context, request, Asking::default()).await {
            Consumed::Allowed(_) => end(context, held, request, None).await,
            Consumed::Waiting => wait(context, held, (request, &why)).await,
            Consumed::Denied(denial) => denied(context, held, request, &denial).await,
            Consumed::CouldNotCheck(why) => Err(SourceError::Incomplete(why).into()),
        },
    }
}

async fn wait(
    context: &Context,
    held: &Held<'_>,
    (request, why): (&GateRequest, &[String]),
) -> Result<Next, HandlerError> {
    let words = waits(&waiting(request, why), &context.links);
    say(context, held, (words, context.intervals.recheck)).await
}

/// What can change is waited for; what cannot is answered.
async fn denied(
    context: &Context,
    held: &Held<'_>,
    request: &GateRequest,
    denial: &Denial,
) -> Result<Next, HandlerError> {
    match denial.reason {
        Reason::Declined | Reason::Withdrawn | Reason::TicketMissing | Reason::AlreadyUsed => {
            reject(context, held, request, &denial.headline).await
        }
        Reason::BuildMismatch
        | Reason::TicketChanged
        | Reason::ApprovedOutsideProcess
        | Reason::ApproverRoleLapsed
        | Reason::ApproverDeploys
        | Reason::ApprovalsMissing
        | Reason::ClockSkew
        | Reason::ApprovalExpired
        | Reason::CriteriaChanged
        | Reason::RefMoved
        | Reason::PlanMissing
        | Reason::PlanNotApproved
        | Reason::AuditUnavailable => {
            let details = denial.details.iter().map(crate::model::Text::plain);
            let why: Vec<String> = std::iter::once(denial.headline.clone())
                .chain(details)
                .chain(std::iter::once(format!("Do this: {}", denial.todo)))
                .collect();
            say(context, held, (stands_still(&waiting(request, &why), &context.links), SELDOM)).await
        }
    }
}

async fn reject(context: &Context, held: &Held<'_>, request: &GateRequest, why: &str) -> Result<Next, HandlerError> {
    end(context, held, request, Some(vec![why.to_owned()])).await
}

/// Asks for the answer that ends it, once, whoever looks at the run meanwhile.
async fn end(
    context: &Context,
    held: &Held<'_>,
    request: &GateRequest,
    rejected: Option<Vec<String>>,
) -> Result<Next, HandlerError> {
    let Some((issue, key)) = &request.ticket else { return Ok(Next::LookAgain(SOON)) };
    let answer = if rejected.is_some() { "rejected" } else { "approved" };
    let action = NewAction::new(Effect::ReviewRun {
        request: request.id,
        repository: held.run.repository.clone(),
        run: held.run.run,
        attempt: held.attempt,
        environment: held.run.environment.clone(),
        rejected,
    })?;
    let event = Event::RunAnswered {
        request: request.id.to_string(),
        run: held.run.to_string(),
        attempt: held.attempt,
        answer: answer.to_owned(),
    };
    let entry = Entry { at: context.clock.now(), ticket: Some(key.clone()), event };
    let store = &context.sources.store;
    store.end_held((held.run, held.attempt), answer, Some((issue, &action, &entry))).await?;
    Ok(Next::Nothing)
}

/// Tells people something, unless it was said last or too much was said, and looks again after a while. What cannot be said
/// holds up nothing: the answer is what counts.
async fn say(context: &Context, held: &Held<'_>, (words, again): (String, Duration)) -> Result<Next, HandlerError> {
    if held.known.said == words || held.known.reports >= MOST_REPORTS {
        return Ok(Next::LookAgain(again));
    }
    let github = &context.sources.github;
    match github.review_deployment(held.run, DeploymentReview::Report, &words).await {
        Ok(()) => {
            context.sources.store.note_report((held.run, held.attempt), &words).await?;
            Ok(Next::LookAgain(again))
        }
        Err(error) => {
            tracing::warn!(run = %held.run, %error, "GitHub did not take what was to be said about a run: {error}");
            Ok(Next::TryAgain(error.retry_after()))
        }
    }
}

/// What people need to know of a run that waits.
fn waiting<'a>(request: &'a GateRequest, why: &'a [String]) -> Waiting<'a> {
    Waiting { deployment: &request.deployment, ticket: request.ticket.as_ref().map(|(_, key)| key), why }
}
