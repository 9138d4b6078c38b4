//! `[gitlab]` and `[bitbucket]`.

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::address::safe_url;
use super::load::bad;
use super::{SettingsError, secret};

/// What an address of GitLab's API ends in.
const API: &str = "/api/v4";

/// `[gitlab]`.
#[derive(Debug, Clone)]
pub struct Gitlab {
    /// The REST API's address; ends in `/api/v4`.
    pub api_url: Url,
    /// A token that may read.
    pub token: SecretString,
    /// Most requests that one look at one ticket may cost.
    pub requests_per_ticket: usize,
}

impl Gitlab {
    /// Where people see it, and where its repositories are.
    #[must_use]
    pub fn web_url(&self) -> Url {
        let mut url = self.api_url.clone();
        let path = url.path().trim_end_matches('/');
        let path = path.strip_suffix(API).unwrap_or(path).to_owned();
        url.set_path(&path);
        url
    }
}

#[derive(Deserialize)]
pub(super) struct RawGitlab {
    api_url: String,
    token: String,
    token_file: String,
    requests_per_ticket: usize,
}

impl RawGitlab {
    /// Nothing when there is no token.
    pub(super) fn checked(self) -> Result<Option<Gitlab>, SettingsError> {
        let Some(token) = secret::one("gitlab.token", &self.token, &self.token_file)? else { return Ok(None) };
        let api_url = safe_url("gitlab.api_url", &self.api_url)?;
        let is_plain = api_url.query().is_none() && api_url.fragment().is_none();
        if !is_plain || !api_url.path().trim_end_matches('/').ends_with(API) {
            return Err(bad("gitlab.api_url", "an address that ends in /api/v4 is expected"));
        }
        if self.requests_per_ticket == 0 {
            return Err(bad("gitlab.requests_per_ticket", "at least 1 is expected"));
        }
        Ok(Some(Gitlab { api_url, token, requests_per_ticket: self.requests_per_ticket }))
    }
}

/// `[bitbucket]`.
#[derive(Debug, Clone)]
pub struct Bitbucket {
    /// The REST API's address; ends in `/2.0`.
    pub api_url: Url,
    /// Where people see repositories, and where Git reads them.
    pub web_url: Url,
    /// An access token that may read.
    pub token: SecretString,
    /// Most requests that one look at one ticket may cost.
    pub requests_per_ticket: usize,
}

#[derive(Deserialize)]
pub(super) struct RawBitbucket {
    api_url: String,
    web_url: String,
    token: String,
    token_file: String,
    requests_per_ticket: usize,
}

impl RawBitbucket {
    /// Nothing when there is no token.
    pub(super) fn checked(self) -> Result<Option<Bitbucket>, SettingsError> {
        let Some(token) = secret::one("bitbucket.token", &self.token, &self.token_file)? else { return Ok(None) };
        let (api_url, web_url) =
            (safe_url("bitbucket.api_url", &self.api_url)?, safe_url("bitbucket.web_url", &self.web_url)?);
        let is_plain = |url: &Url| url.query().is_none() && url.fragment().is_none();
        if !is_plain(&api_url) || !api_url.path().trim_end_matches('/').ends_with("/2.0") {
            return Err(bad("bitbucket.api_url", "an address that ends in /2.0 is expected"));
        }
        if !is_plain(&web_url) {
            return Err(bad("bitbucket.web_url", "an address without a query is expected"));
        }
        if self.requests_per_ticket == 0 {
            return Err(bad("bitbucket.requests_per_ticket", "at least 1 is expected"));
        }
        Ok(Some(Bitbucket { api_url, web_url, token, requests_per_ticket: self.requests_per_ticket }))
    }
}
