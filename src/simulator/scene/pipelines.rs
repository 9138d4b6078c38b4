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
