//! What happens to code: pushes, merges, checks and scans.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A commit, with those of its ancestors that GitHub does not have yet, goes to a branch.
#[derive(Debug, Clone, Default, Deserialize)]
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
    /// The push goes to a fork: the commits can be asked for by their SHA, and are on none of our branches.
    #[serde(default)]
    pub fork: bool,
    /// Lets approvals follow a push that changes nothing they spoke about, as GitHub does; `false` leaves them.
    #[serde(default = "default_reanchor")]
    pub reanchor: bool,
}

/// A branch is removed. Open pull requests from it, or into it, are closed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteBranch {
    /// Which repository; without this, the first one.
    pub repository: Option<String>,
    /// The branch.
    pub branch: String,
    /// Who does it.
    pub by: String,
}

/// A merge by one of GitHub's three buttons.
#[derive(Debug, Clone, Default, Deserialize)]
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
    /// Files that the result has besides the clean merge, in the name of GitHub: a bug of the platform, or an evil merge.
    #[serde(default)]
    pub carries: BTreeMap<String, String>,
    /// Paths that are in the result what they were before either side changed them: a silent revert.
    #[serde(default)]
    pub drops: Vec<String>,
}

/// GitHub's button "Update branch": the base branch is merged into the head of a pull request.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpdateBranch {
    /// Which repository; without this, the first one.
    pub repository: Option<String>,
    /// The pull request's number.
    pub pull_request: u64,
    /// Who presses the button.
    pub by: String,
    /// The name that the merge commit gets in this file.
    pub commit: String,
    /// What the editor on the web leaves in files, whether they were in conflict or not.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// Lets approvals follow to the new head, as GitHub does; `false` leaves them.
    #[serde(default = "default_reanchor")]
    pub reanchor: bool,
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
    /// The name of the commit that was scanned, or `refs/pull/N/merge` for what GitHub would have merged then.
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
    /// What GitHub says of it when it took it in all the same.
    #[serde(default)]
    pub warning: String,
    /// Lets the tool say in its file that its run did not end well.
    #[serde(default)]
    pub broke_off: bool,
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

/// A commit status: an older kind of check, set by anybody who may push.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// Which repository; without this, the first one.
    pub repository: Option<String>,
    /// The name of the commit.
    pub commit: String,
    /// What it is a status of; a newer one replaces it.
    pub context: String,
    /// The status.
    pub state: StatusState,
    /// Whose token set it.
    pub by: String,
}

/// GitHub's four states of a commit status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusState {
    /// It worked.
    #[default]
    Success,
    /// It did not.
    Failure,
    /// It could not be tried.
    Error,
    /// It runs.
    Pending,
}

/// Somebody dismisses an alert of code scanning.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DismissAlert {
    /// Which repository; without this, the first one.
    pub repository: Option<String>,
    /// The rule whose newest open alert it is.
    pub rule: String,
    /// Who does it.
    pub by: String,
    /// `false positive`, `won't fix` or `used in tests`.
    pub reason: String,
    /// A remark about it.
    pub comment: Option<String>,
}

fn default_reanchor() -> bool {
    true
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
