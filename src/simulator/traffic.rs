//! How slowly the simulated systems answer, and how much they were asked: for measurements.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::HttpBody;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use serde_json::Value;

use super::scene::System;

/// How long an answer takes, in real time and besides the work of making it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Latency {
    /// Each answer.
    pub per_answer: Duration,
    /// Each entry of a list in it, and each thing that a GraphQL query looks up.
    pub per_node: Duration,
}

/// What one API was asked and answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests, those included that failed on purpose.
    pub requests: u64,
    /// Points of GitHub's rate limits.
    pub points: u64,
    /// Entries of lists, and things that were looked up.
    pub nodes: u64,
    /// Bytes of the bodies of answers.
    pub bytes: u64,
    /// Answers that said that nothing changed (304).
    pub unchanged: u64,
}

/// What all of them were asked and answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// GitHub's REST API.
    pub github_rest: Counts,
    /// GitHub's GraphQL API.
    pub github_graphql: Counts,
    /// Jira.
    pub jira: Counts,
    /// Slack.
    pub slack: Counts,
    /// Microsoft Teams.
    pub teams: Counts,
    /// GitLab.
    pub gitlab: Counts,
    /// Requests each of which came after the one before was answered: the longest such row, whatever system was asked.
    pub in_a_row: u64,
}

/// A mark on an answer: how many nodes are in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nodes(pub u64);

/// A mark on an answer: how many points it cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Points(pub u64);

/// Counts everything, and holds answers back.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    traffic: Traffic,
    /// When the last answer of the longest row went out.
    row_ended: Option<Instant>,
    latency: HashMap<System, Latency>,
}

impl Traffic {
    fn of(&mut self, system: System, path: &str) -> &mut Counts {
        match system {
            System::Github if path.ends_with("/graphql") => &mut self.github_graphql,
            System::Github => &mut self.github_rest,
            System::Jira => &mut self.jira,
            System::Slack => &mut self.slack,
            System::Teams => &mut self.teams,
            System::Gitlab => &mut self.gitlab,
        }
    }
}

impl Meter {
    /// Lets a system answer this slowly from now on.
    pub fn set_latency(&self, system: System, latency: Latency) {
        self.locked().latency.insert(system, latency);
    }

    /// What was counted since the start, or since it was last forgotten.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.locked().traffic
    }

    /// Counts from zero again.
    pub fn forget(&self) {
        let mut inner = self.locked();
        (inner.traffic, inner.row_ended) = (Traffic::default(), None);
    }

    fn locked(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an answer, and says how long to hold it back.
    fn answered(&self, (system, path): (System, &str), response: &Response) -> Duration {
        let mut inner = self.locked();
        let nodes = response.extensions().get::<Nodes>().map_or(0, |nodes| nodes.0);
        let counts = inner.traffic.of(system, path);
        counts.nodes += nodes;
        counts.points += response.extensions().get::<Points>().map_or(0, |points| points.0);
        counts.bytes += response.body().size_hint().exact().unwrap_or(0);
        counts.unchanged += u64::from(response.status() == StatusCode::NOT_MODIFIED);
        let latency = inner.latency.get(&system).copied().unwrap_or_default();
        latency.per_answer + latency.per_node * u32::try_from(nodes).unwrap_or(u32::MAX)
    }
}

impl Inner {
    /// An answer goes out now. Answers go out in the order of their ends, so the first that fits is part of a longest row.
    fn lengthen_row(&mut self, came: Instant) {
        if self.row_ended.is_none_or(|ended| ended <= came) {
            self.row_ended = Some(Instant::now());
            self.traffic.in_a_row += 1;
        }
    }
}

/// Middleware around a simulated API: counts, and takes its time.
pub(super) async fn measure(State((meter, system)): State<(Meter, System)>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    meter.locked().traffic.of(system, &path).requests += 1;
    let came = Instant::now();
    let response = next.run(request).await;
    let wait = meter.answered((system, &path), &response);
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    meter.locked().lengthen_row(came);
    response
}

/// The entries of the lists in a REST answer; what is no list is one thing.
pub(super) fn entries(body: &Value) -> u64 {
    let entries = match body {
        Value::Array(items) => items.len(),
        Value::Object(fields) => fields.values().filter_map(Value::as_array).map(Vec::len).sum::<usize>().max(1),
        _ => 1,
    };
    entries as u64
}

/// The objects in the lists of a GraphQL answer, and those that the query looked up by themselves.
pub(super) fn graphql_nodes(data: &Value) -> u64 {
    let roots = data.as_object().into_iter().flat_map(serde_json::Map::values).filter(|value| value.is_object());
    let inner = roots.clone().filter_map(Value::as_object).flat_map(serde_json::Map::values);
    let looked_up = roots.count() + inner.filter(|value| value.is_object()).count();
    looked_up as u64 + listed(data)
}

fn listed(value: &Value) -> u64 {
    match value {
        Value::Array(items) => items.iter().map(|item| u64::from(item.is_object()) + listed(item)).sum(),
        Value::Object(fields) => fields.values().map(listed).sum(),
        _ => 0,
    }
}
