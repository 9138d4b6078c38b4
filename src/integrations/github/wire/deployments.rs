//! Deployments and their statuses.

use serde::Deserialize;

use super::present;

#[derive(Debug, Deserialize)]
pub(in super::super) struct DeploymentInfo {
    pub id: u64,
    pub sha: String,
    pub environment: String,
    pub created_at: String,
    /// Nothing when the account is gone.
    #[serde(deserialize_with = "present")]
    pub creator: Option<Creator>,
}

#[derive(Debug, Deserialize)]
pub(in super::super) struct Creator {
    pub login: String,
}

#[derive(Debug, Deserialize)]
pub(in super::super) struct DeploymentStatusInfo {
    pub state: String,
    pub created_at: String,
    /// Systems that keep no log leave it out.
    pub log_url: Option<String>,
}
