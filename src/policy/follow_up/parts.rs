//! What the documentation of an emergency consists of (policy: emergencies). Each part is found in a field of the ticket, or
//! in our own records; a box that somebody ticks in a comment is neither.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::model::{Field, Ticket};
use crate::policy::criteria::Criteria;

/// A part of the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Why it could not wait.
    Reason,
    /// How production was accessed.
    AccessMethod,
    /// What was done, step by step.
    Steps,
    /// Approvals after the fact.
    Approvals,
    /// How it is kept from happening again.
    Prevention,
}

/// Whether the right people have approved the ticket with its documentation, by our records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterTheFact {
    /// The right people have approved what the ticket says.
    Approved,
    /// They have not.
    NotApproved,
}

impl Part {
    /// Every part, in the order in which people read them.
    pub const ALL: [Part; 5] = [Part::Reason, Part::AccessMethod, Part::Steps, Part::Approvals, Part::Prevention];

    /// What is missing when it is missing.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Part::Reason => "Why it was an emergency",
            Part::AccessMethod => "How production was accessed",
            Part::Steps => "What was changed, step by step, with links",
            Part::Approvals => "Approval after the fact",
            Part::Prevention => "How it is kept from happening again",
        }
    }

    /// The field that holds it; nothing when it is in our records.
    #[must_use]
    pub fn field(self) -> Option<Field> {
        match self {
            Part::Reason => Some(Field::Justification),
            Part::AccessMethod => Some(Field::AccessMethod),
            Part::Steps => Some(Field::EmergencySteps),
            Part::Prevention => Some(Field::Prevention),
            Part::Approvals => None,
        }
    }
}

/// The parts that are missing.
#[must_use]
pub fn missing(ticket: &Ticket, approval: AfterTheFact, criteria: &Criteria) -> BTreeSet<Part> {
    let is_missing = |part: &Part| match part.field() {
        Some(field) => !says_something(ticket.field(field), criteria),
        None => approval == AfterTheFact::NotApproved,
    };
    Part::ALL.into_iter().filter(is_missing).collect()
}

/// What the fields say that hold the documentation.
#[must_use]
pub fn texts(ticket: &Ticket) -> BTreeMap<Part, &str> {
    Part::ALL.into_iter().filter_map(|part| Some((part, ticket.field(part.field()?)?))).collect()
}

/// Whether a text means something: the same words mean nothing here as in the required fields of any change.
fn says_something(text: Option<&str>, criteria: &Criteria) -> bool {
    let Some(text) = text else { return false };
    let seen: String = text.chars().filter(|char| char.is_alphanumeric() || char.is_whitespace()).collect();
    let words = text.trim().trim_end_matches('.').to_lowercase();
    !seen.trim().is_empty() && !criteria.terms.required_fields.empty_words.contains(&words)
}
