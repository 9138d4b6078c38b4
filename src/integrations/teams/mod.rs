//! Microsoft Teams, as far as one channel needs it that is told something.
//!
//! A workflow of the channel takes a request and posts the card that is in it
//! (<https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using>). Its address is all
//! that is needed to post, so it is a secret. What was posted cannot be looked at.

mod wire;

use reqwest::header::CONTENT_TYPE;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::SourceError;
use super::http::Peer;
use crate::settings::Teams as Settings;

pub use wire::to_json;

/// Whoever posts to the channels of the settings.
#[derive(Debug)]
pub struct TeamsClient {
    http: reqwest::Client,
    changes: SecretString,
    emergencies: SecretString,
}

/// Whom a card is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// Whoever follows changes.
    Changes,
    /// Whoever follows emergencies.
    Emergencies,
}

impl TeamsClient {
    /// A client for the channels of the settings.
    #[must_use]
    pub fn new(http: reqwest::Client, settings: &Settings) -> TeamsClient {
        TeamsClient { http, changes: settings.changes.clone(), emergencies: settings.emergencies.clone() }
    }

    /// Posts a card, once.
    ///
    /// # Errors
    /// When the workflow does not take it. [`SourceError::Unreachable`] leaves open whether it did.
    pub async fn post(&self, room: Room, card: &Value) -> Result<(), SourceError> {
        let address = match room {
            Room::Changes => &self.changes,
            Room::Emergencies => &self.emergencies,
        };
        let request = self.http.post(address.expose_secret()).header(CONTENT_TYPE, "application/json; charset=utf-8");
        Peer::Teams.send_once(request.body(card.to_string())).await.map(drop).map_err(without_words)
    }
}

/// The same without what was answered: the answer to a refused request may repeat its address.
fn without_words(error: SourceError) -> SourceError {
    match error {
        SourceError::Forbidden(_) => SourceError::Forbidden("Teams does not take the card".into()),
        SourceError::Refused { status, .. } => {
            SourceError::Refused { status, message: "Teams does not take the card".into() }
        }
        other => other,
    }
}
