//! HTTP in: webhooks, scans of pipelines, health, metrics, and the pages that comments link to.

pub mod api;
mod forms;
mod headers;
mod health;
pub mod intake;
pub mod listen;
pub mod metrics;
pub mod pages;
pub mod problem;
mod scans;
pub mod seldom;
mod slack;
mod webhooks;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use secrecy::SecretString;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use crate::clock::Clock;
use crate::integrations::slack::SlackClient;
use crate::model::{Service, ServiceName, TokenDigest};
use crate::policy::approvers::Approvals;
use crate::policy::criteria::Criteria;
use crate::policy::decision::Decision;
use crate::render::view::{Links, View};
use crate::signals::{Readiness, Wake};
use crate::store::{Policy, Store, StoredDecision};
use api::Api;
use intake::Intake;
use pages::Pages;
use seldom::Seldom;

/// Largest bodies, in bytes. GitHub's pushes are the largest.
const MOST_JIRA: usize = 2 * 1024 * 1024;
const MOST_GITHUB: usize = 5 * 1024 * 1024;
const MOST_SLACK: usize = 256 * 1024;

/// How long a request may take.
const TIME: Duration = Duration::from_secs(10);

/// What the endpoints work with.
#[derive(Debug, Clone)]
pub struct Server {
    /// Our records.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Wakes the workers after something was stored.
    pub wake: Wake,
    /// Where people find things.
    pub links: Links,
    /// The registered services.
    pub services: Arc<Vec<Service>>,
    /// The criteria and people in force.
    pub policy: Arc<Policy>,
    /// Slack, for forms that open at once.
    pub slack: Arc<SlackClient>,
    /// Secrets of the senders.
    pub secrets: Arc<Secrets>,
    /// Whether everything that cm-bot needs works.
    pub readiness: Readiness,
    /// The room for bodies.
    pub intake: Intake,
    /// When a refused webhook was logged last.
    pub refusals: Seldom,
}

impl Server {
    /// Everything that stands in the way now, by the name of the part.
    async fn troubles(&self) -> BTreeMap<String, String> {
        let mut troubles = self.readiness.troubles();
        if let Err(error) = self.store.check().await {
            troubles.insert("database".into(), error.to_string());
        }
        troubles
    }
}

/// Secrets with which senders sign.
#[derive(Debug)]
pub struct Secrets {
    /// Jira's webhook.
    pub jira: Vec<SecretString>,
    /// GitHub's webhook.
    pub github: Vec<SecretString>,
    /// The Slack app.
    pub slack: Option<SecretString>,
    /// Digests of the tokens with which pipelines send scans, each with its service.
    pub scans: Vec<(ServiceName, TokenDigest)>,
}

/// A stored decision as people see it, judged anew under these criteria.
fn view<'a>(
    links: &'a Links,
    stored: &'a StoredDecision,
    (decision, approvals, criteria): (&'a Decision, &'a Approvals, &'a Criteria),
) -> View<'a> {
    View {
        facts: &stored.facts,
        decision,
        approvals,
        record: stored.id,
        evaluation: stored.evaluation,
        at: stored.at,
        people: &criteria.people,
        terms: &criteria.terms,
        links,
        troubles: &[],
    }
}

/// All endpoints.
pub fn router(server: Server, gate: Api, pages: Pages) -> Router {
    let others = Router::new()
        .route("/webhooks/jira", post(webhooks::jira))
        .route("/webhooks/github", post(webhooks::github))
        .route("/slack/interactions", post(slack::interaction))
        .route("/slack/commands", post(slack::command))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(metrics::metrics))
        .route("/api/v1/scans", post(scans::upload))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, TIME))
        .with_state(server);
    // Whoever waits at the gate may do so for longer.
    let all = others.merge(api::router(gate)).merge(pages::router(pages));
    all.layer(axum::middleware::map_response(headers::strict)).layer(CatchPanicLayer::new())
}
