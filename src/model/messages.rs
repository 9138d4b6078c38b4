//! What the settings say of messages in Slack.

use serde::Deserialize;

/// Where people decide about a ticket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decisions {
    /// In Jira, where they are logged in; Slack leads there.
    #[default]
    Link,
    /// In Slack too: whoever holds somebody's Slack account can decide as that person.
    Interactive,
}

/// How people hear of what cm-bot approved by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AutoApproved {
    /// At once, in a message for each ticket.
    #[default]
    Each,
    /// Once a day, in one message.
    Digest,
    /// In the ticket alone.
    Off,
}
