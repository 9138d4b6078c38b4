//! Slack's Web API (<https://docs.slack.dev/reference/methods>), as far as messages need it.

mod client;
pub mod request;
mod wire;

pub use client::{Post, SlackClient, SlackError};
pub use wire::to_json;
