//! Results of security scans, each bound to one commit.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::CommitSha;
use super::pull_request::Account;
use super::time::Timestamp;

/// One code-scanning analysis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// The server's number of it.
    pub id: u64,
    /// The tool's name.
    pub tool: String,
    /// Which part of the repository it covers.
    pub category: String,
    /// The commit that was analysed.
    pub commit: CommitSha,
    /// What went wrong, in the tool's words; empty when nothing did.
    pub error: String,
    /// What the server says of an analysis that it took in all the same: that it left out results, say; empty when it says
    /// nothing. Records of older versions have none.
    #[serde(default)]
    pub warning: String,
    /// How many rules ran.
    pub rules: u64,
    /// How many results it has.
    pub results: u64,
    /// When the server received it.
    pub created_at: Timestamp,
}

/// One result of an analysis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanFinding {
    /// The rule's id or a CVE number.
    pub rule: String,
    /// What the tool says.
    pub message: String,
    /// How bad it is.
    pub severity: Severity,
    /// Where it is, if the tool says so.
    pub path: Option<String>,
    /// The number under which the server follows it over time, if it does.
    pub alert: Option<u64>,
}

/// Somebody's decision that an alert of code scanning does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertDismissal {
    /// The tool that found it.
    pub tool: String,
    /// The rule that it broke.
    pub rule: Option<String>,
    /// Who dismissed it; nobody when the account is gone.
    pub by: Option<Account>,
    /// Why, in one of the server's words.
    pub reason: Option<String>,
    /// A remark about it.
    pub comment: Option<String>,
}

/// How bad a result is, from harmless to worst. What a tool does not rate counts as worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// A remark.
    None,
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
    /// The tool did not say, or said something that we do not know.
    Unrated,
}

/// Which build: the commit alone may have been built twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildName {
    /// What was built.
    pub commit: CommitSha,
    /// The pipeline's job.
    pub job: String,
    /// The number of the build in it.
    pub number: String,
}

/// One run of a tool in a SARIF file that a pipeline sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadedRun {
    /// The tool's name.
    pub tool: String,
    /// The build that it is of.
    pub build: BuildName,
    /// How many rules it lists.
    pub rules: u64,
    /// Whether it says that it ended well.
    pub completed: bool,
    /// What it found.
    pub findings: Vec<ScanFinding>,
    /// When it came.
    pub received_at: Timestamp,
    /// SHA-256 of the file.
    pub file_sha256: String,
}

/// One check run of a GitHub App.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRun {
    /// Its name; any workflow can choose any name, so it counts only together with the App.
    pub name: String,
    /// The numeric id of the App that reported it.
    pub app_id: u64,
    /// The commit it is about.
    pub commit: CommitSha,
    /// How it ended.
    pub conclusion: Conclusion,
}

/// The newest commit status of one context.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitStatus {
    /// What it is a status of; anybody who may push can set any, so it counts only together with its creator.
    pub context: String,
    /// Who set it; nobody when the account is gone.
    pub creator: Option<Account>,
    /// The commit it is about.
    pub commit: CommitSha,
    /// `pending` is running, `success` is success, anything else is something else.
    pub state: Conclusion,
}

impl CommitStatus {
    /// Whether it is a status of this context; upper and lower case are the same to GitHub.
    #[must_use]
    pub fn is_of(&self, context: &str) -> bool {
        self.context.to_lowercase() == context.to_lowercase()
    }
}

/// How a check run or a commit status ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// It has not ended.
    Running,
    /// It ended well.
    Success,
    /// Any other end, in the server's word: `failure`, `skipped`, `neutral`, `stale`, …
    Other(String),
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::None => "Note",
            Severity::Low => "Low",
            Severity::Medium => "Medium",
            Severity::High => "High",
            Severity::Critical => "Critical",
            Severity::Unrated => "Unrated",
        })
    }
}
