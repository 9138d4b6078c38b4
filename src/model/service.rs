//! What can be deployed, from the settings and never from a ticket.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::forge::Forge;
use super::ids::{BranchName, Environment, GithubId, ParseError, RepoName, ServiceName};

/// A registered service: one `[[services]]` block of the settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Equal to the Jira component.
    pub name: ServiceName,
    /// Which system holds its code and reviews. Records that are older than the others are of GitHub.
    #[serde(default, skip_serializing_if = "Forge::is_github")]
    pub forge: Forge,
    /// Where its code is.
    pub repository: RepoName,
    /// The branch that production is built from.
    pub branch: BranchName,
    /// Where it may be deployed to.
    pub environments: Vec<Environment>,
    /// The security scans that every build must have.
    pub scanners: Vec<Scanner>,
}

impl Service {
    /// Whether one of its scans is known by a commit status. Many systems set them, so they mean nothing to others.
    #[must_use]
    pub fn expects_a_status(&self) -> bool {
        self.scanners.iter().any(|scanner| matches!(scanner, Scanner::Status { .. }))
    }
}

/// One expected security scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, try_from = "RawScanner")]
pub enum Scanner {
    /// A code-scanning analysis.
    Analysis {
        /// The tool's name, as code scanning shows it.
        tool: String,
        /// The category of the analysis, such as `/language:rust`.
        category: String,
        /// What its list of rules tells.
        #[serde(skip_serializing_if = "Rules::is_all")]
        rules: Rules,
    },
    /// A check run of one GitHub App.
    Check {
        /// The name of the check.
        check: String,
        /// The numeric id of the App that must have reported it.
        app_id: u64,
    },
    /// The newest commit status of one context.
    Status {
        /// The context.
        status: String,
        /// The numeric id of the account that must have set it.
        creator_id: GithubId,
    },
    /// A SARIF file that the pipeline sends to cm-bot.
    Sarif {
        /// The tool's name, as the file says it.
        sarif: String,
        /// What its list of rules tells.
        #[serde(skip_serializing_if = "Rules::is_all")]
        rules: Rules,
    },
}

/// What a tool's list of rules tells. A scan without findings proves itself by the rules that it looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rules {
    /// It lists every rule that it ran: without any it looked at nothing.
    All,
    /// It lists only rules of which it found something, as Trivy does: a clean scan of it lists none, and nobody can tell
    /// from it whether it looked at anything. The company says that this is enough.
    Fired,
}

impl Rules {
    fn is_all(&self) -> bool {
        *self == Rules::All
    }
}

impl Scanner {
    /// How one is written.
    pub const FORM: &str = "a scanner is `tool` and `category`, or `check` and `app_id`, or `status` and `creator_id`, or \
                            `sarif`; the first and the last may have `rules`";

    /// The tool of which the pipeline sends a file, if that is how it works.
    #[must_use]
    pub fn uploaded(&self) -> Option<&str> {
        match self {
            Scanner::Sarif { sarif, .. } => Some(sarif),
            Scanner::Analysis { .. } | Scanner::Check { .. } | Scanner::Status { .. } => None,
        }
    }
}

/// A scanner as it is written: which keys are there says which kind it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawScanner {
    tool: Option<String>,
    category: Option<String>,
    check: Option<String>,
    app_id: Option<u64>,
    status: Option<String>,
    creator_id: Option<GithubId>,
    sarif: Option<String>,
    rules: Option<Rules>,
}

impl TryFrom<RawScanner> for Scanner {
    type Error = &'static str;

    fn try_from(raw: RawScanner) -> Result<Scanner, &'static str> {
        let RawScanner { tool, category, check, app_id, status, creator_id, sarif, rules } = raw;
        let listed = rules.unwrap_or(Rules::All);
        match ((tool, category), (check, app_id), (status, creator_id), (sarif, rules)) {
            ((Some(tool), Some(category)), (None, None), (None, None), (None, _)) => {
                Ok(Scanner::Analysis { tool, category, rules: listed })
            }
            ((None, None), (Some(check), Some(app_id)), (None, None), (None, None)) => {
                Ok(Scanner::Check { check, app_id })
            }
            ((None, None), (None, None), (Some(status), Some(creator_id)), (None, None)) => {
                Ok(Scanner::Status { status, creator_id })
            }
            ((None, None), (None, None), (None, None), (Some(sarif), _)) => Ok(Scanner::Sarif { sarif, rules: listed }),
            _ => Err(Scanner::FORM),
        }
    }
}

/// The line of changes that a ticket belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Scope {
    /// What is deployed.
    pub service: ServiceName,
    /// Where to.
    pub environment: Environment,
}

impl Scope {
    /// Reads the two names.
    ///
    /// # Errors
    /// When one of them is no name.
    pub fn parse(service: &str, environment: &str) -> Result<Scope, ParseError> {
        Ok(Scope { service: ServiceName::parse(service)?, environment: Environment::parse(environment)? })
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.service, self.environment)
    }
}

impl fmt::Display for Scanner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scanner::Analysis { tool, category, .. } => write!(f, "{tool} ({category})"),
            Scanner::Check { check, app_id } => write!(f, "check {check} of App {app_id}"),
            Scanner::Status { status, creator_id } => write!(f, "status {status} of account {}", creator_id.0),
            Scanner::Sarif { sarif, .. } => write!(f, "SARIF of {sarif}"),
        }
    }
}
