//! Runs of GitHub Actions, and what is said about their deployments.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::present;

#[derive(Debug, Deserialize)]
pub(in super::super) struct WorkflowRunInfo {
    pub id: u64,
    pub run_attempt: u32,
    pub event: String,
    #[serde(deserialize_with = "present")]
    pub head_branch: Option<String>,
    pub head_sha: String,
    pub path: String,
    pub repository: RunRepository,
    /// Nothing when the fork is gone.
    #[serde(deserialize_with = "present")]
    pub head_repository: Option<RunRepository>,
    /// Nothing when the account is gone.
    #[serde(deserialize_with = "present")]
    pub triggering_actor: Option<RunActor>,
}

/// What the installation of an App may do, and what it is told of. A right that is not there is not named.
#[derive(Debug, Deserialize)]
pub(in super::super) struct Rights {
    permissions: BTreeMap<String, String>,
    events: Vec<String>,
}

impl Rights {
    /// What is missing for somebody who is asked whether runs may deploy; nothing when nobody asks.
    pub(in super::super) fn lacks_for_answers(&self) -> Option<&'static str> {
        let may = |name: &str, right: &str| {
            self.permissions.get(name).is_some_and(|given| given == right || given == "write")
        };
        if !self.events.iter().any(|event| event == "deployment_protection_rule") {
            None
        } else if !may("deployments", "write") {
            Some("the App needs Deployments: read and write")
        } else if !may("actions", "read") {
            Some("the App needs Actions: read")
        } else {
            None
        }
    }
}

#[derive(Debug, Deserialize)]
pub(in super::super) struct RunRepository {
    pub id: u64,
    pub full_name: String,
}

#[derive(Debug, Deserialize)]
pub(in super::super) struct RunActor {
    pub id: u64,
}

#[derive(Debug, Deserialize)]
pub(in super::super) struct PendingDeployment {
    pub environment: PendingEnvironment,
}

#[derive(Debug, Deserialize)]
pub(in super::super) struct PendingEnvironment {
    pub name: String,
}

#[derive(Debug, Deserialize)]
pub(in super::super) struct GivenReview {
    pub comment: String,
}
