//! Every required field says something (policy: content of a change ticket).

use std::collections::BTreeMap;

use crate::model::{Field, Text, Ticket, plural, shortened};
use crate::policy::criteria::{Criteria, RequiredFields};
use crate::policy::decision::{Finding, Todo};
use crate::policy::facts::Facts;

/// Is every required field filled in with something that means something?
#[must_use]
pub fn check(facts: &Facts, criteria: &Criteria) -> Finding {
    let terms = &criteria.terms.required_fields;
    let faults: BTreeMap<Field, Text> = terms
        .fields
        .iter()
        .filter_map(|field| fault(&facts.ticket, *field, terms).map(|fault| (*field, fault)))
        .collect();
    if faults.is_empty() {
        Finding::met(format!("{0} of {0} filled in", terms.fields.len()))
    } else {
        incomplete(faults, terms)
    }
}

fn incomplete(faults: BTreeMap<Field, Text>, terms: &RequiredFields) -> Finding {
    let names: Vec<String> = faults.keys().map(Field::to_string).collect();
    let headline = match names.as_slice() {
        [one] => format!("The {one} is not filled in properly."),
        many => format!("{} are not filled in properly.", plural(many.len(), "required field")),
    };
    let seen = format!("{} of {} filled in", terms.fields.len() - faults.len(), terms.fields.len());
    let todo = Todo::fix(format!("edit the ticket and fill in: {}.", names.join(", ")));
    Finding::not_met(seen, headline, todo).about(faults.into_values().collect())
}

/// What is wrong with one field, if something is.
fn fault(ticket: &Ticket, field: Field, terms: &RequiredFields) -> Option<Text> {
    let Some(said) = ticket.field(field).map(|said| shortened(said, usize::MAX)).filter(|said| !said.is_empty()) else {
        return Some(format!("The {field} is empty.").into());
    };
    if terms.empty_words.contains(said.to_lowercase().trim_end_matches('.')) {
        return Some(Text::new().words(format!("The {field} says only ")).quoted(&said).words("."));
    }
    if terms.in_words.contains(&field) {
        fault_in_words(ticket, field, &said, terms)
    } else {
        fault_of_form(field, &said)
    }
}

fn fault_in_words(ticket: &Ticket, field: Field, said: &str, terms: &RequiredFields) -> Option<Text> {
    let length = said.chars().count();
    if length < terms.least_characters {
        let least = terms.least_characters;
        return Some(format!("The {field} has {}; at least {least} are expected.", plural(length, "character")).into());
    }
    let copied = terms
        .in_words
        .iter()
        .find(|other| **other < field && ticket.field(**other).is_some_and(|text| shortened(text, usize::MAX) == said));
    copied.map(|other| format!("The {field} repeats the {other} word for word.").into())
}

/// The commit is the one field whose form everything else rests on.
fn fault_of_form(field: Field, said: &str) -> Option<Text> {
    let is_bad = field == Field::Commit && crate::model::CommitSha::parse(said).is_err();
    is_bad.then(|| Text::new().words("The commit is ").quoted(said).words("; the full SHA of 40 digits is expected."))
}
