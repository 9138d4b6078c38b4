//! What people read instead of ids and short codes.

use super::super::scene::Scene;
use super::people::{BOT_USER, GROUPS};

/// The emoji that messages use.
const EMOJI: [(&str, &str); 29] = [
    ("checkered_flag", "🏁"),
    ("white_check_mark", "✅"),
    ("heavy_check_mark", "✔️"),
    ("x", "❌"),
    ("no_entry", "⛔"),
    ("no_entry_sign", "🚫"),
    ("warning", "⚠️"),
    ("hourglass", "⌛"),
    ("hourglass_flowing_sand", "⏳"),
    ("rotating_light", "🚨"),
    ("red_circle", "🔴"),
    ("large_yellow_circle", "🟡"),
    ("large_green_circle", "🟢"),
    ("lock", "🔒"),
    ("unlock", "🔓"),
    ("mag", "🔍"),
    ("information_source", "ℹ️"),
    ("question", "❓"),
    ("grey_question", "❔"),
    ("bell", "🔔"),
    ("clock3", "🕒"),
    ("eyes", "👀"),
    ("shield", "🛡️"),
    ("memo", "📝"),
    ("wastebasket", "🗑️"),
    ("double_vertical_bar", "⏸️"),
    ("arrows_counterclockwise", "🔄"),
    ("leftwards_arrow_with_hook", "↩️"),
    ("rocket", "🚀"),
];

/// The character of a short code, given without colons.
pub(super) fn emoji(code: &str) -> Option<&'static str> {
    EMOJI.iter().find(|(name, _)| *name == code).map(|(_, character)| *character)
}

/// A user as a mention.
pub(super) struct User {
    /// The short name, as a person types it.
    pub handle: String,
    /// The whole name, as Slack shows it.
    pub full_name: String,
}

/// The user with this id; an unknown id stands for itself.
pub(super) fn user(id: &str, scene: &Scene) -> User {
    let person = scene.people.iter().find(|person| person.slack_id() == id);
    match person {
        Some(person) => User { handle: person.name.clone(), full_name: person.full_name.clone() },
        None if id == BOT_USER => User { handle: "cm-bot".into(), full_name: "cm-bot".into() },
        None => User { handle: id.to_owned(), full_name: id.to_owned() },
    }
}

/// The handle of a user group; an unknown id stands for itself.
pub(super) fn group(id: &str) -> &str {
    GROUPS.iter().find(|group| group.id == id).map_or(id, |group| group.handle)
}
