//! The part of a drand network that shows its rounds over HTTP. Its signatures are none: nobody here verifies pairings.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

use super::Shared;

/// When round 1 was made, in seconds, and how long a round takes: those of drand's default network.
const GENESIS: i64 = 1_595_431_050;
const PERIOD: i64 = 30;

/// A network with one chain.
#[derive(Debug)]
pub struct Beacon {
    shared: Shared,
    chain: String,
    lies: AtomicBool,
}

impl Beacon {
    pub(super) fn new(shared: Shared) -> Beacon {
        let chain = hex::encode(Sha256::digest(uuid::Uuid::new_v4().as_bytes()));
        Beacon { shared, chain, lies: AtomicBool::new(false) }
    }

    /// The hash of its chain.
    #[must_use]
    pub fn chain(&self) -> &str {
        &self.chain
    }

    /// From now on it makes up the value of a round.
    pub fn lie(&self) {
        self.lies.store(true, Ordering::SeqCst);
    }

    /// Opens a port of its own.
    ///
    /// # Errors
    /// When there is none.
    pub async fn listen(self: &Arc<Self>) -> std::io::Result<SocketAddr> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let routes = Router::new().route("/{chain}/info", get(info)).route("/{chain}/public/{round}", get(round));
        let app = routes.with_state(Arc::clone(self));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(address)
    }
}

async fn info(State(beacon): State<Arc<Beacon>>, Path(chain): Path<String>) -> Response {
    if chain != beacon.chain {
        return StatusCode::NOT_FOUND.into_response();
    }
    let info = json!({
        "public_key": "", "period": PERIOD, "genesis_time": GENESIS, "hash": beacon.chain,
        "groupHash": "", "schemeID": "pedersen-bls-chained", "metadata": { "beaconID": "default" },
    });
    Json(info).into_response()
}

async fn round(State(beacon): State<Arc<Beacon>>, Path((chain, number)): Path<(String, i64)>) -> Response {
    let made = GENESIS + (number - 1) * PERIOD;
    if chain != beacon.chain || number < 1 || made * 1000 > beacon.shared.clock.now_ms() {
        return StatusCode::NOT_FOUND.into_response();
    }
    let signature =
        [Sha256::digest(format!("{chain} {number} a")), Sha256::digest(format!("{chain} {number} b"))].concat();
    let lies = beacon.lies.load(Ordering::SeqCst);
    let randomness = if lies { "00".repeat(32) } else { hex::encode(Sha256::digest(&signature)) };
    Json(json!({ "round": number, "randomness": randomness, "signature": hex::encode(signature), "previous_signature": "" }))
        .into_response()
}
