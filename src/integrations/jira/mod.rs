//! Jira Cloud, REST v3 (<https://developer.atlassian.com/cloud/jira/platform/rest/v3/>).

mod acts;
pub mod adf;
mod client;
mod comments;
mod create;
mod fields;
mod history;
mod rights;
mod search;
mod service_desk;
pub mod webhook;
mod wire;
mod workflow;

pub use acts::{Actor, Command, Recorded};
pub use client::{JiraClient, TransitionError};
pub use comments::{Comment, CommentMark};
pub use create::{Created, NewTicket, RequestMark, Unfilled};
pub use history::StatusChange;
pub use search::{ChangedTicket, FoundTicket, Wanted};
pub use workflow::WorkflowSeal;
