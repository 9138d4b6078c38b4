//! What people do in Slack.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Somebody presses a button.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Click {
    /// Who.
    pub by: String,
    /// What stands on the button.
    pub button: String,
    /// The ticket, or other words, that the message speaks of. The newest message with both is meant.
    pub about: String,
    /// How often, at once.
    #[serde(default = "once")]
    pub times: u32,
}

/// Somebody sends the form that was opened last for them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submit {
    /// Who.
    pub by: String,
    /// What is filled in, by the name of the input.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
}

/// Somebody writes a command.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlackCommand {
    /// Who.
    pub by: String,
    /// Which, with its slash.
    pub command: String,
    /// What is written after it.
    #[serde(default)]
    pub text: String,
}

fn once() -> u32 {
    1
}
