//! Callbacks: a pipeline is told that something has changed, signed, at an address that the settings list. It opens nothing.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cm_bot::cli::demo::play::settle;
use cm_bot::simulator::scene::Variant;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;

use super::Pipeline;
use crate::support::{play_all, scene, start_with};

/// What came, with its headers.
type Letters = Arc<Mutex<Vec<(HeaderMap, String)>>>;

/// Somebody who takes callbacks, the first ones only after so many refusals.
struct Receiver {
    address: SocketAddr,
    letters: Letters,
    refusals: Arc<Mutex<usize>>,
}

impl Receiver {
    async fn start() -> Receiver {
        let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (letters, refusals): (Letters, Arc<Mutex<usize>>) = Default::default();
        let take = |State((letters, refusals)): State<(Letters, Arc<Mutex<usize>>)>,
                    headers: HeaderMap,
                    body: String| async move {
            let mut left = refusals.lock().unwrap();
            if *left > 0 {
                *left -= 1;
                return StatusCode::SERVICE_UNAVAILABLE;
            }
            letters.lock().unwrap().push((headers, body));
            StatusCode::NO_CONTENT
        };
        let app = Router::new().route("/{*path}", post(take)).with_state((Arc::clone(&letters), Arc::clone(&refusals)));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Receiver { address, letters, refusals }
    }

    fn states(&self) -> Vec<String> {
        let letters = self.letters.lock().unwrap();
        let state =
            |body: &String| serde_json::from_str::<Value>(body).unwrap()["data"]["state"].as_str().unwrap().to_owned();
        letters.iter().map(|(_, body)| state(body)).collect()
    }
}

/// A secret as Standard Webhooks writes it, made for this test.
fn secret() -> String {
    let bytes: Vec<u8> = (0..32).map(|_| fastrand::u8(..)).collect();
    format!("whsec_{}", STANDARD.encode(bytes))
}

fn signature(secret: &str, (headers, body): &(HeaderMap, String)) -> String {
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{}.{}.{body}", header("webhook-id"), header("webhook-timestamp")).as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// A pipeline whose change waits for people, and that may be told at this receiver.
async fn told_at(receiver: &Receiver, secrets: &[String]) -> Pipeline {
    let address = format!("http://{}/hooks/", receiver.address);
    let callbacks = json!({"addresses": [address], "secrets": secrets});
    let played = start_with(scene("no-pull-request").parsed().variant(Variant::Scene), |settings| {
        let callbacks: toml::Value = toml::Value::try_from(&callbacks).unwrap();
        settings["services"][0]["gate"].as_table_mut().unwrap().insert("callbacks".into(), callbacks);
    })
    .await;
    play_all(&played).await;
    Pipeline::of(played)
}

impl Pipeline {
    async fn wants_to_be_told(&self, receiver: &Receiver) -> String {
        let callback = format!("http://{}/hooks/abc", receiver.address);
        self.request(&self.asked_with(json!({"callback": callback}))).await
    }

    async fn is_approved_by_both(&self) {
        for who in ["sam", "priya"] {
            self.happens(&format!("comment = {{ ticket = \"PRODCM-412\", by = \"{who}\", text = \"/cm approve\" }}"))
                .await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_is_told_once_that_its_change_is_approved_and_every_secret_signs() {
    let receiver = Receiver::start().await;
    let secrets = [secret(), secret()];
    let pipeline = told_at(&receiver, &secrets).await;
    let id = pipeline.wants_to_be_told(&receiver).await;
    assert!(receiver.states().is_empty(), "it knows already: {:?}", receiver.states());
    pipeline.is_approved_by_both().await;
    assert_eq!(receiver.states(), ["approved"]);
    let letter = receiver.letters.lock().unwrap()[0].clone();
    let signed = letter.0["webhook-signature"].to_str().unwrap().to_owned();
    assert_eq!(signed, format!("{} {}", signature(&secrets[0], &letter), signature(&secrets[1], &letter)));
    let body: Value = serde_json::from_str(&letter.1).unwrap();
    assert_eq!((body["data"]["id"].as_str(), body["data"]["ticket"].as_str()), (Some(id.as_str()), Some("PRODCM-412")));
    pipeline.is_let_through(&id).await;
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_nobody_takes_is_sent_again_with_the_same_id() {
    let receiver = Receiver::start().await;
    let pipeline = told_at(&receiver, &[secret()]).await;
    pipeline.wants_to_be_told(&receiver).await;
    *receiver.refusals.lock().unwrap() = 2;
    pipeline.is_approved_by_both().await;
    assert!(receiver.states().is_empty());
    for _ in 0..3 {
        pipeline.played.world.simulator.shared.clock.pass(Duration::from_secs(60));
        settle(&pipeline.played).await.unwrap();
    }
    assert_eq!(receiver.states(), ["approved"]);
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_true_any_more_is_not_told() {
    let receiver = Receiver::start().await;
    let pipeline = told_at(&receiver, &[secret()]).await;
    let id = pipeline.wants_to_be_told(&receiver).await;
    *receiver.refusals.lock().unwrap() = 1_000;
    pipeline.is_approved_by_both().await;
    pipeline
        .happens("edit_ticket = { ticket = \"PRODCM-412\", by = \"dana\", fields = { rollback_plan = \"n/a\" } }")
        .await;
    *receiver.refusals.lock().unwrap() = 0;
    pipeline.played.world.simulator.shared.clock.pass(Duration::from_secs(600));
    settle(&pipeline.played).await.unwrap();
    assert!(!receiver.states().contains(&"approved".to_owned()), "{:?}", receiver.states());
    assert_ne!(pipeline.consume(&id).await.0, 200);
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_not_listed_is_refused() {
    let receiver = Receiver::start().await;
    let pipeline = told_at(&receiver, &[secret()]).await;
    let at = receiver.address;
    for odd in [
        format!("http://{at}/other"),
        format!("http://{at}/hooks/../other"),
        format!("http://{at}@127.0.0.1:1/hooks/a"),
        "http://169.254.169.254/hooks/a".to_owned(),
        "file:///hooks/a".to_owned(),
        String::new(),
    ] {
        let asked = pipeline.asked_with(json!({"callback": odd}));
        let (status, problem) = pipeline.send(Method::POST, "changes", Some(&asked)).await;
        assert_eq!((status, problem["reason"].as_str()), (422, Some("malformed")), "{odd}: {problem}");
    }
    pipeline.is_approved_by_both().await;
    assert!(receiver.states().is_empty());
    pipeline.stop().await;
}
