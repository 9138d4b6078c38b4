//! While another ticket of the same service and environment is open, a human decides about the order (policy: related tickets).
//!
//! Two changes that are each fine may not be fine together, and the commits of the one are counted from the other.

use crate::model::{Text, plural};
use crate::policy::criteria::Criteria;
use crate::policy::decision::{Finding, Todo};
use crate::policy::facts::{Facts, Sibling};

/// Is every other ticket of this service and environment finished?
#[must_use]
pub fn check(facts: &Facts, _criteria: &Criteria) -> Finding {
    match facts.siblings.known() {
        Err(gap) => Finding::unknown(gap),
        Ok(siblings) if siblings.is_empty() => Finding::met("none"),
        Ok(siblings) => pending(siblings),
    }
}

fn pending(siblings: &[Sibling]) -> Finding {
    let keys: Vec<&str> = siblings.iter().map(|sibling| sibling.ticket.as_str()).collect();
    let headline = match keys.as_slice() {
        [one] => format!("{one} for the same service and environment is not finished."),
        many => {
            format!("{} for the same service and environment are not finished.", plural(many.len(), "other ticket"))
        }
    };
    let details = siblings.iter().map(|sibling| {
        Text::new().words(format!("{} is in status ", sibling.ticket)).quoted(&sibling.status).words(".")
    });
    let todo = Todo::decide(format!(
        "finish or withdraw {}; then this ticket is checked again by itself. An approver can also decide now.",
        keys.join(", ")
    ));
    Finding::not_met(keys.join(", "), headline, todo).about(details.collect())
}
