//! What a scene file says: people, repositories, commits, a timeline, and what must come out.
//!
//! A scene is one TOML file. `config/scenes/README.md` is the reference for people who write them; these types are
//! the same words for the program. Everything is checked when the file is read, so that a typing error is a sentence
//! with a place and not a scene that plays something else.

mod accounts;
mod code;
mod defaults;
mod expect;
mod pages;
mod pipelines;
mod pulls;
mod slack;
mod step;
mod tickets;

pub use accounts::{AddAddress, DeleteAccount, RenameAccount, SetRights};
pub use code::{
    CheckRun, DeleteBranch, DismissAlert, Merge, MergeMethod, Push, Scan, ScanFinding, Status, StatusState,
    UpdateBranch,
};
pub use expect::{Expect, Finding};
pub use pages::SendForm;
pub use pipelines::{
    CancelRun, GateConsume, GateFinish, GateRequest, GateRun, JenkinsBuild, PushTag, ShowDeployment, WorkflowRun,
};
pub use pulls::{
    Assign, ChangeBase, ClosePullRequest, CommentOnPullRequest, DismissReview, OpenPullRequest, Review, ReviewState,
};
pub use slack::{Click, SlackCommand, Submit};
pub use step::{Moment, Step};
pub use tickets::{
    AnswerRequest, ChangeWorkflow, Comment, CreateTicket, DeleteComment, DeleteTicket, DeployedBefore, EditComment,
    EditTicket, Fail, FailureKind, ForgeWebhook, MayUse, MoveTicket, OpenRequest, Recover, Redeliver, RenameTicket,
    System,
};

pub use defaults::default_people;
use defaults::{
    default_branch, default_checks_pushes, default_combine, default_dates_approvals, default_environments,
    default_repositories, default_resets_approvals, default_scanners, default_services,
};

use std::collections::BTreeMap;

use serde::Deserialize;

/// A scripted situation: who and what there is, what happens, and what cm-bot must say about it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scene {
    /// One sentence: what the scene shows. The demo prints it.
    pub title: String,
    /// Why it matters, for somebody who sees it for the first time.
    pub about: String,
    /// Who takes part. Without this, the [default cast](default_people).
    #[serde(default = "default_people")]
    pub people: Vec<Person>,
    /// What can be deployed. Without this, `billing-api` to `prod-us` from the first repository.
    #[serde(default = "default_services")]
    pub services: Vec<Service>,
    /// Which Jira it is; without this, Jira Cloud.
    #[serde(default)]
    pub jira: JiraKind,
    /// The repositories; without this, `acme/billing-api` with release branch `main`.
    #[serde(default = "default_repositories")]
    pub repositories: Vec<Repository>,
    /// Every commit that somebody makes on a machine. Commits made by a merge button are made by the `merge` step.
    #[serde(default)]
    pub commits: Vec<Commit>,
    /// The ready-made policy whose criteria the scene plays under; without this, those of `config/criteria.toml`.
    pub policy: Option<String>,
    /// Keys of `criteria.toml` that this scene sets differently.
    #[serde(default)]
    pub criteria: toml::Table,
    /// Keys of `[slack]` that this scene sets differently.
    #[serde(default)]
    pub slack: toml::Table,
    /// Keys of `[teams]` that this scene sets differently; with any of them, there is a simulated Microsoft Teams.
    #[serde(default)]
    pub teams: toml::Table,
    /// Keys of `[pages]` that this scene sets differently; with any of them, people sign in at the simulated provider.
    #[serde(default)]
    pub pages: toml::Table,
    /// Fields without which Jira makes no ticket, by logical name; a person's ticket of a scene is made all the same.
    #[serde(default)]
    pub required_fields: Vec<String>,
    /// Fields that Jira's form of new tickets lacks, by their ids.
    #[serde(default)]
    pub off_the_form: Vec<String>,
    /// What happens, in order. A minute of simulated time passes before each step.
    pub timeline: Vec<Step>,
    /// What must be true in the end, one block a ticket.
    pub expect: Vec<Expect>,
}

/// Somebody with accounts in Jira, GitHub and Slack.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The handle used in this file; also the GitHub login.
    pub name: String,
    /// The name that people read.
    pub full_name: String,
    /// Roles in `people.toml`, for example `security-lead`.
    #[serde(default)]
    pub roles: Vec<String>,
    /// A bot account on GitHub (an App), not a human.
    #[serde(default)]
    pub bot: bool,
    /// Has accounts, but is left out of `people.toml`.
    #[serde(default)]
    pub unmapped: bool,
    /// The handle of the person whose second GitHub account this is, as `people.toml` says; empty for somebody else.
    #[serde(default)]
    pub account_of: String,
    /// May not push to the repositories.
    #[serde(default)]
    pub read_only: bool,
    /// What the account in Jira is: empty for one in use, or `deactivated`.
    #[serde(default)]
    pub jira: String,
    /// What the account in Slack is: empty for a member, or `guest`, `stranger` (of another workspace), `deactivated`.
    #[serde(default)]
    pub slack: String,
}

/// Something that is deployed: a Jira component, its repository, release branch, environments and scanners.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Equal to the Jira component.
    pub name: String,
    /// `owner/name`.
    pub repository: String,
    /// The release branch.
    #[serde(default = "default_branch")]
    pub branch: String,
    /// Where it is deployed to.
    #[serde(default = "default_environments")]
    pub environments: Vec<String>,
    /// The security scans that every build must have.
    #[serde(default = "default_scanners")]
    pub scanners: Vec<Scanner>,
    /// Where its deployments are watched, as the settings write it.
    #[serde(default)]
    pub watch: Vec<toml::Table>,
}

/// One expected security scan.
///
/// A code-scanning analysis (`tool`, `category`), a check run (`check`, `app_id`), a commit status (`status`,
/// `creator_id`) or a file (`sarif`); with `rules` for tools that list only those that fired. The service that is played judges whether the keys make sense.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scanner {
    /// The tool's name in code scanning.
    #[serde(default)]
    pub tool: Option<String>,
    /// The category of its analysis.
    #[serde(default)]
    pub category: Option<String>,
    /// The name of a check run.
    #[serde(default)]
    pub check: Option<String>,
    /// Numeric id of the App that owns the check run.
    #[serde(default)]
    pub app_id: Option<u64>,
    /// The context of a commit status.
    #[serde(default)]
    pub status: Option<String>,
    /// Numeric id of the account that sets it.
    #[serde(default)]
    pub creator_id: Option<u64>,
    /// The tool of a SARIF file that the pipeline sends.
    #[serde(default)]
    pub sarif: Option<String>,
    /// What its list of rules tells.
    #[serde(default)]
    pub rules: Option<String>,
}

/// A repository and its protected release branch.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repository {
    /// `owner/name`.
    pub name: String,
    /// The default branch.
    #[serde(default = "default_branch")]
    pub branch: String,
    /// Where it is.
    #[serde(default)]
    pub forge: Forge,
    /// How GitLab merges into it.
    #[serde(default)]
    pub gitlab_merge: GitlabMerge,
    /// Whether a push takes approvals away on GitLab.
    #[serde(default = "default_resets_approvals")]
    pub resets_approvals: bool,
    /// Whether its GitLab says when an approval was given; older ones do not.
    #[serde(default = "default_dates_approvals")]
    pub dates_approvals: bool,
    /// Whether GitHub makes a check suite of every push, as it does where an App may write checks.
    #[serde(default = "default_checks_pushes")]
    pub checks_pushes: bool,
}

/// Who keeps a repository.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Forge {
    /// GitHub.
    #[default]
    Github,
    /// GitLab.
    Gitlab,
}

/// How a project on GitLab merges.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GitlabMerge {
    /// By a merge commit.
    #[default]
    MergeCommit,
    /// By a merge commit of what was rebased before.
    SemiLinear,
    /// Without a merge commit.
    FastForward,
}

/// A commit that somebody makes on a machine; it reaches GitHub with a `push`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commit {
    /// The name used in this file.
    pub id: String,
    /// Which repository; without this, the first one.
    pub repository: Option<String>,
    /// Names of the parents; none for a root commit. Names of merge results may be used.
    #[serde(default)]
    pub parents: Vec<String>,
    /// The handle of the author; `git` believes whatever it is told.
    pub author: String,
    /// The handle of the committer; without this, the author.
    pub committer: Option<String>,
    /// Handles for `Co-authored-by` trailers.
    #[serde(default)]
    pub co_authors: Vec<String>,
    /// The author's e-mail belongs to no GitHub account, so GitHub reports no user.
    #[serde(default)]
    pub unknown_author: bool,
    /// Made by an App through GitHub, which signed it.
    #[serde(default)]
    pub signed: bool,
    /// The author and committer date written into the commit (RFC 3339); without this, the scene's time when it is pushed.
    pub dated: Option<String>,
    /// The message; without this, one made from the id.
    pub message: Option<String>,
    /// Path to content, on top of the first parent's files. A merge commit takes the files of all parents.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// Paths removed.
    #[serde(default)]
    pub deletes: Vec<String>,
    /// Paths, of `files` or of a parent, that can be run from now on.
    #[serde(default)]
    pub executables: Vec<String>,
    /// Symbolic links: path to target.
    #[serde(default)]
    pub links: BTreeMap<String, String>,
    /// Submodules: path to the 40 hex digits of a commit elsewhere.
    #[serde(default)]
    pub submodules: BTreeMap<String, String>,
    /// A commit of several parents starts from their merge; with `false`, from its first parent alone.
    #[serde(default = "default_combine")]
    pub combine: bool,
    /// Exists only in one variant of the scene.
    pub only: Option<Variant>,
}

/// A scene is played as written, or as its twin: the same situation without the defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// As written.
    Scene,
    /// Without the defect: the change is approved.
    Twin,
}

/// Which Jira a scene is played with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JiraKind {
    /// Jira Cloud.
    #[default]
    Cloud,
    /// Jira Data Center.
    DataCenter,
}

/// Why a scene cannot be played.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SceneError(pub String);

impl Scene {
    /// Reads a scene file.
    ///
    /// # Errors
    /// A sentence with line and column when the text is no TOML, has an unknown key, or leaves out something needed.
    pub fn parse(text: &str) -> Result<Scene, SceneError> {
        let scene: Scene = toml::from_str(text).map_err(|error| SceneError(error.to_string()))?;
        scene.timeline.iter().try_for_each(Step::check)?;
        if scene.repositories.is_empty() || scene.services.is_empty() {
            return Err(SceneError("a scene needs at least one repository and one service".into()));
        }
        Ok(scene)
    }

    /// The scene as its `variant` is played: what belongs only to the other variant is left out.
    #[must_use]
    pub fn variant(mut self, variant: Variant) -> Scene {
        self.commits.retain(|commit| commit.only.is_none_or(|only| only == variant));
        self.timeline.retain(|step| step.only.is_none_or(|only| only == variant));
        self
    }

    /// Adds another scene's people, repositories, services, commits and timeline to this one.
    pub fn add(&mut self, other: Scene) {
        let is_new = |name: &String, known: &[String]| !known.contains(name);
        let known: Vec<String> = self.people.iter().map(|person| person.name.clone()).collect();
        self.people.extend(other.people.into_iter().filter(|person| is_new(&person.name, &known)));
        let known: Vec<String> = self.repositories.iter().map(|repository| repository.name.clone()).collect();
        self.repositories.extend(other.repositories.into_iter().filter(|repository| is_new(&repository.name, &known)));
        let known: Vec<String> = self.services.iter().map(|service| service.name.clone()).collect();
        self.services.extend(other.services.into_iter().filter(|service| is_new(&service.name, &known)));
        self.commits.extend(other.commits);
        self.timeline.extend(other.timeline);
        self.expect.extend(other.expect);
    }

    /// The person with this handle.
    ///
    /// # Errors
    /// When nobody in the scene has it.
    pub fn person(&self, name: &str) -> Result<&Person, SceneError> {
        let found = self.people.iter().find(|person| person.name == name);
        found.ok_or_else(|| SceneError(format!("nobody in this scene is called `{name}`")))
    }
}

impl Commit {
    /// A root commit without files, for scenes that a program makes.
    #[must_use]
    pub fn new(id: &str, author: &str) -> Commit {
        Commit {
            id: id.into(),
            author: author.into(),
            combine: default_combine(),
            repository: None,
            parents: Vec::new(),
            committer: None,
            co_authors: Vec::new(),
            unknown_author: false,
            signed: false,
            dated: None,
            message: None,
            files: BTreeMap::new(),
            deletes: Vec::new(),
            executables: Vec::new(),
            links: BTreeMap::new(),
            submodules: BTreeMap::new(),
            only: None,
        }
    }
}

impl Person {
    /// The numeric GitHub account id: the place in the cast, from 1001.
    #[must_use]
    pub fn github_id(&self, scene: &Scene) -> u64 {
        let place = scene.people.iter().take_while(|person| person.name != self.name).count();
        1001 + place as u64
    }

    /// The number of the GitLab account. It is the GitHub account of somebody else, as far as there is one: who mixes
    /// them up takes one person for another.
    #[must_use]
    pub fn gitlab_id(&self, scene: &Scene) -> u64 {
        1000 + scene.people.len() as u64 - (self.github_id(scene) - 1001)
    }

    /// The Jira account id.
    #[must_use]
    pub fn jira_account(&self) -> String {
        format!("712020:{}", self.name)
    }

    /// The Slack user id.
    #[must_use]
    pub fn slack_id(&self) -> String {
        let letters = self.name.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
        format!("U0{}", letters.to_ascii_uppercase())
    }

    /// The subject by which the OpenID Connect provider knows them.
    #[must_use]
    pub fn openid_subject(&self) -> String {
        format!("acme|{}", self.name)
    }

    /// The e-mail address that Git, Jira, Slack and the provider know.
    #[must_use]
    pub fn email(&self) -> String {
        format!("{}@acme.example", self.name)
    }
}
