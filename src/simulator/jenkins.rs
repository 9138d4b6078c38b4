//! The part of Jenkins that shows builds of its jobs.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::Shared;
use super::scene::{JenkinsBuild, SceneError};

/// The account that may read.
const USER: &str = "cm-bot";

/// How long a build takes, in milliseconds.
const DURATION: i64 = 30_000;

/// A Jenkins with its builds.
#[derive(Debug)]
pub struct Jenkins {
    shared: Shared,
    token: String,
    builds: Mutex<Vec<(JenkinsBuild, Option<String>, i64)>>,
}

impl Jenkins {
    pub(super) fn new(shared: Shared) -> Jenkins {
        Jenkins { shared, token: uuid::Uuid::new_v4().simple().to_string(), builds: Mutex::default() }
    }

    /// The account that may read the jobs, and its token.
    #[must_use]
    pub fn credentials(&self) -> (&'static str, &str) {
        (USER, &self.token)
    }

    /// Opens a port of its own: few scenes have a Jenkins.
    ///
    /// # Errors
    /// When there is none.
    pub async fn listen(self: &Arc<Self>) -> std::io::Result<SocketAddr> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let app =
            Router::new().route("/api/json", get(root)).route("/job/{*path}", get(job)).with_state(Arc::clone(self));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(address)
    }

    /// A build runs, or ends now. One that ran and ends is the same build.
    pub(super) fn build(&self, step: &JenkinsBuild, commit: Option<String>) {
        let build = (step.clone(), commit, self.shared.clock.now_ms() - DURATION);
        let mut builds = self.builds.lock().unwrap_or_else(PoisonError::into_inner);
        match builds.iter_mut().find(|(known, ..)| known.job == step.job && known.build == step.build) {
            Some(known) => *known = build,
            None => builds.push(build),
        }
    }

    /// Somebody deletes a build.
    ///
    /// # Errors
    /// When there is none like it.
    pub fn delete(&self, job: &str, build: u64) -> Result<(), SceneError> {
        let mut builds = self.builds.lock().unwrap_or_else(PoisonError::into_inner);
        let before = builds.len();
        builds.retain(|(step, ..)| step.job != job || step.build != build);
        if builds.len() < before { Ok(()) } else { Err(SceneError(format!("there is no build {build} of {job}"))) }
    }

    fn builds_of(&self, job: &str) -> Vec<Value> {
        let builds = self.builds.lock().unwrap_or_else(PoisonError::into_inner);
        let of_job = builds.iter().rev().filter(|(step, ..)| step.job == job);
        of_job.map(|(step, commit, begun)| shape(step, commit.as_deref(), *begun)).collect()
    }
}

/// Whether somebody has shown the account and its token.
fn is_let_in(jenkins: &Jenkins, headers: &HeaderMap) -> bool {
    let (user, token) = jenkins.credentials();
    let wanted = format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{token}")));
    headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) == Some(&wanted)
}

async fn root(State(jenkins): State<Arc<Jenkins>>, headers: HeaderMap) -> Response {
    if !is_let_in(&jenkins, &headers) {
        return (StatusCode::UNAUTHORIZED, "Unauthorized").into_response();
    }
    axum::Json(json!({ "_class": "hudson.model.Hudson", "mode": "NORMAL" })).into_response()
}

async fn job(
    State(jenkins): State<Arc<Jenkins>>,
    Path(path): Path<String>,
    Query(asked): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    if !is_let_in(&jenkins, &headers) {
        return (StatusCode::UNAUTHORIZED, "Unauthorized").into_response();
    }
    let Some(job) = path.strip_suffix("/api/json") else { return StatusCode::NOT_FOUND.into_response() };
    if let Some((of, number)) = job.rsplit_once('/').and_then(|(of, number)| Some((of, number.parse::<u64>().ok()?))) {
        let mut all = jenkins.builds_of(&of.replace("/job/", "/")).into_iter();
        let found = all.find(|build| build["number"] == number);
        return found.map_or_else(|| StatusCode::NOT_FOUND.into_response(), |build| axum::Json(build).into_response());
    }
    let (list, from, to) = range(asked.get("tree").map_or("", String::as_str));
    let builds = jenkins.builds_of(&job.replace("/job/", "/")).into_iter().take(to).skip(from).collect::<Vec<Value>>();
    let mut answer = json!({ "_class": "org.jenkinsci.plugins.workflow.job.WorkflowJob" });
    answer[list] = builds.into();
    axum::Json(answer).into_response()
}

/// Which list a tree asks for and which part of it: `allBuilds[…]{100,200}`. Jenkins' `builds` has the newest hundred.
fn range(tree: &str) -> (&'static str, usize, usize) {
    let range = tree.rsplit_once('{').and_then(|(_, rest)| rest.strip_suffix('}')?.split_once(','));
    let (from, to) =
        range.and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?))).unwrap_or((0, usize::MAX));
    if tree.starts_with("allBuilds[") { ("allBuilds", from, to) } else { ("builds", from, to.min(100)) }
}

fn shape(step: &JenkinsBuild, commit: Option<&str>, begun: i64) -> Value {
    let parameters = step.parameters.iter().map(|(name, value)| json!({ "name": name, "value": value }));
    let parameters = parameters.collect::<Vec<Value>>();
    let cause = step.by.as_ref().map_or_else(|| json!({}), |by| json!({ "userName": by }));
    let mut actions = vec![json!({ "causes": [cause] }), json!({}), json!({ "parameters": parameters })];
    actions.extend(commit.map(|sha| json!({ "lastBuiltRevision": { "SHA1": sha } })));
    let runs = step.result.is_empty();
    json!({
        "number": step.build,
        "building": runs,
        "result": if runs { Value::Null } else { json!(step.result) },
        "timestamp": begun,
        "duration": if runs { 0 } else { DURATION },
        "url": format!("http://jenkins.example/job/{}/{}/", step.job.replace('/', "/job/"), step.build),
        "actions": actions,
    })
}
