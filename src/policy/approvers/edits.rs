//! What was edited in a ticket since it was approved (policy: an approval covers what the ticket said, and nothing else).

use std::collections::BTreeSet;

use crate::model::{AccountId, Field, Text, Ticket, listed};

/// Why an approval that nobody has looked at yet does not count: Jira's history shows an edit after it.
#[must_use]
pub fn after_approval(edited: &BTreeSet<&'static str>) -> Option<String> {
    let names: Vec<String> = edited.iter().map(|name| format!("the {name}")).collect();
    (!names.is_empty()).then(|| {
        format!("Somebody edited {} after it was approved. Approve the ticket as it is now.", listed(&names, "and"))
    })
}

/// Each difference as a sentence; empty when the approval still covers the ticket.
#[must_use]
pub fn since(approved: &Ticket, now: &Ticket) -> Vec<Text> {
    let edits = between(approved, now).into_iter();
    edits.map(|(what, before, after)| edit(what, (&before, " when it was approved, and is "), &after)).collect()
}

/// Each difference between two readings of a ticket as a sentence, whether or not it was approved between them.
#[must_use]
pub fn told(before: &Ticket, after: &Ticket) -> Vec<Text> {
    let edits = between(before, after).into_iter();
    edits.map(|(what, before, after)| edit(what, (&before, ", and is "), &after)).collect()
}

/// What differs: what it is, what it was, and what it is now.
fn between(approved: &Ticket, now: &Ticket) -> Vec<(&'static str, String, String)> {
    let names = |ticket: &Ticket| ticket.components.join(", ");
    let requester = |ticket: &Ticket| ticket.requester.as_ref().map(AccountId::as_str).unwrap_or("").to_owned();
    let of_ticket = [
        ("component", names(approved), names(now)),
        ("key", approved.key.to_string(), now.key.to_string()),
        ("requester", requester(approved), requester(now)),
    ];
    let value = |ticket: &Ticket, field| ticket.field(field).unwrap_or("").to_owned();
    let of_fields = Field::ALL.iter().map(|field| (field.title(), value(approved, *field), value(now, *field)));
    let all = of_ticket.into_iter().chain(of_fields);
    all.filter(|(_, before, after)| before != after).collect()
}

fn edit(what: &str, (before, between): (&str, &str), after: &str) -> Text {
    let start = Text::new().words(format!("The {what} was "));
    let start = if before.is_empty() { start.words("empty") } else { start.quoted(before) };
    let start = start.words(between);
    if after.is_empty() { start.words("empty now.") } else { start.quoted(after).words(" now.") }
}
