//! GitHub's JSON: that of the REST API here.

mod deliveries;
mod deployments;
mod graphql;
mod runs;

use serde::{Deserialize, Deserializer, Serialize};

pub(super) use deliveries::{Delivery, ListedDelivery};
pub(super) use deployments::{DeploymentInfo, DeploymentStatusInfo};
pub(super) use graphql::*;
pub(super) use runs::{GivenReview, PendingDeployment, Rights, WorkflowRunInfo};

/// What is said to be nothing. An `Option` alone would take a key that is missing for the same.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

#[derive(Debug, Deserialize)]
pub(super) struct Reference {
    pub object: ReferenceTarget,
}

#[derive(Debug, Deserialize)]
pub(super) struct ReferenceTarget {
    pub sha: String,
    #[serde(rename = "type")]
    pub kind: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Comparison {
    pub status: String,
    pub behind_by: u64,
    pub total_commits: u64,
    pub base_commit: ComparedBase,
    pub merge_base_commit: Parent,
    pub commits: Vec<ComparedCommit>,
    /// Only on the first page.
    pub files: Option<Vec<ComparedFile>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ComparedBase {
    pub sha: String,
    pub commit: BaseCommit,
}

#[derive(Debug, Deserialize)]
pub(super) struct BaseCommit {
    pub tree: TreeName,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TreeName {
    pub sha: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct ComparedFile {
    pub filename: String,
    pub previous_filename: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ComparedCommit {
    pub sha: String,
    pub node_id: String,
    pub parents: Vec<Parent>,
    pub commit: GitCommit,
    /// GitHub writes `null` or `{}` when the address belongs to no account.
    #[serde(deserialize_with = "present")]
    pub author: Option<RestAccount>,
    /// As for the author.
    #[serde(deserialize_with = "present")]
    pub committer: Option<RestAccount>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Parent {
    pub sha: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct GitCommit {
    pub author: GitPerson,
    pub committer: GitPerson,
    pub message: String,
    pub tree: TreeName,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct GitPerson {
    pub name: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RestAccount {
    pub id: Option<u64>,
    pub login: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct CommitPull {
    pub number: u64,
    pub node_id: String,
    #[serde(deserialize_with = "present")]
    pub merged_at: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct PullCommit {
    pub sha: String,
    #[serde(deserialize_with = "present")]
    pub author: Option<RestAccount>,
}

#[derive(Debug, Deserialize)]
pub(super) struct AnalysisInfo {
    pub id: u64,
    pub commit_sha: String,
    pub category: Option<String>,
    pub error: String,
    pub warning: String,
    pub rules_count: u64,
    pub results_count: u64,
    pub created_at: String,
    pub tool: Tool,
}

#[derive(Debug, Deserialize)]
pub(super) struct AlertInfo {
    pub number: u64,
    pub state: String,
    pub tool: Tool,
    pub rule: AlertRule,
    pub dismissed_by: Option<RestAccount>,
    pub dismissed_reason: Option<String>,
    pub dismissed_comment: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct AlertRule {
    pub id: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Tool {
    pub name: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct CheckRuns {
    pub total_count: u64,
    pub check_runs: Vec<CheckRunInfo>,
}

#[derive(Debug, Deserialize)]
pub(super) struct CheckRunInfo {
    pub name: String,
    pub head_sha: String,
    pub status: String,
    #[serde(deserialize_with = "present")]
    pub conclusion: Option<String>,
    pub app: Option<AppInfo>,
}

#[derive(Debug, Deserialize)]
pub(super) struct StatusInfo {
    /// Ends with the commit.
    pub url: String,
    pub context: String,
    pub state: String,
    pub creator: Option<RestAccount>,
}

#[derive(Debug, Deserialize)]
pub(super) struct AppInfo {
    pub id: u64,
}
