//! The commit is part of the release branch (policy: same build).
//!
//! GitHub answers for a commit that exists only in somebody's fork as if it were the repository's own, so its place in
//! the branch's history is what counts, not that it can be found.

use crate::model::{Relation, Text};
use crate::policy::criteria::Criteria;
use crate::policy::decision::{Finding, Todo};
use crate::policy::facts::Facts;

/// Is the commit on the release branch?
#[must_use]
pub fn check(facts: &Facts, _criteria: &Criteria) -> Finding {
    let branch = facts.placement.service().map_or("release", |service| service.branch.as_str());
    match facts.on_branch.known() {
        Err(gap) => Finding::unknown(gap),
        Ok(Relation::Identical) => Finding::met(format!("tip of {branch}")),
        Ok(Relation::Behind) => Finding::met(format!("in the history of {branch}")),
        Ok(Relation::Ahead | Relation::Diverged) => {
            let commit = facts.head().map_or_else(String::new, |head| head.short().to_owned());
            let details = vec![Text::new().code(commit).words(format!(" is not in the history of {branch}."))];
            Finding::not_met(
                "not on the branch",
                format!("The commit is not on the release branch {branch}."),
                Todo::decide(format!("deploy a commit of {branch}, or ask an approver to decide.")),
            )
            .about(details)
        }
    }
}
