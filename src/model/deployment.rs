//! What a pipeline wants to deploy.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::{BranchName, CommitSha, Environment, ParseError, RepoName, ServiceName};
use super::service::Scope;

/// Longest name of a job, a build or an artifact, in bytes.
const MOST_NAME: usize = 200;

/// The systems that run pipelines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "they are names")]
pub enum CiSystem {
    GithubActions,
    Gitlab,
    Jenkins,
    /// Any other, known by a token alone.
    Other,
}

/// A name that a pipeline gives: one line, neither empty nor long.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PipelineName(String);

/// One run of a pipeline. A second attempt of the same build is another run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Run {
    /// Where it runs.
    pub system: CiSystem,
    /// The job.
    pub job: PipelineName,
    /// The build's number or id in it.
    pub build: PipelineName,
    /// Which attempt of this build, from 1.
    pub attempt: u32,
}

/// One build that a run wants to bring to one environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// Which run asks.
    pub run: Run,
    /// The service.
    pub service: ServiceName,
    /// Where to.
    pub environment: Environment,
    /// The repository that was built.
    pub repository: RepoName,
    /// The branch that was built, without `refs/heads/`.
    pub branch: BranchName,
    /// The commit that was built.
    pub commit: CommitSha,
    /// What was built: its digest, if the pipeline knows one.
    pub artifact: Option<PipelineName>,
    /// What is done with it, such as `apply`.
    pub action: PipelineName,
}

/// What became of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It is in production.
    Succeeded,
    /// It is not; what was there before is, or nobody knows.
    Failed,
    /// It was, and what was there before is back.
    RolledBack,
    /// Nobody has said for so long that people were asked to look.
    Unreported,
}

impl Ending {
    /// Its name in requests and records.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Ending::Succeeded => "succeeded",
            Ending::Failed => "failed",
            Ending::RolledBack => "rolled_back",
            Ending::Unreported => "unreported",
        }
    }

    /// Reads a name.
    ///
    /// # Errors
    /// When it is none of them.
    pub fn parse(text: &str) -> Result<Ending, ParseError> {
        let all = [Ending::Succeeded, Ending::Failed, Ending::RolledBack, Ending::Unreported];
        let known = all.into_iter().find(|ending| ending.id() == text);
        known.ok_or_else(|| ParseError::new(text, "an ending: succeeded, failed or rolled_back"))
    }

    /// Whether a pipeline may say this after it has said something before. What failed is not made to have succeeded
    /// later: that is another run.
    #[must_use]
    pub fn may_follow(self, before: Option<Ending>) -> bool {
        match before {
            None | Some(Ending::Unreported) => true,
            Some(Ending::Succeeded | Ending::Failed) => self == Ending::RolledBack || Some(self) == before,
            Some(Ending::RolledBack) => self == Ending::RolledBack,
        }
    }
}

impl CiSystem {
    /// Its name in requests and records.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            CiSystem::GithubActions => "github-actions",
            CiSystem::Gitlab => "gitlab",
            CiSystem::Jenkins => "jenkins",
            CiSystem::Other => "other",
        }
    }

    /// Reads a name.
    ///
    /// # Errors
    /// When it is none of them.
    pub fn parse(text: &str) -> Result<CiSystem, ParseError> {
        let all = [CiSystem::GithubActions, CiSystem::Gitlab, CiSystem::Jenkins, CiSystem::Other];
        let known = all.into_iter().find(|system| system.id() == text);
        known.ok_or_else(|| ParseError::new(text, "a CI system: github-actions, gitlab, jenkins or other"))
    }
}

impl PipelineName {
    /// Reads one.
    ///
    /// # Errors
    /// When it is empty, longer than 200 bytes, or has control characters.
    pub fn parse(text: &str) -> Result<PipelineName, ParseError> {
        let text = text.trim();
        if text.is_empty() || text.len() > MOST_NAME || text.chars().any(char::is_control) {
            return Err(ParseError::new(text, "a name of 1 to 200 characters"));
        }
        Ok(PipelineName(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PipelineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for PipelineName {
    type Error = ParseError;
    fn try_from(text: String) -> Result<PipelineName, ParseError> {
        PipelineName::parse(&text)
    }
}

impl From<PipelineName> for String {
    fn from(name: PipelineName) -> String {
        name.0
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} build {}", self.job, self.build)?;
        if self.attempt > 1 { write!(f, ", attempt {}", self.attempt) } else { Ok(()) }
    }
}

impl Deployment {
    /// The line of changes that it belongs to.
    #[must_use]
    pub fn scope(&self) -> Scope {
        Scope { service: self.service.clone(), environment: self.environment.clone() }
    }
}

/// Reads the full name of a branch, such as `refs/heads/main`.
///
/// # Errors
/// When it is a tag, a short name (which may mean a tag or a branch), or anything else.
pub fn branch_of_ref(text: &str) -> Result<BranchName, ParseError> {
    let name = text.strip_prefix("refs/heads/");
    name.ok_or_else(|| ParseError::new(text, "the full name of a branch, such as refs/heads/main"))
        .and_then(BranchName::parse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g28_only_the_full_name_of_a_branch_is_one() {
        assert_eq!(branch_of_ref("refs/heads/main").unwrap().as_str(), "main");
        for odd in ["main", "refs/tags/main", "refs/heads/", "heads/main", "refs/heads/../x", "refs/pull/1/merge"] {
            assert!(branch_of_ref(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn a_name_is_one_line() {
        assert_eq!(PipelineName::parse(" 1871 ").unwrap().as_str(), "1871");
        for odd in ["", "  ", "a\nb", &"x".repeat(201)] {
            assert!(PipelineName::parse(odd).is_err(), "{odd:?}");
        }
    }
}
