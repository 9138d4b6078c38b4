//! Terms about the ticket itself: its fields, its class, what it may not touch.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::model::{Field, RepoName};

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
}

/// Terms of the rule `self_change`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelfChange {
    /// Repositories with cm-bot's own code, settings, criteria and people.
    pub repositories: BTreeSet<RepoName>,
}
