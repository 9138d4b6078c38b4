//! What approves automatically was approved by a Security Officer first (policy: approval of the criteria).

use crate::policy::criteria::{Criteria, Mode};
use crate::policy::decision::{Finding, Todo};
use crate::policy::facts::Facts;

/// The id of the rule.
pub const ID: &str = "signed_criteria";

/// Has whoever may signed the criteria and the people, and does that still count?
#[must_use]
pub fn check(facts: &Facts, criteria: &Criteria) -> Finding {
    match (criteria.standing_at(facts.gathered_at), criteria.terms.mode) {
        (Ok(signed), _) => Finding::met(signed.to_string()),
        (Err(why), Mode::Approve) => Finding::not_met(
            "not signed",
            "Nobody vouches for the criteria, so cm-bot approves nothing by itself.",
            Todo::decide("an approver decides; the Security Officer signs the criteria (`cm-bot criteria verify` says what is missing)."),
        )
        .about(vec![format!("{}.", capitalized(&why.to_string())).into()]),
        (Err(_), Mode::Recommend | Mode::Off) => Finding::not_applicable("not signed; cm-bot approves nothing in this mode"),
    }
}

fn capitalized(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
