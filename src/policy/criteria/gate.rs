//! Terms of the gate: what an approval is worth when the deployment goes ahead.

use serde::Deserialize;

/// What an approval is worth at the gate.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateTerms {
    /// How many hours it counts.
    pub approval_hours: u64,
    /// Whose roles count.
    pub approver_roles: ApproverRoles,
}

/// When somebody must have the role to approve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApproverRoles {
    /// When the deployment goes ahead, too.
    Now,
    /// When the approval was given; who leaves later has approved all the same.
    AtApproval,
}

/// For criteria that were written before there was a gate: the stricter of each.
impl Default for GateTerms {
    fn default() -> GateTerms {
        GateTerms { approval_hours: 24, approver_roles: ApproverRoles::Now }
    }
}
