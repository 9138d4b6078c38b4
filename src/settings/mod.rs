//! Settings: `config/default.toml`, then a file, then environment variables; checked as a whole before anything starts.

mod address;
mod callbacks;
mod environment;
mod forges;
mod gate;
mod inspection;
mod load;
mod pages;
mod reminders;
mod secret;
mod services;
mod slip;
mod teams;
mod watch;
mod written;

use std::net::SocketAddr;
use std::path::PathBuf;

use secrecy::SecretString;
use url::Url;

use crate::model::{AutoApproved, Decisions, Field, Inspections, Reminders, Service, ServiceName, TokenDigest};

pub use callbacks::{Callbacks, SECRET_PREFIX};
pub use environment::{Environment, environment};
pub use forges::{Bitbucket, Gitlab};
pub use gate::{Identity, JobToken, ServiceGate};
pub use load::{DEFAULTS, deployment, load};
pub use pages::{KnownBy, Pages, Provider};
pub use teams::Teams;
pub use watch::Jenkins;

/// Everything that an operator can set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// HTTP in.
    pub server: Server,
    /// `sqlite:…` or `postgres://…`, which may hold a password.
    pub database_url: SecretString,
    /// Jira.
    pub jira: Jira,
    /// GitHub.
    pub github: Github,
    /// GitLab, if the settings name one.
    pub gitlab: Option<Gitlab>,
    /// Bitbucket, if the settings name one.
    pub bitbucket: Option<Bitbucket>,
    /// Slack.
    pub slack: Slack,
    /// Where messages go that Slack does not take, if there is such a place.
    pub teams: Option<Teams>,
    /// The criteria file.
    pub criteria_file: PathBuf,
    /// The people file.
    pub people_file: PathBuf,
    /// What vouches for both; nothing means that nobody does.
    pub signing: Option<SigningFiles>,
    /// Intervals.
    pub jobs: Jobs,
    /// When people are reminded.
    pub reminders: Reminders,
    /// The monthly inspection.
    pub inspection: Inspections,
    /// The audit trail.
    pub audit: Audit,
    /// The collector of traces, if there is one.
    pub traces: Option<Url>,
    /// What can be deployed.
    pub services: Vec<Service>,
    /// The digest of the token with which the pipeline of a service sends scans.
    pub scan_tokens: Vec<(ServiceName, TokenDigest)>,
    /// Who may ask the gate, for each service that has one.
    pub gates: Vec<ServiceGate>,
    /// How long a deployment may take before people are asked to look.
    pub report_after: std::time::Duration,
    /// Jenkins, if its jobs are watched.
    pub jenkins: Option<Jenkins>,
    /// The pages for people.
    pub pages: Pages,
}

/// The files that vouch for criteria and people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningFiles {
    /// The signature of the criteria.
    pub criteria_signature: PathBuf,
    /// The signature of the people file.
    pub people_signature: PathBuf,
    /// Who may sign.
    pub allowed_signers: PathBuf,
}

/// `[server]`.
#[derive(Debug, Clone)]
pub struct Server {
    /// Where to listen.
    pub listen: SocketAddr,
    /// How others reach it; ends without a slash.
    pub public_url: String,
}

/// Which Jira it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deployment {
    /// Jira Cloud.
    Cloud,
    /// Jira Data Center.
    DataCenter,
}

/// `[jira]`.
#[derive(Debug, Clone)]
pub struct Jira {
    /// Which it is.
    pub deployment: Deployment,
    /// The API's address.
    pub api_url: Url,
    /// Where people read tickets; ends without a slash.
    pub browse_url: String,
    /// The account's e-mail address; empty on Data Center, whose token says whose it is.
    pub account: String,
    /// Its API token, or its personal access token on Data Center.
    pub token: SecretString,
    /// Secrets of the webhook; at least one on Cloud. None means that its webhooks are refused.
    pub webhook_secrets: Vec<SecretString>,
    /// The project's key.
    pub project: String,
    /// The type of the tickets that the gate makes.
    pub issue_type: String,
    /// Jira's name or id of each field.
    pub fields: Vec<(Field, String)>,
    /// Where else people approve.
    pub approvals: Approvals,
    /// Names in the workflow.
    pub workflow: Workflow,
    /// How late its search may be.
    pub settle: std::time::Duration,
}

/// `[jira.approvals]`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approvals {
    /// Names or ids of fields in which people approve.
    pub fields: Vec<String>,
    /// What means yes in them.
    pub approve: Vec<String>,
    /// What means no in them.
    pub decline: Vec<String>,
    /// Whether approvals of Jira Service Management are read.
    pub service_desk: bool,
}

/// `[jira.workflow]`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workflow {
    /// Status of a ticket that waits for a decision.
    pub pending: String,
    /// Status of an approved ticket.
    pub approved: String,
    /// Status of a declined ticket.
    pub declined: String,
    /// Status of a finished ticket.
    pub closed: String,
    /// Transition to `approved`.
    pub approve: String,
    /// Transition to `declined`.
    pub decline: String,
    /// Transition back to `pending`.
    pub hold: String,
    /// Transition to `closed`.
    pub close: String,
}

/// `[github]`.
#[derive(Debug, Clone)]
pub struct Github {
    /// The REST API's address.
    pub api_url: Url,
    /// How cm-bot identifies itself.
    pub login: GithubLogin,
    /// Secrets of the webhook; none means that its webhooks are refused.
    pub webhook_secrets: Vec<SecretString>,
    /// Most requests that one look at one ticket may cost.
    pub requests_per_ticket: usize,
}

/// How cm-bot identifies itself to GitHub.
#[derive(Debug, Clone)]
pub enum GithubLogin {
    /// As an App.
    App {
        /// Its numeric id.
        id: u64,
        /// Its private key, PEM.
        private_key: SecretString,
    },
    /// With a token.
    Token(SecretString),
    /// Not at all: no service is there.
    Nobody,
}

/// `[slack]`.
#[derive(Debug, Clone)]
pub struct Slack {
    /// The Web API's address.
    pub api_url: Url,
    /// The bot token.
    pub bot_token: SecretString,
    /// The signing secret; nothing means that interactions are refused.
    pub signing_secret: Option<SecretString>,
    /// Channel for changes.
    pub changes: String,
    /// Channel for emergencies.
    pub emergencies: String,
    /// Where people decide.
    pub decisions: Decisions,
    /// How people hear of automatic approvals.
    pub auto_approved: AutoApproved,
}

/// `[jobs]`.
#[derive(Debug, Clone, Copy)]
pub struct Jobs {
    /// How often a waiting ticket is looked at again.
    pub recheck: std::time::Duration,
    /// How soon a ticket is tried again when a service did not answer.
    pub retry: std::time::Duration,
    /// How often Jira is asked for changes that no webhook told of.
    pub reconcile: std::time::Duration,
}

/// `[audit]`.
#[derive(Debug, Clone)]
pub struct Audit {
    /// The private key that signs checkpoints; nothing means that there are none.
    pub signing_key: Option<SecretString>,
    /// How often a checkpoint is made.
    pub every: std::time::Duration,
    /// Where the newest checkpoint is kept besides, outside of the database.
    pub kept: Option<PathBuf>,
}

/// What is wrong with the settings. Each is one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A file that cannot be read.
    #[error("{path}: {why}")]
    File {
        /// Which file, and where in it.
        path: String,
        /// What is wrong, without a word of what stands there.
        why: String,
    },
    /// A key that does not exist.
    #[error("unknown setting `{key}` in {place}{hint}")]
    UnknownKey {
        /// The key.
        key: String,
        /// File or environment.
        place: String,
        /// `; did you mean …?` or nothing.
        hint: String,
    },
    /// A value that is missing.
    #[error("`{key}` is not set: {why}")]
    Missing {
        /// The key.
        key: &'static str,
        /// What it is needed for.
        why: &'static str,
    },
    /// A value that cannot be used. It is never shown, it may be a secret.
    #[error("`{key}` cannot be used: {why}")]
    Bad {
        /// The key.
        key: String,
        /// Why.
        why: String,
    },
    /// The layers cannot be put together.
    #[error("the settings cannot be read: {0}")]
    Unreadable(&'static str),
}
