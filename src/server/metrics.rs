//! `GET /metrics` for Prometheus: counts from our records, and what this process counted itself.

use std::sync::OnceLock;

use axum::extract::State;
use axum::http::StatusCode;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use super::Server;
use crate::store::{Store, StoreError};

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
    let stored = from_records(&server.store).await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    Ok(recorder().map_or_else(String::new, PrometheusHandle::render) + &stored)
}

async fn from_records(store: &Store) -> Result<String, StoreError> {
    let mut text = String::from("# TYPE cm_bot_decisions_total counter\n");
    for (verdict, count) in store.verdict_counts().await? {
        text += &format!("cm_bot_decisions_total{{verdict=\"{verdict}\"}} {count}\n");
    }
    text += "# TYPE cm_bot_tickets gauge\n";
    for (status, count) in store.ticket_counts().await? {
        text += &format!("cm_bot_tickets{{status=\"{status}\"}} {count}\n");
    }
    text += "# TYPE cm_bot_dead_tickets gauge\n";
    text += &format!("cm_bot_dead_tickets {}\n", store.dead_jobs().await?);
    text += "# TYPE cm_bot_outbox_waiting gauge\n";
    text += &format!("cm_bot_outbox_waiting {}\n", store.waiting_actions().await?);
    Ok(text)
}
