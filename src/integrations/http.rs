//! The one HTTP client, and what its answers mean.

use std::time::{Duration, Instant};

use backon::{ExponentialBuilder, Retryable};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use tracing::Instrument as _;
use tracing::field::Empty;

use super::SourceError;
use super::strict::Strict;
use crate::model::shortened;

/// Largest answer that is read, in bytes, unless somebody asks for more.
pub const MOST_BYTES: usize = 32 * 1024 * 1024;

/// Longest wait that another system can impose on us.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// A complete answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

/// The client that all integrations share: with time limits, without redirects (an address from a redirect would be
/// somewhere that the settings do not name).
///
/// # Errors
/// When TLS cannot be set up.
pub fn client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .user_agent(concat!("cm-bot/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(30))
        .redirect(reqwest::redirect::Policy::none())
        .build()
}

/// Another system that is asked over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// Jira.
    Jira,
    /// GitHub.
    Github,
    /// Whoever speaks Git's own protocol.
    Git,
    /// GitLab.
    Gitlab,
    /// Bitbucket.
    Bitbucket,
    /// Slack.
    Slack,
    /// Microsoft Teams.
    Teams,
    /// Whoever issues the tokens of pipelines.
    Issuer,
    /// Jenkins.
    Jenkins,
    /// A public beacon of randomness.
    Beacon,
    /// A pipeline that wants to be told.
    Callback,
}

impl Peer {
    /// Sends a request that changes something: once.
    ///
    /// # Errors
    /// When there is no whole answer, or it is a refusal.
    pub async fn send_once(self, request: RequestBuilder) -> Result<Answer, SourceError> {
        self.counted(exchange(request, MOST_BYTES)).await
    }

    /// Sends a request that only reads: up to three times when there is no answer.
    ///
    /// # Errors
    /// As [`Peer::send_once`].
    pub async fn read(self, request: RequestBuilder) -> Result<Answer, SourceError> {
        self.read_most(request, MOST_BYTES).await
    }

    /// The same for an answer that may have so many bytes.
    ///
    /// # Errors
    /// As [`Peer::send_once`].
    pub async fn read_most(self, request: RequestBuilder, most: usize) -> Result<Answer, SourceError> {
        let attempt = || async {
            let again = request
                .try_clone()
                .ok_or_else(|| SourceError::Unreadable("a request that cannot be repeated".into()))?;
            self.counted(exchange(again, most)).await
        };
        attempt.retry(backoff()).when(|error| matches!(error, SourceError::Unreachable(_))).await
    }

    /// Counts an exchange and measures its time, for the metrics.
    pub async fn counted<T, E>(self, exchange: impl Future<Output = Result<T, E>>) -> Result<T, E>
    where
        for<'a> &'a E: Into<&'static str>,
    {
        let begun = Instant::now();
        let span = tracing::info_span!("request", system = self.name(), outcome = Empty, otel.kind = "client");
        let result = exchange.instrument(span.clone()).await;
        metrics::histogram!("cm_bot_request_seconds", "system" => self.name()).record(begun.elapsed());
        let outcome = result.as_ref().map_or_else(Into::into, |_| "answered");
        metrics::counter!("cm_bot_requests_total", "system" => self.name(), "outcome" => outcome).increment(1);
        span.record("outcome", outcome);
        result
    }

    fn name(self) -> &'static str {
        match self {
            Peer::Jira => "jira",
            Peer::Github => "github",
            Peer::Git => "git",
            Peer::Gitlab => "gitlab",
            Peer::Bitbucket => "bitbucket",
            Peer::Slack => "slack",
            Peer::Teams => "teams",
            Peer::Issuer => "issuer",
            Peer::Jenkins => "jenkins",
            Peer::Beacon => "beacon",
            Peer::Callback => "callback",
        }
    }
}

async fn exchange(request: RequestBuilder, most: usize) -> Result<Answer, SourceError> {
    let mut response = request.send().await.map_err(|error| unreachable(&error))?;
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&error))? {
        if body.len() + chunk.len() > most {
            return Err(too_large(most));
        }
        body.extend_from_slice(&chunk);
    }
    accept(Answer { status, headers, body })
}

/// What an answer of more bytes than are read means: asked again, it would be the same.
#[must_use]
pub fn too_large(most: usize) -> SourceError {
    SourceError::TooMuch(format!("an answer of more than {most} bytes"))
}

/// How often and how fast a read is repeated. Longer waits are the job queue's.
#[must_use]
pub fn backoff() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(100))
        .with_factor(3.0)
        .with_max_times(2)
        .with_jitter()
}

impl Answer {
    /// The body as one of our wire types. A page instead of JSON, a field that is missing, or one that stands twice, is an
    /// error that names it.
    ///
    /// # Errors
    /// [`SourceError::Unreadable`].
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, SourceError> {
        from_json(self.as_json()?)
    }

    /// The body, if its header says that it is JSON.
    ///
    /// # Errors
    /// [`SourceError::Unreadable`].
    pub fn as_json(&self) -> Result<&[u8], SourceError> {
        let kind = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("no content type");
        if !kind.contains("json") {
            return Err(SourceError::Unreadable(format!("{} instead of JSON", shortened(kind, 40))));
        }
        from_json::<Strict>(&self.body)?;
        Ok(&self.body)
    }
}

/// JSON as one of our wire types.
///
/// # Errors
/// [`SourceError::Unreadable`] with the place, never with the content.
pub fn from_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, SourceError> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let place = error.path().to_string();
        SourceError::Unreadable(format!(
            "at `{}`: {}",
            shortened(&place, 80),
            shortened(&error.inner().to_string(), 120)
        ))
    })?;
    reader.end().map_err(|_| SourceError::Unreadable("something after the JSON".into()))?;
    Ok(value)
}

/// Takes a success and turns everything else into its meaning.
///
/// # Errors
/// What the status means.
pub fn accept(answer: Answer) -> Result<Answer, SourceError> {
    let Answer { status, headers, body } = &answer;
    match status.as_u16() {
        200..=299 => Ok(answer),
        401 => Err(SourceError::Unauthorized),
        404 if message(body).contains("No common ancestor") => Err(SourceError::Unrelated),
        404 | 410 => Err(SourceError::NotFound),
        429 => Err(SourceError::RateLimited(wait(headers))),
        403 if is_rate_limit(headers) => Err(SourceError::RateLimited(wait(headers))),
        403 => Err(SourceError::Forbidden(message(body))),
        408 | 425 | 500..=599 => Err(SourceError::Unreachable(format!("{status}"))),
        other => Err(SourceError::Refused { status: other, message: message(body) }),
    }
}

fn unreachable(error: &reqwest::Error) -> SourceError {
    let why = if error.is_timeout() {
        "it took too long"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke"
    };
    SourceError::Unreachable(why.into())
}

fn is_rate_limit(headers: &HeaderMap) -> bool {
    let remaining = headers.get("x-ratelimit-remaining").and_then(|value| value.to_str().ok());
    headers.contains_key(RETRY_AFTER) || remaining == Some("0")
}

fn wait(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}

/// The first words of an error body, for a log line.
fn message(body: &[u8]) -> String {
    shortened(&String::from_utf8_lossy(body.get(..400).unwrap_or(body)), 200)
}
