//! Jira Cloud, REST v3 (<https://developer.atlassian.com/cloud/jira/platform/rest/v3/>).

pub mod adf;
mod client;
mod comments;
mod fields;
mod search;
pub mod webhook;
mod wire;

pub use client::{JiraClient, StatusChange, TransitionError};
pub use comments::{Comment, CommentMark};
pub use search::{ChangedTicket, FoundTicket, Wanted};
