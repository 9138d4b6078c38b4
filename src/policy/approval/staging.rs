//! The same commit ran in staging before it goes to production (policy: staging before production).
//!
//! Taken from our own records: a change of the same service to that environment, approved with exactly this commit, whose
//! ticket is closed. A change whose approval was voided, or that is still open, has not run.

use crate::model::Environment;
use crate::policy::criteria::Criteria;
use crate::policy::decision::{Finding, Todo};
use crate::policy::facts::{Facts, Placement};

/// Did exactly this commit run where the criteria want it to run first?
#[must_use]
pub fn check(facts: &Facts, criteria: &Criteria) -> Finding {
    if criteria.terms.staging.is_empty() {
        return Finding::not_applicable("the criteria name no staging environment");
    }
    let Placement::Registered { environment, .. } = &facts.placement else {
        return Finding::not_applicable("no registered service and environment");
    };
    let Some(ran_in) = first(environment, criteria) else {
        return Finding::not_applicable(format!("nothing has to come before {environment}"));
    };
    match facts.staged.known() {
        Err(gap) => Finding::unknown(gap),
        Ok(Some(change)) => Finding::met(format!("ran in {ran_in} with {}", change.ticket)),
        Ok(None) => Finding::not_met(
            format!("not in {ran_in}"),
            format!("This commit did not run in {ran_in}."),
            Todo::fix(format!("deploy this very commit to {ran_in}, test it there and close that ticket.")),
        )
        .about(vec![format!("There is no closed change of this service to {ran_in} with this commit.").into()]),
    }
}

/// The environment in which a change to this one runs first, if the criteria name one.
#[must_use]
pub fn first<'a>(environment: &Environment, criteria: &'a Criteria) -> Option<&'a Environment> {
    criteria.terms.staging.iter().find(|one| one.before == *environment).map(|one| &one.ran_in)
}
