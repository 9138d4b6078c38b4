//! A deployment that has gone out, as others show it, whoever let it through.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::deployment::{CiSystem, PipelineName, Run};
use super::ids::{CommitSha, Environment};
use super::service::Scope;
use super::time::Timestamp;

/// Where the deployments of a service to an environment show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// The environment, as tickets call it.
    pub environment: Environment,
    /// Who shows them.
    pub place: WatchedPlace,
}

/// A build as Jenkins knows it while it asks the gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JenkinsBuild {
    /// Whether it is still running.
    pub is_running: bool,
    /// Every commit that it checked out, as far as Jenkins knows; of some it knows none.
    pub commits: Vec<CommitSha>,
    /// Its parameters that are texts or switches.
    pub parameters: Vec<(String, String)>,
}

/// Who shows deployments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchedPlace {
    /// GitHub, as deployments of the service's repository to an environment of this name.
    Github {
        /// GitHub's name of the environment.
        environment: String,
    },
    /// Jenkins, as builds of a job.
    Jenkins {
        /// The job, with its folders.
        job: PipelineName,
        /// Only builds with this parameter, where a job deploys to several environments.
        parameter: Option<(String, String)>,
    },
}

impl fmt::Display for WatchedPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WatchedPlace::Github { environment } => write!(f, "github {environment}"),
            WatchedPlace::Jenkins { job, parameter: None } => write!(f, "jenkins {job}"),
            WatchedPlace::Jenkins { job, parameter: Some((name, value)) } => write!(f, "jenkins {job} {name}={value}"),
        }
    }
}

/// Who showed a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "they are names")]
pub enum Witness {
    Github,
    Jenkins,
}

/// A deployment that has gone out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Who shows it.
    pub witness: Witness,
    /// Its name there, which stays the same.
    pub id: String,
    /// What was deployed, and where to.
    pub scope: Scope,
    /// The commit, where the witness says one.
    pub commit: Option<CommitSha>,
    /// The run that did it, where the witness says one.
    pub run: Option<SeenRun>,
    /// Who did it, as the witness says; untrusted text.
    pub by: String,
    /// When it had gone out.
    pub at: Timestamp,
    /// Where people see it.
    pub url: String,
}

/// A run, as far as a witness names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenRun {
    /// Where it ran.
    pub system: CiSystem,
    /// The job; GitHub does not say which workflow a run is of, and its numbers are unique without.
    pub job: Option<PipelineName>,
    /// The build.
    pub build: PipelineName,
}

impl SeenRun {
    /// Whether it is this run, in whichever attempt.
    #[must_use]
    pub fn is(&self, run: &Run) -> bool {
        self.system == run.system && self.build == run.build && self.job.as_ref().is_none_or(|job| *job == run.job)
    }
}

impl Witness {
    /// Its name in records.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Witness::Github => "github",
            Witness::Jenkins => "jenkins",
        }
    }
}

impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Witness::Github => "GitHub",
            Witness::Jenkins => "Jenkins",
        })
    }
}
