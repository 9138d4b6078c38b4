//! Jira Cloud and Jira Data Center.
//!
//! The one speaks REST v3 (<https://developer.atlassian.com/cloud/jira/platform/rest/v3/>), the other v2
//! (<https://docs.atlassian.com/software/jira/docs/api/REST/9.12.0/>). What differs stands in `dialect.rs` alone.

mod acts;
pub mod adf;
mod client;
mod comments;
mod create;
mod dialect;
mod fields;
mod history;
mod paging;
mod rights;
mod search;
mod server;
mod service_desk;
pub mod webhook;
pub mod wiki;
mod wire;
mod workflow;

pub use acts::{Actor, Command, Recorded};
pub use client::{JiraClient, TransitionError};
pub use comments::{Comment, CommentMark};
pub use create::{Created, NewTicket, Reporter, RequestMark, Unfilled};
pub use history::StatusChange;
pub use search::{ChangedTicket, FoundTicket, Wanted};
pub use server::Signing;
pub use workflow::WorkflowSeal;
