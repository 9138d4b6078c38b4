//! Whether cm-bot may read everything that a decision needs. Rights get lost one at a time.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde::Deserialize;

use super::client::GithubClient;
use super::wire;
use crate::integrations::SourceError;
use crate::model::{RepoName, Scanner, Service};
use crate::settings::GithubLogin;

const REPOSITORY: &str = "the repository";

/// Something that cannot be read.
#[derive(Debug)]
pub struct Denied {
    /// What, in words.
    pub what: &'static str,
    /// Why.
    pub error: SourceError,
}

/// What the installation of an App may do.
#[derive(Debug, Deserialize)]
struct Granted {
    permissions: BTreeMap<String, String>,
}

impl GithubClient {
    /// What the App may do in a repository, each permission with `read`, `write` or `admin`; nothing for a token, of which GitHub
    /// does not say it.
    ///
    /// # Errors
    /// When GitHub does not answer, or the App is not installed there.
    pub async fn granted(&self, repository: &RepoName) -> Result<Option<BTreeMap<String, String>>, SourceError> {
        if matches!(self.login.login, GithubLogin::Token(_) | GithubLogin::Nobody) {
            return Ok(None);
        }
        let answer = self.login.as_app(&format!("/repos/{repository}/installation")).await?;
        Ok(Some(answer.json::<Granted>()?.permissions))
    }

    /// Asks for one of everything that a decision about a service needs. What has not changed costs nothing.
    ///
    /// # Errors
    /// With the first thing that cannot be read.
    pub async fn check_rights(&self, service: &Service) -> Result<(), Denied> {
        let expects = |wanted: fn(&Scanner) -> bool| service.scanners.iter().any(wanted);
        let branch = &service.branch;
        let mut asked = vec![
            (REPOSITORY, String::new()),
            ("the contents", format!("/git/ref/heads/{branch}")),
            ("the pull requests", "/pulls?state=all&per_page=1".into()),
            ("the checks", format!("/commits/{branch}/check-runs?per_page=1")),
        ];
        if expects(|scanner| matches!(scanner, Scanner::Status { .. })) {
            asked.push(("the commit statuses", format!("/commits/{branch}/statuses?per_page=1")));
        }
        if expects(|scanner| matches!(scanner, Scanner::Analysis { .. })) {
            asked.push(("code scanning", "/code-scanning/analyses?per_page=1".into()));
        }
        let answers = asked.iter().map(async |(what, path)| (*what, self.get(&service.repository, path, None).await));
        for (what, answer) in join_all(answers).await {
            match answer {
                // So GitHub answers for a branch without commits, and where nothing was scanned yet.
                Err(SourceError::NotFound | SourceError::Refused { .. }) if what != REPOSITORY => {}
                Err(error) => return Err(Denied { what, error }),
                Ok(_) => {}
            }
        }
        self.check_answers(service).await
    }

    /// An App that is asked whether runs may deploy has to be able to answer, or they wait for ever.
    async fn check_answers(&self, service: &Service) -> Result<(), Denied> {
        if !matches!(self.login.login, GithubLogin::App { .. }) {
            return Ok(());
        }
        let what = "the answers to deployment protection rules";
        let route = format!("/repos/{}/installation", service.repository);
        let answer = self.login.as_app(&route).await.and_then(|answer| answer.json::<wire::Rights>());
        let rights = answer.map_err(|error| Denied { what, error })?;
        match rights.lacks_for_answers() {
            None => Ok(()),
            Some(why) => Err(Denied { what, error: SourceError::Forbidden(why.into()) }),
        }
    }
}
