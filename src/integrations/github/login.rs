//! Logging in: with a token that was given to us, or as an App with a token for each owner's installation.

use std::sync::Arc;
use std::time::{Duration, Instant};

use octocrab::Octocrab;
use octocrab::models::AppId;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;

use super::addresses::graphql_base;
use super::carrier::{Carried, carried, whole};
use super::memory::Memory;
use crate::clock::Clock;
use crate::integrations::SourceError;
use crate::integrations::http::{Answer, accept};
use crate::integrations::limits::limit;
use crate::model::RepoName;
use crate::settings::GithubLogin;

/// How long the token of an installation is used. It is valid for an hour.
const TOKEN_AGE: Duration = Duration::from_secs(45 * 60);

/// How cm-bot identifies itself, and where.
#[derive(Debug)]
pub(super) struct Login {
    pub(super) http: reqwest::Client,
    pub(super) api: Url,
    pub(super) login: GithubLogin,
    pub(super) clock: Clock,
}

/// Logged in for an owner.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) rest: Octocrab,
    pub(super) graphql: Octocrab,
    pub(super) memory: Memory,
    since: Instant,
}

/// The session of an owner, made when it is needed and before the token of the last one ends.
#[derive(Debug, Default)]
pub(super) struct Held(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    installation: Option<u64>,
    session: Option<Arc<Session>>,
}

#[derive(Deserialize)]
struct Installation {
    id: u64,
}

#[derive(Deserialize)]
struct Token {
    token: SecretString,
}

impl Held {
    /// The session, made by the first who asks while the others wait: one token, however many ask at once.
    ///
    /// # Errors
    /// When GitHub does not let us in.
    pub(super) async fn session(&self, login: &Login, repository: &RepoName) -> Result<Arc<Session>, SourceError> {
        let mut state = self.0.lock().await;
        if let Some(session) = state.session.as_ref().filter(|session| session.since.elapsed() < TOKEN_AGE) {
            return Ok(Arc::clone(session));
        }
        let token = match &login.login {
            GithubLogin::Token(token) => token.clone(),
            GithubLogin::Nobody => return Err(SourceError::Unauthorized),
            GithubLogin::App { id, private_key } => {
                let app = login.app(*id, private_key)?;
                login.installation_token(&app, &mut state.installation, repository).await?
            }
        };
        let session = Arc::new(login.session(&token)?);
        state.session = Some(Arc::clone(&session));
        Ok(session)
    }

    /// Forgets a session that GitHub refuses, unless there is a newer one.
    pub(super) async fn drop_session(&self, refused: &Arc<Session>) {
        let mut state = self.0.lock().await;
        if state.session.as_ref().is_some_and(|session| Arc::ptr_eq(session, refused)) {
            state.session = None;
        }
    }
}

impl Login {
    /// Owners that share a session, and with it a rate limit: each of its own with an App, all of them with a token.
    pub(super) fn owner_key(&self, repository: &RepoName) -> String {
        match &self.login {
            GithubLogin::Token(_) | GithubLogin::Nobody => String::new(),
            GithubLogin::App { .. } => repository.parts().0.to_ascii_lowercase(),
        }
    }

    /// The installation of an owner is looked up once; when it gives out no token any more, it is looked up again.
    async fn installation_token(
        &self,
        app: &Octocrab,
        known: &mut Option<u64>,
        repository: &RepoName,
    ) -> Result<SecretString, SourceError> {
        let id = match known.take() {
            Some(id) => id,
            None => {
                let (owner, name) = repository.parts();
                let route = format!("/repos/{owner}/{name}/installation");
                self.answer(app._get(route).await).await?.json::<Installation>()?.id
            }
        };
        let route = format!("/app/installations/{id}/access_tokens");
        let token: Token = self.answer(app._post(route, None::<&()>).await).await?.json()?;
        *known = Some(id);
        Ok(token.token)
    }

    /// Reads something that GitHub tells only the App itself.
    ///
    /// # Errors
    /// [`SourceError::Forbidden`] for whoever is no App; else what the answer means.
    pub(super) async fn as_app(&self, route: &str) -> Result<Answer, SourceError> {
        match &self.login {
            GithubLogin::App { id, private_key } => self.answer(self.app(*id, private_key)?._get(route).await).await,
            GithubLogin::Token(_) | GithubLogin::Nobody => {
                Err(SourceError::Forbidden("GitHub tells this only an App".into()))
            }
        }
    }

    async fn answer(&self, answer: octocrab::Result<Carried>) -> Result<Answer, SourceError> {
        let answer = whole(answer.map_err(|error| carried(&error).into_error())?).await?;
        match limit(&answer, self.clock.now()) {
            Some(wait) => Err(SourceError::RateLimited(Some(wait))),
            None => accept(answer),
        }
    }

    fn session(&self, token: &SecretString) -> Result<Session, SourceError> {
        Ok(Session {
            rest: self.with_token(self.api.as_str(), token)?,
            graphql: self.with_token(&graphql_base(&self.api), token)?,
            memory: Memory::default(),
            since: Instant::now(),
        })
    }

    fn with_token(&self, base: &str, token: &SecretString) -> Result<Octocrab, SourceError> {
        let builder = Octocrab::builder().base_uri(base.trim_end_matches('/')).map_err(|error| setup(&error))?;
        let token = token.expose_secret().to_owned();
        builder.personal_token(token).build_with_reqwest(self.http.clone()).map_err(|error| setup(&error))
    }

    fn app(&self, id: u64, key: &SecretString) -> Result<Octocrab, SourceError> {
        let base = self.api.as_str().trim_end_matches('/');
        let builder = Octocrab::builder().base_uri(base).map_err(|error| setup(&error))?;
        let bad_key = |_| SourceError::Forbidden("github.private_key is no RSA key in PEM form".into());
        let app = builder.app_from_rsa_pem(AppId(id), key.expose_secret()).map_err(bad_key)?;
        app.build_with_reqwest(self.http.clone()).map_err(|error| setup(&error))
    }
}

fn setup(_: &octocrab::Error) -> SourceError {
    SourceError::Unreadable("the address of GitHub cannot be used".into())
}
