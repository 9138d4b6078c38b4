//! The way to the status "approved" is the one that was signed (policy: separation of duties).
//!
//! Whoever administers Jira can let anybody set a status. Nothing is let through by a status alone, but people who see one
//! believe it, so criteria can name the workflow that they were written for.

use crate::policy::criteria::Criteria;
use crate::policy::decision::{Finding, Todo};
use crate::policy::facts::Facts;

/// Is the workflow of the ticket the one that the criteria name?
#[must_use]
pub fn check(facts: &Facts, criteria: &Criteria) -> Finding {
    let Some(signed) = &criteria.terms.workflow else {
        return Finding::not_applicable("the criteria name no workflow");
    };
    match facts.workflow.known() {
        Err(gap) => Finding::unknown(gap),
        Ok(found) if *found == signed.sha256 => Finding::met("as signed"),
        Ok(found) => changed(&signed.sha256, found),
    }
}

fn changed(signed: &str, found: &str) -> Finding {
    let text = "an administrator of Jira says who changed the workflow and why; the Security Officer signs criteria with the \
                new one, or it is changed back. Until then an approver decides.";
    Finding::not_met("changed", "The workflow of the ticket is not the one that was signed.", Todo::decide(text))
        .about(vec![format!("Signed is {signed}, found is {found}; `cm-bot criteria workflow` shows it.").into()])
}
