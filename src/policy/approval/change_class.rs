//! The class of change may be approved automatically; an emergency never is (policy: classes of change, emergencies).

use crate::model::{Field, Text, Ticket};
use crate::policy::criteria::Criteria;
use crate::policy::decision::{Finding, Todo};
use crate::policy::facts::Facts;

/// Is it a class of change that may be approved automatically?
#[must_use]
pub fn check(facts: &Facts, criteria: &Criteria) -> Finding {
    let terms = &criteria.terms.change_class;
    let Some(class) = class(&facts.ticket) else {
        return Finding::not_met(
            "no change class",
            "The ticket does not say what class of change it is.",
            Todo::fix("set the change class."),
        );
    };
    if terms.automatic.contains(&class) {
        Finding::met(class)
    } else if terms.emergency.contains(&class) {
        Finding::not_met(
            "emergency",
            "An emergency change is never approved automatically.",
            Todo::decide("the leads look at it now; the change is documented and reviewed afterwards."),
        )
    } else {
        Finding::not_met(
            "class needs a human",
            "This class of change is not approved automatically.",
            Todo::decide("an approver decides about this class of change."),
        )
        .about(vec![Text::new().words("The change class is ").quoted(&class).words(".")])
    }
}

/// Whether the ticket declares an emergency. It needs nothing but the ticket, so that the leads can be told at once.
#[must_use]
pub fn is_emergency(ticket: &Ticket, criteria: &Criteria) -> bool {
    class(ticket).is_some_and(|class| criteria.terms.change_class.emergency.contains(&class))
}

/// The class in lower case: `Emergency` and `emergency` are the same word to the person who chose it.
fn class(ticket: &Ticket) -> Option<String> {
    ticket.field(Field::ChangeClass).map(|class| class.trim().to_lowercase())
}
