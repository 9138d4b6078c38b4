//! What the endpoints answer.

use cm_bot::cli::demo::compare::Outcome;
use cm_bot::cli::demo::play::{Played, settle};
use cm_bot::server::metrics;
use cm_bot::simulator::scene::Variant;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::json;
use sha2::Sha256;

use crate::support::database::Other;
use crate::support::{database_of, page, scene, start};

pub async fn running() -> Played {
    start("webhooks", scene("clean-change").parsed()).await
}

/// The secret in the settings of a system's section.
pub fn secret(played: &Played, section: &str) -> String {
    let settings: toml::Table = std::fs::read_to_string(played.world.settings_file()).unwrap().parse().unwrap();
    settings[section]["webhook_secrets"][0].as_str().unwrap().to_owned()
}

/// How many deliveries are in the inbox.
pub async fn stored(played: &Played) -> i64 {
    Other::connect(&database_of(&played.world)).await.number("SELECT count(*) FROM deliveries").await
}

/// The bodies that a played scene's systems sent, oldest first.
pub async fn bodies(played: &Played, source: &'static str) -> Vec<String> {
    let mut other = Other::connect(&database_of(&played.world)).await;
    let bodies = match source {
        "jira" => other.bytes("SELECT body FROM deliveries WHERE source = 'jira' ORDER BY seq").await,
        _ => other.bytes("SELECT body FROM deliveries WHERE source = 'github' ORDER BY seq").await,
    };
    bodies.into_iter().map(|body| String::from_utf8(body).unwrap()).collect()
}

pub fn sign(body: impl AsRef<[u8]>, secret: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_ref());
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

fn created(key: &str) -> String {
    json!({"timestamp": 1, "webhookEvent": "jira:issue_created", "issue": {"id": "10001", "key": key}}).to_string()
}

pub fn post(played: &Played, path: &str) -> RequestBuilder {
    reqwest::Client::new().post(format!("http://{}{path}", played.world.service))
}

pub async fn status(request: RequestBuilder) -> StatusCode {
    request.send().await.unwrap().status()
}

#[tokio::test(flavor = "multi_thread")]
async fn w02_a_body_that_came_before_changes_nothing_under_any_id() {
    metrics::start();
    let played = running().await;
    let body = created("PRODCM-1");
    let signature = sign(&body, &secret(&played, "jira"));
    let send = |id: &'static str| {
        post(&played, "/webhooks/jira")
            .header("x-hub-signature", &signature)
            .header("x-atlassian-webhook-identifier", id)
            .body(body.clone())
    };
    assert_eq!(status(send("one")).await, StatusCode::ACCEPTED);
    assert_eq!(status(send("one")).await, StatusCode::ACCEPTED, "again");
    assert_eq!(status(send("two")).await, StatusCode::ACCEPTED, "replayed under another id");
    settle(&played).await.unwrap();
    let metrics = page(&played, "/metrics").await;
    assert!(metrics.contains("cm_bot_outbox_waiting 0"), "{metrics}");
    for outcome in ["stored", "duplicate", "duplicate_body"] {
        let counted = format!("cm_bot_webhooks_total{{source=\"jira\",outcome=\"{outcome}\"}} 1\n");
        assert!(metrics.contains(&counted), "{counted} is not in {metrics}");
    }
    assert_eq!(stored(&played).await, 1);
    played.stop().await;
}

/// Ids are not signed: who replays an old body under the id that comes next must not keep the next one out.
#[tokio::test(flavor = "multi_thread")]
async fn w02_an_id_that_was_used_for_another_body_silences_nobody() {
    let played = running().await;
    let secret = secret(&played, "jira");
    let send = |body: String| {
        let request = post(&played, "/webhooks/jira").header("x-hub-signature", sign(&body, &secret));
        status(request.header("x-atlassian-webhook-identifier", "one").body(body))
    };
    for key in ["PRODCM-1", "PRODCM-2", "PRODCM-2", "PRODCM-1"] {
        assert_eq!(send(created(key)).await, StatusCode::ACCEPTED);
    }
    assert_eq!(stored(&played).await, 2);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w02_a_replay_after_the_decision_makes_no_second_one() {
    let played = scene("clean-change").play(Variant::Scene).await;
    let before = Outcome::of(&played, "PRODCM-412").await.unwrap();
    let bodies = bodies(&played, "jira").await;
    let body =
        bodies.into_iter().find(|body| body.contains("jira:issue_created") && body.contains("PRODCM-412")).unwrap();
    let request = post(&played, "/webhooks/jira").header("x-hub-signature", sign(&body, &secret(&played, "jira")));
    let request = request.header("x-atlassian-webhook-identifier", "replayed").body(body);
    assert_eq!(status(request).await, StatusCode::ACCEPTED);
    settle(&played).await.unwrap();
    let after = Outcome::of(&played, "PRODCM-412").await.unwrap();
    assert_eq!((after.record, after.comments.len()), (before.record, before.comments.len()));
    assert_eq!(after.transitions, ["Approve"]);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w01_without_exactly_one_good_signature_nothing_is_read() {
    let played = running().await;
    let body = created("PRODCM-1");
    let good = sign(&body, &secret(&played, "jira"));
    let from_github = sign(&body, &secret(&played, "github"));
    let jira = || post(&played, "/webhooks/jira").body(body.clone());
    let refused = [
        jira(),
        jira().header("x-hub-signature", ""),
        jira().header("x-hub-signature", good.to_uppercase()),
        jira().header("x-hub-signature", &good[..50]),
        jira().header("x-hub-signature", good.replace("sha256", "sha1")),
        jira().header("x-hub-signature", &good).header("x-hub-signature", &good),
        jira().header("x-hub-signature-256", &good),
        jira().header("x-hub-signature", &from_github),
        post(&played, "/webhooks/jira").header("x-hub-signature", &good).body(created("PRODCM-2")),
        post(&played, "/webhooks/github")
            .header("x-hub-signature-256", &good)
            .header("x-github-event", "push")
            .body(body.clone()),
        post(&played, "/slack/interactions").body("payload={}"),
        post(&played, "/slack/commands")
            .header("x-slack-signature", "v0=0")
            .header("x-slack-request-timestamp", "1")
            .body("a=b"),
    ];
    for (number, request) in refused.into_iter().enumerate() {
        assert_eq!(status(request).await, StatusCode::UNAUTHORIZED, "request {number}");
    }
    assert_eq!(stored(&played).await, 0, "nothing was kept of them");
    assert_eq!(status(jira().header("x-hub-signature", &good)).await, StatusCode::ACCEPTED, "the twin");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f17_a_body_that_is_too_large_is_refused() {
    let played = running().await;
    let most = [
        ("/webhooks/jira", "jira", "x-hub-signature", 2048),
        ("/webhooks/github", "github", "x-hub-signature-256", 5120),
    ];
    for (path, section, header, kilobytes) in most {
        let send = |bytes: usize| {
            let body = "x".repeat(bytes);
            status(post(&played, path).header(header, sign(&body, &secret(&played, section))).body(body))
        };
        assert_eq!(send(kilobytes * 1024 + 1).await, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        assert_eq!(send(10_000_000).await, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        assert_eq!(send(kilobytes * 1024).await, StatusCode::ACCEPTED, "{path}, the twin");
    }
    let slack = post(&played, "/slack/interactions").body("x".repeat(256 * 1024 + 1));
    assert_eq!(status(slack).await, StatusCode::PAYLOAD_TOO_LARGE);
    played.stop().await;
}

/// A refusal would be the last that Jira lets us hear of it, so it is kept, and nothing is taken from it.
#[tokio::test(flavor = "multi_thread")]
async fn f20_a_signed_body_that_makes_no_sense_is_kept_and_does_no_harm() {
    metrics::start();
    let played = running().await;
    let secret = secret(&played, "jira");
    let whole = created("PRODCM-7");
    let bodies: [Vec<u8>; 11] = [
        "".into(),
        "[]".into(),
        "{\"webhookEvent\":\"jira:issue_created\"".into(),
        "{\"webhookEvent\":\"jira:issue_created\",\"issue\":{\"id\":\"1\",\"key\":\"\\ud800\"}}".into(),
        "\u{feff}{}".into(),
        whole.repeat(2).into(),
        [whole.as_bytes(), &[0xff, 0xfe]].concat(),
        created("prodcm-1").into(),
        created("PRODCM-\u{ff11}").into(),
        created("PRODCM-1\u{0}").into(),
        format!("{{\"issue\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000)).into(),
    ];
    for body in bodies {
        let request = post(&played, "/webhooks/jira").header("x-hub-signature", sign(&body, &secret));
        assert_eq!(status(request.body(body)).await, StatusCode::ACCEPTED);
    }
    settle(&played).await.unwrap();
    let metrics = page(&played, "/metrics").await;
    let counted = "cm_bot_webhooks_total{source=\"jira\",outcome=\"not_understood\"} 11\n";
    assert!(metrics.contains(counted), "{metrics}");
    let asked = played.world.simulator.shared.faults.requests();
    assert!(asked.iter().all(|request| !request.path.contains("/issue/")), "{asked:?}");
    assert_eq!(stored(&played).await, 11);
    let request = post(&played, "/webhooks/jira").header("x-hub-signature", sign(&whole, &secret)).body(whole);
    assert_eq!(status(request).await, StatusCode::ACCEPTED);
    settle(&played).await.unwrap();
    let asked = played.world.simulator.shared.faults.requests();
    assert!(asked.iter().any(|request| request.path.contains("/issue/10001")), "the twin is looked at: {asked:?}");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn x04_pages_run_no_scripts_and_show_nothing_that_is_not_there() {
    let played = running().await;
    let get = |path: &str| reqwest::get(format!("http://{}{path}", played.world.service));
    let page = get("/changes").await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert!(page.text().await.unwrap().contains("No ticket was judged yet."));
    for path in ["/changes/PRODCM-1", "/changes/..%2f..%2fetc", "/changes/%00", "/nowhere"] {
        assert_eq!(get(path).await.unwrap().status(), StatusCode::NOT_FOUND, "{path}");
    }
    played.stop().await;
}
