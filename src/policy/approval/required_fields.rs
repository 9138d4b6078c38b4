//! Every required field says something (policy: content of a change ticket).

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Day, Field, Text, Ticket, Timestamp, plural, shortened};
use crate::policy::criteria::{Criteria, RequiredFields};
use crate::policy::decision::{Finding, Todo};
use crate::policy::facts::Facts;

/// Is every required field filled in with something that means something?
#[must_use]
pub fn check(facts: &Facts, criteria: &Criteria) -> Finding {
    let demands = Demands::of(&facts.ticket, criteria);
    let fault = |field: &Field| demands.fault(*field, facts).map(|fault| (*field, fault));
    let faults: BTreeMap<Field, Text> = demands.fields.iter().filter_map(fault).collect();
    if faults.is_empty() {
        Finding::met(format!("{0} of {0} filled in", demands.fields.len()))
    } else {
        incomplete(faults, demands.fields.len())
    }
}

/// What a ticket must say: its class may have demands of its own.
struct Demands<'a> {
    fields: &'a BTreeSet<Field>,
    in_words: &'a BTreeSet<Field>,
    ends: Option<&'a BTreeSet<Field>>,
    terms: &'a RequiredFields,
}

impl<'a> Demands<'a> {
    fn of(ticket: &Ticket, criteria: &'a Criteria) -> Demands<'a> {
        let terms = &criteria.terms.required_fields;
        match criteria.terms.change_class.block(ticket) {
            Some(class) => Demands { fields: &class.fields, in_words: &class.in_words, ends: Some(&class.ends), terms },
            None => Demands { fields: &terms.fields, in_words: &terms.in_words, ends: None, terms },
        }
    }

    fn fault(&self, field: Field, facts: &Facts) -> Option<Text> {
        let ends = self.ends.is_some_and(|ends| ends.contains(&field));
        let fault = fault(&facts.ticket, field, (self.terms, self.in_words));
        fault.or_else(|| if ends { fault_of_end(&facts.ticket, field, facts.gathered_at) } else { None })
    }
}

fn incomplete(faults: BTreeMap<Field, Text>, wanted: usize) -> Finding {
    let names: Vec<String> = faults.keys().map(Field::to_string).collect();
    let headline = match names.as_slice() {
        [one] => format!("The {one} is not filled in properly."),
        many => format!("{} are not filled in properly.", plural(many.len(), "required field")),
    };
    let seen = format!("{} of {wanted} filled in", wanted - faults.len());
    let todo = Todo::fix(format!("edit the ticket and fill in: {}.", names.join(", ")));
    Finding::not_met(seen, headline, todo).about(faults.into_values().collect())
}

/// What is wrong with one field, if something is.
fn fault(ticket: &Ticket, field: Field, (terms, in_words): (&RequiredFields, &BTreeSet<Field>)) -> Option<Text> {
    let Some(said) = ticket.field(field).map(|said| shortened(said, usize::MAX)).filter(|said| !said.is_empty()) else {
        return Some(format!("The {field} is empty.").into());
    };
    if terms.empty_words.contains(said.to_lowercase().trim_end_matches('.')) {
        return Some(Text::new().words(format!("The {field} says only ")).quoted(&said).words("."));
    }
    if in_words.contains(&field) {
        fault_in_words(ticket, (field, &said), (terms, in_words))
    } else {
        fault_of_form(field, &said)
    }
}

fn fault_in_words(
    ticket: &Ticket,
    (field, said): (Field, &str),
    (terms, in_words): (&RequiredFields, &BTreeSet<Field>),
) -> Option<Text> {
    let length = said.chars().count();
    if length < terms.least_characters {
        let least = terms.least_characters;
        return Some(format!("The {field} has {}; at least {least} are expected.", plural(length, "character")).into());
    }
    let copied = in_words
        .iter()
        .find(|other| **other < field && ticket.field(**other).is_some_and(|text| shortened(text, usize::MAX) == said));
    copied.map(|other| format!("The {field} repeats the {other} word for word.").into())
}

/// The commit is the one field whose form everything else rests on.
fn fault_of_form(field: Field, said: &str) -> Option<Text> {
    let is_bad = field == Field::Commit && crate::model::CommitSha::parse(said).is_err();
    is_bad.then(|| Text::new().words("The commit is ").quoted(said).words("; the full SHA of 40 digits is expected."))
}

/// What is allowed for a time ends on a day, and not on one that is over.
fn fault_of_end(ticket: &Ticket, field: Field, now: Timestamp) -> Option<Text> {
    let said = ticket.field(field)?.trim();
    match Day::parse(said) {
        Err(_) => Some(
            Text::new().words(format!("The {field} is ")).quoted(said).words("; a day such as 2026-11-22 is expected."),
        ),
        Ok(day) => day.is_over_at(now).then(|| format!("The {field} is {day}, and that day is over.").into()),
    }
}
