//! Log-in and plain requests.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use backon::Retryable;
use http::HeaderMap;
use http::header::{ACCEPT, HeaderValue};
use http_body_util::{BodyExt, Limited};
use octocrab::Octocrab;
use octocrab::models::AppId;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use tokio::sync::Mutex;
use url::Url;

use crate::integrations::SourceError;
use crate::integrations::http::{Answer, accept, backoff};
use crate::model::RepoName;
use crate::settings::{Github as Settings, GithubLogin};

/// Largest answer that is read, in bytes.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// How long the token of an installation is used. It is valid for an hour.
const TOKEN_AGE: Duration = Duration::from_secs(45 * 60);

/// A client for one GitHub.
#[derive(Debug)]
pub struct GithubClient {
    http: reqwest::Client,
    api: Url,
    login: GithubLogin,
    sessions: Mutex<HashMap<RepoName, Session>>,
}

/// Logged in for one repository.
#[derive(Debug, Clone)]
struct Session {
    rest: Octocrab,
    graphql: Octocrab,
    since: Instant,
}

impl GithubClient {
    /// A client for the GitHub of the settings.
    #[must_use]
    pub fn new(http: reqwest::Client, settings: &Settings) -> GithubClient {
        GithubClient {
            http,
            api: settings.api_url.clone(),
            login: settings.login.clone(),
            sessions: Mutex::new(HashMap::new()),
        }
    }

    /// Where people see a repository.
    #[must_use]
    pub fn web_url(&self, repository: &RepoName) -> String {
        let host = self.api.host_str().unwrap_or("github.com");
        let host = host.strip_prefix("api.").unwrap_or(host);
        let port = self.api.port().map_or_else(String::new, |port| format!(":{port}"));
        format!("{}://{host}{port}/{repository}", self.api.scheme())
    }

    /// Checks that GitHub answers and lets us see a repository.
    ///
    /// # Errors
    /// When it does not.
    pub async fn check(&self, repository: &RepoName) -> Result<(), SourceError> {
        self.get(repository, "", None).await.map(|_| ())
    }

    /// Reads `/repos/OWNER/NAME/…`; up to three times when there is no answer.
    pub(super) async fn get(
        &self,
        repository: &RepoName,
        path: &str,
        kind: Option<&'static str>,
    ) -> Result<Answer, SourceError> {
        let route = format!("/repos/{repository}{path}");
        let session = self.session(repository).await?;
        let headers = kind.map(|kind| HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(kind))]));
        let attempt = || async {
            let answer = session.rest._get_with_headers(route.as_str(), headers.clone()).await;
            whole(answer.map_err(|error| carried(&error))?).await
        };
        let answer = attempt.retry(backoff()).when(is_unreachable).await;
        self.forget_when_refused(repository, answer).await
    }

    /// Sends a GraphQL query, which only reads; up to three times when there is no answer.
    pub(super) async fn post_graphql(
        &self,
        repository: &RepoName,
        query: &impl Serialize,
    ) -> Result<Answer, SourceError> {
        let session = self.session(repository).await?;
        let attempt = || async {
            let answer = session.graphql._post("/graphql", Some(query)).await;
            whole(answer.map_err(|error| carried(&error))?).await
        };
        let answer = attempt.retry(backoff()).when(is_unreachable).await;
        self.forget_when_refused(repository, answer).await
    }

    /// A session that GitHub refuses is made anew for the next request.
    async fn forget_when_refused(
        &self,
        repository: &RepoName,
        answer: Result<Answer, SourceError>,
    ) -> Result<Answer, SourceError> {
        if answer.as_ref().is_err_and(|error| *error == SourceError::Unauthorized) {
            self.sessions.lock().await.remove(repository);
        }
        answer
    }

    /// One log-in at a time: octocrab would make a token for each of several first requests.
    async fn session(&self, repository: &RepoName) -> Result<Session, SourceError> {
        let mut sessions = self.sessions.lock().await;
        if let Some(session) = sessions.get(repository).filter(|session| session.since.elapsed() < TOKEN_AGE) {
            return Ok(session.clone());
        }
        let token = match &self.login {
            GithubLogin::Token(token) => token.clone(),
            GithubLogin::App { id, private_key } => self.installation_token(*id, private_key, repository).await?,
        };
        let session = Session {
            rest: self.with_token(self.api.as_str(), &token)?,
            graphql: self.with_token(&graphql_base(&self.api), &token)?,
            since: Instant::now(),
        };
        sessions.insert(repository.clone(), session.clone());
        Ok(session)
    }

    fn with_token(&self, base: &str, token: &SecretString) -> Result<Octocrab, SourceError> {
        let builder = Octocrab::builder().base_uri(base.trim_end_matches('/')).map_err(|error| setup(&error))?;
        let token = token.expose_secret().to_owned();
        builder.personal_token(token).build_with_reqwest(self.http.clone()).map_err(|error| setup(&error))
    }

    async fn installation_token(
        &self,
        id: u64,
        key: &SecretString,
        repository: &RepoName,
    ) -> Result<SecretString, SourceError> {
        let base = self.api.as_str().trim_end_matches('/');
        let builder = Octocrab::builder().base_uri(base).map_err(|error| setup(&error))?;
        let bad_key = |_| SourceError::Forbidden("github.private_key is no RSA key in PEM form".into());
        let app = builder.app_from_rsa_pem(AppId(id), key.expose_secret()).map_err(bad_key)?;
        let app = app.build_with_reqwest(self.http.clone()).map_err(|error| setup(&error))?;
        let (owner, name) = repository.as_str().split_once('/').unwrap_or((repository.as_str(), ""));
        let installation =
            app.apps().get_repository_installation(owner, name).await.map_err(|error| carried(&error))?;
        let (_, token) = app.installation_and_token(installation.id).await.map_err(|error| carried(&error))?;
        Ok(token.expose_secret().to_owned().into())
    }
}

/// Enterprise Server has REST under `/api/v3` and GraphQL under `/api`.
fn graphql_base(api: &Url) -> String {
    let base = api.as_str().trim_end_matches('/');
    base.strip_suffix("/v3").unwrap_or(base).to_owned()
}

async fn whole<B>(answer: http::Response<B>) -> Result<Answer, SourceError>
where
    B: http_body::Body<Data = bytes::Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (parts, body) = answer.into_parts();
    let body = Limited::new(body, MOST_BYTES).collect().await;
    let body = body.map_err(|_| SourceError::Unreachable("the answer broke off or is too large".into()))?;
    accept(Answer { status: parts.status, headers: parts.headers, body: body.to_bytes().to_vec() })
}

fn is_unreachable(error: &SourceError) -> bool {
    matches!(error, SourceError::Unreachable(_))
}

fn setup(_: &octocrab::Error) -> SourceError {
    SourceError::Unreadable("the address of GitHub cannot be used".into())
}

/// What octocrab says, without its backtrace: a refusal by GitHub, or no answer.
fn carried(error: &octocrab::Error) -> SourceError {
    match error {
        octocrab::Error::GitHub { source, .. } => match source.status_code.as_u16() {
            401 => SourceError::Unauthorized,
            403 => SourceError::Forbidden(crate::model::shortened(&source.message, 120)),
            404 => SourceError::NotFound,
            status @ 500..=599 => SourceError::Unreachable(status.to_string()),
            status => SourceError::Refused { status, message: crate::model::shortened(&source.message, 120) },
        },
        _ => SourceError::Unreachable("the connection broke".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn graphql_lives_beside_rest_on_enterprise_server() {
        let base = |url: &str| graphql_base(&Url::parse(url).unwrap());
        assert_eq!(base("https://api.github.com"), "https://api.github.com");
        assert_eq!(base("https://git.acme.example/api/v3"), "https://git.acme.example/api");
    }
}
