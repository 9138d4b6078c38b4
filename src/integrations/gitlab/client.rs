//! Plain requests to GitLab's two doors, REST and GraphQL.

use std::sync::Arc;
use std::time::Duration;

use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::memory::Memory;
use crate::clock::Clock;
use crate::integrations::SourceError;
use crate::integrations::git::{GitClient, Server};
use crate::integrations::http::{Answer, Peer};
use crate::integrations::line::{Bounds, Line};
use crate::model::{RepoName, Service};
use crate::settings::Gitlab as Settings;

/// Requests that are under way at a time.
const AT_A_TIME: usize = 16;

/// As whom a token reads repositories (<https://docs.gitlab.com/user/profile/personal_access_tokens/>).
const GIT_USER: &str = "oauth2";

/// A client for the GitLab of the settings. A clone shares everything with it.
#[derive(Debug, Clone)]
pub struct GitlabClient {
    http: reqwest::Client,
    /// Ends in `/api/v4`.
    api: String,
    /// Where people see it, and where its repositories are; ends without a slash.
    web: String,
    token: SecretString,
    line: Line,
    pub(super) git: GitClient,
    pub(super) memory: Arc<Memory>,
}

impl GitlabClient {
    /// A client for the GitLab of the settings.
    #[must_use]
    pub fn new(http: reqwest::Client, settings: &Settings, clock: Clock) -> GitlabClient {
        let (user, token) = (GIT_USER.to_owned(), settings.token.clone());
        let git = GitClient::new(http.clone(), Server { base: settings.web_url(), user, token });
        let bounds = Bounds { at_a_time: AT_A_TIME, per_ticket: settings.requests_per_ticket };
        GitlabClient {
            http,
            api: without_slash(&settings.api_url),
            web: without_slash(&settings.web_url()),
            token: settings.token.clone(),
            line: Line::new(Peer::Gitlab, bounds, clock),
            git,
            memory: Arc::default(),
        }
    }

    /// The same client for one look at one ticket, which may send so many requests as the settings say and no more.
    #[must_use]
    pub fn for_one_ticket(&self) -> GitlabClient {
        let line = self.line.for_one_ticket();
        let git = self.git.at_the_cost_of(line.allowance());
        GitlabClient { line, git, memory: Arc::default(), ..self.clone() }
    }

    /// Where people see the repository of a service.
    #[must_use]
    pub fn web_url(&self, service: &Service) -> String {
        format!("{}/{}", self.web, service.repository)
    }

    /// How long GitLab wants to be left alone; nothing when it may be asked.
    #[must_use]
    pub fn must_wait(&self) -> Option<Duration> {
        self.line.must_wait()
    }

    /// How many milliseconds GitLab's clock is ahead of ours, by its newest answer; nothing when that did not say.
    #[must_use]
    pub fn clock_ahead_ms(&self) -> Option<i64> {
        self.line.clock_ahead_ms()
    }

    /// Checks that GitLab answers and lets us see the project of a service.
    ///
    /// # Errors
    /// When it does not.
    pub async fn check(&self, service: &Service) -> Result<(), SourceError> {
        self.get(&project(&service.repository, "")).await.map(drop)
    }

    /// Reads one page below `/api/v4`; up to three times when there is no answer.
    pub(super) async fn get(&self, path: &str) -> Result<Answer, SourceError> {
        let address = format!("{}{path}", self.api);
        self.reading(|| self.http.get(&address)).await
    }

    /// Sends a GraphQL query, which only reads; up to three times when there is no answer.
    pub(super) async fn query(&self, query: &Value) -> Result<Answer, SourceError> {
        let address = format!("{}/api/graphql", self.web);
        self.reading(|| self.http.post(&address).json(query)).await
    }

    async fn reading(&self, request: impl Fn() -> RequestBuilder) -> Result<Answer, SourceError> {
        self.line.read(|| request().header("PRIVATE-TOKEN", self.token.expose_secret())).await
    }

    /// As [`GitlabClient::get`], as one of our wire types.
    pub(super) async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, SourceError> {
        self.get(path).await?.json()
    }
}

/// A path of a project, which stands in it with its slashes written as `%2F`.
pub(super) fn project(repository: &RepoName, path: &str) -> String {
    format!("/projects/{}{path}", repository.as_str().replace('/', "%2F"))
}

fn without_slash(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}
