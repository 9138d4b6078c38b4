//! What must be true when the timeline has been played.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The expected end of one ticket. What is not said is not checked, except that a finding which is not named must not
/// stand in the way: it must be met or not apply.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The ticket's key.
    pub ticket: String,
    /// The decision (`approve`, `hold`, `block`, `could-not-check`, `none`) or the first words that people read
    /// (`Approved automatically`, `Blocked`, …).
    pub verdict: String,
    /// The ticket's status in Jira.
    pub status: Option<String>,
    /// Outcome by rule id: `met`, `not-met`, `not-applicable`, `unknown`. Rules that are not named must be met or not apply.
    #[serde(default)]
    pub findings: BTreeMap<String, Finding>,
    /// How many comments cm-bot wrote.
    pub comments: Option<usize>,
    /// The newest comment of cm-bot, as plain text.
    pub comment: Option<String>,
    /// The transitions that cm-bot made, by name, in order.
    pub transitions: Option<Vec<String>>,
    /// How many root messages about this ticket are in Slack.
    pub slack_messages: Option<usize>,
    /// How many replies stand in their threads.
    pub slack_replies: Option<usize>,
    /// The newest root message, as plain text (mentions as `@name`).
    pub message: Option<String>,
    /// Who is mentioned in Slack about this ticket, by handle, in the order of the people list.
    pub mentions: Option<Vec<String>>,
    /// How many webhooks were refused with 401 in the whole scene.
    pub refused_webhooks: Option<usize>,
}

/// The outcome that one rule must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// The rule is met.
    Met,
    /// The rule is not met.
    NotMet,
    /// The rule does not apply.
    NotApplicable,
    /// It could not be found out.
    Unknown,
}
