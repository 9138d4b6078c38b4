//! Slack's Web API (<https://docs.slack.dev/reference/methods>), as far as messages need it, and what Slack sends to us.

mod client;
mod forms;
pub mod interaction;
mod persons;
pub mod request;
mod wire;

pub use client::{Post, SlackClient, SlackError, Thread};
pub use forms::to_view;
pub use persons::Standing;
pub use wire::to_json;
