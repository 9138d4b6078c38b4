//! `Chart.yaml`: `version`, and with it `appVersion`.
//!
//! There is no YAML parser here. Only keys at the very left matter, a version must stand plainly on their line, and all
//! other lines are compared as bytes; what could make such a line mean something else (anchors, aliases, tags, a second
//! document, text or lists that go on over lines) is refused.
//!
//! `appVersion` often decides which image runs, and the chart's own version says nothing of that image. It may change only as
//! the version of another manifest in the same commit does, and only where YAML reads text: 1.10 without quotes is the
//! number 1.1.

use std::ops::Range;

use serde_json::{Map, Value};

use super::reading::{Reading, Side, add};
use super::text::{self, short};
use super::{Siblings, VersionChange, file_name, version_change};

/// The file name.
pub(super) const FILE: &str = "Chart.yaml";

/// Reads a `Chart.yaml`.
pub(super) fn read(side: &Side<'_>) -> Result<Reading, String> {
    let mut found = Found::default();
    for (number, line) in side.text.lines().enumerate() {
        let blank = line.trim().is_empty() || line.trim_start().starts_with('#');
        if blank || (number == 0 && line == "---") {
            continue;
        }
        check(line)?;
        if line.starts_with([' ', '-']) { found.go_on(line)? } else { found.key(side.text, line)? }
    }
    Ok(Reading::found(found.versions, Value::Object(found.rest))?.with_app(found.app))
}

#[derive(Default)]
struct Found {
    versions: Vec<Range<usize>>,
    app: Option<Range<usize>>,
    rest: Map<String, Value>,
    /// The key that lines below may belong to.
    open: Option<String>,
}

impl Found {
    /// A line that begins with a key.
    fn key(&mut self, text: &str, line: &str) -> Result<(), String> {
        let (key, value) = line.split_once(':').ok_or("a line at the left is no key")?;
        let plain =
            !key.is_empty() && key.chars().all(|char| char.is_ascii_alphanumeric() || char == '_' || char == '-');
        if !plain || !(value.is_empty() || value.starts_with(' ')) {
            return Err("a line at the left is no plain key".into());
        }
        if self.rest.contains_key(key) {
            return Err(format!("the key `{}` stands twice", short(key)));
        }
        ends_here(key, value.trim())?;
        let is_version = key == "version" || (key == "appVersion" && !is_number(value));
        let kept = if is_version { String::new() } else { value.to_owned() };
        add(&mut self.rest, key.to_owned(), &kept);
        self.open = (!is_version).then(|| key.to_owned());
        match key {
            "version" => self.versions.push(scalar(text, value)?),
            "appVersion" if is_version => self.app = Some(scalar(text, value)?),
            _ => {}
        }
        Ok(())
    }

    /// A line that belongs to the key above.
    fn go_on(&mut self, line: &str) -> Result<(), String> {
        let key = self.open.clone().ok_or("a line belongs to no key")?;
        add(&mut self.rest, key, line);
        Ok(())
    }
}

/// No tabs, no other document, no anchors, aliases and tags.
fn check(line: &str) -> Result<(), String> {
    if line.contains('\t') || line.starts_with("---") || line.starts_with("...") {
        return Err("it holds a tab or more than one document".into());
    }
    let marked = |word: &str| {
        let rest = word.trim_start_matches(['[', '{', ',']).strip_prefix(['&', '*', '!']);
        rest.is_some_and(|rest| !rest.is_empty())
    };
    if line.split(' ').any(marked) { Err("it may hold an anchor, an alias or a tag".into()) } else { Ok(()) }
}

/// Quoted text and lists must end on the line on which they begin.
fn ends_here(key: &str, value: &str) -> Result<(), String> {
    let closed = |open: char, close: char| {
        let after = value.strip_prefix(open).map(|inner| inner.split_once(close));
        after.is_none_or(|parts| parts.is_some_and(|(_, rest)| rest.is_empty() || rest.starts_with(" #")))
    };
    if closed('"', '"') && closed('\'', '\'') && closed('[', ']') && closed('{', '}') {
        Ok(())
    } else {
        Err(format!("the value of `{}` does not end plainly on its line", short(key)))
    }
}

/// Whether YAML may read a value as a number, which it writes in another way.
fn is_number(value: &str) -> bool {
    let word = value.split_once(" #").map_or(value, |(value, _)| value).trim().trim_start_matches(['+', '-']);
    word.parse::<f64>().is_ok() || word.starts_with("0x") || word.starts_with("0o") || word.starts_with("0b")
}

/// The place of a value of one word, without its quotes. A comment may follow.
fn scalar(text: &str, value: &str) -> Result<Range<usize>, String> {
    let value = value.split_once(" #").map_or(value, |(value, _)| value).trim();
    let bare = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote)).unwrap_or(value);
    let plain = !bare.is_empty() && bare.chars().all(|char| char.is_ascii_alphanumeric() || ".+-".contains(char));
    let place = if plain { text::place(text, bare) } else { None };
    place.ok_or_else(|| "its version is not written plainly".into())
}

/// Whether a new `appVersion` of the chart at `path` is a version that another manifest proves.
pub(super) fn app_version(path: &str, (old, new): (&str, &str), siblings: &Siblings<'_>) -> Result<(), String> {
    let same = |change: &VersionChange| change.old == old && change.new == new;
    let others = siblings.0.iter().filter(|file| file_name(file.path) != FILE);
    let mut proven = others.filter_map(|file| version_change(file.path, file.before, file.after, siblings).ok());
    if old == new || proven.any(|change| same(&change)) {
        return Ok(());
    }
    let (old, new) = (short(old), short(new));
    Err(format!("{path} also changes `appVersion` from {old} to {new}, which no other manifest of the commit proves"))
}
