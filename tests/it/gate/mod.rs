//! The gate: only the build that was approved goes to production, once.

mod baselines;
mod callbacks;
mod commands;
mod deployments;
mod emergency;
mod given_again;
mod identity;
mod issuers;
mod jenkins;
mod orphans;
mod pipelines;
mod plans;
mod protection;
mod records;
mod requests;
mod rules;
mod signed;
mod tokens;

use cm_bot::cli::demo::play::{Played, settle, start_in};
use cm_bot::cli::demo::world::World;
use cm_bot::simulator::scene::{Fail, FailureKind, Step, System, Variant};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{TestScene, play_all, scene, start};

/// A pipeline of billing-api in a played world.
pub struct Pipeline {
    pub played: Played,
    token: String,
}

impl Pipeline {
    /// After everything in the scene has happened.
    pub async fn after(scene: TestScene) -> Pipeline {
        let played = start("gate", scene.parsed().variant(Variant::Scene)).await;
        play_all(&played).await;
        Pipeline::of(played)
    }

    pub fn of(played: Played) -> Pipeline {
        let token = played.world.gate_token("billing-api");
        Pipeline { played, token }
    }

    /// The clean change of the shipped scene, which is approved.
    pub async fn approved() -> Pipeline {
        Pipeline::after(scene("clean-change")).await
    }

    /// The same without its ticket: nobody has made one yet.
    pub async fn without_ticket() -> Pipeline {
        let ticket = "[[timeline]]\ncreate_ticket = { key = \"PRODCM-412\", by = \"dana\", commit = \"merged\" }\n";
        Pipeline::after(scene("clean-change").with(ticket, "")).await
    }

    /// The commit of the ticket: the merge, or what was pushed without one.
    pub fn commit(&self) -> String {
        let simulator = &self.played.world.simulator;
        simulator.sha("merged").or_else(|_| simulator.sha("fix")).unwrap()
    }

    /// What it asks for: the build of the ticket.
    pub fn asked(&self) -> Value {
        json!({
            "system": "jenkins",
            "job": "billing-api/release",
            "build": "1871",
            "attempt": 1,
            "service": "billing-api",
            "environment": "prod-us",
            "repository": "acme/billing-api",
            "ref": "refs/heads/main",
            "commit": self.commit(),
            "artifact": "billing-api:1871",
        })
    }

    /// The same with some things said otherwise.
    pub fn asked_with(&self, other: Value) -> Value {
        let mut asked = self.asked();
        for (key, value) in other.as_object().unwrap() {
            asked[key] = value.clone();
        }
        asked
    }

    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
        self.send_as(&self.token, (method, path), body).await
    }

    pub async fn send_as(&self, token: &str, (method, path): (Method, &str), body: Option<&Value>) -> (u16, Value) {
        let url = format!("http://{}/api/v1/{path}", self.played.world.service);
        let request = reqwest::Client::new().request(method, url).bearer_auth(token);
        let request = body.iter().fold(request, |request, body| request.json(body));
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap())
    }

    /// Requests a deployment, lets everything happen that follows from it, and gives its id.
    pub async fn request(&self, asked: &Value) -> String {
        let (status, change) = self.send(Method::POST, "changes", Some(asked)).await;
        assert!(status == 201 || status == 200, "{status}: {change}");
        settle(&self.played).await.unwrap();
        change["id"].as_str().unwrap().to_owned()
    }

    pub async fn read(&self, id: &str) -> Value {
        let (status, change) = self.send(Method::GET, &format!("changes/{id}"), None).await;
        assert_eq!(status, 200, "{change}");
        change
    }

    pub async fn consume(&self, id: &str) -> (u16, Value) {
        self.send(Method::POST, &format!("changes/{id}/consume"), None).await
    }

    pub async fn finish(&self, id: &str, outcome: &str) -> (u16, Value) {
        let report = json!({"outcome": outcome, "note": "as the pipeline says"});
        let answer = self.send(Method::POST, &format!("changes/{id}/finish"), Some(&report)).await;
        settle(&self.played).await.unwrap();
        answer
    }

    /// Asserts that a run is not let through, and why.
    pub async fn is_denied(&self, id: &str, reason: &str) -> Value {
        let (status, problem) = self.consume(id).await;
        assert_ne!(status, 200, "{problem}");
        assert_eq!(problem["reason"], reason, "{problem}");
        assert!(!problem["todo"].as_str().unwrap().is_empty(), "{problem}");
        problem
    }

    /// Asserts that a run is let through.
    pub async fn is_let_through(&self, id: &str) -> Value {
        let (status, answer) = self.consume(id).await;
        assert_eq!((status, answer["answer"].as_str()), (200, Some("allow")), "{answer}");
        answer
    }

    /// How many requests the world has seen.
    pub fn asked_so_far(&self) -> usize {
        self.played.world.simulator.shared.faults.requests().len()
    }

    /// One more thing that happens.
    pub async fn happens(&self, step: &str) {
        let step: Step = toml::from_str(step).unwrap();
        self.played.world.simulator.play(&step).await.unwrap();
        settle(&self.played).await.unwrap();
    }

    /// Jira's webhooks are lost from now on.
    pub fn lose_webhooks(&self) {
        let fail = Fail { system: System::Jira, how: FailureKind::DropsWebhooks, on: None, times: None, most: None };
        self.played.world.simulator.shared.faults.begin(&fail);
    }

    /// The service stops, somebody changes something, and it starts again.
    pub async fn starts_again(self, change: impl FnOnce(&World)) -> Pipeline {
        let (name, world) = self.played.without_service().await;
        change(&world);
        let clock = world.simulator.shared.clock.clone();
        let played = start_in(&name, world, &clock).await.unwrap();
        settle(&played).await.unwrap();
        Pipeline::of(played)
    }

    pub fn ticket_status(&self, key: &str) -> String {
        self.played.world.simulator.jira.ticket(key).unwrap().status
    }

    pub async fn stop(self) {
        self.played.stop().await;
    }
}
