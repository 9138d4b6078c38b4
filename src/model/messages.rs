//! What the settings say of messages in Slack, and of where people decide.

use serde::Deserialize;

/// Where people decide beside Jira.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Deciding {
    /// In Slack.
    pub slack: Decisions,
    /// On cm-bot's pages.
    pub pages: Decisions,
}

/// Whether people decide about a ticket in a place beside Jira.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decisions {
    /// In Jira, where they are logged in; the place leads there.
    #[default]
    Link,
    /// There too: whoever holds somebody's account there can decide as that person.
    Interactive,
}

impl Decisions {
    /// As the settings name it.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Decisions::Link => "link",
            Decisions::Interactive => "interactive",
        }
    }
}

impl Deciding {
    /// Whether people decide in Jira alone.
    #[must_use]
    pub fn is_in_jira_alone(self) -> bool {
        self.slack == Decisions::Link && self.pages == Decisions::Link
    }
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
