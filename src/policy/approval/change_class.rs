//! The class of change may be approved automatically; an emergency never is (policy: classes of change, emergencies).

use crate::model::{Field, Text, Ticket, listed};
use crate::policy::criteria::{Brings, Criteria, class_of};
use crate::policy::decision::{Finding, Todo};
use crate::policy::facts::Facts;

/// Is it a class of change that may be approved automatically?
#[must_use]
pub fn check(facts: &Facts, criteria: &Criteria) -> Finding {
    let terms = &criteria.terms.change_class;
    let Some(class) = class_of(&facts.ticket) else {
        return Finding::not_met(
            "no change class",
            "The ticket does not say what class of change it is.",
            Todo::fix("set the change class."),
        );
    };
    if let Some(named) = named_in_vain(&facts.ticket, criteria) {
        return Finding::not_met(
            "names a build",
            format!("A change of the class {class} brings no code, and this ticket names one."),
            Todo::fix("choose the class of what is really deployed, or take the build out of the ticket."),
        )
        .about(vec![format!("The ticket names {named}.").into()]);
    }
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
    class_of(ticket).is_some_and(|class| criteria.terms.change_class.emergency.contains(&class))
}

/// Rules that speak of code. A rule that is not here speaks of every change.
const ABOUT_CODE: &[&str] = &[
    "first_deployment",
    "clocks",
    "release_branch",
    "commit_range",
    "commit_review",
    "squash_merge",
    "version_bump",
    "sensitive_paths",
    "control_paths",
    "opaque_changes",
    "hidden_characters",
    "security_scan",
    "staging",
];

/// Fields that name something that is deployed.
const OF_A_BUILD: [Field; 5] = [Field::Commit, Field::Branch, Field::BuildJob, Field::BuildNumber, Field::Artifact];

/// Whether a rule says nothing of this ticket, because its class brings no code and it names none. The class alone would be
/// a way around every rule, and that nothing is named proves nothing.
#[must_use]
pub fn is_beside_the_point(rule: &str, ticket: &Ticket, criteria: &Criteria) -> bool {
    ABOUT_CODE.contains(&rule) && brings_no_code(ticket, criteria) && named_in_vain(ticket, criteria).is_none()
}

fn brings_no_code(ticket: &Ticket, criteria: &Criteria) -> bool {
    criteria.terms.change_class.block(ticket).is_some_and(|block| block.brings == Brings::NoCode)
}

/// What a ticket whose class brings no code names of a build.
fn named_in_vain(ticket: &Ticket, criteria: &Criteria) -> Option<String> {
    let named = OF_A_BUILD.iter().filter(|field| ticket.field(**field).is_some_and(|text| !text.trim().is_empty()));
    let named: Vec<String> = named.map(|field| format!("a {}", field.title())).collect();
    (brings_no_code(ticket, criteria) && !named.is_empty()).then(|| listed(&named, "and"))
}
