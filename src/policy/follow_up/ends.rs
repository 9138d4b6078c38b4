//! What was allowed until a day: a network rule, an accepted risk (policy: exceptions are followed up when they end).

use std::collections::BTreeSet;
use std::time::Duration;

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

/// One thing that is said of something that ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It ends soon.
    Soon,
    /// It has ended.
    Over,
}

impl End {
    /// The first moment at which it is not allowed any more.
    #[must_use]
    pub fn due(&self) -> Timestamp {
        self.until.end()
    }
}

impl Step {
    /// Its name in the records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Step::Soon => "ends-soon",
            Step::Over => "ended",
        }
    }
}

/// Says what is owed of something that ends at `due`.
///
/// `since` is when we have known of it: what was due before is not said later, so nobody hears that it ends soon who has just
/// been allowed it. Of two steps that are due only the last is said.
#[must_use]
pub fn owed(
    due: Timestamp,
    taken: &BTreeSet<String>,
    before: Duration,
    (since, now): (Timestamp, Timestamp),
) -> Option<Step> {
    let early = i64::try_from(before.as_millis()).unwrap_or(i64::MAX);
    let ladder = [(Timestamp(due.0.saturating_sub(early)), Step::Soon), (due, Step::Over)];
    let (at, step) = ladder.into_iter().rfind(|(at, _)| *at <= now)?;
    (at >= since && !taken.contains(step.name())).then_some(step)
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
