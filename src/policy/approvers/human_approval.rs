//! A human approved the ticket in Jira: whether that person may (policy: separation of duties).
//!
//! Taken from the history of the ticket, which Jira writes, never from a field or a comment.

use std::collections::BTreeSet;

use crate::model::{AccountId, Person, RoleName, Ticket};
use crate::policy::criteria::Criteria;

/// What an approval by a human is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approval<'a> {
    /// It counts.
    Counts {
        /// Who approved.
        by: &'a Person,
        /// In which role.
        role: &'a RoleName,
    },
    /// It does not count; the sentence says why.
    DoesNotCount(String),
}

/// Judges the person who moved a ticket to approved. `contributors` are the names of all who worked on the change.
#[must_use]
pub fn judge<'a>(
    by: &AccountId,
    ticket: &Ticket,
    contributors: &BTreeSet<String>,
    criteria: &'a Criteria,
) -> Approval<'a> {
    let Some(person) = criteria.people.by_jira(by) else {
        return Approval::DoesNotCount("The Jira account that approved it is not in the people file.".into());
    };
    let name = &person.name;
    if ticket.requester.as_ref() == Some(by) {
        return Approval::DoesNotCount(format!("{name} requested this change, so somebody else has to approve it."));
    }
    if contributors.contains(name) {
        return Approval::DoesNotCount(format!("{name} worked on this change, so somebody else has to approve it."));
    }
    match criteria.terms.approvers.roles.iter().find(|role| person.roles.contains(role)) {
        Some(role) => Approval::Counts { by: person, role },
        None => Approval::DoesNotCount(format!("{name} has none of the roles that may approve.")),
    }
}
