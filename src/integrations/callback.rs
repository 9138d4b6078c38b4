//! Tells a pipeline that something has changed, so that it need not ask all the time. Source:
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.
//!
//! What is sent opens nothing: whoever gets it asks the gate. It goes to addresses that the settings list, and to no others.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::Sha256;
use url::Url;

use super::SourceError;
use super::http::Peer;
use crate::model::{TicketKey, Timestamp};
use crate::settings::SECRET_PREFIX;

/// Whoever sends.
#[derive(Debug, Clone)]
pub struct CallbackClient {
    http: reqwest::Client,
}

/// What is told.
#[derive(Debug, Clone, Copy)]
pub struct News<'a> {
    /// The id of the message, the same when it is sent again.
    pub id: &'a str,
    /// The request of the gate.
    pub change: &'a str,
    /// How it stands, in one word.
    pub state: &'a str,
    /// Its ticket.
    pub ticket: &'a TicketKey,
    /// When that was so.
    pub since: Timestamp,
}

impl CallbackClient {
    /// Somebody who sends with this client, which follows no redirect.
    #[must_use]
    pub fn new(http: reqwest::Client) -> CallbackClient {
        CallbackClient { http }
    }

    /// Sends once. `secrets` sign all of them, so that the receiver may know the old one or the new one.
    ///
    /// # Errors
    /// When nobody takes it.
    pub async fn send(
        &self,
        address: &Url,
        news: &News<'_>,
        (secrets, now): (&[SecretString], Timestamp),
    ) -> Result<(), SourceError> {
        let body = body(news);
        let seconds = now.seconds();
        let request = self.http.post(address.clone()).header("content-type", "application/json");
        let request = request.header("webhook-id", news.id).header("webhook-timestamp", seconds.to_string());
        let request = request.header("webhook-signature", signatures(secrets, (news.id, seconds), &body)).body(body);
        Peer::Callback.send_once(request).await.map(drop)
    }
}

fn body(news: &News<'_>) -> String {
    let data = json!({"id": news.change, "state": news.state, "ticket": news.ticket.as_str()});
    json!({"type": "gate.change.changed", "timestamp": news.since.rfc3339(), "data": data}).to_string()
}

/// A signature for each secret, the newest first.
#[must_use]
pub fn signatures(secrets: &[SecretString], (id, seconds): (&str, i64), body: &str) -> String {
    let signed = secrets.iter().filter_map(|secret| {
        let key = STANDARD.decode(secret.expose_secret().strip_prefix(SECRET_PREFIX)?).ok()?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
        mac.update(format!("{id}.{seconds}.{body}").as_bytes());
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    });
    signed.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's own libraries.
    #[test]
    fn the_signature_is_that_of_the_specification() {
        let secret = SecretString::from(format!("{SECRET_PREFIX}{}", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
        let body = r#"{"test": 2432232314}"#;
        let signed = signatures(&[secret.clone(), secret], ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330), body);
        let one = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signed, format!("{one} {one}"), "one for each secret");
    }
}
