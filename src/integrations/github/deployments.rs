//! Deployments as GitHub shows them, whoever let them through. Source:
//! <https://docs.github.com/en/rest/deployments/deployments>, <https://docs.github.com/en/rest/deployments/statuses>.

use super::client::GithubClient;
use super::commits::unreadable;
use super::wire;
use crate::integrations::SourceError;
use crate::model::{CiSystem, CommitSha, PipelineName, RepoName, Scope, SeenRun, Sighting, Timestamp, Witness};

/// Most pages of a hundred deployments in one look. A year of a service that is deployed ten times a day has 37.
const MOST_PAGES: usize = 100;

/// A deployment that somebody has begun; whether it has gone out, its statuses say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    id: u64,
    commit: CommitSha,
    by: String,
    at: Timestamp,
}

impl Begun {
    /// Its name in our records.
    #[must_use]
    pub fn name(&self, repository: &RepoName) -> String {
        format!("{repository} {}", self.id)
    }
}

impl GithubClient {
    /// The deployments to an environment that were begun since a time, newest first.
    ///
    /// # Errors
    /// When the list cannot be read; [`SourceError::TooMuch`] when it is longer than we read.
    pub async fn deployments(
        &self,
        repository: &RepoName,
        environment: &str,
        since: Timestamp,
    ) -> Result<Vec<Begun>, SourceError> {
        let query =
            url::form_urlencoded::Serializer::new(String::new()).append_pair("environment", environment).finish();
        let mut all = Vec::new();
        for page in 1..=MOST_PAGES {
            let path = format!("/deployments?{query}&per_page=100&page={page}");
            let found = self.get(repository, &path, None).await?.json::<Vec<wire::DeploymentInfo>>()?;
            let is_last = found.len() < 100;
            let found = found.into_iter().map(|info| begun(info, environment)).collect::<Result<Vec<_>, _>>()?;
            let is_last = is_last || found.iter().any(|one| one.at < since);
            all.extend(found.into_iter().filter(|one| one.at >= since));
            if is_last {
                return Ok(all);
            }
        }
        Err(SourceError::TooMuch("deployments".into()))
    }

    /// A deployment as it went out; nothing while it has not.
    ///
    /// # Errors
    /// When its statuses cannot be read.
    pub async fn gone_out(
        &self,
        repository: &RepoName,
        begun: &Begun,
        scope: &Scope,
    ) -> Result<Option<Sighting>, SourceError> {
        let path = format!("/deployments/{}/statuses?per_page=100", begun.id);
        let statuses = self.get(repository, &path, None).await?.json::<Vec<wire::DeploymentStatusInfo>>()?;
        // The newest stands first; the oldest success is when it went out.
        let Some(success) = statuses.iter().rfind(|status| status.state == "success") else { return Ok(None) };
        let run = statuses.iter().find_map(|status| run_of(status.log_url.as_deref()?));
        let web = self.web_url(repository);
        Ok(Some(Sighting {
            witness: Witness::Github,
            id: begun.name(repository),
            scope: scope.clone(),
            commit: Some(begun.commit.clone()),
            url: run
                .as_ref()
                .map_or_else(|| format!("{web}/deployments"), |run| format!("{web}/actions/runs/{}", run.build)),
            run,
            by: begun.by.clone(),
            at: Timestamp::parse(&success.created_at).map_err(unreadable)?,
        }))
    }
}

fn begun(info: wire::DeploymentInfo, environment: &str) -> Result<Begun, SourceError> {
    if info.environment != environment {
        return Err(SourceError::Unreadable(format!("deployment {} was not asked for", info.id)));
    }
    Ok(Begun {
        id: info.id,
        commit: CommitSha::parse(&info.sha).map_err(unreadable)?,
        by: info.creator.map_or_else(|| "a deleted account".into(), |creator| creator.login),
        at: Timestamp::parse(&info.created_at).map_err(unreadable)?,
    })
}

/// The run of GitHub Actions whose log an address shows: `https://HOST/OWNER/NAME/actions/runs/NUMBER/job/NUMBER`.
fn run_of(log: &str) -> Option<SeenRun> {
    let (_, rest) = log.split_once("/actions/runs/")?;
    let number = rest.split('/').next().filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()))?;
    Some(SeenRun { system: CiSystem::GithubActions, job: None, build: PipelineName::parse(number).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_of_a_run_names_it() {
        let of = |log: &str| run_of(log).map(|run| run.build.to_string());
        assert_eq!(of("https://github.com/acme/billing-api/actions/runs/123/job/9").as_deref(), Some("123"));
        for other in ["https://ci.example.com/job/release/88/", "https://github.com/a/b/actions/runs/x", ""] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
