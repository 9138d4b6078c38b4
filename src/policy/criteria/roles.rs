//! Terms about people: who may approve by hand, and who is told.

use serde::Deserialize;

use crate::model::RoleName;

/// A list of roles.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roles {
    /// Any one of them is enough.
    pub roles: Vec<RoleName>,
}

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// When a ticket waits for a human.
    pub held: Vec<RoleName>,
    /// When an emergency is declared.
    pub emergency: Vec<RoleName>,
}
