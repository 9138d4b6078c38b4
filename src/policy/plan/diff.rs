//! What a resource becomes, attribute by attribute: which change, which nobody knows yet, and a hash of what they become.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// Where a change of an attribute was found, and what is known of it.
pub(super) struct Changed<'a> {
    /// Names from the top down; items of a list by number.
    pub path: &'a [String],
    /// What it becomes.
    pub becomes: Becomes<'a>,
}

/// What an attribute becomes.
#[derive(Clone, Copy)]
pub(super) enum Becomes<'a> {
    /// This.
    Value(&'a Value),
    /// Nothing; it is taken away.
    Nothing,
    /// Terraform learns it only when it applies the plan.
    Unknown,
}

/// Before, after, and what is unknown of after. What is absent is null, as Terraform writes it.
#[derive(Clone, Copy)]
pub(super) struct States<'a> {
    pub before: &'a Value,
    pub after: &'a Value,
    pub unknown: &'a Value,
}

/// Tells of every attribute that changes, at the place where the change begins.
pub(super) fn walk<'a>(states: States<'a>, path: &mut Vec<String>, tell: &mut impl FnMut(Changed<'_>)) {
    let States { before, after, unknown } = states;
    if *unknown == Value::Bool(true) {
        return tell(Changed { path, becomes: Becomes::Unknown });
    }
    let parts = parts(before).max(parts(after)).max(parts(unknown));
    if parts == Parts::None || is_leaf(before) || is_leaf(after) {
        if !is_same(before, after) {
            let becomes = if is_nothing(after) { Becomes::Nothing } else { Becomes::Value(after) };
            tell(Changed { path, becomes });
        }
        return;
    }
    for name in names(states) {
        let part = |whole: &'a Value| part(whole, &name);
        let states = States { before: part(before), after: part(after), unknown: part(unknown) };
        path.push(name.clone());
        walk(states, path, tell);
        path.pop();
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Parts {
    None,
    Some,
}

fn parts(value: &Value) -> Parts {
    match value {
        Value::Object(map) if !map.is_empty() => Parts::Some,
        Value::Array(list) if !list.is_empty() => Parts::Some,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) | Value::Array(_) => {
            Parts::None
        }
    }
}

fn is_leaf(value: &Value) -> bool {
    matches!(value, Value::Bool(_) | Value::Number(_) | Value::String(_))
}

/// Names of all parts, each once.
fn names(states: States<'_>) -> Vec<String> {
    let mut names = Vec::new();
    for value in [states.before, states.after, states.unknown] {
        match value {
            Value::Object(map) => names.extend(map.keys().cloned()),
            Value::Array(list) => names.extend((0..list.len()).map(|number| number.to_string())),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    names.sort();
    names.dedup();
    names
}

/// A part by name; null when there is none.
pub(super) fn part<'a>(whole: &'a Value, name: &str) -> &'a Value {
    let found = match whole {
        Value::Object(map) => map.get(name),
        Value::Array(list) => name.parse().ok().and_then(|number: usize| list.get(number)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    };
    found.unwrap_or(&Value::Null)
}

/// Null, and lists, blocks and texts without content.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Numbers that a computer's arithmetic cannot hold exactly are never the same.
fn is_same(one: &Value, other: &Value) -> bool {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let is_exact = |value: &Value| value.as_f64().is_none_or(|number| number.abs() < EXACT) || !value.is_f64();
    (is_nothing(one) && is_nothing(other)) || (one == other && is_exact(one))
}

/// Whether Terraform marks this place, or something that holds it, as sensitive.
pub(super) fn is_marked(marks: &Value, path: &[String]) -> bool {
    let mut here = marks;
    for name in path {
        if *here == Value::Bool(true) {
            return true;
        }
        here = part(here, name);
    }
    any(here)
}

fn any(marks: &Value) -> bool {
    match marks {
        Value::Bool(is_marked) => *is_marked,
        Value::Array(list) => list.iter().any(any),
        Value::Object(map) => map.values().any(any),
        Value::Null | Value::Number(_) | Value::String(_) => false,
    }
}

/// A hash of what an attribute becomes: path and content, each with its length.
pub(super) fn fingerprint(changed: &Changed<'_>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for name in changed.path {
        hash.update((name.len() as u64).to_be_bytes());
        hash.update(name);
    }
    let (kind, text) = match changed.becomes {
        Becomes::Value(value) => (1_u8, value.to_string()),
        Becomes::Nothing => (2, String::new()),
        Becomes::Unknown => (3, String::new()),
    };
    hash.update(u64::MAX.to_be_bytes());
    hash.update([kind]);
    hash.update(text);
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The places of all changes.
    fn told(before: &Value, after: &Value) -> Vec<String> {
        let mut found = Vec::new();
        let states = States { before, after, unknown: &json!({}) };
        walk(states, &mut vec!["all".into()], &mut |changed| found.push(changed.path.join(".")));
        found
    }

    #[test]
    fn what_is_no_block_before_or_after_changes_as_a_whole() {
        assert_eq!(told(&json!("text"), &json!({"inner": null})), ["all"]);
        assert_eq!(told(&json!({"inner": 1}), &json!("text")), ["all"]);
        assert_eq!(told(&json!({"inner": 1}), &json!(null)), ["all.inner"]);
        assert_eq!(told(&json!({"inner": 1, "other": 2}), &json!({"inner": 1, "other": 3})), ["all.other"]);
        assert_eq!(told(&json!("text"), &json!("text")), [""; 0]);
    }

    #[test]
    fn nothing_is_nothing_however_it_is_written() {
        let nothing = [json!(null), json!([]), json!({}), json!("")];
        for (before, after) in nothing.iter().flat_map(|one| nothing.iter().map(move |other| (one, other))) {
            assert_eq!(told(before, after), [""; 0], "{before} and {after}");
        }
        assert_eq!(told(&json!(null), &json!(false)), ["all"]);
    }

    /// From 2^53 on a neighbour reads the same.
    #[test]
    fn a_number_that_cannot_be_held_exactly_may_have_changed() {
        let as_it_was = |number: f64| told(&json!(number), &json!(number));
        assert_eq!(as_it_was(9_007_199_254_740_991.0), [""; 0]);
        assert_eq!(as_it_was(9_007_199_254_740_992.0), ["all"]);
        assert_eq!(told(&json!(u64::MAX), &json!(u64::MAX)), [""; 0]);
    }
}
