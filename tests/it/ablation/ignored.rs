//! The reviewed list of keys without which a ticket may still be approved.

use serde::Deserialize;

use super::changes::How;

/// The list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ignored {
    /// Keys that cm-bot reads, and whose loss proves nothing bad.
    pub read: Vec<Line>,
    /// Keys that cm-bot never reads: without all of them at once the facts are the same.
    pub unread: Vec<Line>,
}

/// One reviewed line. In `answer` and `key`, `*` stands for anything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    answer: String,
    key: String,
    #[serde(default)]
    how: Vec<How>,
    reason: String,
}

impl Ignored {
    pub fn list() -> Ignored {
        let ignored: Ignored =
            toml::from_str(&std::fs::read_to_string("tests/it/ablation/ignored.toml").unwrap()).unwrap();
        for line in ignored.read.iter().chain(&ignored.unread) {
            assert!(line.reason.split_whitespace().count() >= 3, "no reason: {line:?}");
        }
        ignored
    }
}

impl Ignored {
    /// Whether cm-bot never reads a key.
    pub fn is_unread(&self, answer: &str, key: &str) -> bool {
        let key = any_element(key);
        self.unread.iter().any(|line| line.speaks_of(answer, &key))
    }

    /// Whether a key may be changed in this way.
    pub fn excuses(&self, answer: &str, key: &str, how: How) -> bool {
        self.read.iter().any(|line| line.covers(answer, key, how))
    }
}

/// A key with all elements of a list called `[]`.
pub fn any_element(key: &str) -> String {
    key.replace("[last]", "[]").replace("[only]", "[]")
}

impl Line {
    /// Whether it speaks of this key.
    pub fn speaks_of(&self, answer: &str, key: &str) -> bool {
        fits(&self.answer, answer) && fits(&self.key, key)
    }

    /// Whether it speaks of this key, changed in this way.
    pub fn covers(&self, answer: &str, key: &str, how: How) -> bool {
        (self.how.is_empty() || self.how.contains(&how)) && self.speaks_of(answer, key)
    }
}

/// `*` stands for anything, also for nothing.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text
            .strip_prefix(start)
            .is_some_and(|text| (0..=text.len()).any(|at| text.is_char_boundary(at) && fits(rest, &text[at..]))),
    }
}
