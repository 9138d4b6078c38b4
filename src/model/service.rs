//! What can be deployed, from the settings and never from a ticket.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::{BranchName, Environment, RepoName, ServiceName};

/// A registered service: one `[[services]]` block of the settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Equal to the Jira component.
    pub name: ServiceName,
    /// Where its code is.
    pub repository: RepoName,
    /// The branch that production is built from.
    pub branch: BranchName,
    /// Where it may be deployed to.
    pub environments: Vec<Environment>,
    /// The security scans that every build must have.
    pub scanners: Vec<Scanner>,
}

/// One expected security scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Scanner {
    /// A code-scanning analysis.
    Analysis {
        /// The tool's name, as code scanning shows it.
        tool: String,
        /// The category of the analysis, such as `/language:rust`.
        category: String,
    },
    /// A check run of one GitHub App.
    Check {
        /// The name of the check.
        check: String,
        /// The numeric id of the App that must have reported it.
        app_id: u64,
    },
}

/// The line of changes that a ticket belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Scope {
    /// What is deployed.
    pub service: ServiceName,
    /// Where to.
    pub environment: Environment,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.service, self.environment)
    }
}

impl fmt::Display for Scanner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scanner::Analysis { tool, category } => write!(f, "{tool} ({category})"),
            Scanner::Check { check, app_id } => write!(f, "check {check} of App {app_id}"),
        }
    }
}
