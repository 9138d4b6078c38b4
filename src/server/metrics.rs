//! `GET /metrics` for Prometheus: counts from our records, and what this process counted itself.

use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use super::Server;
use crate::store::StoreError;

/// The process's recorder; there can only be one.
static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Starts counting. A second call changes nothing.
pub fn start() {
    recorder();
}

fn recorder() -> Option<&'static PrometheusHandle> {
    RECORDER.get_or_init(|| PrometheusBuilder::new().install_recorder().ok()).as_ref()
}

/// All metrics as text.
pub(super) async fn metrics(State(server): State<Server>) -> Result<String, StatusCode> {
    let stored = from_records(&server).await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    Ok(recorder().map_or_else(String::new, PrometheusHandle::render) + &stored)
}

/// What our records know, which is the same in every process that shares them, and what stands in this one's way.
async fn from_records(server: &Server) -> Result<String, StoreError> {
    let (store, now) = (&server.store, server.clock.now());
    let mut text = Text::default();
    text.family("cm_bot_decisions_total", "counter", "Decisions by verdict");
    for (verdict, count) in store.verdict_counts().await? {
        text.sample(&format!("cm_bot_decisions_total{{verdict=\"{verdict}\"}}"), count);
    }
    text.family("cm_bot_tickets", "gauge", "Tickets by status");
    for (status, count) in store.ticket_counts().await? {
        text.sample(&format!("cm_bot_tickets{{status=\"{status}\"}}"), count);
    }
    let (jobs, actions) = (store.backlog_of_jobs(now).await?, store.backlog_of_actions(now).await?);
    text.gauge("cm_bot_jobs_waiting", "Tickets and repositories that are due to be looked at", jobs.waiting);
    text.gauge("cm_bot_oldest_job_seconds", "How long the oldest of them has been due", seconds(jobs.oldest));
    text.gauge("cm_bot_outbox_waiting", "Comments, approvals and messages that are not done", actions.waiting);
    text.gauge("cm_bot_oldest_action_seconds", "How long the oldest of them has waited", seconds(actions.oldest));
    text.gauge("cm_bot_dead_tickets", "Tickets left to people after faults of cm-bot", store.dead_jobs().await?);
    let (entries, checkpoint) = store.audit_numbers().await?;
    text.gauge("cm_bot_audit_entries", "Entries of the audit trail", entries);
    if let Some(made) = checkpoint {
        let age = now.0.saturating_sub(made.0) / 1000;
        text.gauge("cm_bot_checkpoint_age_seconds", "Time since the audit trail was signed", age);
    }
    let standing = server.policy.criteria.standing_at(now);
    text.gauge("cm_bot_criteria_signed", "Whether somebody vouches for the criteria", i64::from(standing.is_ok()));
    if let Some(end) = server.policy.criteria.vouched_until() {
        let left = end.0.saturating_sub(now.0) / 1000;
        text.gauge("cm_bot_criteria_seconds_left", "How long their signature still counts", left);
    }
    text.family("cm_bot_trouble", "gauge", "Parts that stand in the way of decisions; /readyz says why");
    // Which repository it is, is nothing for metrics.
    let parts = server.troubles().await.into_keys().filter_map(|part| part.split(' ').next().map(str::to_owned));
    for part in parts.collect::<BTreeSet<String>>() {
        text.sample(&format!("cm_bot_trouble{{part=\"{part}\"}}"), 1);
    }
    Ok(text.0)
}

fn seconds(time: Duration) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

/// The text format of Prometheus (<https://prometheus.io/docs/instrumenting/exposition_formats/>).
#[derive(Default)]
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.0 += &format!("# HELP {name} {help}.\n# TYPE {name} {kind}\n");
    }

    fn sample(&mut self, name: &str, value: i64) {
        self.0 += &format!("{name} {value}\n");
    }

    fn gauge(&mut self, name: &str, help: &str, value: i64) {
        self.family(name, "gauge", help);
        self.sample(name, value);
    }
}
