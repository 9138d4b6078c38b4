//! A change of what builds, checks or guards the code is never approved automatically (policy: separation of duties).
//!
//! Workflows, code owners, suppressions of scanners: whoever may change these without a human may change anything.

use crate::model::{Text, plural, shortened};
use crate::policy::criteria::Criteria;
use crate::policy::decision::{Finding, Todo};
use crate::policy::evidence::Case;
use crate::policy::evidence::look::Look;
use crate::policy::evidence::overview::net_changes;
use crate::policy::facts::Facts;

/// At most this many paths are named one by one.
const MOST_NAMED: usize = 5;

/// Does the change leave alone what builds, checks and guards the code?
#[must_use]
pub fn check(facts: &Facts, criteria: &Criteria) -> Finding {
    if matches!(facts.baseline.known(), Ok(None)) {
        return Finding::not_applicable("no earlier approval to compare with");
    }
    let look = Look::into(facts);
    let changes = match Case::of(facts, criteria, &look).and_then(|case| net_changes(&case)) {
        Ok(changes) => changes,
        Err(gap) => return Finding::unknown(&gap),
    };
    let control = &criteria.terms.control_paths.paths;
    let touched: Vec<&str> =
        changes.iter().map(|change| change.path.as_str()).filter(|path| control.matches(path)).collect();
    match touched.as_slice() {
        [] => Finding::met(format!("none of {}", plural(changes.len(), "changed file"))),
        touched => found(touched, facts),
    }
}

fn found(touched: &[&str], facts: &Facts) -> Finding {
    let head = facts.head().map_or_else(String::new, |head| head.to_string());
    let sentence = |path: &&str| {
        Text::new()
            .link(shortened(path, 200), format!("{}/{}/{head}/{path}", facts.repository_url, facts.forge().files()))
            .words(" builds, checks or guards the code.")
    };
    let mut details: Vec<Text> = touched.iter().take(MOST_NAMED).map(sentence).collect();
    if touched.len() > MOST_NAMED {
        details.push(format!("And {} more.", touched.len() - MOST_NAMED).into());
    }
    Finding::not_met(
        plural(touched.len(), "control file"),
        "The change touches files that build, check or guard the code.",
        Todo::decide("an approver who knows the pipeline looks at these files, then approves or declines the ticket."),
    )
    .about(details)
}
