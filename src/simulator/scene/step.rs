//! The verbs of a timeline.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{SceneError, Variant};

/// One thing that happens: exactly one of the verbs below.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Happens only in one variant of the scene.
    pub only: Option<Variant>,
    /// Somebody pushes a commit to a branch.
    pub push: Option<Push>,
    /// Somebody opens a pull request.
    pub open_pull_request: Option<OpenPullRequest>,
    /// Somebody reviews a pull request.
    pub review: Option<Review>,
    /// Somebody dismisses a review.
    pub dismiss_review: Option<DismissReview>,
    /// Somebody points a pull request at another branch.
    pub change_base: Option<ChangeBase>,
    /// Somebody presses a merge button.
    pub merge: Option<Merge>,
    /// A code-scanning analysis is uploaded.
    pub scan: Option<Scan>,
    /// A check run completes.
    pub check_run: Option<CheckRun>,
    /// Somebody creates a change ticket in Jira.
    pub create_ticket: Option<CreateTicket>,
    /// Somebody edits a ticket.
    pub edit_ticket: Option<EditTicket>,
    /// Somebody moves a ticket to another status.
    pub move_ticket: Option<MoveTicket>,
    /// Somebody comments on a ticket.
    pub comment: Option<Comment>,
    /// An earlier change of the same service, approved by a human and closed: the baseline.
    pub deployed_before: Option<DeployedBefore>,
    /// Time passes: `"10m"`, `"24h"`, `"30s"`.
    pub pass: Option<String>,
    /// An outside system starts to fail.
    pub fail: Option<Fail>,
    /// An outside system works again.
    pub recover: Option<Recover>,
    /// Jira sends the newest webhook of a ticket again.
    pub redeliver: Option<Redeliver>,
    /// Somebody who does not know the secret sends a webhook.
    pub forge_webhook: Option<ForgeWebhook>,
}

/// The one verb of a [`Step`], borrowed.
#[derive(Debug, Clone, Copy)]
pub enum Moment<'a> {
    /// See [`Step::push`]; the others likewise.
    Push(&'a Push),
    OpenPullRequest(&'a OpenPullRequest),
    Review(&'a Review),
    DismissReview(&'a DismissReview),
    ChangeBase(&'a ChangeBase),
    Merge(&'a Merge),
    Scan(&'a Scan),
    CheckRun(&'a CheckRun),
    CreateTicket(&'a CreateTicket),
    EditTicket(&'a EditTicket),
    MoveTicket(&'a MoveTicket),
    Comment(&'a Comment),
    DeployedBefore(&'a DeployedBefore),
    Pass(std::time::Duration),
    Fail(&'a Fail),
    Recover(&'a Recover),
    Redeliver(&'a Redeliver),
    ForgeWebhook(&'a ForgeWebhook),
}

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

/// A new change ticket. Every field has a good value, so a scene names only what matters to it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateTicket {
    /// Its key, for example `PRODCM-412`.
    pub key: String,
    /// Who creates it.
    pub by: String,
    /// The commit to deploy.
    pub commit: String,
    /// The component; without this, the first service.
    pub service: Option<String>,
    /// The summary; without this, `Deploy <service> to <environment>`.
    pub summary: Option<String>,
    /// Fields by their logical name (the keys of `[jira.fields]`); an empty text is a field not filled in.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
}

/// An edit of a ticket's fields.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditTicket {
    /// The ticket's key.
    pub ticket: String,
    /// Who edits.
    pub by: String,
    /// The commit to deploy, by name.
    pub commit: Option<String>,
    /// The new summary.
    pub summary: Option<String>,
    /// Fields by logical name.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
}

/// A transition made by a person.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoveTicket {
    /// The ticket's key.
    pub ticket: String,
    /// Who does it.
    pub by: String,
    /// The name of the status it ends in, for example `Closed`.
    pub to: String,
}

/// A comment written by a person.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comment {
    /// The ticket's key.
    pub ticket: String,
    /// Who writes.
    pub by: String,
    /// The text.
    pub text: String,
}

/// Plays a whole earlier change: its ticket is created, a human approves it, it is closed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeployedBefore {
    /// The earlier ticket's key.
    pub ticket: String,
    /// What was deployed.
    pub commit: String,
    /// Which service; without this, the first one.
    pub service: Option<String>,
    /// Who asked for it; without this, `dana`.
    #[serde(default = "default_requester")]
    pub requested_by: String,
    /// Who approved it in Jira; without this, `priya`.
    #[serde(default = "default_approver")]
    pub approved_by: String,
}

/// The outside systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum System {
    /// Jira.
    Jira,
    /// GitHub.
    Github,
    /// Slack.
    Slack,
}

/// A fault that begins.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fail {
    /// Which system.
    pub system: System,
    /// How it fails.
    #[serde(default)]
    pub how: FailureKind,
    /// How many requests fail; without this, all until `recover`.
    pub times: Option<u32>,
}

/// The ways in which a system fails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// Answers 503.
    #[default]
    Down,
    /// Closes the connection without an answer.
    Reset,
    /// Does what was asked, then closes the connection without an answer.
    LosesAnswers,
    /// Answers 200 with a login page.
    LoginPage,
    /// Answers that the rate limit is used up, with `Retry-After: 60`.
    RateLimited,
    /// Answers 401.
    TokenRevoked,
    /// Answers 403.
    Forbidden,
}

/// A fault that ends.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recover {
    /// Which system.
    pub system: System,
}

/// The newest webhook of a ticket arrives again.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redeliver {
    /// The ticket's key.
    pub ticket: String,
    /// How many more times.
    #[serde(default = "default_times")]
    pub times: u32,
}

/// A webhook that Jira did not send.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForgeWebhook {
    /// The ticket it speaks of. The ticket may exist.
    pub ticket: String,
    /// The `X-Hub-Signature` header; without this, a correct one for another secret.
    pub signature: Option<String>,
}

impl Step {
    /// The one verb of this step.
    ///
    /// # Errors
    /// When there is none, or more than one, or a duration that cannot be read.
    pub fn moment(&self) -> Result<Moment<'_>, SceneError> {
        let pass = self.pass.as_deref().map(duration).transpose()?;
        let verbs = [
            self.push.as_ref().map(Moment::Push),
            self.open_pull_request.as_ref().map(Moment::OpenPullRequest),
            self.review.as_ref().map(Moment::Review),
            self.dismiss_review.as_ref().map(Moment::DismissReview),
            self.change_base.as_ref().map(Moment::ChangeBase),
            self.merge.as_ref().map(Moment::Merge),
            self.scan.as_ref().map(Moment::Scan),
            self.check_run.as_ref().map(Moment::CheckRun),
            self.create_ticket.as_ref().map(Moment::CreateTicket),
            self.edit_ticket.as_ref().map(Moment::EditTicket),
            self.move_ticket.as_ref().map(Moment::MoveTicket),
            self.comment.as_ref().map(Moment::Comment),
            self.deployed_before.as_ref().map(Moment::DeployedBefore),
            pass.map(Moment::Pass),
            self.fail.as_ref().map(Moment::Fail),
            self.recover.as_ref().map(Moment::Recover),
            self.redeliver.as_ref().map(Moment::Redeliver),
            self.forge_webhook.as_ref().map(Moment::ForgeWebhook),
        ];
        let mut said = verbs.into_iter().flatten();
        match (said.next(), said.next()) {
            (Some(moment), None) => Ok(moment),
            (None, _) => Err(SceneError("a step of the timeline says nothing that happens".into())),
            (Some(_), Some(_)) => Err(SceneError("a step of the timeline says two things: make it two steps".into())),
        }
    }

    /// What the step is made of: itself, or the steps of an earlier change.
    #[must_use]
    pub fn parts(&self) -> Vec<Step> {
        let Some(before) = &self.deployed_before else { return vec![self.clone()] };
        let create = CreateTicket {
            key: before.ticket.clone(),
            by: before.requested_by.clone(),
            commit: before.commit.clone(),
            service: before.service.clone(),
            summary: None,
            fields: BTreeMap::new(),
        };
        let moved = |to: &str| {
            let (ticket, by) = (before.ticket.clone(), before.approved_by.clone());
            Step { move_ticket: Some(MoveTicket { ticket, by, to: to.into() }), ..Step::default() }
        };
        vec![Step { create_ticket: Some(create), ..Step::default() }, moved("Approved"), moved("Closed")]
    }

    pub(super) fn check(&self) -> Result<(), SceneError> {
        self.moment().map(|_| ())
    }
}

fn duration(text: &str) -> Result<std::time::Duration, SceneError> {
    let span: jiff::SignedDuration = text
        .parse()
        .map_err(|_| SceneError(format!("`pass = \"{text}\"` is no duration; write `\"10m\"` or `\"24h\"`")))?;
    span.try_into().map_err(|_| SceneError(format!("`pass = \"{text}\"`: time does not run backwards")))
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

fn default_times() -> u32 {
    1
}

fn default_requester() -> String {
    "dana".into()
}

fn default_approver() -> String {
    "priya".into()
}
