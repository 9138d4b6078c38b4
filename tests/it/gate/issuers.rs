//! Issuers that do not answer: nobody but their own pipelines waits for them, and nobody can make us ask them all the time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::Pipeline;
use super::identity::{Issuer, WORKFLOW, asked};
use crate::support::{play_all, scene, start_with};

/// Longer than an answer takes, and much shorter than the time that an issuer has.
const SOON: Duration = Duration::from_secs(8);

/// An issuer that never answers, or never with anything of use.
struct Other {
    address: String,
    asked: Arc<AtomicUsize>,
}

impl Other {
    /// One that takes connections and says nothing.
    async fn silent() -> Other {
        let (listener, address) = listening().await;
        let asked: Arc<AtomicUsize> = Arc::default();
        let count = Arc::clone(&asked);
        tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((connection, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                open.push(connection);
            }
        });
        Other { address, asked }
    }

    /// One that is broken.
    async fn broken() -> Other {
        let (listener, address) = listening().await;
        let asked: Arc<AtomicUsize> = Arc::default();
        let count = Arc::clone(&asked);
        let answer = move || async move {
            count.fetch_add(1, Ordering::SeqCst);
            StatusCode::INTERNAL_SERVER_ERROR
        };
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
        Other { address, asked }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// What anybody can write: a token that names this issuer, signed by nobody.
    fn unsigned(&self) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = part(&json!({"alg": "ES256", "typ": "JWT", "kid": "first"}));
        format!("{header}.{}.{}", part(&json!({"iss": self.address})), URL_SAFE_NO_PAD.encode([7; 64]))
    }
}

async fn listening() -> (TcpListener, String) {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    (listener, address)
}

/// A service that trusts the deploy workflow of both issuers.
async fn trusting_both(issuer: &Issuer, other: &Other) -> Pipeline {
    let ticket = "[[timeline]]\ncreate_ticket = { key = \"PRODCM-412\", by = \"dana\", commit = \"merged\" }\n";
    let identity = |address: &str| {
        format!(
            "{{ system = \"github-actions\", issuer = \"{address}\", audience = \"cm-bot\", repository_id = \"4711\", \
             workflow = \"{WORKFLOW}@refs/heads/main\" }}"
        )
    };
    let gate = format!(
        "identities = [{}, {}]\nrollback_plan = \"Deploy the previous build with the same workflow.\"",
        identity(&issuer.address),
        identity(&other.address)
    );
    let gate: toml::Table = gate.parse().unwrap();
    let played = start_with(scene("clean-change").with(ticket, "").parsed(), |settings| {
        settings["services"][0].as_table_mut().unwrap().insert("gate".into(), gate.into());
    })
    .await;
    play_all(&played).await;
    Pipeline::of(played)
}

/// Somebody who sends a token and hangs up after a while.
async fn hanging_up(pipeline: &Pipeline, token: &str, after: Duration) {
    let url = format!("http://{}/api/v1/changes", pipeline.played.world.service);
    let request = Client::new().post(url).bearer_auth(token).json(&asked(pipeline, json!({}))).timeout(after);
    assert!(request.send().await.is_err(), "nobody answers so soon");
}

#[tokio::test(flavor = "multi_thread")]
async fn c09_a_silent_issuer_does_not_make_pipelines_of_another_one_wait() {
    let (issuer, silent) = (Issuer::start().await, Other::silent().await);
    let mut pipeline = trusting_both(&issuer, &silent).await;
    let strangers = tokio::task::JoinSet::from_iter((0..20).map(|_| {
        let url = format!("http://{}/api/v1/changes", pipeline.played.world.service);
        Client::new().post(url).bearer_auth(silent.unsigned()).json(&json!({})).timeout(SOON * 2).send()
    }));
    while silent.asked() == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    pipeline.token = issuer.sign(&issuer.claims(&pipeline, json!({})));
    let request = asked(&pipeline, json!({}));
    let id = tokio::time::timeout(SOON, pipeline.request(&request)).await.expect("it waits for somebody else's issuer");
    pipeline.is_let_through(&id).await;
    assert_eq!(silent.asked(), 1, "all strangers together make us ask once");
    drop(strangers);
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c09_whoever_hangs_up_does_not_make_us_ask_a_silent_issuer_again() {
    let (issuer, silent) = (Issuer::start().await, Other::silent().await);
    let pipeline = trusting_both(&issuer, &silent).await;
    for _ in 0..10 {
        hanging_up(&pipeline, &silent.unsigned(), Duration::from_millis(300)).await;
    }
    assert_eq!(silent.asked(), 1);
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c09_an_issuer_that_did_not_answer_is_left_alone_for_a_while() {
    let (issuer, broken) = (Issuer::start().await, Other::broken().await);
    let pipeline = trusting_both(&issuer, &broken).await;
    let send = async |token: &str| {
        let request = asked(&pipeline, json!({}));
        pipeline.send_as(token, (Method::POST, "changes"), Some(&request)).await
    };
    let (status, problem) = send(&broken.unsigned()).await;
    assert_eq!((status, problem["reason"].as_str()), (503, Some("issuer_unreachable")), "{problem}");
    let tried = broken.asked();
    assert_eq!(tried, 3, "a read is tried up to three times");
    for _ in 0..10 {
        let (status, again) = send(&broken.unsigned()).await;
        assert_eq!((status, &again["detail"]), (503, &problem["detail"]), "the same is said again: {again}");
    }
    assert_eq!(broken.asked(), tried, "and nobody is asked for it");
    let proven = issuer.sign(&issuer.claims(&pipeline, json!({})));
    assert_eq!(send(&proven).await.0, 201, "another one is asked as ever");
    pipeline.played.world.simulator.shared.clock.pass(Duration::from_secs(60));
    assert_eq!(send(&broken.unsigned()).await.0, 503);
    assert_eq!(broken.asked(), 2 * tried, "after a while it is asked again");
    pipeline.stop().await;
}
