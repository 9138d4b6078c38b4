//! What was allowed until a day: a network rule, an accepted risk (policy: exceptions are followed up when they end).

use crate::model::{Day, Field, Ticket, Timestamp};
use crate::policy::criteria::Criteria;

/// Something that ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// What, as the subject of a sentence.
    pub what: String,
    /// Who answers for it, by name, if somebody is named.
    pub owner: Option<String>,
    /// The last day on which it is allowed.
    pub until: Day,
}

impl End {
    /// The first moment at which it is not allowed any more.
    #[must_use]
    pub fn due(&self) -> Timestamp {
        self.until.end()
    }
}

/// What a ticket allows for a time, by the terms of its class. A field that is no day ends nothing; such a ticket is not
/// complete.
#[must_use]
pub fn ends(ticket: &Ticket, criteria: &Criteria) -> Vec<End> {
    let Some(class) = criteria.terms.change_class.block(ticket) else { return Vec::new() };
    let owner = ticket.field(Field::Responsible).map(str::to_owned);
    let end = |field: &Field| {
        let until = Day::parse(ticket.field(*field)?.trim()).ok()?;
        Some(End { what: format!("what {} allows (class {})", ticket.key, class.name), owner: owner.clone(), until })
    };
    class.ends.iter().filter_map(end).collect()
}

/// The risks that the criteria accept for a time.
#[must_use]
pub fn accepted_risks(criteria: &Criteria) -> Vec<End> {
    let risks = criteria.terms.security_scan.accepted.iter();
    let end = risks.map(|risk| End {
        what: format!("the accepted risk {} of {}", risk.rule, risk.tool),
        owner: Some(risk.owner.clone()),
        until: risk.until,
    });
    end.collect()
}
