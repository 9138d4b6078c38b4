//! What this project asks of its messages beyond what Slack does.

use std::collections::HashSet;

use serde_json::Value;

/// Shortest and longest `text`, in characters. It is all that a notification and a screen reader get.
const TEXT: std::ops::RangeInclusive<usize> = 40..=600;

/// Most characters of serialised blocks. Slack refuses somewhere above 11,000 and documents no limit.
const BLOCKS: usize = 9_000;

/// Mentions that wake up everybody in a channel.
const LOUD: [&str; 3] = ["<!channel", "<!here", "<!everyone"];

/// What is wrong with a message, each with its place.
pub fn faults(message: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let text = message["text"].as_str().unwrap_or_default().chars().count();
    if !TEXT.contains(&text) {
        faults.push(format!("/text: {text} characters, not {} to {}", TEXT.start(), TEXT.end()));
    }
    let blocks = message["blocks"].to_string().chars().count();
    if blocks > BLOCKS {
        faults.push(format!("/blocks: {blocks} characters, more than {BLOCKS}"));
    }
    let mut ids = HashSet::new();
    visit(message, "", &mut |place, value| {
        faults.extend(twice(place, value, &mut ids));
        faults.extend(unlabelled(place, value));
        faults.extend(loud(place, value));
    });
    faults
}

/// Clicks and updates are told apart by these ids.
fn twice(place: &str, value: &Value, ids: &mut HashSet<(&'static str, String)>) -> Vec<String> {
    let mut faults = Vec::new();
    for key in ["block_id", "action_id"] {
        if let Some(id) = value[key].as_str().filter(|id| !ids.insert((key, (*id).to_owned()))) {
            faults.push(format!("{place}/{key}: `{id}` stands twice in the message"));
        }
    }
    faults
}

/// "Approve" says nothing to somebody who does not see what stands above the button.
fn unlabelled(place: &str, value: &Value) -> Option<String> {
    let is_button = value["type"] == "button";
    let has_label = value["accessibility_label"].as_str().is_some_and(|label| !label.trim().is_empty());
    (is_button && !has_label).then(|| format!("{place}: a button without accessibility_label"))
}

fn loud(place: &str, value: &Value) -> Option<String> {
    let text = value.as_str()?;
    LOUD.iter().find(|mention| text.contains(**mention)).map(|mention| format!("{place}: mentions {mention}>"))
}

/// Shows every value inside of a value, with its place as a JSON pointer.
fn visit(value: &Value, place: &str, see: &mut impl FnMut(&str, &Value)) {
    see(place, value);
    match value {
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(index, inner)| visit(inner, &format!("{place}/{index}"), see));
        }
        Value::Object(fields) => {
            fields.iter().for_each(|(key, inner)| visit(inner, &format!("{place}/{key}"), see));
        }
        _ => {}
    }
}
