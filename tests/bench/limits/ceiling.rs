//! What is the most that could be: the same library as cm-bot's, which verifies and reads a webhook and keeps nothing.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tokio::net::TcpListener;

use crate::servers::{PORT, SECRET};

/// With this argument the program is that server.
pub const ARGUMENT: &str = "--ceiling";

/// Serves until it is killed.
pub async fn serve() -> anyhow::Result<()> {
    let port: u16 = std::env::var(PORT)?.parse()?;
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    axum::serve(listener, Router::new().route("/", post(webhook))).await?;
    Ok(())
}

async fn webhook(headers: HeaderMap, body: Bytes) -> StatusCode {
    let secret = std::env::var(SECRET).unwrap_or_default();
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return StatusCode::UNAUTHORIZED };
    mac.update(&body);
    let signature = headers.get("x-hub-signature-256").and_then(|value| value.to_str().ok()?.strip_prefix("sha256="));
    let is_signed = signature
        .and_then(|signature| hex::decode(signature).ok())
        .is_some_and(|signature| mac.verify_slice(&signature).is_ok());
    match serde_json::from_slice::<serde_json::Value>(&body) {
        Ok(_) if is_signed => StatusCode::ACCEPTED,
        _ => StatusCode::UNAUTHORIZED,
    }
}
