//! Traces as a collector gets them, and a collector that is not there.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use cm_bot::cli::demo::compare::Outcome;
use cm_bot::simulator::scene::Variant;
use cm_bot::telemetry::{self, Traces};
use tokio::net::TcpListener;
use url::Url;

use crate::support::scene;

/// A collector that keeps what it gets.
async fn collector() -> (Url, Arc<Mutex<Vec<u8>>>) {
    let kept: Arc<Mutex<Vec<u8>>> = Arc::default();
    let keep = Arc::clone(&kept);
    let take = move |body: Bytes| async move { keep.lock().unwrap().extend_from_slice(&body) };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/v1/traces", post(take))).await });
    (Url::parse(&format!("http://{address}")).unwrap(), kept)
}

/// Plays the clean change while traces are sent there; says how it ended.
async fn traced(collector: &Url) -> Outcome {
    let traces = Traces::to(collector).unwrap();
    telemetry::start("trace", Some(&traces));
    let played = scene("clean-change").play(Variant::Scene).await;
    let outcome = Outcome::of(&played, "PRODCM-412").await.unwrap();
    played.stop().await;
    tokio::task::spawn_blocking(move || traces.end()).await.unwrap();
    outcome
}

fn holds(bytes: &[u8], words: &str) -> bool {
    bytes.windows(words.len()).any(|part| part == words.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_gets_a_tickets_life_and_nothing_that_is_secret() {
    let (address, kept) = collector().await;
    assert_eq!(traced(&address).await.verdict_words(), "Approved automatically");
    let kept = kept.lock().unwrap();
    for part in
        ["cm-bot", "ticket.id", "PRODCM-412", "gather", "request", "github", "jira", "slack", "answered", "action"]
    {
        assert!(holds(&kept, part), "{part} is missing");
    }
    // E-mail addresses, headers, bodies, addresses of requests, folders of whoever built the program.
    for secret in
        ["dana@", "lee@", "acme.example>", "Bearer", "Basic ", "authorization", "\"fields\"", "/rest/api", "src/"]
    {
        assert!(!holds(&kept, secret), "{secret} is in the traces");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_collector_the_service_goes_on() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = Url::parse(&format!("http://{}", nobody.local_addr().unwrap())).unwrap();
    drop(nobody);
    assert_eq!(traced(&address).await.verdict_words(), "Approved automatically");
}
