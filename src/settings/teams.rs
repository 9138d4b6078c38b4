//! `[teams]`: where messages go that Slack does not take.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::address::safe_url;
use super::load::{bad, missing};
use super::{SettingsError, secret};
use crate::model::Reminders;

/// `[teams]`, if there is a channel. An address is all that somebody needs who wants to post there, so it is a secret.
#[derive(Debug, Clone)]
pub struct Teams {
    /// The workflow of the channel for changes.
    pub changes: SecretString,
    /// That of the channel for emergencies; the same, where there is one channel.
    pub emergencies: SecretString,
    /// How long Slack may not answer.
    pub after: Duration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTeams {
    webhook_url: String,
    webhook_url_file: String,
    emergencies_webhook_url: String,
    emergencies_webhook_url_file: String,
    fallback_after_seconds: u64,
}

impl RawTeams {
    /// The leads are called in Jira after Teams was tried, never before.
    pub(super) fn checked(&self, reminders: &Reminders) -> Result<Option<Teams>, SettingsError> {
        let after = Duration::from_secs(self.fallback_after_seconds);
        let changes = address("teams.webhook_url", (&self.webhook_url, &self.webhook_url_file))?;
        let emergencies = address(
            "teams.emergencies_webhook_url",
            (&self.emergencies_webhook_url, &self.emergencies_webhook_url_file),
        )?;
        let (changes, emergencies) = match (changes, emergencies) {
            (None, None) => return Ok(None),
            (None, Some(_)) => {
                return Err(missing(
                    "teams.webhook_url",
                    "teams.emergencies_webhook_url is set, and only emergencies would go there",
                ));
            }
            (Some(changes), None) => (changes.clone(), changes),
            (Some(changes), Some(emergencies)) => (changes, emergencies),
        };
        if after.is_zero() || after > reminders.call_in_jira {
            return Err(bad(
                "teams.fallback_after_seconds",
                "at least 1 is expected, and at most reminders.call_in_jira_minutes: who is called in Jira finds the \
                 announcement in Teams",
            ));
        }
        Ok(Some(Teams { changes, emergencies, after }))
    }
}

fn address(key: &str, (value, file): (&str, &str)) -> Result<Option<SecretString>, SettingsError> {
    let text = secret::one(key, value.trim(), file)?;
    text.map(|text| safe_url(key, text.expose_secret().trim()).map(|url| String::from(url).into())).transpose()
}
