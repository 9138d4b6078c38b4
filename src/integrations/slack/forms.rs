//! Forms as Slack's views (<https://docs.slack.dev/reference/views/modal-views>).

use serde_json::{Value, json};

use super::wire::part;
use crate::model::shortened;
use crate::render::form::{Form, Input, Kind};

/// Longest title and button of a form, and longest text of a choice, in characters.
const TITLE: usize = 24;
const CHOICE: usize = 75;

/// Longest text that somebody may write.
const ANSWER: usize = 1000;

/// A form as the argument `view`.
#[must_use]
pub fn to_view(form: &Form) -> Value {
    let parts = form.parts.iter().enumerate().map(|(place, one)| part(one, &format!("part:{place}")));
    let blocks: Vec<Value> = parts.chain(form.inputs.iter().map(input)).collect();
    json!({
        "type": "modal",
        "callback_id": form.id,
        "private_metadata": form.about,
        "title": plain(&form.title, TITLE),
        "submit": plain(&form.submit, TITLE),
        "close": plain("Cancel", TITLE),
        "blocks": blocks,
    })
}

fn input(input: &Input) -> Value {
    let element = match &input.kind {
        Kind::Line => json!({"type": "plain_text_input", "action_id": input.name, "max_length": ANSWER}),
        Kind::Words { least } => json!({
            "type": "plain_text_input", "action_id": input.name, "multiline": true, "min_length": least,
            "max_length": ANSWER,
        }),
        Kind::Choice(choices) => {
            let option = |(value, text): &(String, String)| json!({"text": plain(text, CHOICE), "value": value});
            let options: Vec<Value> = choices.iter().take(100).map(option).collect();
            json!({"type": "static_select", "action_id": input.name, "options": options})
        }
    };
    json!({
        "type": "input", "block_id": input.name, "optional": input.optional,
        "label": plain(&input.label, 2000), "element": element,
    })
}

fn plain(text: &str, most: usize) -> Value {
    json!({"type": "plain_text", "text": shortened(text, most)})
}
