//! `/api/v1`: the gate, for pipelines.
//!
//! Who asks comes first, then whether that pipeline may ask for this, and only then is anything looked up. Whatever fails
//! is problem details (RFC 9457) that say what to do, and lets nothing through.

mod changes;
mod openapi;
mod plans;
mod wire;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use tokio::sync::Semaphore;
use tower_http::timeout::TimeoutLayer;

use super::problem::Problem;
use super::seldom::Seldom;
use super::webhooks::only;
use crate::handlers::Context;
use crate::integrations::oidc::{Callers, Refused};
use crate::model::Text;
use crate::policy::gate::Proven;
use crate::signals::Wake;
use crate::store::{GateRequest, StoreError};

pub use openapi::document;
pub use wire::{Applied, Asked, Change, Consumption, Judgement, Report};

/// Longest wait for an answer, beyond the longest that somebody may ask for.
const TIME: Duration = Duration::from_secs(40);

/// Longest time in which a plan has to come.
const PLAN_TIME: Duration = Duration::from_secs(300);

/// Most plans that are judged at one time in one process.
const MOST_PLANS: usize = 8;

/// Most pipelines that wait at one time in one process.
const MOST_WAITING: usize = 500;

/// What the gate works with.
#[derive(Debug, Clone)]
pub struct Api {
    /// What handlers work with.
    pub context: Context,
    /// Who may ask.
    pub callers: Callers,
    /// Wakes the workers after something was stored.
    pub wake: Wake,
    /// The room for those who wait.
    pub room: Arc<Semaphore>,
    /// The room for plans.
    pub plans: Arc<Semaphore>,
    /// When a refused token was logged last.
    pub refusals: Seldom,
}

/// The address of whoever asks; nothing when it is not known.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Somebody whose token was believed.
pub(super) struct Caller(pub Proven);

impl Api {
    /// The gate of these parts.
    #[must_use]
    pub fn new(context: Context, callers: Callers, wake: Wake) -> Api {
        Api {
            context,
            callers,
            wake,
            room: Arc::new(Semaphore::new(MOST_WAITING)),
            plans: Arc::new(Semaphore::new(MOST_PLANS)),
            refusals: Seldom::default(),
        }
    }
}

/// The endpoints of the gate.
pub fn router(api: Api) -> Router {
    Router::new()
        .route("/api/v1/changes", post(changes::request))
        .route("/api/v1/changes/{id}", get(changes::read))
        .route("/api/v1/changes/{id}/consume", post(changes::consume))
        .route("/api/v1/changes/{id}/finish", post(changes::finish))
        .route("/api/v1/openapi.json", get(openapi::read))
        .route("/api/v1/{*rest}", axum::routing::any(nothing_here))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, TIME))
        .merge(plans())
        .with_state(api)
}

/// A plan may be large, so that it takes its time.
fn plans() -> Router<Api> {
    Router::new()
        .route("/api/v1/changes/{id}/plan", post(plans::judge))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PLAN_TIME))
}

async fn nothing_here() -> Problem {
    Problem::new(
        (StatusCode::NOT_FOUND, "no_such_endpoint"),
        "No such endpoint",
        "The gate has no endpoint of this name. Nothing was recorded.",
        "read /api/v1/openapi.json.",
    )
}

impl FromRequestParts<Api> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Caller, Problem> {
        let token = bearer(&parts.headers).ok_or_else(|| unauthorized("no token was sent"))?;
        let from = parts.extensions.get::<Peer>().map(|peer| peer.0);
        let proven = api.callers.identify(token, from, api.context.clock.now()).await;
        proven.map(Caller).map_err(|refused| match refused {
            Refused::Token(why) => {
                if let Some(times) = api.refusals.turn() {
                    tracing::warn!(why, times, "Refused a token at the gate: {why}");
                }
                unauthorized(why)
            }
            Refused::Keys(_) => {
                unavailable("issuer_unreachable", format!("The token could not be checked: {refused}."))
            }
        })
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    only(headers, "authorization")?.strip_prefix("Bearer ").map(str::trim).filter(|token| !token.is_empty())
}

fn unauthorized(why: &str) -> Problem {
    Problem::new(
        (StatusCode::UNAUTHORIZED, "unauthorized"),
        "The token is not accepted",
        format!("The token is not accepted: {why}. Nothing was recorded."),
        "send `Authorization: Bearer TOKEN` with a token that [services.gate] of cm-bot's settings names.",
    )
}

/// The answer to a pipeline that asks for what its token does not prove.
fn forbidden(contradictions: &[Text]) -> Problem {
    Problem::new(
        (StatusCode::FORBIDDEN, "token_mismatch"),
        "The token is for something else",
        "The request does not say what the token proves. Nothing was recorded.",
        "ask for what this pipeline has built, with its own token.",
    )
    .with(contradictions.iter().map(Text::plain).collect())
}

fn unavailable(reason: &str, detail: impl Into<String>) -> Problem {
    Problem::new(
        (StatusCode::SERVICE_UNAVAILABLE, reason),
        "It could not be checked",
        detail,
        "ask again later; do not deploy meanwhile.",
    )
}

fn failed(error: &StoreError) -> Problem {
    tracing::error!(%error, "The gate could not answer: {error}");
    unavailable("audit_unavailable", "The records of cm-bot do not answer. Nothing was recorded.")
}

/// Whether a caller may speak of a request.
fn allowed(caller: &Caller, request: &GateRequest) -> Result<(), Problem> {
    let contradictions = caller.0.contradictions(&request.deployment);
    if contradictions.is_empty() { Ok(()) } else { Err(forbidden(&contradictions)) }
}
