//! The calls to Slack, in our words.

use std::collections::BTreeSet;

use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use url::Url;
use uuid::Uuid;

use super::wire;
use crate::integrations::SourceError;
use crate::integrations::http::Peer;
use crate::model::{Timestamp, shortened};
use crate::settings::Slack as Settings;

/// How far Slack's clock and ours may be apart, in seconds, when a message is looked for.
const CLOCKS_APART: i64 = 600;

/// A client for one Slack workspace.
#[derive(Debug)]
pub struct SlackClient {
    http: reqwest::Client,
    base: Url,
    token: SecretString,
    pub(super) team_id: OnceCell<String>,
}

/// A message that is in Slack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// The channel's id.
    pub channel: String,
    /// Slack's name for the message.
    pub ts: String,
}

/// The thread of a root message, and who sees what is written there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thread<'a> {
    /// Whoever follows the thread.
    Quiet(&'a str),
    /// The whole channel.
    Broadcast(&'a str),
}

/// What can come of asking Slack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SlackError {
    /// The message is gone or can no longer be edited.
    #[error("the message cannot be edited any more ({0})")]
    Gone(String),
    /// Slack understood and refused, in its own word.
    #[error("Slack says {0}")]
    Refused(String),
    /// No usable answer.
    #[error(transparent)]
    Source(#[from] SourceError),
}

impl SlackClient {
    /// A client for the workspace of the settings.
    #[must_use]
    pub fn new(http: reqwest::Client, settings: &Settings) -> SlackClient {
        SlackClient {
            http,
            base: settings.api_url.clone(),
            token: settings.bot_token.clone(),
            team_id: OnceCell::new(),
        }
    }

    /// Checks that Slack answers and the token is good.
    ///
    /// # Errors
    /// When it does not, or is not.
    pub async fn check(&self) -> Result<(), SlackError> {
        self.ask::<Value>("auth.test", json!({})).await.map(|_| ())
    }

    /// What the app may do, as Slack says it beside every answer; nothing when it does not say.
    ///
    /// # Errors
    /// When it does not answer, or the token is not good.
    pub async fn scopes(&self) -> Result<Option<BTreeSet<String>>, SlackError> {
        let answer = Peer::Slack.read(self.request("auth.test")).await?;
        let scopes = answer.headers.get("x-oauth-scopes").and_then(|value| value.to_str().ok());
        let scopes = scopes.map(|list| list.split(',').map(|scope| scope.trim().to_owned()).collect());
        taken::<Value>(answer).map(|_| scopes)
    }

    /// Checks that the app is in a channel: only then it may read it.
    ///
    /// # Errors
    /// With Slack's word, such as `not_in_channel`.
    pub async fn is_in(&self, channel: &str) -> Result<(), SlackError> {
        self.ask::<Value>("conversations.history", json!({ "channel": channel, "limit": 1 })).await.map(drop)
    }

    /// Posts a message, as a reply if `thread` is given. `key` names it for us when the answer is lost.
    ///
    /// # Errors
    /// [`SourceError::Unreachable`] leaves open whether it was posted; look with [`SlackClient::find`] before repeating.
    pub async fn post(
        &self,
        channel: &str,
        thread: Option<Thread<'_>>,
        message: &Value,
        key: &str,
    ) -> Result<Post, SlackError> {
        let mut arguments = self.arguments(channel, message, key);
        arguments["client_msg_id"] = json!(Uuid::new_v5(&Uuid::NAMESPACE_URL, key.as_bytes()));
        if let Some(Thread::Quiet(root) | Thread::Broadcast(root)) = thread {
            arguments["thread_ts"] = json!(root);
        }
        if let Some(Thread::Broadcast(_)) = thread {
            arguments["reply_broadcast"] = json!(true);
        }
        let posted: wire::Posted = self.tell("chat.postMessage", arguments).await?;
        Ok(Post { channel: posted.channel, ts: posted.ts })
    }

    /// Changes a message of ours.
    ///
    /// # Errors
    /// [`SlackError::Gone`] when it is not there any more or too old.
    pub async fn edit(&self, post: &Post, message: &Value, key: &str) -> Result<(), SlackError> {
        let mut arguments = self.arguments(&post.channel, message, key);
        arguments["ts"] = json!(post.ts);
        let edited: Result<wire::Posted, SlackError> = self.tell("chat.update", arguments).await;
        match edited {
            Ok(_) => Ok(()),
            Err(SlackError::Refused(word)) if is_gone(&word) => Err(SlackError::Gone(word)),
            Err(error) => Err(error),
        }
    }

    /// Looks for a message that was posted under `key` since `since`, in a channel or in a thread of it.
    ///
    /// # Errors
    /// When Slack does not show the messages, for example without the scope `channels:history`.
    pub async fn find(
        &self,
        channel: &str,
        thread: Option<&str>,
        key: &str,
        since: Timestamp,
    ) -> Result<Option<Post>, SlackError> {
        let mut arguments = json!({"channel": channel, "limit": 200, "include_all_metadata": true});
        let method = match thread {
            Some(ts) => {
                arguments["ts"] = json!(ts);
                "conversations.replies"
            }
            None => {
                arguments["oldest"] = json!((since.seconds() - CLOCKS_APART).to_string());
                "conversations.history"
            }
        };
        let history: wire::History = self.ask(method, arguments).await?;
        let is_it = |message: &&wire::HistoryMessage| {
            message.metadata.as_ref().is_some_and(|metadata| metadata.event_payload["key"] == key)
        };
        let found = history.messages.iter().find(is_it);
        Ok(found.map(|message| Post { channel: channel.to_owned(), ts: message.ts.clone() }))
    }

    fn arguments(&self, channel: &str, message: &Value, key: &str) -> Value {
        json!({
            "channel": channel,
            "text": message["text"],
            "blocks": message["blocks"],
            "unfurl_links": false,
            "unfurl_media": false,
            "metadata": {"event_type": "cm_bot_message", "event_payload": {"key": key}},
        })
    }

    /// A call that only reads. Reads take forms, not JSON.
    pub(super) async fn ask<T: DeserializeOwned>(&self, method: &str, arguments: Value) -> Result<T, SlackError> {
        let pairs: Vec<(String, String)> = arguments
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
            .collect();
        taken(Peer::Slack.read(self.request(method).form(&pairs)).await?)
    }

    /// A call that changes something: sent once.
    pub(super) async fn tell<T: DeserializeOwned>(&self, method: &str, arguments: Value) -> Result<T, SlackError> {
        taken(Peer::Slack.send_once(self.request(method).json(&arguments)).await?)
    }

    fn request(&self, method: &str) -> RequestBuilder {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/{method}", self.base.path().trim_end_matches('/')));
        self.http.post(url).bearer_auth(self.token.expose_secret())
    }
}

/// Slack answers 200 to everything; `ok` says what came of it.
fn taken<T: DeserializeOwned>(answer: crate::integrations::http::Answer) -> Result<T, SlackError> {
    let outcome: wire::Outcome = answer.json()?;
    if outcome.ok {
        return Ok(answer.json()?);
    }
    let word = shortened(&outcome.error.unwrap_or_else(|| "nothing".into()), 60);
    match word.as_str() {
        "ratelimited" | "rate_limited" => Err(SourceError::RateLimited(None).into()),
        "invalid_auth" | "not_authed" | "token_revoked" | "token_expired" | "account_inactive" => {
            Err(SourceError::Unauthorized.into())
        }
        "internal_error" | "fatal_error" | "service_unavailable" | "request_timeout" => {
            Err(SourceError::Unreachable(word).into())
        }
        _ => Err(SlackError::Refused(word)),
    }
}

fn is_gone(word: &str) -> bool {
    matches!(word, "message_not_found" | "cant_update_message" | "edit_window_closed" | "is_inactive")
}
