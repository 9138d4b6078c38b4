//! Jenkins: which builds of a job that deploys have gone out, and what a build is that asks the gate. Source:
//! <https://www.jenkins.io/doc/book/using/remote-access-api/>.

mod wire;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::SourceError;
use super::http::Peer;
use crate::model::{CiSystem, CommitSha, JenkinsBuild, PipelineName, Scope, SeenRun, Sighting, Timestamp, Witness};
use crate::settings::Jenkins as Settings;

/// Builds that are read in one look; Jenkins gives the newest.
const NEWEST: usize = 100;

/// Most pages of as many builds that are read of a period.
const MOST_PAGES: usize = 100;

/// What is asked for of each.
const TREE: &str = "[number,result,timestamp,duration,url,actions[lastBuiltRevision[SHA1],parameters[name,value],\
                    causes[userName]]]";

/// What is asked for of one that asks the gate.
const TREE_OF_ONE: &str = "number,building,actions[lastBuiltRevision[SHA1],parameters[name,value]]";

/// A client for one Jenkins.
#[derive(Debug, Clone)]
pub struct JenkinsClient {
    http: reqwest::Client,
    base: Url,
    user: String,
    token: SecretString,
}

impl JenkinsClient {
    /// A client for the Jenkins of the settings.
    #[must_use]
    pub fn new(http: reqwest::Client, settings: &Settings) -> JenkinsClient {
        let Settings { url, user, token } = settings.clone();
        JenkinsClient { http, base: url, user, token }
    }

    /// Checks that Jenkins answers and lets us in.
    ///
    /// # Errors
    /// When it does not.
    pub async fn check(&self) -> Result<(), SourceError> {
        let mut url = self.under(&[])?;
        url.query_pairs_mut().append_pair("tree", "mode");
        let request = self.http.get(url).basic_auth(&self.user, Some(self.token.expose_secret()));
        Peer::Jenkins.read(request).await?.as_json().map(drop)
    }

    /// The builds of a job that have gone out since a time, newest first. One that was aborted or failed has not.
    ///
    /// # Errors
    /// When they cannot be read; [`SourceError::TooMuch`] when there are more than we read.
    pub async fn gone_out(
        &self,
        (job, parameter): (&PipelineName, Option<&(String, String)>),
        scope: &Scope,
        since: Timestamp,
    ) -> Result<Vec<Sighting>, SourceError> {
        let builds = self.builds(job, &format!("builds{TREE}{{0,{NEWEST}}}")).await?;
        if builds.len() >= NEWEST && builds.iter().all(|build| ended(build) >= since) {
            return Err(SourceError::TooMuch(format!("{NEWEST} builds of {job}")));
        }
        went_out(&builds, (job, parameter), (scope, since))
    }

    /// The same, however many there were: `allBuilds` has those that Jenkins has not loaded yet, too, and is read in pages.
    ///
    /// # Errors
    /// As [`JenkinsClient::gone_out`].
    pub async fn all_gone_out(
        &self,
        (job, parameter): (&PipelineName, Option<&(String, String)>),
        scope: &Scope,
        since: Timestamp,
    ) -> Result<Vec<Sighting>, SourceError> {
        let mut all = Vec::new();
        for page in 0..MOST_PAGES {
            let range = format!("{{{},{}}}", page * NEWEST, (page + 1) * NEWEST);
            let builds = self.builds(job, &format!("allBuilds{TREE}{range}")).await?;
            all.extend(went_out(&builds, (job, parameter), (scope, since))?);
            if builds.len() < NEWEST || builds.iter().all(|build| ended(build) < since) {
                return Ok(all);
            }
        }
        Err(SourceError::TooMuch(format!("{} builds of {job}", MOST_PAGES * NEWEST)))
    }

    async fn builds(&self, job: &PipelineName, tree: &str) -> Result<Vec<wire::Build>, SourceError> {
        let request =
            self.http.get(self.address(job, None, tree)?).basic_auth(&self.user, Some(self.token.expose_secret()));
        Ok(Peer::Jenkins.read(request).await?.json::<wire::Builds>()?.builds)
    }

    /// A build as Jenkins knows it; nothing when there is none of this number.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn build(&self, job: &PipelineName, number: &PipelineName) -> Result<Option<JenkinsBuild>, SourceError> {
        let Ok(number) = number.as_str().parse::<u64>() else { return Ok(None) };
        let address = self.address(job, Some(number), TREE_OF_ONE)?;
        let request = self.http.get(address).basic_auth(&self.user, Some(self.token.expose_secret()));
        let build = match Peer::Jenkins.read(request).await {
            Ok(answer) => answer.json::<wire::OneBuild>()?,
            Err(SourceError::NotFound) => return Ok(None),
            Err(error) => return Err(error),
        };
        if build.number != number {
            return Err(SourceError::Unreadable("another build than the one that was asked for".into()));
        }
        let commits = build.commits().into_iter().map(CommitSha::parse).collect::<Result<_, _>>();
        Ok(Some(JenkinsBuild {
            is_running: build.building,
            commits: commits.map_err(|error| SourceError::Unreadable(error.to_string()))?,
            parameters: build.parameters(),
        }))
    }

    /// `BASE/job/FOLDER/job/NAME/api/json?tree=…`, with a number before `api` for one build; the name of a branch that is a job
    /// has its slash written as `%2F` twice.
    fn address(&self, job: &PipelineName, build: Option<u64>, tree: &str) -> Result<Url, SourceError> {
        let number = build.map(|number| number.to_string());
        let of_job = job.as_str().split('/').flat_map(|name| ["job", name]);
        let mut url = self.under(&of_job.chain(number.as_deref()).collect::<Vec<_>>())?;
        url.query_pairs_mut().append_pair("tree", tree);
        Ok(url)
    }

    /// `BASE/…/api/json`.
    fn under(&self, names: &[&str]) -> Result<Url, SourceError> {
        let mut url = self.base.clone();
        let no_base = |()| SourceError::Unreadable("jenkins.url is no address to add a path to".into());
        url.path_segments_mut().map_err(no_base)?.pop_if_empty().extend(names).extend(["api", "json"]);
        Ok(url)
    }
}

/// Those of a list of builds that have gone out to a scope since a time.
fn went_out(
    builds: &[wire::Build],
    (job, parameter): (&PipelineName, Option<&(String, String)>),
    (scope, since): (&Scope, Timestamp),
) -> Result<Vec<Sighting>, SourceError> {
    let gone_out = builds.iter().filter(|build| build.has_gone_out() && ended(build) >= since);
    let wanted = gone_out.filter(|build| parameter.is_none_or(|wanted| build.has(wanted)));
    wanted.map(|build| sighting(build, job, scope)).collect()
}

/// When it ended, by the clock of Jenkins.
fn ended(build: &wire::Build) -> Timestamp {
    Timestamp(build.timestamp.saturating_add(build.duration))
}

fn sighting(build: &wire::Build, job: &PipelineName, scope: &Scope) -> Result<Sighting, SourceError> {
    let unreadable = |error: crate::model::ParseError| SourceError::Unreadable(error.to_string());
    let number = PipelineName::parse(&build.number.to_string()).map_err(unreadable)?;
    Ok(Sighting {
        witness: Witness::Jenkins,
        id: format!("{job} {number}"),
        scope: scope.clone(),
        commit: build.commit().map(CommitSha::parse).transpose().map_err(unreadable)?,
        run: Some(SeenRun { system: CiSystem::Jenkins, job: Some(job.clone()), build: number }),
        by: build.started_by().unwrap_or("a trigger of Jenkins").to_owned(),
        at: ended(build),
        url: build.url.clone(),
    })
}
