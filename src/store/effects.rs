//! What can be done outside, and in which row of actions.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::Place;
use crate::model::{DecisionId, RepoName, SlackId};

/// Something to do outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// Approve the ticket in Jira. What allows it is made anew from the stored facts when it is done.
    Approve {
        /// The decision.
        decision: DecisionId,
    },
    /// Approve the ticket in the name of those who have approved it. Who has is read anew when it is done.
    ApproveByPeople {},
    /// Decline the ticket in the name of whoever has declined it. Whether somebody has is read anew when it is done.
    DeclineByPeople {},
    /// Set the ticket back to review, because its approval does not count any more.
    SetBack {},
    /// Close the ticket, because its deployment has ended.
    Close {},
    /// Write the comment that is true now, or edit it when the verdict is the same.
    Comment {
        /// The verdict.
        verdict: String,
        /// Which evaluation of the ticket.
        evaluation: i64,
        /// The content, ADF.
        body: Value,
    },
    /// Put a link on the ticket.
    Link {
        /// The link, as Jira wants it.
        link: Value,
    },
    /// Post the root message of a ticket, or edit it.
    Message {
        /// In which channel.
        place: Place,
        /// The verdict.
        verdict: String,
        /// Text and blocks.
        message: Value,
    },
    /// Reply in the thread of the root message.
    Reply {
        /// Text and blocks.
        message: Value,
    },
    /// Remind people in the thread of a root message; in the channel, when there is none.
    Remind {
        /// Of which root message.
        place: Place,
        /// Who sees it.
        reach: Reach,
        /// Text and blocks.
        message: Value,
    },
    /// Write to one person alone.
    Direct {
        /// Whom.
        to: SlackId,
        /// Text and blocks.
        message: Value,
    },
    /// Post the daily message about everything that waits.
    Daily {
        /// Text and blocks.
        message: Value,
    },
    /// Say that what a ticket allows ends, in a message of its own.
    Ends {
        /// Text and blocks.
        message: Value,
    },
    /// Tell the channel of something that belongs to no ticket alone.
    Alert {
        /// Text and blocks.
        message: Value,
    },
    /// Tell the channel something about the inspection of a month, unless it is not needed any more.
    Inspection {
        /// The month, such as `2026-10`.
        month: String,
        /// What makes it needless.
        until: InspectionEnd,
        /// Text and blocks.
        message: Value,
    },
    /// Write a comment beside the one that is true now: it calls people.
    Call {
        /// What for.
        about: String,
        /// The content, ADF.
        body: Value,
    },
    /// Post a card in Teams that says what Slack did not take.
    Card {
        /// The action for Slack.
        instead_of: String,
    },
    /// Tell GitHub what becomes of a run that waits at a deployment protection rule. Whether it may go ahead is looked at
    /// again when it is told.
    ReviewRun {
        /// The request of the gate.
        request: Uuid,
        /// The run's repository.
        repository: RepoName,
        /// Its number.
        run: u64,
        /// Which attempt of it.
        attempt: u32,
        /// GitHub's name of the environment.
        environment: String,
        /// Why it may not go ahead; nothing when it may.
        rejected: Option<Vec<String>>,
    },
    /// Tell a pipeline that its request has changed.
    Callback {
        /// The request of the gate.
        request: Uuid,
        /// Where.
        address: String,
        /// How it stands.
        state: String,
    },
}

/// Who sees a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Whoever follows the thread.
    Thread,
    /// The whole channel.
    Channel,
}

/// What makes a message about an inspection needless while it waits to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InspectionEnd {
    /// The month was drawn.
    Drawn,
    /// Every result is there.
    Inspected,
    /// Nothing.
    Never,
}

/// A row of actions that are done in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// What a ticket shows in Jira.
    Jira,
    /// What Slack shows about it.
    Slack,
    /// What Teams is told instead.
    Teams,
    /// What GitHub is told about its runs.
    Github,
    /// What pipelines are told.
    Pipelines,
}

impl Effect {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Effect::Approve { .. } => "approve",
            Effect::ApproveByPeople {} => "approve-by-people",
            Effect::DeclineByPeople {} => "decline-by-people",
            Effect::SetBack {} => "set-back",
            Effect::Close {} => "close",
            Effect::Comment { .. } => "comment",
            Effect::Link { .. } => "link",
            Effect::Message { place: Place::Overdue, .. } => "overdue",
            Effect::Message { .. } => "message",
            Effect::Reply { .. } => "reply",
            Effect::Remind { .. } => "remind",
            Effect::Direct { .. } => "direct",
            Effect::Daily { .. } => "daily",
            Effect::Ends { .. } => "ends",
            Effect::Alert { .. } => "alert",
            Effect::Inspection { .. } => "inspection",
            Effect::Call { .. } => "call",
            Effect::Card { .. } => "card",
            Effect::ReviewRun { .. } => "review-run",
            Effect::Callback { .. } => "callback",
        }
    }

    /// The lane that it belongs to.
    #[must_use]
    pub fn lane(&self) -> Lane {
        match self {
            Effect::Approve { .. }
            | Effect::ApproveByPeople {}
            | Effect::DeclineByPeople {}
            | Effect::SetBack {}
            | Effect::Close {}
            | Effect::Comment { .. }
            | Effect::Link { .. }
            | Effect::Call { .. } => Lane::Jira,
            Effect::Message { .. }
            | Effect::Reply { .. }
            | Effect::Remind { .. }
            | Effect::Direct { .. }
            | Effect::Daily { .. }
            | Effect::Ends { .. }
            | Effect::Alert { .. }
            | Effect::Inspection { .. } => Lane::Slack,
            Effect::Card { .. } => Lane::Teams,
            Effect::ReviewRun { .. } => Lane::Github,
            Effect::Callback { .. } => Lane::Pipelines,
        }
    }
}
