//! What people did to a ticket that matters to its approval, in the order in which they did it.
//!
//! An act is taken from a record that another system wrote and signed with a name: an entry of Jira's history, a comment by
//! an account, an answer in Jira Service Management, a form that Slack sent or that came from our own page. A value in a field, a label or a text is nobody's
//! act.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{AccountId, Deciding, Decisions, People, Text, Timestamp};
use crate::policy::decision::{By, Decision};

/// How far our clock, by which words in Slack and on our pages are dated, and Jira's may be apart.
const CLOCKS_APART: Duration = Duration::from_secs(45);

/// One act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Where it is written.
    pub way: Way,
    /// Its number there; an act is known once.
    pub source: String,
    /// Whose account it was; nobody when Jira does not say.
    pub by: Option<AccountId>,
    /// What.
    pub deed: Deed,
    /// When, by the clock of whoever wrote it down.
    pub at: Timestamp,
    /// The fingerprint of the ticket for which it was done.
    pub fingerprint: String,
    /// What stood in the way then.
    pub seen: Seen,
    /// Why it was refused when it came; it never counts then.
    pub refused: Option<String>,
}

/// What somebody did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "snake_case")]
pub enum Deed {
    /// Approved it.
    Approve {
        /// In their own words; may be empty.
        note: String,
    },
    /// Declined it.
    Decline {
        /// Why.
        reason: String,
    },
    /// Took their own word back: it was changed or removed where it was written.
    Withdraw {
        /// The number of the act.
        of: String,
    },
    /// Took the ticket out of the status in which it was approved, or ended or reopened it: that takes back whatever was
    /// approved before.
    TakeBack,
    /// Edited what an approval covers.
    Edit {
        /// What, in people's words.
        what: String,
    },
}

/// Where an act is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// A status in Jira's history.
    Status,
    /// A field in Jira's history.
    Field,
    /// A comment.
    Comment,
    /// An answer in Jira Service Management.
    ServiceDesk,
    /// A form in Slack, which Slack signed and sent to us.
    Slack,
    /// A form on our own page, sent by somebody who had signed in.
    Page,
}

/// What stood in the way of a ticket at one moment: who has approved it has seen these points and no others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen(BTreeSet<String>);

impl Way {
    /// Every way.
    pub const ALL: [Way; 6] = [Way::Status, Way::Field, Way::Comment, Way::ServiceDesk, Way::Slack, Way::Page];

    /// Its name in our records.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Way::Status => "status",
            Way::Field => "field",
            Way::Comment => "comment",
            Way::ServiceDesk => "service-desk",
            Way::Slack => "slack",
            Way::Page => "page",
        }
    }

    /// The time by which an act is put in order. A word that our clock dates stands as if it had been said earlier by as much
    /// as the clocks may be apart: whoever edits, declines or takes back after it is heard, also by a clock that is slow.
    #[must_use]
    pub fn in_order(self, at: Timestamp) -> Timestamp {
        match self {
            Way::Slack | Way::Page => at.minus(CLOCKS_APART),
            Way::Status | Way::Field | Way::Comment | Way::ServiceDesk => at,
        }
    }

    /// Whether the settings let people decide in this way. Jira is always a way.
    #[must_use]
    pub fn is_open(self, deciding: Deciding) -> bool {
        match self {
            Way::Slack => deciding.slack == Decisions::Interactive,
            Way::Page => deciding.pages == Decisions::Interactive,
            Way::Status | Way::Field | Way::Comment | Way::ServiceDesk => true,
        }
    }

    /// As people read it, after "approved it".
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Way::Status => "by the status",
            Way::Field => "by a field",
            Way::Comment => "in a comment",
            Way::ServiceDesk => "in Jira Service Management",
            Way::Slack => "in Slack",
            Way::Page => "on cm-bot's page",
        }
    }
}

impl Act {
    /// The act as it counts now: a word in Slack or on a page is none where people decide in Jira alone, also when it was one
    /// once.
    #[must_use]
    pub fn under(mut self, deciding: Deciding) -> Act {
        if !self.way.is_open(deciding) && self.refused.is_none() {
            let jira = if deciding.is_in_jira_alone() { "in Jira alone" } else { "elsewhere" };
            self.refused = Some(format!("Somebody decided {}, and by now people decide {jira}.", self.way.words()));
        }
        self
    }
}

/// Whether the newest approval of somebody of this name was given in a way that is not open any more; `acts` as they were
/// noted, oldest first.
#[must_use]
pub fn rests_on_closed_way(acts: &[Act], name: &str, (people, deciding): (&People, Deciding)) -> bool {
    let is_own = |act: &&Act| act.by.as_ref().and_then(|by| people.by_jira(by)).is_some_and(|one| one.name == name);
    let is_approval = |act: &&Act| matches!(act.deed, Deed::Approve { .. }) && act.refused.is_none();
    acts.iter().filter(is_own).rfind(is_approval).is_some_and(|act| !act.way.is_open(deciding))
}

impl Seen {
    /// What stands in the way by this decision. What only time brings out of the way is nothing that anybody judges.
    #[must_use]
    pub fn of(decision: &Decision) -> Seen {
        let problems = decision.problems().into_iter();
        let open = problems.filter(|judged| judged.finding.todo.as_ref().is_none_or(|todo| todo.by != By::Time));
        Seen(
            open.flat_map(|judged| {
                let details = judged.finding.details.iter().map(Text::plain);
                let details: Vec<String> = details.map(|detail| format!("{}: {detail}", judged.rule)).collect();
                std::iter::once(judged.rule.to_owned()).chain(details)
            })
            .collect(),
        )
    }

    /// The rules that say no now and did not then, or say no of something that was not there.
    #[must_use]
    pub fn missed<'a>(&self, decision: &'a Decision) -> Vec<&'a str> {
        let now = Seen::of(decision);
        let unseen: BTreeSet<&str> = now.0.difference(&self.0).map(|point| rule_of(point)).collect();
        let problems = decision.problems().into_iter();
        problems.filter(|judged| unseen.contains(judged.rule)).map(|judged| judged.finding.headline.as_str()).collect()
    }
}

fn rule_of(point: &str) -> &str {
    point.split_once(':').map_or(point, |(rule, _)| rule)
}
