//! What pipelines do at the gate.

use serde::Deserialize;

/// A run of a pipeline, as a step names it. Without the rest it is the first attempt of the release job of the first service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateRun {
    /// The service; without this, the first one.
    pub service: Option<String>,
    /// The target environment; without this, the first one of the service.
    pub environment: Option<String>,
    /// The build's number.
    pub build: String,
    /// Which attempt, from 1.
    pub attempt: Option<u32>,
}

/// A pipeline requests a deployment.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateRequest {
    /// Which run.
    pub run: GateRun,
    /// The commit that it has built.
    pub commit: String,
    /// What it has built.
    pub artifact: Option<String>,
    /// The ticket that it names; without this the gate finds or makes one.
    pub ticket: Option<String>,
}

/// A pipeline asks, immediately before its deployment, whether it may go ahead.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateConsume {
    /// Which run.
    pub run: GateRun,
    /// What it must be answered: `allow`, or the reason of the refusal, such as `waiting` or `build_mismatch`.
    pub answer: String,
}

/// A pipeline says how its deployment ended.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateFinish {
    /// Which run.
    pub run: GateRun,
    /// `succeeded`, `failed` or `rolled_back`.
    pub outcome: String,
}

/// GitHub shows a deployment, whoever made it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShowDeployment {
    /// Which repository; without this, the first one.
    pub repository: Option<String>,
    /// GitHub's name of the environment.
    pub environment: String,
    /// The commit.
    pub commit: String,
    /// Who made it.
    pub by: String,
    /// The run of GitHub Actions that made it; without this, another system.
    pub run: Option<String>,
    /// Its newest status: `success`, `in_progress`, `failure`, `inactive` (it was a success before).
    #[serde(default = "success")]
    pub state: String,
}

/// A run of GitHub Actions, or another attempt of it, waits at a deployment protection rule of the App.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkflowRun {
    /// Which repository; without this, the first one.
    pub repository: Option<String>,
    /// Its number; the same once more is another attempt.
    pub run: u64,
    /// GitHub's name of the environment.
    pub environment: String,
    /// The commit.
    pub commit: String,
    /// The branch, or the tag; without this, the default branch.
    pub branch: Option<String>,
    /// The workflow's file.
    #[serde(default = "workflow")]
    pub workflow: String,
    /// What started it.
    #[serde(default = "push")]
    pub event: String,
    /// Who started it.
    pub by: String,
    /// Whether its commit is in a fork.
    #[serde(default)]
    pub fork: bool,
    /// Where GitHub wants the answer, if the webhook is to say something odd.
    pub answer_to: Option<String>,
}

/// Somebody cancels a run.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelRun {
    /// Its number.
    pub run: u64,
}

/// Somebody pushes a tag.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushTag {
    /// Which repository; without this, the first one.
    pub repository: Option<String>,
    /// The tag.
    pub tag: String,
    /// The commit.
    pub commit: String,
}

/// Jenkins ends a build.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JenkinsBuild {
    /// The job, with its folders.
    pub job: String,
    /// Its number.
    pub build: u64,
    /// The commit that it checked out; without this, it checked out none.
    pub commit: Option<String>,
    /// Who started it; without this, a trigger.
    pub by: Option<String>,
    /// How it ended: `SUCCESS`, `UNSTABLE`, `FAILURE`, `ABORTED`; empty while it runs.
    #[serde(default = "jenkins_success")]
    pub result: String,
    /// Its parameters.
    #[serde(default)]
    pub parameters: std::collections::BTreeMap<String, String>,
}

fn workflow() -> String {
    ".github/workflows/deploy.yml".into()
}

fn push() -> String {
    "push".into()
}

fn success() -> String {
    "success".into()
}

fn jenkins_success() -> String {
    "SUCCESS".into()
}
