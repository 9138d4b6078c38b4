//! The four questions of a pipeline: a ticket, how it stands, may I, and how it ended.

use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::wire::{Applied, Asked, Change, Consumption, Report};
use super::{Api, Caller, allowed, failed, forbidden, unavailable};
use crate::handlers::HandlerError;
use crate::handlers::gate::{self, Account, Asking, Consumed, NewRequest, State as Standing, Status};
use crate::integrations::SourceError;
use crate::model::{Deployment, Ending, Text, Timestamp};
use crate::policy::gate::{Denial, Reason};
use crate::server::problem::Problem;
use crate::store::{GateRequest, Reported};

/// Largest body, in bytes.
const MOST_BYTES: usize = 64 * 1024;

/// Longest wait that somebody may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(25);

/// How often whoever waits is looked after.
const GLANCE: Duration = Duration::from_millis(500);

/// `POST /api/v1/changes`: 201 with the request; 200 when this run asked for it before.
pub(super) async fn request(State(api): State<Api>, caller: Caller, body: Body) -> Result<Response, Problem> {
    let asked: Asked = read_body(body).await?;
    let read = || Ok::<_, crate::model::ParseError>((asked.deployment()?, asked.wanted()?));
    let (deployment, wanted) = read().map_err(|error| malformed(&error.to_string()))?;
    let contradictions = caller.0.contradictions(&deployment);
    if !contradictions.is_empty() {
        return Err(forbidden(&contradictions));
    }
    registered(&api, &deployment)?;
    let callback = asked.callback.as_deref().map(|named| listed(&api, &deployment, named)).transpose()?;
    // A system that does not answer now is asked again before anything is let through.
    if let Ok(Some(denial)) = gate::unlike(&api.context, &deployment).await {
        return Err(denied(&denial));
    }
    let known = api.context.sources.store.request_of(&deployment).await.map_err(|error| failed(&error))?;
    if let Some(known) = known.as_ref().filter(|known| known.deployment != deployment) {
        return Err(asked_otherwise(known));
    }
    let people = &api.context.policy.criteria.people;
    let requester = caller.0.started_by.and_then(|id| people.by_account(id)).map(|person| person.jira.clone());
    let new = NewRequest { deployment, words: asked.words(), caller: caller.0.subject, requester, wanted };
    let stored = gate::request(&api.context, new).await.map_err(|error| match error {
        HandlerError::Source(SourceError::NotFound) => malformed("Jira has no ticket of this key"),
        error => broken(&error),
    })?;
    let change = match callback {
        Some(callback) => noted(&api, &stored, &callback).await?,
        None => change(&api, &stored).await?,
    };
    api.wake.all();
    let status = if known.is_some() { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(change)).into_response())
}

/// A request whose pipeline wants to be told. That is noted before the state is read which the pipeline is answered, so that
/// a change between the two is in the answer, and a later one is told.
async fn noted(api: &Api, request: &GateRequest, callback: &str) -> Result<Change, Problem> {
    let store = &api.context.sources.store;
    let before = change(api, request).await?;
    store.note_callback(request.id, callback, &before.state).await.map_err(|error| failed(&error))?;
    let now = store.gate_request(request.id).await.map_err(|error| failed(&error))?;
    change(api, now.as_ref().unwrap_or(request)).await
}

/// The address that a pipeline wants to be told at, if the settings list it.
fn listed(api: &Api, deployment: &Deployment, named: &str) -> Result<String, Problem> {
    let gate = api.context.gates.iter().find(|gate| gate.service == deployment.service);
    let admitted = gate.and_then(|gate| gate.callbacks.as_ref()).and_then(|callbacks| callbacks.admit(named));
    let admitted = admitted.ok_or_else(|| malformed("callback is no address that [services.gate] lists"))?;
    Ok(admitted.to_string())
}

/// What to wait for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wait {
    wait: Option<u64>,
}

/// `GET /api/v1/changes/{id}?wait=25`: answers at once, or when the state is another than at the beginning.
pub(super) async fn read(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
    wait: Result<Query<Wait>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Change>, Problem> {
    let Query(Wait { wait }) = wait.map_err(|error| malformed(&error.body_text()))?;
    let first = own(&api, &caller, &id).await?;
    let mut now = change(&api, &first).await?;
    let wait = Duration::from_secs(wait.unwrap_or(0)).min(LONGEST_WAIT);
    if wait.is_zero() {
        return Ok(Json(now));
    }
    let Ok(_place) = api.room.try_acquire() else {
        return Err(unavailable("too_many_wait", "Too many pipelines wait at this moment."));
    };
    let (state, until) = (now.state.clone(), tokio::time::Instant::now() + wait);
    while now.state == state && is_open(&now) && tokio::time::Instant::now() < until {
        tokio::time::sleep(GLANCE).await;
        now = change(&api, &own(&api, &caller, &id).await?).await?;
    }
    Ok(Json(now))
}

/// Whether something is to be waited for.
fn is_open(change: &Change) -> bool {
    [Standing::Creating, Standing::Waiting, Standing::Blocked].iter().any(|state| state.id() == change.state)
}

/// `POST /api/v1/changes/{id}/consume`: 200 is the only answer that lets a build through.
pub(super) async fn consume(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body,
) -> Result<Json<Consumption>, Problem> {
    let request = own(&api, &caller, &id).await?;
    let plan = applied(body).await?;
    let asking = Asking { job: caller.0.started_job.as_ref(), plan: plan.as_deref() };
    match gate::consume(&api.context, &request, asking).await {
        Consumed::Allowed(at) => {
            let Account { emergency, duties } = account(&api, &request).await?;
            Ok(Json(Consumption {
                answer: "allow".into(),
                id: request.id.to_string(),
                ticket: request.ticket.as_ref().map(|(_, key)| key.to_string()),
                subject: subject(&request.deployment),
                allowed_at: at.rfc3339(),
                emergency,
                duties,
            }))
        }
        Consumed::Waiting => Err(waiting(&change(&api, &request).await?)),
        Consumed::Denied(denial) => Err(denied(&denial)),
        Consumed::CouldNotCheck(why) => Err(unavailable("could_not_check", why)),
    }
}

/// The plan that a run applies; a run that applies none sends no body.
async fn applied(body: Body) -> Result<Option<String>, Problem> {
    let bytes = read_bytes(body).await?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let applied: Applied = parsed(&bytes)?;
    let is_digest =
        |text: &String| text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    match applied.plan_sha256 {
        Some(digest) if !is_digest(&digest) => Err(malformed("plan_sha256 must be 64 hex digits in lower case")),
        digest => Ok(digest),
    }
}

/// `POST /api/v1/changes/{id}/finish`: 200, also for what was said before.
pub(super) async fn finish(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body,
) -> Result<Json<Change>, Problem> {
    let request = own(&api, &caller, &id).await?;
    let report: Report = read_body(body).await?;
    let ending = Ending::parse(&report.outcome).ok().filter(|ending| *ending != Ending::Unreported);
    let ending = ending.ok_or_else(|| malformed("outcome must be succeeded, failed or rolled_back"))?;
    let (Some(_), Some((issue, _))) = (&request.used, &request.ticket) else {
        return Err(conflict("not_let_through", "The gate has not let this run through, so nothing of it can end."));
    };
    let note = report.note.unwrap_or_default();
    let reported = gate::finish(&api.context, (&request, issue), ending, &note).await;
    if let Reported::Otherwise(said) = reported.map_err(|error| broken(&error))? {
        let said = format!("This deployment ended before: {}. Nothing was recorded.", said.id());
        return Err(conflict("ended_otherwise", said));
    }
    api.wake.all();
    Ok(Json(change(&api, &own(&api, &caller, &id).await?).await?))
}

/// The request of this id, if the caller may speak of it. Of others' requests nobody learns whether they are there.
pub(super) async fn own(api: &Api, caller: &Caller, id: &str) -> Result<GateRequest, Problem> {
    let known = match Uuid::parse_str(id) {
        Ok(id) => api.context.sources.store.gate_request(id).await.map_err(|error| failed(&error))?,
        Err(_) => None,
    };
    let known = known.filter(|known| caller.0.speaks_for(&known.deployment.service));
    let known = known.ok_or_else(|| {
        Problem::new(
            (StatusCode::NOT_FOUND, "no_such_change"),
            "No such change",
            "No pipeline of this token has requested a change with this id.",
            "request one with POST /api/v1/changes.",
        )
    })?;
    allowed(caller, &known).map(|()| known)
}

async fn read_body<T: DeserializeOwned>(body: Body) -> Result<T, Problem> {
    parsed(&read_bytes(body).await?)
}

async fn read_bytes(body: Body) -> Result<Bytes, Problem> {
    to_bytes(body, MOST_BYTES).await.map_err(|_| too_large(MOST_BYTES))
}

/// The answer to a body of more bytes than are read.
pub(super) fn too_large(most: usize) -> Problem {
    Problem::new(
        (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
        "The body is too large",
        format!("At most {most} bytes are read. Nothing was recorded."),
        "send less.",
    )
}

fn parsed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read: Result<T, _> = serde_path_to_error::deserialize(&mut reader);
    let read = read.map_err(|error| malformed(&format!("at `{}`: {}", error.path(), error.inner())))?;
    reader.end().map_err(|_| malformed("something comes after the JSON"))?;
    Ok(read)
}

fn registered(api: &Api, deployment: &Deployment) -> Result<(), Problem> {
    let service = api.context.sources.services.iter().find(|service| service.name == deployment.service);
    let is_known = service.is_some_and(|service| service.environments.contains(&deployment.environment));
    if is_known {
        return Ok(());
    }
    Err(malformed(&format!("{} is not registered", deployment.scope())))
}

pub(super) async fn change(api: &Api, request: &GateRequest) -> Result<Change, Problem> {
    let status = gate::status(&api.context, request).await.map_err(|error| broken(&error))?;
    let Status { state, why, who, until } = status;
    let Account { emergency, duties } = account(api, request).await?;
    let (links, key) = (&api.context.links, request.ticket.as_ref().map(|(_, key)| key));
    Ok(Change {
        id: request.id.to_string(),
        state: state.id().to_owned(),
        ticket: key.map(ToString::to_string),
        ticket_url: key.map(|key| links.ticket_of(key)),
        evidence_url: key.map(|key| links.evidence_of(key)),
        subject: subject(&request.deployment),
        why,
        who,
        unfilled: request.unfilled.iter().map(|(field, why)| format!("{field}: {why}")).collect(),
        approved_until: until.map(Timestamp::rfc3339),
        emergency,
        duties,
    })
}

async fn account(api: &Api, request: &GateRequest) -> Result<Account, Problem> {
    gate::account(&api.context, request).await.map_err(|error| broken(&error))
}

fn subject(deployment: &Deployment) -> String {
    let Deployment { service, environment, run, commit, .. } = deployment;
    format!("{service} to {environment}, build {} of commit {}", run.build, commit.short())
}

pub(super) fn malformed(why: &str) -> Problem {
    Problem::new(
        (StatusCode::UNPROCESSABLE_ENTITY, "malformed"),
        "The request cannot be read",
        format!("{}. Nothing was recorded.", why.trim_end_matches('.')),
        "send what /api/v1/openapi.json describes.",
    )
}

pub(super) fn conflict(reason: &str, detail: impl Into<String>) -> Problem {
    let todo = "look at the state of the change with GET /api/v1/changes/{id}.";
    Problem::new((StatusCode::CONFLICT, reason), "It does not fit what is on record", detail, todo)
}

fn asked_otherwise(known: &GateRequest) -> Problem {
    let detail = format!("This run asked for commit {} before. Nothing was recorded.", known.deployment.commit.short());
    conflict("asked_otherwise", detail)
}

fn waiting(change: &Change) -> Problem {
    Problem::new(
        (StatusCode::CONFLICT, "waiting"),
        "The ticket is not approved yet",
        format!("{} waits for a decision.", change.ticket.as_deref().unwrap_or("The change")),
        "wait with `cm-bot gate wait`, then ask again.",
    )
    .with(change.why.iter().chain(&change.who).cloned().collect())
}

fn denied(denial: &Denial) -> Problem {
    let status = match denial.reason {
        Reason::AuditUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        Reason::BuildMismatch
        | Reason::AlreadyUsed
        | Reason::TicketChanged
        | Reason::TicketMissing
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
        | Reason::Declined
        | Reason::Withdrawn => StatusCode::FORBIDDEN,
    };
    Problem::new((status, denial.reason.id()), "Do not deploy", &denial.headline, &denial.todo)
        .with(denial.details.iter().map(Text::plain).collect())
}

pub(super) fn broken(error: &HandlerError) -> Problem {
    match error {
        HandlerError::Store(error) => failed(error),
        HandlerError::Source(error) => {
            unavailable("could_not_check", format!("Another system did not answer: {error}."))
        }
    }
}
