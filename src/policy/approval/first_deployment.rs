//! A service that was never approved for an environment waits for a human (policy: first deployments).

use crate::policy::criteria::Criteria;
use crate::policy::decision::{Finding, Todo};
use crate::policy::facts::Facts;

/// Was a change of this service to this environment approved before?
#[must_use]
pub fn check(facts: &Facts, _criteria: &Criteria) -> Finding {
    match facts.baseline.known() {
        Err(gap) => Finding::unknown(gap),
        Ok(Some(baseline)) => Finding::met(format!("{}, commit {}", baseline.ticket, baseline.commit.short())),
        Ok(None) => {
            let scope = facts.placement.scope().map_or_else(|| "this service".to_owned(), |scope| scope.to_string());
            Finding::not_met(
                "none",
                format!("This is the first deployment of {scope}: there is no earlier approval to compare with."),
                Todo::decide("look at the service as a whole, then approve or decline the ticket."),
            )
        }
    }
}
