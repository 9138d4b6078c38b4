//! Plain requests: no more than a few at a time, none while GitHub says "later", and nothing twice that has not changed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use backon::Retryable;
use http::header::{ACCEPT, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH};
use tokio::sync::Semaphore;

use super::addresses::web_base;
use super::carrier::{Carried, Failure, carried, whole};
use super::login::{Held, Login, Session};
use super::memory::Question;
use crate::clock::Clock;
use crate::integrations::SourceError;
use crate::integrations::allowance::Allowance;
use crate::integrations::http::{Answer, Peer, accept, backoff};
use crate::integrations::limits::{self, Gate};
use crate::integrations::peer_clock::PeerClock;
use crate::model::RepoName;
use crate::settings::{Github as Settings, GithubLogin};

/// Requests that are under way at a time for one owner. GitHub allows a hundred and asks for fewer.
const AT_A_TIME: usize = 50;

/// A client for one GitHub. A clone shares everything with it.
#[derive(Debug, Clone)]
pub struct GithubClient {
    pub(super) clock: Clock,
    pub(super) login: Arc<Login>,
    their_clock: Arc<PeerClock>,
    owners: Arc<Mutex<HashMap<String, Arc<Owner>>>>,
    requests_per_ticket: usize,
    /// Nothing when any number of requests may be sent.
    allowance: Option<Arc<Allowance>>,
}

/// What the requests for one owner share.
#[derive(Debug)]
pub(super) struct Owner {
    pub(super) gate: Gate,
    /// Questions about so many nodes were answered last, by repository and kind of node.
    pub(super) sizes: Mutex<HashMap<(RepoName, &'static str), usize>>,
    held: Held,
    under_way: Semaphore,
}

/// One request; all but the last only read.
#[derive(Debug)]
enum Request<'a> {
    Get(Question),
    Query(&'a serde_json::Value),
    Post(String, &'a serde_json::Value),
}

impl GithubClient {
    /// A client for the GitHub of the settings.
    #[must_use]
    pub fn new(http: reqwest::Client, settings: &Settings, clock: Clock) -> GithubClient {
        let (api, login) = (settings.api_url.clone(), settings.login.clone());
        GithubClient {
            login: Arc::new(Login { http, api, login, clock: clock.clone() }),
            clock,
            their_clock: Arc::default(),
            owners: Arc::default(),
            requests_per_ticket: settings.requests_per_ticket,
            allowance: None,
        }
    }

    /// The same client for one look at one ticket, which may send so many requests as the settings say and no more.
    #[must_use]
    pub fn for_one_ticket(&self) -> GithubClient {
        GithubClient { allowance: Some(Arc::new(Allowance::of(self.requests_per_ticket))), ..self.clone() }
    }

    /// Where people see a repository.
    #[must_use]
    pub fn web_url(&self, repository: &RepoName) -> String {
        format!("{}/{repository}", web_base(&self.login.api))
    }

    /// Checks that GitHub answers and lets us see a repository.
    ///
    /// # Errors
    /// When it does not.
    pub async fn check(&self, repository: &RepoName) -> Result<(), SourceError> {
        self.get(repository, "", None).await.map(|_| ())
    }

    /// How many milliseconds GitHub's clock is ahead of ours, by its newest answer; nothing when that did not say.
    #[must_use]
    pub fn clock_ahead_ms(&self) -> Option<i64> {
        self.their_clock.ahead_ms()
    }

    /// How long GitHub wants to be left alone; nothing when it may be asked.
    #[must_use]
    pub fn must_wait(&self, repository: &RepoName) -> Option<Duration> {
        self.owner(repository).gate.closed_for(self.clock.now())
    }

    /// Reads `/repos/OWNER/NAME/…`; up to three times when there is no answer.
    pub(super) async fn get(
        &self,
        repository: &RepoName,
        path: &str,
        kind: Option<&'static str>,
    ) -> Result<Answer, SourceError> {
        let request = Request::Get((format!("/repos/{repository}{path}"), kind));
        let attempt = || async { self.send(repository, &request).await.map_err(Failure::into_error) };
        attempt.retry(backoff()).when(|error| matches!(error, SourceError::Unreachable(_))).await
    }

    /// Writes to `/repos/OWNER/NAME/…`, once.
    pub(super) async fn post(
        &self,
        repository: &RepoName,
        path: &str,
        body: &serde_json::Value,
    ) -> Result<Answer, SourceError> {
        let request = Request::Post(format!("/repos/{repository}{path}"), body);
        self.send(repository, &request).await.map_err(Failure::into_error)
    }

    /// Sends a GraphQL query, which only reads, once.
    pub(super) async fn query(&self, repository: &RepoName, query: &serde_json::Value) -> Result<Answer, Failure> {
        self.send(repository, &Request::Query(query)).await
    }

    /// What the requests for the owner of a repository share.
    pub(super) fn owner(&self, repository: &RepoName) -> Arc<Owner> {
        let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(owners.entry(self.login.owner_key(repository)).or_insert_with(|| Arc::new(Owner::new())))
    }

    /// A token that GitHub does not take any more is replaced, once; one that was given to us cannot be.
    async fn send(&self, repository: &RepoName, request: &Request<'_>) -> Result<Answer, Failure> {
        let owner = self.owner(repository);
        let (session, answer) = self.attempt(&owner, repository, request).await?;
        if !is_refused(&answer) {
            return answer;
        }
        owner.held.drop_session(&session).await;
        if matches!(self.login.login, GithubLogin::Token(_)) {
            return answer;
        }
        let (session, answer) = self.attempt(&owner, repository, request).await?;
        if is_refused(&answer) {
            owner.held.drop_session(&session).await;
        }
        answer
    }

    async fn attempt(
        &self,
        owner: &Owner,
        repository: &RepoName,
        request: &Request<'_>,
    ) -> Result<(Arc<Session>, Result<Answer, Failure>), Failure> {
        let closed = |_| SourceError::Unreachable("the program is ending".into());
        let _permit = owner.under_way.acquire().await.map_err(closed)?;
        owner.gate.pass(self.clock.now())?;
        self.allowance.as_ref().map_or(Ok(()), |allowance| allowance.take())?;
        let session = owner.held.session(&self.login, repository).await;
        let session = session.inspect_err(|error| self.note_limit(owner, error))?;
        let answer = Peer::Github.counted(self.once(owner, &session, request)).await;
        Ok((session, answer))
    }

    async fn once(&self, owner: &Owner, session: &Session, request: &Request<'_>) -> Result<Answer, Failure> {
        let (kept, asked) = (request.kept(session), self.clock.now());
        let answer = request.carry(session, kept.as_deref()).await.map_err(|error| carried(&error))?;
        let answer = whole(answer).await?;
        self.their_clock.note(&answer.headers, asked, self.clock.now());
        if let Some(wait) = limits::limit(&answer, self.clock.now()) {
            owner.gate.close(self.clock.now(), wait);
            return Err(SourceError::RateLimited(Some(wait)).into());
        }
        match (request, answer.status.as_u16()) {
            (Request::Get(_), 304) => {
                let nothing = || SourceError::Unreadable("\"not modified\", and nothing was kept".into());
                Ok(kept.as_deref().cloned().ok_or_else(nothing)?)
            }
            (Request::Query(_), 502 | 504) => {
                Err(Failure::TooHeavy(SourceError::Unreachable(answer.status.to_string())))
            }
            (Request::Query(_) | Request::Post(..), _) => Ok(accept(answer)?),
            (Request::Get(question), _) => {
                let answer = accept(answer)?;
                session.memory.keep(question.clone(), &answer);
                Ok(answer)
            }
        }
    }

    /// A log-in that was refused for having been tried too often closes the gate as well.
    fn note_limit(&self, owner: &Owner, error: &SourceError) {
        if let Some(wait) = error.retry_after() {
            owner.gate.close(self.clock.now(), wait);
        }
    }
}

impl Owner {
    fn new() -> Owner {
        Owner {
            gate: Gate::default(),
            sizes: Mutex::new(HashMap::new()),
            held: Held::default(),
            under_way: Semaphore::new(AT_A_TIME),
        }
    }
}

impl Request<'_> {
    fn kept(&self, session: &Session) -> Option<Arc<Answer>> {
        match self {
            Request::Query(_) | Request::Post(..) => None,
            Request::Get(question) => session.memory.recall(question),
        }
    }

    async fn carry(&self, session: &Session, kept: Option<&Answer>) -> octocrab::Result<Carried> {
        match self {
            Request::Query(query) => session.graphql._post("/graphql", Some(query)).await,
            Request::Post(route, body) => session.rest._post(route.as_str(), Some(body)).await,
            Request::Get((route, kind)) => {
                let kind = kind.map(|kind| (ACCEPT, HeaderValue::from_static(kind)));
                let tag = kept.and_then(|kept| Some((IF_NONE_MATCH, kept.headers.get(ETAG)?.clone())));
                let headers = HeaderMap::from_iter(kind.into_iter().chain(tag));
                session.rest._get_with_headers(route.as_str(), Some(headers)).await
            }
        }
    }
}

fn is_refused(answer: &Result<Answer, Failure>) -> bool {
    matches!(answer, Err(Failure::Other(SourceError::Unauthorized)))
}
