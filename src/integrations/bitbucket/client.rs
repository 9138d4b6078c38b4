//! Plain requests to Bitbucket, page by page, and none to anybody else.

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;

use super::people::Known;
use super::wire;
use crate::clock::Clock;
use crate::integrations::SourceError;
use crate::integrations::git::{GitClient, Server};
use crate::integrations::http::{Answer, Peer};
use crate::integrations::line::{Bounds, Line};
use crate::model::{RepoName, Service};
use crate::settings::Bitbucket as Settings;

/// Requests that are under way at a time.
const AT_A_TIME: usize = 8;

/// As whom an access token reads repositories (<https://support.atlassian.com/bitbucket-cloud/docs/using-access-tokens/>).
const GIT_USER: &str = "x-token-auth";

/// Entries on one page.
const PAGE: usize = 50;

/// A client for Bitbucket. A clone shares everything with it.
#[derive(Debug, Clone)]
pub struct BitbucketClient {
    http: reqwest::Client,
    /// Ends in `/2.0`.
    api: String,
    /// Where people see repositories; ends without a slash.
    web: String,
    token: SecretString,
    line: Line,
    pub(super) git: GitClient,
    pub(super) known: Arc<Known>,
}

impl BitbucketClient {
    /// A client for the Bitbucket of the settings.
    #[must_use]
    pub fn new(http: reqwest::Client, settings: &Settings, clock: Clock) -> BitbucketClient {
        let (base, token) = (settings.web_url.clone(), settings.token.clone());
        let git = GitClient::new(http.clone(), Server { base, user: GIT_USER.into(), token });
        let bounds = Bounds { at_a_time: AT_A_TIME, per_ticket: settings.requests_per_ticket };
        BitbucketClient {
            http,
            api: settings.api_url.as_str().trim_end_matches('/').to_owned(),
            web: settings.web_url.as_str().trim_end_matches('/').to_owned(),
            token: settings.token.clone(),
            line: Line::new(Peer::Bitbucket, bounds, clock),
            git,
            known: Arc::default(),
        }
    }

    /// The same client for one look at one ticket, which may send so many requests as the settings say and no more.
    #[must_use]
    pub fn for_one_ticket(&self) -> BitbucketClient {
        let line = self.line.for_one_ticket();
        let git = self.git.at_the_cost_of(line.allowance());
        BitbucketClient { line, git, known: Arc::default(), ..self.clone() }
    }

    /// Where people see the repository of a service.
    #[must_use]
    pub fn web_url(&self, service: &Service) -> String {
        format!("{}/{}", self.web, service.repository)
    }

    /// How long Bitbucket wants to be left alone; nothing when it may be asked.
    #[must_use]
    pub fn must_wait(&self) -> Option<Duration> {
        self.line.must_wait()
    }

    /// How many milliseconds Bitbucket's clock is ahead of ours, by its newest answer; nothing when that did not say.
    #[must_use]
    pub fn clock_ahead_ms(&self) -> Option<i64> {
        self.line.clock_ahead_ms()
    }

    /// Checks that Bitbucket answers and lets us see the repository of a service.
    ///
    /// # Errors
    /// When it does not, or the repository has another name by now.
    pub async fn check(&self, service: &Service) -> Result<(), SourceError> {
        let found: wire::Repository = self.read(&repository(&service.repository, "")).await?;
        if found.full_name == service.repository.as_str() {
            return Ok(());
        }
        Err(SourceError::Unreadable("a repository of another name than the one asked for".into()))
    }

    /// Reads something below `/2.0`; up to three times when there is no answer.
    pub(super) async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, SourceError> {
        self.get(&format!("{}{path}", self.api)).await?.json()
    }

    /// Reads a whole list of at most so many pages. `path` may have a query.
    ///
    /// # Errors
    /// [`SourceError::TooMuch`] when it has more, [`SourceError::Unreadable`] when the next page is said to be elsewhere.
    pub(super) async fn list<T: DeserializeOwned>(&self, path: &str, most: usize) -> Result<Vec<T>, SourceError> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let mut next = Some(format!("{}{path}{joint}pagelen={PAGE}", self.api));
        let mut all = Vec::new();
        for _ in 0..most {
            let Some(address) = next.take() else { return Ok(all) };
            let page: wire::Page<T> = self.get(&address).await?.json()?;
            all.extend(page.values);
            next = page.next.map(|next| self.here(next)).transpose()?;
            if let Some(size) = page.size.filter(|size| next.is_none() && *size != all.len()) {
                return Err(SourceError::Incomplete(format!("{} of {size} entries", all.len())));
            }
        }
        if next.is_none() { Ok(all) } else { Err(SourceError::TooMuch(format!("more than {} entries", all.len()))) }
    }

    /// The token goes to the address of the settings and to no other, whatever an answer says.
    fn here(&self, address: String) -> Result<String, SourceError> {
        let rest = address.strip_prefix(self.api.as_str());
        if rest.is_some_and(|rest| rest.starts_with('/') && !rest.contains("..")) {
            return Ok(address);
        }
        Err(SourceError::Unreadable("a next page that is elsewhere".into()))
    }

    async fn get(&self, address: &str) -> Result<Answer, SourceError> {
        let answer = self.line.read(|| self.http.get(address).bearer_auth(self.token.expose_secret())).await?;
        match answer.status.as_u16() {
            200 => Ok(answer),
            // "Accepted" is no answer.
            _ => Err(SourceError::Incomplete("Bitbucket is still looking".into())),
        }
    }
}

/// A path of a repository.
pub(super) fn repository(name: &RepoName, path: &str) -> String {
    format!("/repositories/{name}{path}")
}
