//! cm-bot never approves a change to itself, its settings, its criteria or its people (policy: separation of duties).

use crate::policy::criteria::Criteria;
use crate::policy::decision::{Finding, Todo};
use crate::policy::facts::Facts;

/// Is it a change to something else than cm-bot itself?
#[must_use]
pub fn check(facts: &Facts, criteria: &Criteria) -> Finding {
    let Some(service) = facts.placement.service() else {
        return Finding::not_applicable("no registered service");
    };
    if criteria.terms.self_change.repositories.contains(&service.repository) {
        return Finding::not_met(
            "change to cm-bot",
            "cm-bot never approves a change to itself.",
            Todo::decide("an approver who did not work on it looks at the change and decides."),
        );
    }
    Finding::met(service.repository.as_str())
}
