//! Posting and changing messages.

use serde_json::{Value, json};

use super::Slack;
use super::api::{Answer, Refusal};
use super::args::Args;
use super::limits;
use super::people::{APP_ID, BOT_ID, BOT_USER, SITE, TEAM};
use super::state::MessageView;

/// The longest text of a message.
const TEXT_LIMIT: usize = 40_000;

/// What a message says: its words, its blocks and its metadata.
struct Content {
    text: String,
    /// `None` when the call said nothing of blocks.
    blocks: Option<Value>,
    metadata: Option<Value>,
}

impl Slack {
    pub(super) fn post_message(&self, args: &Args) -> Answer {
        let channel = self.destination(args.needed("channel")?)?;
        let content = content(args)?;
        let mut state = self.locked();
        if state.archived.contains(&channel.id) {
            return Err(Refusal::of("is_archived"));
        }
        let thread_ts = args.text("thread_ts").map(String::from);
        if let Some(parent) = &thread_ts {
            let parent = state.find(&channel.id, parent).ok_or_else(|| Refusal::of("thread_not_found"))?;
            if parent.thread_ts.is_some() {
                return Err(Refusal::of("cannot_reply_to_message"));
            }
        }
        // Slack documents no key against double posts, so the same `client_msg_id` twice makes two messages here.
        let message = MessageView {
            channel: channel.id.clone(),
            ts: state.next_ts(self.shared.clock.now_ms()),
            thread_ts,
            text: content.text,
            blocks: content.blocks.unwrap_or_else(|| json!([])),
            metadata: content.metadata.unwrap_or(Value::Null),
            edits: 0,
            broadcast: args.says_yes("reply_broadcast"),
        };
        let answer = json!({ "channel": channel.id, "ts": message.ts, "message": shape(&message, Metadata::Whole) });
        state.messages.push(message);
        Ok(answer)
    }

    /// Shown to one person and kept nowhere.
    pub(super) fn post_ephemeral(&self, args: &Args) -> Answer {
        self.channel(args.needed("channel")?)?;
        let user = args.needed("user")?;
        if !self.shared.scene.people.iter().any(|person| person.slack_id() == user) {
            return Err(Refusal::of("user_not_in_channel"));
        }
        let content = content(args)?;
        let mut state = self.locked();
        let ts = state.next_ts(self.shared.clock.now_ms());
        let blocks = content.blocks.unwrap_or_else(|| json!([]));
        let whisper = MessageView::aside(args.needed("channel")?, ts.clone(), (content.text, blocks));
        state.whispers.push((user.to_owned(), whisper));
        Ok(json!({ "message_ts": ts }))
    }

    /// Text alone removes the blocks; metadata that is left out stays.
    pub(super) fn update(&self, args: &Args) -> Answer {
        let channel = self.channel(args.needed("channel")?)?;
        let ts = args.needed("ts")?;
        let mut state = self.locked();
        let message = state.find_mut(&channel.id, ts).ok_or_else(|| Refusal::of("message_not_found"))?;
        let content = content(args)?;
        // With blocks alone the words stay as they are.
        if args.text("text").is_some() || content.blocks.is_none() {
            message.text = content.text;
        }
        message.blocks = content.blocks.unwrap_or_else(|| json!([]));
        if let Some(metadata) = content.metadata {
            message.metadata = metadata;
        }
        message.edits += 1;
        Ok(json!({
            "channel": channel.id, "ts": message.ts, "text": message.text, "message": shape(message, Metadata::Whole),
        }))
    }

    pub(super) fn permalink(&self, args: &Args) -> Answer {
        let channel = self.channel(args.needed("channel")?)?;
        let state = self.locked();
        let message = state.find(&channel.id, args.needed("message_ts")?);
        let message = message.ok_or_else(|| Refusal::of("message_not_found"))?;
        let thread =
            message.thread_ts.as_ref().map_or_else(String::new, |ts| format!("?thread_ts={ts}&cid={}", channel.id));
        let link = format!("{SITE}archives/{}/p{}{thread}", channel.id, message.ts.replace('.', ""));
        Ok(json!({ "channel": channel.id, "permalink": link }))
    }
}

/// Reads and checks what a message says.
fn content(args: &Args) -> Result<Content, Refusal> {
    let blocks = args.structure("blocks").map_err(|_| Refusal::of("invalid_blocks_format"))?;
    let blocks = blocks.filter(|blocks| blocks.as_array().is_none_or(|blocks| !blocks.is_empty()));
    let text = args.text("text").unwrap_or_default().to_owned();
    if text.is_empty() && blocks.is_none() {
        return Err(Refusal::of("no_text"));
    }
    if text.chars().count() > TEXT_LIMIT {
        return Err(Refusal::of("msg_too_long"));
    }
    if let Some(blocks) = &blocks {
        limits::check(blocks)?;
    }
    Ok(Content { text, blocks, metadata: metadata(args)? })
}

fn metadata(args: &Args) -> Result<Option<Value>, Refusal> {
    let metadata = args.structure("metadata").map_err(|_| Refusal::of("invalid_metadata_format"))?;
    match &metadata {
        Some(given) if !given["event_type"].is_string() || !given["event_payload"].is_object() => {
            Err(Refusal::of("invalid_metadata_schema"))
        }
        _ => Ok(metadata),
    }
}

/// How much of the metadata is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Metadata {
    /// All of it.
    Whole,
    /// Without the payload.
    TypeOnly,
}

/// A message as the Web API shows it. Only an update without blocks is shown as edited.
pub(super) fn shape(message: &MessageView, told: Metadata) -> Value {
    let mut shape = json!({
        "type": "message", "user": BOT_USER, "bot_id": BOT_ID, "app_id": APP_ID, "team": TEAM, "ts": message.ts,
        "text": message.text,
        "bot_profile": {
            "id": BOT_ID, "app_id": APP_ID, "user_id": BOT_USER, "name": "cm-bot", "deleted": false, "team_id": TEAM,
        },
    });
    let has_blocks = message.blocks.as_array().is_some_and(|blocks| !blocks.is_empty());
    if has_blocks {
        shape["blocks"] = message.blocks.clone();
    } else if message.edits > 0 {
        shape["edited"] = json!({ "user": BOT_USER, "ts": message.ts });
    }
    if let Some(parent) = &message.thread_ts {
        shape["thread_ts"] = json!(parent);
        shape["parent_user_id"] = json!(BOT_USER);
    }
    if !message.metadata.is_null() {
        shape["metadata"] = match told {
            Metadata::Whole => message.metadata.clone(),
            Metadata::TypeOnly => json!({ "event_type": message.metadata["event_type"] }),
        };
    }
    shape
}
