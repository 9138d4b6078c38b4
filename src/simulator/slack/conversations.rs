//! Reading channels and threads.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::Slack;
use super::api::{Answer, Refusal};
use super::args::Args;
use super::chat::{Metadata, shape};
use super::people::BOT_USER;
use super::state::{MessageView, State, micros};

/// How many messages are on a page when nobody says.
const PAGE: usize = 100;
/// The most messages on a page.
const LARGEST_PAGE: usize = 999;

impl Slack {
    /// The root messages of a channel, newest first.
    pub(super) fn history(&self, args: &Args) -> Answer {
        let channel = self.channel(args.needed("channel")?)?;
        let window = Window::read(args)?;
        let state = self.locked();
        if state.left.contains(&channel.id) {
            return Err(Refusal::of("not_in_channel"));
        }
        let in_channel = |message: &&MessageView| message.channel == channel.id && message.thread_ts.is_none();
        let found = state.messages.iter().rev().filter(in_channel).filter(|message| window.holds(message));
        page(&found.collect::<Vec<_>>(), &state, args)
    }

    /// A root message, then its replies, oldest first.
    pub(super) fn replies(&self, args: &Args) -> Answer {
        let channel = self.channel(args.needed("channel")?)?;
        let window = Window::read(args)?;
        let state = self.locked();
        let named = state.find(&channel.id, args.needed("ts")?).ok_or_else(|| Refusal::of("thread_not_found"))?;
        let parent = named.thread_ts.as_ref().and_then(|ts| state.find(&channel.id, ts)).unwrap_or(named);
        let replies = state.replies(parent).filter(|message| window.holds(message));
        page(&std::iter::once(parent).chain(replies).collect::<Vec<_>>(), &state, args)
    }
}

/// Which times are asked for.
struct Window {
    oldest: i64,
    latest: i64,
    inclusive: bool,
}

impl Window {
    fn read(args: &Args) -> Result<Window, Refusal> {
        let limit = |name: &str, refusal: &'static str| match args.text(name) {
            None => Ok(None),
            Some(ts) => micros(ts).map(Some).ok_or_else(|| Refusal::of(refusal)),
        };
        Ok(Window {
            oldest: limit("oldest", "invalid_ts_oldest")?.unwrap_or(0),
            latest: limit("latest", "invalid_ts_latest")?.unwrap_or(i64::MAX),
            inclusive: args.says_yes("inclusive"),
        })
    }

    fn holds(&self, message: &MessageView) -> bool {
        let at = micros(&message.ts).unwrap_or(0);
        let inside = at > self.oldest && at < self.latest;
        inside || (self.inclusive && (at == self.oldest || at == self.latest))
    }
}

fn page(messages: &[&MessageView], state: &State, args: &Args) -> Answer {
    let told = if args.says_yes("include_all_metadata") { Metadata::Whole } else { Metadata::TypeOnly };
    let start =
        args.text("cursor").map_or(Ok(0), |cursor| place(cursor).ok_or_else(|| Refusal::of("invalid_cursor")))?;
    let limit = args.number("limit").unwrap_or(PAGE);
    if limit > LARGEST_PAGE {
        return Err(Refusal::of("invalid_limit"));
    }
    let shapes = messages.iter().skip(start).take(limit.max(1)).map(|message| threaded(message, state, told));
    let shapes = shapes.collect::<Vec<_>>();
    let end = start + shapes.len();
    let mut answer = json!({ "messages": shapes, "has_more": end < messages.len(), "pin_count": 0 });
    if end < messages.len() {
        answer["response_metadata"] = json!({ "next_cursor": URL_SAFE_NO_PAD.encode(format!("next:{end}")) });
    }
    Ok(answer)
}

fn place(cursor: &str) -> Option<usize> {
    let decoded = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    decoded.strip_prefix("next:")?.parse().ok()
}

/// A message with what is known of its thread.
fn threaded(message: &MessageView, state: &State, told: Metadata) -> Value {
    let mut shape = shape(message, told);
    let replies = state.replies(message).collect::<Vec<_>>();
    if let Some(newest) = replies.last() {
        shape["thread_ts"] = json!(message.ts);
        shape["reply_count"] = json!(replies.len());
        shape["reply_users_count"] = json!(1);
        shape["reply_users"] = json!([BOT_USER]);
        shape["latest_reply"] = json!(newest.ts);
        shape["is_locked"] = json!(false);
        shape["subscribed"] = json!(false);
    }
    shape
}
