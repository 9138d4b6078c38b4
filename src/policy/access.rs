//! Who may see and do what on cm-bot's pages (policy: separation of duties).
//!
//! Everybody in the people file may look at changes; what an inspector, an auditor and an operator need beside that is given to each by a role of that name, so that who
//! administers cm-bot does not inspect it, and who inspects it does not administer it (O07).

use std::collections::BTreeSet;

use crate::model::RoleName;
use crate::policy::criteria::{Criteria, Seat};

/// What somebody is on the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PageRole {
    /// Looks at changes.
    Viewer,
    /// Has a role that may approve some change.
    Approver,
    /// Inspects what was drawn.
    Inspector,
    /// Reads all evidence.
    Auditor,
    /// Runs cm-bot.
    Operator,
}

/// Something that the pages show or let people do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Changes, emergencies, and what would be if.
    SeeChanges,
    /// Say yes or no to a change. Whose word counts is asked for each change ([`crate::policy::approvers`]).
    Decide,
    /// What was drawn for inspection, and what came of it.
    SeeInspections,
    /// Record what an inspection found.
    Inspect,
    /// The evidence of a whole period.
    SeeEvidence,
    /// How the parts of cm-bot do.
    SeeHealth,
}

impl PageRole {
    /// As people read it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            PageRole::Viewer => "Viewer",
            PageRole::Approver => "Approver",
            PageRole::Inspector => "Inspector",
            PageRole::Auditor => "Auditor",
            PageRole::Operator => "Operator",
        }
    }

    /// What this role may see and do.
    #[must_use]
    pub fn rights(self) -> &'static [Right] {
        match self {
            PageRole::Viewer => &[Right::SeeChanges],
            PageRole::Approver => &[Right::SeeChanges, Right::Decide],
            PageRole::Inspector => &[Right::SeeChanges, Right::SeeInspections, Right::Inspect, Right::SeeEvidence],
            PageRole::Auditor => &[Right::SeeChanges, Right::SeeInspections, Right::SeeEvidence],
            PageRole::Operator => &[Right::SeeChanges, Right::SeeHealth],
        }
    }
}

/// What somebody of the people file is on the pages, by the roles of everybody of this name.
#[must_use]
pub fn roles(name: &str, criteria: &Criteria) -> BTreeSet<PageRole> {
    let own = criteria.people.roles_of(name);
    let called = |role: &str| own.iter().any(|one| one.as_str() == role);
    let seats = &criteria.terms.approvers;
    let mut seats = seats.roles.iter().chain(seats.more.iter().flat_map(|block| &block.roles));
    let approves = |seat: &Seat| seat.roles().iter().any(|role: &RoleName| own.contains(role));
    let all = [
        (PageRole::Viewer, true),
        (PageRole::Approver, seats.any(approves)),
        (PageRole::Inspector, called("inspector")),
        (PageRole::Auditor, called("auditor")),
        (PageRole::Operator, called("operator")),
    ];
    all.into_iter().filter(|(_, has)| *has).map(|(role, _)| role).collect()
}

/// Whether somebody with these roles may do this.
#[must_use]
pub fn may(roles: &BTreeSet<PageRole>, right: Right) -> bool {
    roles.iter().any(|role| role.rights().contains(&right))
}
