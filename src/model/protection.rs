//! A run of GitHub Actions that waits at a deployment protection rule.

use std::fmt;

use super::ids::{CommitSha, GithubId, ParseError, RepoName};

/// Longest name of an environment, as GitHub has it, in characters.
const MOST_ENVIRONMENT: usize = 255;

/// A run whose deployment to one environment waits for a protection rule. That is all that is taken from GitHub's webhook.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProtectedRun {
    /// The repository.
    pub repository: RepoName,
    /// The run's number; another attempt has the same.
    pub run: u64,
    /// GitHub's name of the environment; untrusted text of one line.
    pub environment: String,
}

/// A run as GitHub tells of it when it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowRun {
    /// Which attempt, from 1.
    pub attempt: u32,
    /// The number of its repository. Names can be taken over, numbers cannot.
    pub repository_id: u64,
    /// The number of the repository that holds its commit; nothing when that repository is gone.
    pub head_repository_id: Option<u64>,
    /// What started it, such as `push`.
    pub event: String,
    /// The short name of the branch, or of the tag.
    pub branch: Option<String>,
    /// Whether the repository has a tag of this name, so that nobody can tell which of the two is meant.
    pub is_ambiguous: bool,
    /// The commit.
    pub commit: CommitSha,
    /// The workflow's file, such as `.github/workflows/deploy.yml`; GitHub may add `@` and the ref.
    pub workflow: String,
    /// The account that started this attempt.
    pub started_by: Option<GithubId>,
}

/// The pipeline of GitHub Actions that a service trusts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkflowPin<'a> {
    /// The number of its repository.
    pub repository_id: &'a str,
    /// Its file with the ref, as in `owner/name/.github/workflows/deploy.yml@refs/heads/main`.
    pub workflow: &'a str,
}

impl ProtectedRun {
    /// Joins the parts.
    ///
    /// # Errors
    /// When the environment has no name that GitHub would allow, or the number is none of a run.
    pub fn new(repository: RepoName, run: u64, environment: &str) -> Result<ProtectedRun, ParseError> {
        let is_name = !environment.trim().is_empty()
            && environment.chars().count() <= MOST_ENVIRONMENT
            && !environment.chars().any(char::is_control);
        if !is_name || run == 0 || i64::try_from(run).is_err() {
            return Err(ParseError::new(environment, "a run and the name of an environment"));
        }
        Ok(ProtectedRun { repository, run, environment: environment.to_owned() })
    }

    /// Reads what [`fmt::Display`] writes.
    ///
    /// # Errors
    /// When the text has another form.
    pub fn parse(text: &str) -> Result<ProtectedRun, ParseError> {
        let odd = || ParseError::new(text, "a run with its repository and environment");
        let (repository, rest) = text.split_once(' ').ok_or_else(odd)?;
        let (run, environment) = rest.split_once(' ').ok_or_else(odd)?;
        ProtectedRun::new(RepoName::parse(repository)?, run.parse().map_err(|_| odd())?, environment)
    }
}

impl fmt::Display for ProtectedRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.repository, self.run, self.environment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_reads_back_as_it_was_written() {
        let run = ProtectedRun::parse("acme/billing-api 77 Production US 1").unwrap();
        assert_eq!((run.run, run.environment.as_str()), (77, "Production US 1"));
        assert_eq!(ProtectedRun::parse(&run.to_string()).unwrap(), run);
        for odd in [
            "acme/billing-api 77",
            "acme/billing-api x prod",
            "acme 77 prod",
            "acme/a 0 prod",
            "acme/a 77 a\nb",
            "acme/a 77  ",
        ] {
            assert!(ProtectedRun::parse(odd).is_err(), "{odd:?}");
        }
    }
}
