//! An oracle that refuses nothing proves nothing: before it judges, it must refuse messages that are known to be bad.

use serde_json::{Value, json};

use crate::faults;

/// Judges one good message and many bad ones.
///
/// # Errors
/// When the oracle is wrong about one of them.
pub fn run() -> Result<(), String> {
    let faults_of_good = faults(good());
    if !faults_of_good.is_empty() {
        return Err(format!("self-check: a good message is refused: {}", faults_of_good.join("; ")));
    }
    for (what, place, value, told) in bad() {
        let mut message = good();
        *message.pointer_mut(place).ok_or_else(|| format!("self-check: the good message has no {place}"))? = value;
        let faults = faults(message);
        if !faults.iter().any(|fault| fault.contains(told)) {
            return Err(format!("self-check: {what} is not refused for `{told}`, but: [{}]", faults.join("; ")));
        }
    }
    Ok(())
}

fn good() -> Value {
    json!({
        "text": "Waiting for a human: PRODCM-412, billing-api to prod-us.",
        "blocks": [
            section("one", "*Waiting for a human*"),
            { "type": "actions", "block_id": "two", "elements": [
                button("change.ticket", "Open the ticket"),
                button("change.evidence", "Open evidence"),
            ] },
        ],
    })
}

/// What it is, where it is put, what is put there, and a part of what must be said about it.
fn bad() -> Vec<(&'static str, &'static str, Value, &'static str)> {
    let many = |count: usize| (0..count).map(|number| section(&number.to_string(), "x")).collect::<Value>();
    let long = |count: usize| json!("x".repeat(count));
    let heavy: Value = (0..4).map(|number| section(&number.to_string(), &"x".repeat(2_300))).collect();
    vec![
        ("a button text of 76 characters", "/blocks/1/elements/0/text/text", long(76), "elements[0].text"),
        ("a section of 3001 characters", "/blocks/0/text/text", long(3_001), "blocks[0].text"),
        ("a message of 51 blocks", "/blocks", many(51), "MessagePayload.blocks"),
        ("a block that Slack does not know", "/blocks/0/type", json!("sektion"), "blocks[0]"),
        ("a text of 39 characters", "/text", long(39), "/text: 39"),
        ("a text of 601 characters", "/text", long(601), "/text: 601"),
        ("a message without text", "/text", Value::Null, "/text: 0"),
        ("more than 9,000 characters of blocks", "/blocks", heavy, "/blocks: "),
        ("two blocks with one id", "/blocks/0/block_id", json!("two"), "/blocks/1/block_id"),
        ("two actions with one id", "/blocks/1/elements/1/action_id", json!("change.ticket"), "action_id"),
        ("a mention of everybody", "/blocks/0/text/text", json!("Hello <!channel>"), "<!channel>"),
        ("a mention with a label", "/blocks/0/text/text", json!("Hello <!here|here>"), "<!here>"),
        ("a mention in the text", "/text", json!("<!everyone> Waiting for a human: PRODCM-412, now."), "<!everyone>"),
        ("a button without a label", "/blocks/1/elements/1/accessibility_label", json!(" "), "without accessibility"),
    ]
}

fn section(id: &str, text: &str) -> Value {
    json!({ "type": "section", "block_id": id, "text": { "type": "mrkdwn", "text": text } })
}

fn button(id: &str, text: &str) -> Value {
    json!({
        "type": "button",
        "action_id": id,
        "text": { "type": "plain_text", "text": text },
        "url": "https://change.example/PRODCM-412",
        "accessibility_label": format!("{text}: PRODCM-412"),
    })
}
