//! The pipelines of a scene: they know of the gate what any pipeline knows, its address and a token of their job.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use reqwest::Method;
use serde_json::{Value, json};

use super::Shared;
use super::scene::{GateConsume, GateFinish, GateRequest, GateRun, SceneError, Service};

/// Where the gate is, and the token of each service's release job.
#[derive(Debug, Clone)]
pub struct Gate {
    /// The address of the service that has it.
    pub url: String,
    /// Tokens by service.
    pub tokens: HashMap<String, String>,
}

/// The pipelines.
#[derive(Debug)]
pub struct Pipelines {
    shared: Shared,
    http: reqwest::Client,
    gate: Mutex<Option<Gate>>,
    /// The id of each request, by job, build and attempt.
    requested: Mutex<HashMap<String, String>>,
}

impl Pipelines {
    pub(super) fn new(shared: Shared) -> Pipelines {
        Pipelines { shared, http: reqwest::Client::new(), gate: Mutex::default(), requested: Mutex::default() }
    }

    /// Tells the pipelines where the gate is.
    pub fn ask(&self, gate: Gate) {
        *self.gate.lock().unwrap_or_else(PoisonError::into_inner) = Some(gate);
    }

    /// A pipeline requests a deployment.
    ///
    /// # Errors
    /// When the gate does not take the request.
    pub async fn request(&self, step: &GateRequest, sha: &str) -> Result<(), SceneError> {
        let service = self.service(&step.run)?;
        let environment = step.run.environment.as_ref().or(service.environments.first());
        let asked = json!({
            "system": "jenkins",
            "job": format!("{}/release", service.name),
            "build": step.run.build,
            "attempt": step.run.attempt.unwrap_or(1),
            "service": service.name,
            "environment": environment,
            "repository": service.repository,
            "ref": format!("refs/heads/{}", service.branch),
            "commit": sha,
            "artifact": step.artifact,
            "ticket": step.ticket,
        });
        let (status, answer) = self.send(service, (Method::POST, "changes"), Some(&asked)).await?;
        let id = answer["id"].as_str().filter(|_| status < 300);
        let id = id.ok_or_else(|| SceneError(format!("the gate has not taken the request: {answer}")))?.to_owned();
        self.requested.lock().unwrap_or_else(PoisonError::into_inner).insert(name(service, &step.run), id);
        Ok(())
    }

    /// A pipeline asks whether it may deploy.
    ///
    /// # Errors
    /// When the answer is another than the scene says.
    pub async fn consume(&self, step: &GateConsume) -> Result<(), SceneError> {
        let service = self.service(&step.run)?;
        let path = format!("changes/{}/consume", self.id(service, &step.run)?);
        let (status, answer) = self.send(service, (Method::POST, &path), None).await?;
        let said = if status == 200 { &answer["answer"] } else { &answer["reason"] };
        if said.as_str() == Some(step.answer.as_str()) {
            return Ok(());
        }
        Err(SceneError(format!("the gate was to answer `{}` and answers: {answer}", step.answer)))
    }

    /// A pipeline says how its deployment ended.
    ///
    /// # Errors
    /// When the gate does not take it.
    pub async fn finish(&self, step: &GateFinish) -> Result<(), SceneError> {
        let service = self.service(&step.run)?;
        let path = format!("changes/{}/finish", self.id(service, &step.run)?);
        let report = json!({"outcome": step.outcome});
        match self.send(service, (Method::POST, &path), Some(&report)).await? {
            (200, _) => Ok(()),
            (_, answer) => Err(SceneError(format!("the gate has not taken the report: {answer}"))),
        }
    }

    fn service(&self, run: &GateRun) -> Result<&Service, SceneError> {
        let services = &self.shared.scene.services;
        let found = match &run.service {
            Some(name) => services.iter().find(|service| service.name == *name),
            None => services.first(),
        };
        found.ok_or_else(|| SceneError(format!("no service in this scene is called `{:?}`", run.service)))
    }

    fn id(&self, service: &Service, run: &GateRun) -> Result<String, SceneError> {
        let name = name(service, run);
        let requested = self.requested.lock().unwrap_or_else(PoisonError::into_inner);
        requested.get(&name).cloned().ok_or_else(|| SceneError(format!("{name} has requested nothing at the gate")))
    }

    async fn send(
        &self,
        service: &Service,
        (method, path): (Method, &str),
        body: Option<&Value>,
    ) -> Result<(u16, Value), SceneError> {
        let gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let gate = gate.ok_or_else(|| SceneError("there is no gate that the pipelines could ask".into()))?;
        let token = gate.tokens.get(&service.name).map_or("", String::as_str);
        let request = self.http.request(method, format!("{}/api/v1/{path}", gate.url)).bearer_auth(token);
        let request = if let Some(body) = body { request.json(body) } else { request };
        let failed = |error: reqwest::Error| SceneError(format!("the gate does not answer: {error}"));
        let answer = request.send().await.map_err(failed)?;
        let status = answer.status().as_u16();
        Ok((status, answer.json().await.map_err(failed)?))
    }
}

fn name(service: &Service, run: &GateRun) -> String {
    format!("{}/release build {} attempt {}", service.name, run.build, run.attempt.unwrap_or(1))
}
