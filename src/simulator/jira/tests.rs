//! The simulated Jira against a receiver of webhooks that answers what the test wants.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;

use super::super::clock::Clock;
use super::*;

const RETRY_SPAN: Duration = Duration::from_secs(5 * 60);

/// What the receiver got: retry number, identifier, signature and body.
type Got = Arc<Mutex<Vec<(String, String, String, Value)>>>;

struct World {
    jira: Jira,
    got: Got,
}

impl World {
    /// A Jira whose receiver gives these answers, and after them 202.
    async fn answering(answers: &[u16]) -> World {
        let scene = Scene::parse("title = 't'\nabout = 'a'\ntimeline = []\nexpect = []").unwrap();
        let shared = Shared::new(Clock::scripted(), Arc::new(scene));
        let (got, answers) = (Got::default(), Arc::new(Mutex::new(answers.to_vec())));
        let app = Router::new().route("/hook", post(receive)).with_state((Arc::clone(&got), answers));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        let jira = Jira::new(shared);
        jira.send_webhooks_to(format!("http://{address}/hook"), "secret".into());
        World { jira, got }
    }

    fn create(&self) {
        let create: CreateTicket = toml::from_str("key = 'PRODCM-1'\nby = 'dana'\ncommit = 'c'").unwrap();
        self.jira.create_ticket(&create, "c0ffee").unwrap();
    }

    async fn settle(&self) -> Vec<(String, String, String, Value)> {
        // A retry notices the scripted clock within a twentieth of a second.
        tokio::time::sleep(Duration::from_millis(100)).await;
        for _ in 0..200 {
            if self.jira.webhooks_under_way() == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.got.lock().unwrap().clone()
    }
}

async fn receive(
    State((got, answers)): State<(Got, Arc<Mutex<Vec<u16>>>)>,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    let header = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    let seen =
        (header("x-atlassian-webhook-retry"), header("x-atlassian-webhook-identifier"), header("x-hub-signature"));
    got.lock().unwrap().push((seen.0, seen.1, seen.2, serde_json::from_str(&body).unwrap()));
    let mut answers = answers.lock().unwrap();
    let status = if answers.is_empty() { 202 } else { answers.remove(0) };
    StatusCode::from_u16(status).unwrap()
}

#[tokio::test]
async fn a_webhook_has_the_shape_of_version_two() {
    let world = World::answering(&[]).await;
    world.create();
    let body = world.settle().await[0].3.clone();
    assert_eq!(body["webhookEvent"], "jira:issue_created");
    assert_eq!(body["user"]["accountId"], "712020:dana");
    assert_eq!(body["issue"]["fields"]["customfield_10103"], "c0ffee");
    assert!(body["issue"]["fields"]["customfield_10109"].is_string(), "texts are strings, not documents");
    assert_eq!(body["issue"]["fields"]["customfield_10101"]["value"], "prod-us");
}

#[tokio::test]
async fn a_comment_tells_nothing_of_a_user_and_little_of_the_issue() {
    let world = World::answering(&[]).await;
    world.create();
    let comment: Comment = toml::from_str("ticket = 'PRODCM-1'\nby = 'lee'\ntext = 'Fine'").unwrap();
    world.jira.comment(&comment).unwrap();
    let got = world.settle().await;
    let body = &got.iter().find(|one| one.3["webhookEvent"] == "comment_created").unwrap().3;
    assert_eq!(body["comment"]["body"], "Fine");
    assert!(body["user"].is_null());
    assert_eq!(body["issue"]["fields"].as_object().map(serde_json::Map::len), Some(6));
}

#[tokio::test]
async fn a_failed_delivery_is_tried_again_five_simulated_minutes_later() {
    let world = World::answering(&[503]).await;
    world.create();
    assert_eq!(world.settle().await.len(), 1);
    world.jira.shared.clock.pass(RETRY_SPAN);
    assert_eq!(world.jira.webhooks_under_way(), 1, "what is due counts before it is sent");
    let got = world.settle().await;
    assert_eq!(got.len(), 2);
    assert_eq!((got[0].0.as_str(), got[1].0.as_str()), ("", "1"));
    assert_eq!((&got[0].1, &got[0].2, &got[0].3), (&got[1].1, &got[1].2, &got[1].3));
}

#[tokio::test]
async fn after_five_retries_the_event_is_lost() {
    let world = World::answering(&[500; 9]).await;
    world.create();
    for _ in 0..8 {
        world.settle().await;
        world.jira.shared.clock.pass(RETRY_SPAN);
    }
    assert_eq!(world.settle().await.len(), 6);
}

#[tokio::test]
async fn a_refusal_loses_the_event() {
    let world = World::answering(&[400]).await;
    world.create();
    world.settle().await;
    world.jira.shared.clock.pass(RETRY_SPAN);
    assert_eq!(world.settle().await.len(), 1);
}

#[tokio::test]
async fn a_redelivery_is_the_same_in_everything() {
    let world = World::answering(&[]).await;
    world.create();
    world.jira.redeliver(&Redeliver { ticket: "PRODCM-1".into(), times: 2 }).unwrap();
    let got = world.settle().await;
    assert_eq!(got.len(), 3);
    assert!(got.iter().all(|one| (&one.1, &one.2, &one.3) == (&got[0].1, &got[0].2, &got[0].3)));
    assert!(world.jira.redeliver(&Redeliver { ticket: "PRODCM-2".into(), times: 1 }).is_err());
}

#[tokio::test]
async fn a_forged_webhook_has_another_signature_and_its_refusal_is_counted() {
    let world = World::answering(&[202, 401, 401]).await;
    world.create();
    world.settle().await;
    world.jira.forge_webhook(&ForgeWebhook { ticket: "PRODCM-1".into(), signature: None }).unwrap();
    world.settle().await;
    let forge = ForgeWebhook { ticket: "PRODCM-99".into(), signature: Some("sha256=00".into()) };
    world.jira.forge_webhook(&forge).unwrap();
    let got = world.settle().await;
    assert_eq!(world.jira.refused_webhooks(), 2);
    assert!(got[1].2.starts_with("sha256=") && got[1].2 != got[0].2);
    assert_eq!(got[2].2, "sha256=00");
    assert_eq!(got[2].3["issue"]["key"], "PRODCM-99");
}

#[tokio::test]
async fn a_step_that_is_impossible_says_why() {
    let world = World::answering(&[]).await;
    world.create();
    let step: MoveTicket = toml::from_str("ticket = 'PRODCM-1'\nby = 'priya'\nto = 'Done'").unwrap();
    let said = world.jira.move_ticket(&step).unwrap_err().to_string();
    assert_eq!(said, "PRODCM-1 is `Awaiting approval`: no transition leads from there to `Done`");
    let step: EditTicket = toml::from_str("ticket = 'PRODCM-7'\nby = 'priya'").unwrap();
    assert_eq!(world.jira.edit_ticket(&step, None).unwrap_err().to_string(), "there is no ticket PRODCM-7");
}
