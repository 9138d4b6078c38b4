//! Jira, GitHub, GitLab, Bitbucket, Slack, Teams, Jenkins and scanners as cm-bot needs them. What they answer is turned into our words here; their JSON goes no further.

pub mod advice;
mod allowance;
pub mod beacon;
pub mod bitbucket;
pub mod callback;
pub mod forge;
pub mod git;
pub mod github;
pub mod gitlab;
pub mod http;
pub mod jenkins;
pub mod jira;
mod limits;
mod line;
pub mod oidc;
pub mod peer_clock;
pub mod scanner;
pub mod signature;
pub mod slack;
mod strict;
pub mod teams;

use std::time::Duration;

/// What can come of asking another system.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// No answer, or one that says "later". What was asked for may have been done all the same.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// Too many requests.
    #[error("too many requests{}", wait(.0))]
    RateLimited(Option<Duration>),
    /// The credentials are refused (401).
    #[error("the credentials are refused (401)")]
    Unauthorized,
    /// Not allowed (403).
    #[error("not allowed (403): {0}")]
    Forbidden(String),
    /// No such thing, or we may not know of it (404).
    #[error("not found (404)")]
    NotFound,
    /// Two commits without common history (404).
    #[error("no common history (404)")]
    Unrelated,
    /// Any other refusal: nothing was done.
    #[error("refused ({status}): {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What the system says, cut.
        message: String,
    },
    /// An answer that is not what the system promises to answer.
    #[error("an answer that cannot be read: {0}")]
    Unreadable(String),
    /// More than we read.
    #[error("more than cm-bot reads: {0}")]
    TooMuch(String),
    /// More requests than one ticket may cost.
    #[error("more than the {0} requests that one ticket may cost")]
    UsedUp(usize),
    /// A list that is not complete, or that changed while it was read.
    #[error("an incomplete answer: {0}")]
    Incomplete(String),
}

/// Its kind, in the words of the metrics: they say nothing of what was asked or answered.
impl From<&SourceError> for &'static str {
    fn from(error: &SourceError) -> &'static str {
        match error {
            SourceError::Unreachable(_) => "unreachable",
            SourceError::RateLimited(_) => "rate_limited",
            SourceError::Unauthorized => "unauthorized",
            SourceError::Forbidden(_) => "forbidden",
            SourceError::NotFound | SourceError::Unrelated => "not_found",
            SourceError::Refused { .. } => "refused",
            SourceError::UsedUp(_) => "used_up",
            SourceError::Unreadable(_) | SourceError::TooMuch(_) | SourceError::Incomplete(_) => "unreadable",
        }
    }
}

impl SourceError {
    /// How long the system asks us to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            SourceError::RateLimited(wait) => *wait,
            SourceError::Unreachable(_)
            | SourceError::Unauthorized
            | SourceError::Forbidden(_)
            | SourceError::NotFound
            | SourceError::Unrelated
            | SourceError::Refused { .. }
            | SourceError::Unreadable(_)
            | SourceError::TooMuch(_)
            | SourceError::UsedUp(_)
            | SourceError::Incomplete(_) => None,
        }
    }
}

fn wait(wait: &Option<Duration>) -> String {
    wait.map_or_else(String::new, |wait| format!("; wait {} s", wait.as_secs()))
}
