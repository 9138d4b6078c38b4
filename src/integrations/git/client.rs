//! Requests to a server that speaks Git: with its token, only to its own address, a few at a time, and within limits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::RequestBuilder;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Semaphore, SemaphorePermit};
use url::Url;

use super::pack::{Limits, Pack};
use super::reply::{self, Capabilities};
use super::request::{Fetch, Filter};
use crate::integrations::SourceError;
use crate::integrations::allowance::Allowance;
use crate::integrations::http::{Answer, Peer};
use crate::model::{RepoName, shortened};

/// Names the version of the protocol (<https://git-scm.com/docs/gitprotocol-v2#_http_transport>).
const PROTOCOL: (&str, &str) = ("git-protocol", "version=2");

/// Largest answer, in bytes: a range with all its folders is far below.
const PACK: usize = 64 << 20;

/// A server that packs a large repository needs its time before the first byte.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Requests that are under way at a time. Each may hold as much memory as a pack and all that is in it.
const AT_A_TIME: usize = 3;

/// Where repositories are, and who asks for them.
#[derive(Debug, Clone)]
pub struct Server {
    /// The address under which repositories lie as `OWNER/NAME.git`. The settings see to it that nobody can listen on the way.
    pub base: Url,
    /// The user of the token: `oauth2` for GitLab, `x-token-auth` for Bitbucket.
    pub user: String,
    /// The token.
    pub token: SecretString,
}

/// A client for one server. A clone shares everything with it.
#[derive(Debug, Clone)]
pub struct GitClient {
    http: reqwest::Client,
    server: Arc<Server>,
    under_way: Arc<Semaphore>,
    /// What the server can do, by repository.
    known: Arc<Mutex<HashMap<RepoName, Capabilities>>>,
    limits: Limits,
    /// Nothing when any number of requests may be sent.
    allowance: Option<Arc<Allowance>>,
}

impl GitClient {
    /// A client for this server. `http` follows no redirect, so the token goes to no other address.
    #[must_use]
    pub fn new(http: reqwest::Client, server: Server) -> GitClient {
        GitClient {
            http,
            server: Arc::new(server),
            under_way: Arc::new(Semaphore::new(AT_A_TIME)),
            known: Arc::default(),
            limits: Limits::default(),
            allowance: None,
        }
    }

    /// The same client, which reads packs within other limits.
    #[must_use]
    pub fn within(&self, limits: Limits) -> GitClient {
        GitClient { limits, ..self.clone() }
    }

    /// The same client, whose requests use up an allowance.
    pub(in crate::integrations) fn at_the_cost_of(&self, allowance: Option<Arc<Allowance>>) -> GitClient {
        GitClient { allowance, ..self.clone() }
    }

    /// What the server can do for a repository. That is asked for once, and again after a refusal.
    pub(super) async fn capabilities(&self, repository: &RepoName) -> Result<Capabilities, SourceError> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(repository).copied();
        if let Some(known) = known {
            return Ok(known);
        }
        let request = self.http.get(self.address(repository, "info/refs?service=git-upload-pack"));
        let _permit = self.permit().await?;
        let answer = self.send(request, "application/x-git-upload-pack-advertisement").await?;
        let found = Capabilities::read(&answer.body)?;
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(repository.clone(), found);
        Ok(found)
    }

    /// Fetches objects. A server that refuses to leave out folders is asked again to leave out files only, which brings more.
    pub(super) async fn fetch(&self, repository: &RepoName, fetch: Fetch<'_>) -> Result<Pack, SourceError> {
        match self.fetch_once(repository, &fetch).await {
            Err(SourceError::Refused { status: 200, message })
                if fetch.filter == Filter::FilesAndFolders && message.contains("filter") =>
            {
                self.fetch_once(repository, &Fetch { filter: Filter::Files, ..fetch }).await
            }
            answer => answer,
        }
    }

    async fn fetch_once(&self, repository: &RepoName, fetch: &Fetch<'_>) -> Result<Pack, SourceError> {
        let server = self.capabilities(repository).await?;
        if fetch.depth.is_some() && !server.deepens {
            return Err(SourceError::Unreadable("its Git cannot give a part of the history".into()));
        }
        let (limits, _permit) = (self.limits, self.permit().await?);
        let answer = self.post(repository, fetch.written(&server)).await?;
        // Unpacking takes a while, and others wait for this thread.
        let read = tokio::task::spawn_blocking(move || {
            let pack = reply::pack(&answer)?;
            drop(answer);
            Pack::read(&pack, limits)
        });
        let read = read.await.map_err(|_| SourceError::Unreadable("a pack that broke the reader".into()))?;
        // It may not be able any more to do what it could do.
        read.inspect_err(|_| self.forget(repository))
    }

    /// Sends a command, which only reads.
    pub(super) async fn command(&self, repository: &RepoName, body: Vec<u8>) -> Result<Vec<u8>, SourceError> {
        let _permit = self.permit().await?;
        self.post(repository, body).await
    }

    async fn post(&self, repository: &RepoName, body: Vec<u8>) -> Result<Vec<u8>, SourceError> {
        let request = self.http.post(self.address(repository, "git-upload-pack")).body(body);
        let request = request.header(CONTENT_TYPE, "application/x-git-upload-pack-request");
        let answer = self.send(request, "application/x-git-upload-pack-result").await;
        answer.map(|answer| answer.body).inspect_err(|_| self.forget(repository))
    }

    fn forget(&self, repository: &RepoName) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(repository);
    }

    async fn send(&self, request: RequestBuilder, kind: &'static str) -> Result<Answer, SourceError> {
        self.allowance.as_ref().map_or(Ok(()), |allowance| allowance.take())?;
        let request = request.basic_auth(&self.server.user, Some(self.server.token.expose_secret()));
        let request = request.header(PROTOCOL.0, PROTOCOL.1).header(ACCEPT, kind).timeout(TIMEOUT);
        let answer = Peer::Git.read_most(request, PACK).await?;
        let found = answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("no content type");
        if found.split(';').next().map(str::trim) == Some(kind) {
            return Ok(answer);
        }
        Err(SourceError::Unreadable(format!("{} instead of Git's protocol", shortened(found, 40))))
    }

    async fn permit(&self) -> Result<SemaphorePermit<'_>, SourceError> {
        let closed = |_| SourceError::Unreachable("the program is ending".into());
        self.under_way.acquire().await.map_err(closed)
    }

    /// Names of repositories are plain words, so nothing in them leads elsewhere.
    fn address(&self, repository: &RepoName, path: &str) -> String {
        format!("{}/{repository}.git/{path}", self.server.base.as_str().trim_end_matches('/'))
    }
}
