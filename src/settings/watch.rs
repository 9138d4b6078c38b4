//! `watch` of `[services.gate]`, and `[jenkins]`: where deployments show, whoever let them through.

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::address::safe_url;
use super::load::{bad, missing};
use super::{SettingsError, secret};
use crate::model::{Environment, PipelineName, ServiceName, Watched, WatchedPlace};

/// `[jenkins]`.
#[derive(Debug, Clone)]
pub struct Jenkins {
    /// Its address.
    pub url: Url,
    /// An account that may read the jobs.
    pub user: String,
    /// Its API token.
    pub token: SecretString,
}

/// One entry of `watch` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWatch {
    environment: Environment,
    github_environment: Option<String>,
    jenkins_job: Option<PipelineName>,
    parameter: Option<String>,
}

/// `[jenkins]` as it is written.
#[derive(Deserialize)]
pub(super) struct RawJenkins {
    url: String,
    user: String,
    token: String,
    token_file: String,
}

impl RawWatch {
    pub(super) fn checked(self, service: &ServiceName, environments: &[Environment]) -> Result<Watched, SettingsError> {
        let RawWatch { environment, github_environment, jenkins_job, parameter } = self;
        if !environments.contains(&environment) {
            return Err(bad(
                "services",
                format!("`{service}` watches {environment}, which is none of its environments"),
            ));
        }
        let place = match (github_environment, jenkins_job, parameter) {
            (Some(name), None, None) if !name.trim().is_empty() => WatchedPlace::Github { environment: name },
            (None, Some(job), None) => WatchedPlace::Jenkins { job, parameter: None },
            (None, Some(job), Some(text)) => WatchedPlace::Jenkins { job, parameter: Some(pair(service, &text)?) },
            _ => {
                let why = "watches `github_environment`, or `jenkins_job`, the latter with `parameter` if it needs one";
                return Err(bad("services", format!("`{service}` {why}")));
            }
        };
        Ok(Watched { environment, place })
    }
}

fn pair(service: &ServiceName, text: &str) -> Result<(String, String), SettingsError> {
    let pair = text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    pair.ok_or_else(|| bad("services", format!("the parameter that `{service}` watches is of the form NAME=value")))
}

impl RawJenkins {
    /// Nothing without an address.
    pub(super) fn checked(self) -> Result<Option<Jenkins>, SettingsError> {
        if self.url.is_empty() {
            return Ok(None);
        }
        if self.user.is_empty() {
            return Err(missing("jenkins.user", "an account of Jenkins that may read the jobs"));
        }
        Ok(Some(Jenkins {
            url: safe_url("jenkins.url", &self.url)?,
            user: self.user,
            token: secret::one("jenkins.token", &self.token, &self.token_file)?
                .ok_or_else(|| missing("jenkins.token", "the API token of that account"))?,
        }))
    }
}
