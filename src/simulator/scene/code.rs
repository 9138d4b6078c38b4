//! What happens to code: pushes, pull requests, reviews, merges, scans.

use serde::Deserialize;

/// A commit, with those of its ancestors that GitHub does not have yet, goes to a branch.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Push {
    /// Which repository; without this, the first one.
    pub repository: Option<String>,
    /// The branch, made when it does not exist.
    pub branch: String,
    /// The name of the commit.
    pub commit: String,
    /// Who pushes; without this, the commit's author.
    pub by: Option<String>,
    /// Allowed to throw commits away.
    #[serde(default)]
    pub force: bool,
}

/// A pull request is opened.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenPullRequest {
    /// Which repository; without this, the first one.
    pub repository: Option<String>,
    /// Its number.
    pub number: u64,
    /// The branch with the work.
    pub from: String,
    /// The branch it is for; without this, the repository's default branch.
    pub into: Option<String>,
    /// Who opens it.
    pub by: String,
    /// Its title; without this, one made from the branch.
    pub title: Option<String>,
}

/// A review of the pull request's head at this moment.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// Which repository; without this, the first one.
    pub repository: Option<String>,
    /// The pull request's number.
    pub pull_request: u64,
    /// Who reviews. GitHub refuses an approval by the opener; a scene may let it happen, because nothing should rest on that.
    pub by: String,
    /// What the reviewer says.
    #[serde(default)]
    pub state: ReviewState,
}

/// The opinion in a review.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewState {
    /// Approved.
    #[default]
    Approve,
    /// Changes requested.
    RequestChanges,
    /// A comment, no opinion.
    Comment,
}

/// A review loses its force.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DismissReview {
    /// Which repository; without this, the first one.
    pub repository: Option<String>,
    /// The pull request's number.
    pub pull_request: u64,
    /// Whose newest review.
    pub review_by: String,
    /// Who dismisses it.
    pub by: String,
}

/// A pull request gets another base branch.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeBase {
    /// Which repository; without this, the first one.
    pub repository: Option<String>,
    /// The pull request's number.
    pub pull_request: u64,
    /// The new base branch.
    pub into: String,
    /// Who does it.
    pub by: String,
}

/// A merge by one of GitHub's three buttons.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Merge {
    /// Which repository; without this, the first one.
    pub repository: Option<String>,
    /// The pull request's number.
    pub pull_request: u64,
    /// Who presses the button.
    pub by: String,
    /// Which button.
    #[serde(default)]
    pub method: MergeMethod,
    /// The name that the newest commit on the base branch gets in this file.
    pub commit: String,
}

/// GitHub's merge buttons.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MergeMethod {
    /// A merge commit.
    #[default]
    Merge,
    /// One new commit with all changes.
    Squash,
    /// A copy of each commit.
    Rebase,
}

/// A code-scanning analysis of one commit.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scan {
    /// Which repository; without this, the first one.
    pub repository: Option<String>,
    /// The name of the commit that was scanned.
    pub commit: String,
    /// The tool's name.
    #[serde(default = "default_tool")]
    pub tool: String,
    /// The category of the analysis.
    #[serde(default = "default_category")]
    pub category: String,
    /// What was found.
    #[serde(default)]
    pub findings: Vec<ScanFinding>,
    /// How many rules ran; 0 is a scan that looked at nothing.
    #[serde(default = "default_rules")]
    pub rules: u64,
    /// The tool's own error text; empty when it worked.
    #[serde(default)]
    pub error: String,
}

/// One result of a scan.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScanFinding {
    /// The rule's id, for example `rust/sql-injection` or a CVE number.
    pub rule: String,
    /// What it says.
    pub message: String,
    /// CVSS-like number (0.0 to 10.0) as scanners report it; without this, only `level` is reported.
    pub security_severity: Option<f64>,
    /// `error`, `warning`, `note` or `none`.
    #[serde(default = "default_level")]
    pub level: String,
    /// The file it points at.
    #[serde(default = "default_path")]
    pub path: String,
}

/// A check run on one commit.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckRun {
    /// Which repository; without this, the first one.
    pub repository: Option<String>,
    /// The name of the commit.
    pub commit: String,
    /// The check's name.
    pub name: String,
    /// Numeric id of the App that reports it.
    #[serde(default = "default_app")]
    pub app_id: u64,
    /// `success`, `failure`, `neutral`, `skipped`, …; `in_progress` for one that still runs.
    pub conclusion: String,
}

fn default_tool() -> String {
    "CodeQL".into()
}

fn default_category() -> String {
    "/language:rust".into()
}

fn default_rules() -> u64 {
    120
}

fn default_level() -> String {
    "error".into()
}

fn default_path() -> String {
    "src/lib.rs".into()
}

fn default_app() -> u64 {
    15368
}
