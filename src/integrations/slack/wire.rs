//! Slack's JSON.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::shortened;
use crate::render::slack::{Button, Control, Message, Mrkdwn, Part, Send, Style};

/// Longest text of a section, a field and a button that we send, in characters. Slack takes 3,000, 2,000 and 75.
const SECTION: usize = 2_900;
const FIELD: usize = 1_900;
const LABEL: usize = 75;

/// A message as the arguments `text` and `blocks`. `generation` makes the ids of the blocks new when a message is edited.
#[must_use]
pub fn to_json(message: &Message, generation: &str) -> Value {
    let blocks = message.parts.iter().enumerate().map(|(place, one)| part(one, &format!("{generation}:{place}")));
    json!({"text": message.fallback, "blocks": blocks.collect::<Vec<_>>()})
}

/// A part as a block with this id.
pub(super) fn part(part: &Part, id: &str) -> Value {
    match part {
        Part::Section(text) => json!({"type": "section", "block_id": id, "text": mrkdwn(text, SECTION)}),
        Part::Fields(fields) => {
            let fields: Vec<Value> = fields.iter().take(10).map(|text| mrkdwn(text, FIELD)).collect();
            json!({"type": "section", "block_id": id, "fields": fields})
        }
        Part::Buttons(buttons) => {
            json!({"type": "actions", "block_id": id, "elements": buttons.iter().map(button).collect::<Vec<_>>()})
        }
        Part::Controls(controls) => {
            json!({"type": "actions", "block_id": id, "elements": controls.iter().map(control).collect::<Vec<_>>()})
        }
        Part::Context(text) => json!({"type": "context", "block_id": id, "elements": [mrkdwn(text, FIELD)]}),
    }
}

fn button(button: &Button) -> Value {
    json!({
        "type": "button",
        "action_id": button.id,
        "text": {"type": "plain_text", "text": shortened(&button.label, LABEL)},
        "accessibility_label": shortened(&button.aloud, LABEL),
        "url": button.url,
    })
}

fn control(control: &Control) -> Value {
    let Send { id, label, aloud, value, style, question } = match control {
        Control::Open(page) => return button(page),
        Control::Send(send) => send,
    };
    let plain = |text: &str, most| json!({"type": "plain_text", "text": shortened(text, most)});
    let mut sent = json!({
        "type": "button", "action_id": id, "text": plain(label, LABEL),
        "accessibility_label": shortened(aloud, LABEL), "value": value,
    });
    match style {
        Style::Plain => {}
        Style::Primary => sent["style"] = json!("primary"),
        Style::Danger => sent["style"] = json!("danger"),
    }
    if let Some(question) = question {
        sent["confirm"] = json!({
            "title": plain(question.title, 100), "text": plain(question.text, 300),
            "confirm": plain(question.yes, 30), "deny": plain(question.no, 30),
        });
    }
    sent
}

fn mrkdwn(text: &Mrkdwn, most: usize) -> Value {
    json!({"type": "mrkdwn", "text": cut(text.as_str(), most)})
}

/// Cuts at a line end, so that no escape, mention or link is cut in two.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut kept = String::new();
    for line in text.lines() {
        if kept.chars().count() + line.chars().count() + 3 > most {
            break;
        }
        kept.push_str(line);
        kept.push('\n');
    }
    kept + "…"
}

/// The start of every answer.
#[derive(Debug, Deserialize)]
pub(super) struct Outcome {
    pub ok: bool,
    pub error: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Posted {
    pub channel: String,
    pub ts: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct History {
    pub messages: Vec<HistoryMessage>,
}

#[derive(Debug, Deserialize)]
pub(super) struct HistoryMessage {
    pub ts: String,
    pub metadata: Option<Metadata>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    pub event_payload: Value,
}

#[derive(Debug, Deserialize)]
pub(super) struct Myself {
    pub team_id: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct UserInfo {
    pub user: User,
}

/// Slack leaves some marks out; a mark that says "guest or not" and is not there is no "no".
#[derive(Debug, Deserialize)]
pub(super) struct User {
    pub team_id: Option<String>,
    pub deleted: bool,
    pub is_bot: Option<bool>,
    pub is_app_user: Option<bool>,
    pub is_restricted: Option<bool>,
    pub is_ultra_restricted: Option<bool>,
    pub is_stranger: Option<bool>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Opened {
    pub channel: OpenedChannel,
}

#[derive(Debug, Deserialize)]
pub(super) struct OpenedChannel {
    pub id: String,
}
