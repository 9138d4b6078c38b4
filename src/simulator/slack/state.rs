//! What the simulated Slack remembers.

use serde_json::Value;

use super::super::scene::Scene;
use super::deeds::{App, Request};
use super::{CHANGES, EMERGENCIES};

/// The shortest time between two messages, in microseconds: a `ts` is the name of a message in its channel.
const BETWEEN_MESSAGES: i64 = 100;

/// A message as expectations see it.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageView {
    /// The channel's id.
    pub channel: String,
    /// Its name in the channel, made from the time.
    pub ts: String,
    /// The `ts` of the message that it answers.
    pub thread_ts: Option<String>,
    /// The text for notifications and screen readers.
    pub text: String,
    /// The blocks; an empty array without any.
    pub blocks: Value,
    /// The metadata; null without any.
    pub metadata: Value,
    /// How often it was updated.
    pub edits: u32,
    /// Whether a reply was shown in the channel too.
    pub broadcast: bool,
}

/// A form that is open.
#[derive(Debug, Clone)]
pub(super) struct View {
    /// Its name.
    pub id: String,
    /// Whose screen it is on.
    pub user: String,
    /// What the app sent.
    pub view: Value,
}

/// Everything that the simulated Slack knows.
#[derive(Debug, Default)]
pub(super) struct State {
    /// All messages, oldest first.
    pub messages: Vec<MessageView>,
    /// What only one person saw, with the account.
    pub whispers: Vec<(String, MessageView)>,
    /// Forms that are open, oldest first.
    pub views: Vec<View>,
    /// Where the app wants to hear of what people do.
    pub app: Option<App>,
    /// What was sent to it.
    pub requests: Vec<Request>,
    /// Triggers that nobody has used: trigger, account.
    pub triggers: Vec<(String, String)>,
    /// Channels from which the app was removed.
    pub left: Vec<String>,
    /// Channels that were archived.
    pub archived: Vec<String>,
    /// The scopes of the app, where they are not those that it needs.
    pub scopes: Option<String>,
    newest: i64,
    given: u64,
}

/// A channel or a direct conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Channel {
    pub id: String,
    pub name: String,
    /// The other person, in a direct conversation.
    pub user: Option<String>,
}

impl State {
    /// A new `ts`: never one that was there before, even while the clock stands still.
    pub(super) fn next_ts(&mut self, now_ms: i64) -> String {
        self.newest = (now_ms * 1000).max(self.newest + BETWEEN_MESSAGES);
        format!("{}.{:06}", self.newest / 1_000_000, self.newest % 1_000_000)
    }

    /// Lets the app open one form for somebody.
    pub(super) fn trigger(&mut self, user: &str) -> String {
        self.given += 1;
        let trigger = format!("{}.{}.trigger", self.given, user.len());
        self.triggers.push((trigger.clone(), user.to_owned()));
        trigger
    }

    /// The message with this name.
    pub(super) fn find(&self, channel: &str, ts: &str) -> Option<&MessageView> {
        self.messages.iter().find(|message| message.channel == channel && message.ts == ts)
    }

    /// The message with this name, to change it.
    pub(super) fn find_mut(&mut self, channel: &str, ts: &str) -> Option<&mut MessageView> {
        self.messages.iter_mut().find(|message| message.channel == channel && message.ts == ts)
    }

    /// The answers to a message, oldest first.
    pub(super) fn replies<'a>(&'a self, parent: &'a MessageView) -> impl Iterator<Item = &'a MessageView> {
        let channel = parent.channel.as_str();
        self.messages.iter().filter(move |reply| reply.channel == channel && reply.answers(&parent.ts))
    }
}

impl MessageView {
    /// What only one person sees.
    pub(super) fn aside(channel: &str, ts: String, (text, blocks): (String, Value)) -> MessageView {
        let channel = channel.to_owned();
        MessageView { channel, ts, thread_ts: None, text, blocks, metadata: Value::Null, edits: 0, broadcast: false }
    }

    fn answers(&self, parent: &str) -> bool {
        self.thread_ts.as_deref() == Some(parent)
    }

    /// When it was posted, in milliseconds.
    pub(super) fn posted_ms(&self) -> i64 {
        micros(&self.ts).unwrap_or(0) / 1000
    }
}

/// A `ts` as microseconds. Clients may leave the fraction out.
pub(super) fn micros(ts: &str) -> Option<i64> {
    let (seconds, fraction) = ts.split_once('.').unwrap_or((ts, "0"));
    let fraction = format!("{fraction:0<6}").get(..6)?.parse::<i64>().ok()?;
    seconds.parse::<i64>().ok()?.checked_mul(1_000_000)?.checked_add(fraction)
}

/// The two channels.
pub(super) fn channels() -> [Channel; 2] {
    [(CHANGES, "prod-changes"), (EMERGENCIES, "prod-emergencies")].map(|(id, name)| Channel {
        id: id.to_owned(),
        name: name.to_owned(),
        user: None,
    })
}

/// The channel with this id, or the direct conversation of this id.
pub(super) fn channel(id: &str, scene: &Scene) -> Option<Channel> {
    let direct = || scene.people.iter().map(|person| direct(&person.slack_id())).find(|channel| channel.id == id);
    channels().into_iter().find(|channel| channel.id == id).or_else(direct)
}

/// The direct conversation with a user.
pub(super) fn direct(user: &str) -> Channel {
    let id = format!("D{}", user.trim_start_matches('U'));
    Channel { name: id.clone(), id, user: Some(user.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_messages_grow_while_the_clock_stands_still() {
        let mut state = State::default();
        assert_eq!(state.next_ts(1_793_610_000_000), "1793610000.000000");
        assert_eq!(state.next_ts(1_793_610_000_000), "1793610000.000100");
        assert_eq!(state.next_ts(1_793_610_001_500), "1793610001.500000");
    }

    #[test]
    fn a_name_without_a_fraction_is_read() {
        assert_eq!(micros("1793610000"), Some(1_793_610_000_000_000));
        assert_eq!(micros("1793610000.0001"), Some(1_793_610_000_000_100));
        assert_eq!(micros("yesterday"), None);
    }
}
