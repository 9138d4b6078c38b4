//! Is the process alive, and can it do its work?

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Server;

/// `GET /healthz`: the process answers.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: the database answers, and so does everything that decisions rest on.
pub(super) async fn readyz(State(server): State<Server>) -> (StatusCode, Json<Value>) {
    let troubles = server.troubles().await;
    let status = if troubles.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({"ready": troubles.is_empty(), "troubles": troubles})))
}
