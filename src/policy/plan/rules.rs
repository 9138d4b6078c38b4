//! The rules as the criteria hold them: patterns of types, actions and attributes, and the reason in words.

use std::collections::BTreeSet;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::Deserialize;

use super::risk::Action;
use crate::model::Environment;

/// The key `terraform` of the criteria.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanRules {
    /// Names of production environments.
    pub production: Patterns,
    /// What makes a change risky.
    pub rules: Vec<PlanRule>,
}

/// What makes a change risky.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanRule {
    /// Which types of resources.
    pub types: Patterns,
    /// Which actions.
    pub actions: BTreeSet<Action>,
    /// Only when one of these attributes changes. A rule without is about the resource as a whole.
    pub attributes: Option<Patterns>,
    /// Which of these providers fill in when nobody sets them: what is unknown of one in something new is their default. A
    /// block of any other name that is unknown is one that the configuration makes in a loop.
    pub computed: Option<Patterns>,
    /// Where.
    #[serde(rename = "in")]
    pub place: Option<Place>,
    /// Why, in words.
    pub reason: String,
}

/// Where a rule is in force; everywhere, if it says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Only in production.
    Production,
}

/// Where a plan would be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// There.
    Environment(&'a Environment),
    /// Nobody said; so it may be production.
    Unknown,
}

impl PlanRules {
    /// The rules of criteria that say nothing about Terraform: everything is risky.
    #[must_use]
    pub fn everything() -> PlanRules {
        let all = Patterns::of(&["*"]);
        let actions = [Action::Create, Action::Update, Action::Delete, Action::Replace];
        let actions = actions.into_iter().chain([Action::Import, Action::Move, Action::Forget]).collect();
        let reason = "The criteria say nothing about Terraform plans".to_owned();
        let rule = PlanRule { types: all.clone(), actions, attributes: None, computed: None, place: None, reason };
        PlanRules { production: all, rules: vec![rule] }
    }

    /// Those that are in force there.
    pub(super) fn in_force(&self, target: Target<'_>) -> Vec<&PlanRule> {
        let is_production = match target {
            Target::Environment(environment) => self.production.matches(environment.as_str()),
            Target::Unknown => true,
        };
        self.rules.iter().filter(|rule| rule.place.is_none() || is_production).collect()
    }

    /// What is wrong with them.
    pub(in crate::policy) fn fault(&self) -> Option<(&'static str, &'static str)> {
        let empty =
            |rule: &PlanRule| rule.types.0.is_empty() || rule.actions.is_empty() || rule.reason.trim().is_empty();
        if self.production.0.is_empty() {
            return Some(("terraform.production", "then a delete would be risky nowhere"));
        }
        if self.rules.is_empty() {
            return Some(("terraform.rules", "then every plan would pass"));
        }
        if self.rules.iter().any(empty) {
            return Some(("terraform.rules", "each rule needs types, actions and the reason in words"));
        }
        let attributes = |rule: &PlanRule| rule.attributes.as_ref().is_some_and(|patterns| patterns.0.is_empty());
        self.rules.iter().any(attributes).then_some(("terraform.rules.attributes", "leave it out to mean all of them"))
    }
}

impl PlanRule {
    pub(super) fn is_computed(&self, attribute: &str) -> bool {
        self.computed.as_ref().is_some_and(|patterns| patterns.matches(attribute))
    }
}

/// Patterns of names: `*` is any run of characters, `{a,b}` one of two.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct Patterns(Vec<String>, GlobSet);

impl Patterns {
    fn of(texts: &[&str]) -> Patterns {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        Patterns::try_from(texts).unwrap_or_else(|_| Patterns(Vec::new(), GlobSet::empty()))
    }

    /// Whether one of them matches.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        self.1.is_match(name)
    }
}

impl PartialEq for Patterns {
    fn eq(&self, other: &Patterns) -> bool {
        self.0 == other.0
    }
}

impl Eq for Patterns {}

impl TryFrom<Vec<String>> for Patterns {
    type Error = String;

    fn try_from(texts: Vec<String>) -> Result<Patterns, String> {
        let mut set = GlobSetBuilder::new();
        for text in &texts {
            let glob = GlobBuilder::new(text).literal_separator(false).build();
            set.add(glob.map_err(|error| format!("`{text}` is no pattern: {}", error.kind()))?);
        }
        Ok(Patterns(texts, set.build().map_err(|error| error.to_string())?))
    }
}
