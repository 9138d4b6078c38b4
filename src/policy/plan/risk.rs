//! What was found out about a plan.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::{Text, shortened};

/// What is to happen to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is made.
    Create,
    /// It stays and changes.
    Update,
    /// It is deleted.
    Delete,
    /// It is deleted and made again.
    Replace,
    /// Terraform takes over something that exists.
    Import,
    /// Terraform knows it under another address.
    Move,
    /// Terraform forgets it; it goes on to exist with nobody in charge.
    Forget,
    /// Something that this version of cm-bot does not know.
    Unrecognised,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Action::Create => "create",
            Action::Update => "update",
            Action::Delete => "delete",
            Action::Replace => "replace",
            Action::Import => "import",
            Action::Move => "move",
            Action::Forget => "forget",
            Action::Unrecognised => "unrecognised",
        })
    }
}

/// How many resources a plan touches. A replacement counts as one to add and one to destroy, as Terraform counts it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// To add.
    pub add: usize,
    /// To change.
    pub change: usize,
    /// To destroy.
    pub destroy: usize,
    /// To import.
    pub import: usize,
    /// To move.
    pub moved: usize,
    /// To forget.
    pub forget: usize,
    /// Resources that change in any way.
    pub resources: usize,
}

/// One thing that a human must look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskItem {
    /// The same in every plan that wants the same: SHA-256 over address, actions, what is moved, imported or left of an earlier
    /// replacement, and what the risky attributes become.
    pub id: String,
    /// What is to happen; several when a resource is also moved or imported.
    pub actions: Vec<Action>,
    /// The resource, or the part of the plan.
    pub address: String,
    /// The address that it had before, if it is moved.
    pub moved_from: Option<String>,
    /// Terraform's key of what is left of an earlier replacement, if it is about that and not about the one in use.
    pub deposed: Option<String>,
    /// Names of the attributes that matter. Never a value.
    pub attributes: Vec<String>,
    /// Why it is risky, in words.
    pub reasons: Vec<String>,
}

/// What a human has to know about a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRisk {
    /// SHA-256 of the plan, byte by byte.
    pub digest: String,
    /// The Terraform that made it, as it says.
    pub terraform_version: Option<String>,
    /// What it does altogether.
    pub counts: Counts,
    /// What is risky, in the order of the plan.
    pub items: Vec<RiskItem>,
}

impl PlanRisk {
    /// Whether a human must look at it.
    #[must_use]
    pub fn is_risky(&self) -> bool {
        !self.items.is_empty()
    }

    /// Resources that change, and of which nothing is risky.
    #[must_use]
    pub fn low_risk(&self) -> usize {
        self.counts.resources.saturating_sub(self.items.iter().filter(|item| item.is_of_resource()).count())
    }

    /// The items that an approval of these ids does not cover. A plan with the same or fewer items keeps its approval.
    pub fn not_covered<'a>(&'a self, approved: &'a BTreeSet<String>) -> impl Iterator<Item = &'a RiskItem> {
        self.items.iter().filter(|item| !approved.contains(&item.id))
    }
}

/// The address of items that speak of the plan as a whole.
pub(super) const THE_PLAN: &str = "(the plan)";

/// How much of an address, and how many attributes of a resource, a sentence names.
const LONGEST_ADDRESS: usize = 200;
const MOST_ATTRIBUTES: usize = 6;

/// How many digits of an item's id a sentence names.
const SHORT_ID: usize = 16;

impl RiskItem {
    /// What it is in a sentence, with the beginning of its id; two items never read the same.
    #[must_use]
    pub fn sentence(&self) -> Text {
        let actions = self.actions.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
        let named: Vec<String> = self.attributes.iter().take(MOST_ATTRIBUTES).map(|name| shortened(name, 60)).collect();
        let more = self.attributes.len().saturating_sub(MOST_ATTRIBUTES);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let named = if named.is_empty() { String::new() } else { format!(" ({}{more})", named.join(", ")) };
        let id = self.id.get(..SHORT_ID).unwrap_or(&self.id);
        let text = Text::new().words(format!("{actions} ")).code(shortened(&self.address, LONGEST_ADDRESS));
        self.other_names()
            .into_iter()
            .fold(text, |text, (what, name)| text.words(format!(" {what} ")).code(name))
            .words(format!(": {}{named}, change {id}.", self.reasons.join("; ")))
    }

    /// What people must know of the thing behind the address: each with the words before it.
    #[must_use]
    pub fn other_names(&self) -> Vec<(&'static str, String)> {
        let moved = self.moved_from.as_ref().map(|from| ("moved from", shortened(from, LONGEST_ADDRESS)));
        let deposed = self.deposed.as_ref().map(|key| ("deposed object", shortened(key, 40)));
        moved.into_iter().chain(deposed).collect()
    }

    fn is_of_resource(&self) -> bool {
        self.address != THE_PLAN
    }
}

/// Why a plan could not be judged. Whoever asked for a judgement must take it for a risky plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Not JSON.
    #[error("the plan cannot be read: {0}. Make it with `terraform show -json PLAN`")]
    NotJson(String),
    /// A key twice in one object.
    #[error("the plan cannot be trusted: {0}. Terraform writes no key twice")]
    Ambiguous(String),
    /// Another document.
    #[error("this is no Terraform plan: {0}. Make it with `terraform show -json PLAN`")]
    NotAPlan(&'static str),
    /// More than can be held.
    #[error("the plan cannot be judged: it has more than {0} risky changes. Plan in smaller steps")]
    TooMuch(usize),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_names_six_attributes_and_says_how_many_more_there_are() {
        let sentence = |count: usize| {
            let item = RiskItem {
                id: "0123456789abcdef0123".into(),
                actions: vec![Action::Update],
                address: "aws_iam_role.web".into(),
                moved_from: None,
                deposed: None,
                attributes: (0..count).map(|place| format!("a{place}")).collect(),
                reasons: vec!["Who may do what changes".into()],
            };
            item.sentence().plain().to_string()
        };
        let named =
            |names: &str| format!("update aws_iam_role.web: Who may do what changes{names}, change 0123456789abcdef.");
        assert_eq!(sentence(0), named(""));
        assert_eq!(sentence(6), named(" (a0, a1, a2, a3, a4, a5)"));
        assert_eq!(sentence(8), named(" (a0, a1, a2, a3, a4, a5 and 2 more)"));
    }
}
