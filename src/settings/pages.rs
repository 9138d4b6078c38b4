//! `[pages]`: who signs people in, for how long, and whether they decide there.

use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;

use super::address::{http_url, is_safe, safe_url};
use super::load::{bad, missing, one_of};
use super::{Server, SettingsError, secret};
use crate::model::Decisions;

/// Longest session, in hours: longer than a day's work, an unlocked machine is somebody else's.
const MOST_HOURS: u64 = 24;

/// `[pages]`.
#[derive(Debug, Clone)]
pub struct Pages {
    /// Who signs people in; without a provider the pages are for whoever sits at the machine, who can only read.
    pub provider: Option<Provider>,
    /// Whether people decide on the pages.
    pub decisions: Decisions,
    /// How long a session lasts at most.
    pub session: Duration,
    /// How long it lasts when nobody uses it.
    pub idle: Duration,
}

/// An OpenID Connect provider.
#[derive(Debug, Clone)]
pub struct Provider {
    /// Its issuer, exactly as its tokens say it.
    pub issuer: String,
    /// What cm-bot is called there.
    pub client_id: String,
    /// With what it proves that.
    pub client_secret: SecretString,
    /// By what people are known.
    pub known_by: KnownBy,
    /// Where people come back to.
    pub callback: String,
}

/// By what of a token a person is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KnownBy {
    /// The subject alone.
    Subject,
    /// The subject, or an e-mail address that the provider has verified.
    Email,
}

/// `[pages]` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPages {
    issuer: String,
    client_id: String,
    client_secret: String,
    client_secret_file: String,
    known_by: String,
    decisions: String,
    session_hours: u64,
    idle_minutes: u64,
}

impl RawPages {
    pub(super) fn checked(self, server: &Server) -> Result<Pages, SettingsError> {
        let decisions = one_of("pages.decisions", &self.decisions, "link or interactive")?;
        if !(1..=MOST_HOURS).contains(&self.session_hours) {
            return Err(bad("pages.session_hours", format!("1 to {MOST_HOURS} hours are expected")));
        }
        if self.idle_minutes == 0 {
            return Err(bad("pages.idle_minutes", "at least one minute is expected"));
        }
        let session = Duration::from_secs(self.session_hours * 3600);
        let idle = Duration::from_secs(self.idle_minutes.saturating_mul(60)).min(session);
        let provider = self.provider(server)?;
        if decisions == Decisions::Interactive && provider.is_none() {
            return Err(missing("pages.issuer", "without it nobody can decide on the pages (pages.decisions)"));
        }
        Ok(Pages { provider, decisions, session, idle })
    }

    fn provider(self, server: &Server) -> Result<Option<Provider>, SettingsError> {
        let client_secret = secret::one("pages.client_secret", &self.client_secret, &self.client_secret_file)?;
        if self.issuer.is_empty() {
            return match (self.client_id.as_str(), client_secret) {
                ("", None) => Ok(None),
                _ => Err(missing("pages.issuer", "the address of the OpenID Connect provider of that client")),
            };
        }
        safe_url("pages.issuer", &self.issuer)?;
        if !is_safe(&http_url("server.public_url", &server.public_url)?) {
            return Err(bad("server.public_url", "people sign in over https alone (pages.issuer)"));
        }
        if self.client_id.is_empty() {
            return Err(missing("pages.client_id", "what the OpenID Connect provider calls cm-bot"));
        }
        let client_secret = client_secret
            .ok_or_else(|| missing("pages.client_secret", "with what cm-bot proves itself to the provider"))?;
        let known_by = one_of("pages.known_by", &self.known_by, "subject or email")?;
        let callback = format!("{}/sign-in/callback", server.public_url);
        Ok(Some(Provider { issuer: self.issuer, client_id: self.client_id, client_secret, known_by, callback }))
    }
}
