//! Terms about the ticket itself: its fields, its class, what it may not touch.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::model::{Day, Environment, Field, RepoName, RoleName, Ticket};

/// Terms of the rule `signed_criteria`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureTerms {
    /// The role of whoever signs criteria and people.
    pub role: RoleName,
    /// The day on which they are signed, for people to read: a signature itself holds no time.
    #[serde(deserialize_with = "super::day")]
    pub on: Day,
    /// The last day on which they count, in UTC.
    #[serde(deserialize_with = "super::day")]
    pub until: Day,
}

/// Terms of the rule `required_fields`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequiredFields {
    /// Fields that must be filled in.
    pub fields: BTreeSet<Field>,
    /// Those of them that must say something in words.
    pub in_words: BTreeSet<Field>,
    /// The least number of characters of a field in words.
    pub least_characters: usize,
    /// Texts that mean "nothing"; upper and lower case are the same.
    pub empty_words: BTreeSet<String>,
}

/// Terms of the rule `change_class`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeClasses {
    /// Classes that may be approved automatically.
    pub automatic: BTreeSet<String>,
    /// Classes that are emergencies.
    pub emergency: BTreeSet<String>,
    /// Classes that want something else than the rest. Criteria that say nothing have none.
    #[serde(default)]
    pub classes: Vec<ClassTerms>,
}

/// What one class of change wants, in the place of what is said for all.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassTerms {
    /// The class as the ticket says it, in lower case.
    pub name: String,
    /// What such a change brings.
    pub brings: Brings,
    /// Fields that must be filled in.
    pub fields: BTreeSet<Field>,
    /// Those of them that must say something in words.
    pub in_words: BTreeSet<Field>,
    /// Those of them that must be a day that is not over: what was allowed ends then, and is followed up.
    #[serde(default)]
    pub ends: BTreeSet<Field>,
}

/// What a change brings to production.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Brings {
    /// Commits, which every rule about code judges.
    Code,
    /// No commits: an access right, a network rule. It is never approved automatically, because nothing proves it.
    NoCode,
}

impl ChangeClasses {
    /// The block of a ticket's class, if the criteria have one.
    #[must_use]
    pub fn block(&self, ticket: &Ticket) -> Option<&ClassTerms> {
        let class = class_of(ticket)?;
        self.classes.iter().find(|block| block.name == class)
    }

    /// The classes that bring no code. Nobody but a person can ask for such a change, so it can be asked for in Slack.
    #[must_use]
    pub fn without_code(&self) -> Vec<&str> {
        let found = self.classes.iter().filter(|block| block.brings == Brings::NoCode);
        found.map(|block| block.name.as_str()).collect()
    }
}

/// The class in lower case: `Emergency` and `emergency` are the same word to the person who chose it.
#[must_use]
pub fn class_of(ticket: &Ticket) -> Option<String> {
    ticket.field(Field::ChangeClass).map(|class| class.trim().to_lowercase())
}

/// One demand of the rule `staging`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StagingTerms {
    /// A change to this environment …
    pub before: Environment,
    /// … ran in this one first, as a change of its own that is closed.
    pub ran_in: Environment,
}

/// Terms of the rule `workflow`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkflowTerms {
    /// SHA-256 over what a ticket that waits offers to cm-bot's account: `cm-bot criteria workflow` prints it.
    pub sha256: String,
}

/// Terms of the rule `self_change`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelfChange {
    /// Repositories with cm-bot's own code, settings, criteria and people.
    pub repositories: BTreeSet<RepoName>,
}
