//! Terms about people: who may approve by hand, and who is told.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::model::{Environment, RoleName, ServiceName};
use crate::policy::paths::PathPatterns;

/// Who approves by hand what cm-bot does not approve.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approvers {
    /// One person for each of them, and nobody twice.
    pub roles: Vec<Seat>,
    /// How many persons at least. Criteria that say nothing want two; where `roles` names fewer, any of its roles fills up.
    #[serde(default = "four_eyes")]
    pub least: usize,
    /// Who approves certain changes too. All that concern a change add up.
    #[serde(default)]
    pub more: Vec<MoreApprovers>,
}

fn four_eyes() -> usize {
    2
}

/// What one person has to be: a role, or any of several.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(from = "WrittenSeat")]
pub struct Seat(Vec<RoleName>);

#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenSeat {
    Role(RoleName),
    AnyOf(Vec<RoleName>),
}

impl From<WrittenSeat> for Seat {
    fn from(written: WrittenSeat) -> Seat {
        match written {
            WrittenSeat::Role(role) => Seat(vec![role]),
            WrittenSeat::AnyOf(roles) => Seat(roles),
        }
    }
}

impl Seat {
    /// Any of these roles fills it.
    #[must_use]
    pub fn any_of(roles: Vec<RoleName>) -> Seat {
        Seat(roles)
    }

    /// The roles that fill it.
    #[must_use]
    pub fn roles(&self) -> &[RoleName] {
        &self.0
    }

    /// As people read it: `Security Lead`, `CTO or CTO Delegate`.
    #[must_use]
    pub fn title(&self) -> String {
        self.0.iter().map(RoleName::title).collect::<Vec<_>>().join(" or ")
    }
}

/// More approvers for changes that fit every condition of the block; a condition that is left out fits all.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoreApprovers {
    /// Changes of these services.
    #[serde(default)]
    pub components: BTreeSet<ServiceName>,
    /// Changes of these environments.
    #[serde(default)]
    pub environments: BTreeSet<Environment>,
    /// Changes of a path.
    pub paths: Option<PathPatterns>,
    /// Changes for which one of these rules does not say yes.
    #[serde(default)]
    pub risks: BTreeSet<String>,
    /// Changes of these classes.
    #[serde(default)]
    pub classes: BTreeSet<String>,
    /// One person for each of them.
    #[serde(default)]
    pub roles: Vec<Seat>,
    /// How many persons at least.
    #[serde(default)]
    pub least: usize,
}

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// When a ticket waits for a human, and nobody is left who could approve it.
    pub held: Vec<RoleName>,
    /// When an emergency is declared.
    pub emergency: Vec<RoleName>,
}
