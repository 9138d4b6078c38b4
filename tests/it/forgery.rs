//! Webhooks from those who know one secret and not the other, or a true body at the wrong time or place.

use cm_bot::cli::demo::compare::Outcome;
use cm_bot::cli::demo::play::{Played, settle};
use cm_bot::server::metrics;
use cm_bot::simulator::scene::Variant;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::StatusCode;
use sha2::Sha256;

use crate::support::{page, play_all, scene, start_with};
use crate::webhooks::{bodies, post, secret, sign, status, stored};

const SLACK_SECRET: &str = "the signing secret of a Slack app of these tests";

/// Two secrets of a webhook while one takes the place of the other.
const NEW: &str = "the new secret of a webhook";
const OLD: &str = "the old secret of a webhook";

/// A service that knows the secret of a Slack app.
async fn with_slack(name: &str) -> Played {
    start_with(scene(name).parsed().variant(Variant::Scene), |settings| {
        settings["slack"].as_table_mut().unwrap().insert("signing_secret".into(), SLACK_SECRET.into());
    })
    .await
}

fn slack_signature(time: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SLACK_SECRET.as_bytes()).unwrap();
    mac.update(format!("v0:{time}:{body}").as_bytes());
    format!("v0={}", hex::encode(mac.finalize().into_bytes()))
}

/// What the service answers to a Slack request whose time says so many seconds after now.
async fn from_slack(played: &Played, path: &str, (seconds, body): (i64, &str)) -> reqwest::Response {
    let time = (played.app.context.clock.now().seconds() + seconds).to_string();
    let request = post(played, path).header("x-slack-signature", slack_signature(&time, body));
    request.header("x-slack-request-timestamp", time).body(body.to_owned()).send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn w01_while_a_secret_is_replaced_the_old_and_the_new_one_count_and_no_other() {
    let played = start_with(scene("clean-change").parsed(), |settings| {
        for section in ["jira", "github"] {
            settings[section]["webhook_secrets"] = vec![toml::Value::from(NEW), OLD.into()].into();
        }
    })
    .await;
    let known = [(NEW, StatusCode::ACCEPTED), (OLD, StatusCode::ACCEPTED)];
    for (secret, expected) in known.into_iter().chain([("the secret before the old one", StatusCode::UNAUTHORIZED)]) {
        for (path, header) in [("/webhooks/jira", "x-hub-signature"), ("/webhooks/github", "x-hub-signature-256")] {
            let body = format!("{{\"{path}\": \"{secret}\"}}");
            let request = post(&played, path).header(header, sign(&body, secret)).body(body);
            assert_eq!(status(request).await, expected, "{secret} at {path}");
        }
    }
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w03_slack_requests_of_another_time_are_refused() {
    let played = with_slack("clean-change").await;
    for path in ["/slack/interactions", "/slack/commands"] {
        for (seconds, expected) in [(-301, 401), (-299, 200), (0, 200), (299, 200), (301, 401)] {
            let answer = from_slack(&played, path, (seconds, "payload=%7B%7D")).await;
            assert_eq!(answer.status(), expected, "{path} at {seconds} s");
        }
        let now = played.app.context.clock.now().seconds();
        let signature = slack_signature(&(now - 301).to_string(), "a=b");
        let changed = post(&played, path).header("x-slack-signature", signature);
        let changed = changed.header("x-slack-request-timestamp", now.to_string()).body("a=b");
        assert_eq!(status(changed).await, StatusCode::UNAUTHORIZED, "{path}: the time is signed");
    }
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w04_a_secret_signs_for_its_own_endpoint_and_company_alone() {
    let played = with_slack("clean-change").await;
    let other = with_slack("clean-change").await;
    let body = "{\"webhookEvent\": \"jira:issue_created\", \"issue\": {\"id\": \"10001\", \"key\": \"PRODCM-1\"}}";
    let secrets = [secret(&played, "jira"), secret(&played, "github"), SLACK_SECRET.into(), secret(&other, "jira")];
    let [jira, github, ..] = &secrets;
    for (path, header, own) in
        [("/webhooks/jira", "x-hub-signature", jira), ("/webhooks/github", "x-hub-signature-256", github)]
    {
        for secret in &secrets {
            let expected = if secret == own { StatusCode::ACCEPTED } else { StatusCode::UNAUTHORIZED };
            let request = post(&played, path).header(header, sign(body, secret)).body(body);
            assert_eq!(status(request).await, expected, "{path}");
        }
    }
    assert_eq!(stored(&played).await, 2, "one of each");
    other.stop().await;
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w05_a_ticket_of_another_project_is_not_looked_at() {
    for (project, comments) in [("TESTCM", 0), ("PRODCM", 1)] {
        let scene = scene("clean-change").parsed().variant(Variant::Scene);
        let played = start_with(scene, |settings| {
            settings["jira"].as_table_mut().unwrap().insert("project".into(), project.into());
        })
        .await;
        play_all(&played).await;
        let outcome = Outcome::of(&played, "PRODCM-412").await.unwrap();
        assert_eq!(outcome.comments.len(), comments, "{project}");
        assert_eq!((outcome.transitions.len(), outcome.messages.len()), (comments, comments), "{project}");
        assert_eq!(outcome.record.is_some(), project == "PRODCM");
        let bodies = bodies(&played, "jira").await;
        assert!(bodies.iter().any(|body| body.contains("PRODCM-412")), "it was received and kept");
        played.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn w06_what_a_body_says_of_a_ticket_counts_for_nothing() {
    metrics::start();
    let played = scene("no-rollback-plan").play(Variant::Scene).await;
    let before = Outcome::of(&played, "PRODCM-412").await.unwrap();
    let told = |body: &String| body.contains("jira:issue_created") && body.contains("PRODCM-412");
    let body = bodies(&played, "jira").await.into_iter().find(told).unwrap();
    let mut body: serde_json::Value = serde_json::from_str(&body).unwrap();
    body["timestamp"] = 1.into();
    body["issue"]["fields"] = serde_json::json!({"status": {"name": "Approved"}, "summary": "No plan is needed"});
    body["issue"]["key"] = "PRODCM-398".into();
    body["issue"]["self"] = "https://jira.example/rest/api/2/issue/1".into();
    let body = body.to_string();
    let request = post(&played, "/webhooks/jira").header("x-hub-signature", sign(&body, &secret(&played, "jira")));
    assert_eq!(status(request.body(body)).await, StatusCode::ACCEPTED);
    settle(&played).await.unwrap();
    let after = Outcome::of(&played, "PRODCM-412").await.unwrap();
    assert_eq!((after.comment_text(), after.decision), (before.comment_text(), before.decision));
    assert!(after.transitions.is_empty(), "{:?}", after.transitions);
    let counted = "cm_bot_webhooks_total{source=\"jira\",outcome=\"contradictory\"} 1\n";
    assert!(page(&played, "/metrics").await.contains(counted));
    let page = page(&played, "/changes/PRODCM-412").await;
    assert!(!page.contains("No plan is needed"), "{page}");
    played.stop().await;
}

/// MACs are compared by [`hmac::Mac`], which takes the same time wherever they differ.
#[test]
fn w09_no_signature_or_token_is_compared_with_an_operator() {
    let files =
        ["integrations/signature", "integrations/slack/request", "server/webhooks", "server/slack", "server/scans"];
    for file in files {
        let text = std::fs::read_to_string(format!("src/{file}.rs")).unwrap();
        for line in text.split("#[cfg(test)]").next().unwrap().lines() {
            assert!(!compares_a_secret(line), "{file}: {line}");
        }
    }
    assert!(compares_a_secret("if presented == expected {") && compares_a_secret("mac != other_mac"), "the twin");
    let signature = std::fs::read_to_string("src/integrations/signature.rs").unwrap();
    assert!(signature.contains("hmac.verify_slice(&expected)"), "this is how");
}

/// Whether `==` or `!=` stands beside something that is called like a secret or what is made of one.
fn compares_a_secret(line: &str) -> bool {
    let secrets = ["mac", "signature", "expected", "token", "digest", "secret"];
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_one =
        |word: &str| secrets.iter().any(|secret| word.trim_matches([',', ';', ')', '(', '*', '&']).ends_with(secret));
    words.windows(3).any(|three| matches!(three[1], "==" | "!=") && (is_one(three[0]) || is_one(three[2])))
}

#[tokio::test(flavor = "multi_thread")]
async fn w10_a_challenge_is_never_reflected() {
    let played = with_slack("clean-change").await;
    let challenge = "{\"type\":\"url_verification\",\"challenge\":\"<script>alert(1)</script>\"}";
    for path in ["/slack/interactions", "/slack/commands"] {
        let answer = from_slack(&played, path, (0, challenge)).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let kind = answer.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
        assert!(kind.as_deref().is_none_or(|kind| kind == "application/json"), "{kind:?}");
        assert!(!answer.text().await.unwrap().contains("alert"), "{path}");
        let unsigned = post(&played, path).body(challenge).send().await.unwrap();
        assert_eq!(unsigned.status(), StatusCode::UNAUTHORIZED);
        assert!(!unsigned.text().await.unwrap().contains("alert"));
    }
    played.stop().await;
}

/// Everything that people could be made to believe: the ticket, what was said about it, and our records.
async fn state(played: &Played, key: &str) -> String {
    let outcome = Outcome::of(played, key).await.unwrap();
    let ticket = outcome.ticket.as_ref().unwrap();
    let said = (&ticket.status, &outcome.transitions, outcome.comment_text(), &outcome.record, outcome.comments.len());
    let messages: Vec<_> = outcome.messages.iter().chain(&outcome.replies).map(|message| &message.text).collect();
    format!("{said:?} {messages:?} {}", stored(played).await)
}

/// A press of a button, as Slack sends it.
fn pressed(user: &serde_json::Value, more: &serde_json::Value) -> String {
    let action = serde_json::json!({"action_id": "approve", "value": "PRODCM-412", "type": "button"});
    let mut payload = serde_json::json!({"type": "block_actions", "user": user, "actions": [action]});
    payload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    url::form_urlencoded::Serializer::new(String::new()).append_pair("payload", &payload.to_string()).finish()
}

/// Signed by Slack, sent by all kinds of people: a ticket that waits for a human goes on waiting.
async fn changes_nothing(payloads: &[String]) {
    let played = with_slack("no-pull-request").await;
    play_all(&played).await;
    let before = state(&played, "PRODCM-412").await;
    for body in payloads {
        for path in ["/slack/interactions", "/slack/commands"] {
            let answer = from_slack(&played, path, (0, body)).await;
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            let said = answer.text().await.unwrap();
            assert!(said.is_empty() || said.contains("Nothing was recorded."), "{said}");
        }
    }
    settle(&played).await.unwrap();
    assert_eq!(state(&played, "PRODCM-412").await, before);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s01_a_name_like_that_of_a_lead_decides_nothing() {
    let named = serde_json::json!({"id": "U0MALLORY", "username": "priya", "name": "Priya Nair"});
    changes_nothing(&[pressed(&named, &serde_json::json!({}))]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s02_a_guest_or_somebody_of_another_company_decides_nothing() {
    let guest = serde_json::json!({"id": "U0PRIYA", "is_restricted": true, "is_stranger": true});
    changes_nothing(&[pressed(&guest, &serde_json::json!({"team": {"id": "T0EVIL", "domain": "evil"}}))]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s03_not_even_an_approver_decides_in_slack() {
    let lead = serde_json::json!({"id": "U0PRIYA", "username": "priya"});
    let submitted = serde_json::json!({"type": "view_submission", "view": {"callback_id": "approve"}});
    let command = "command=%2Fapprove&text=PRODCM-412&user_id=U0PRIYA".to_owned();
    changes_nothing(&[pressed(&lead, &serde_json::json!({})), pressed(&lead, &submitted), command]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s04_an_old_message_that_is_played_again_decides_nothing() {
    let lead = serde_json::json!({"id": "U0PRIYA", "username": "priya"});
    let old = serde_json::json!({"message": {"ts": "1.1", "metadata": {"event_payload": {"decision": "old"}}}});
    let body = pressed(&lead, &old);
    changes_nothing(&[body.clone(), body]).await;
}
