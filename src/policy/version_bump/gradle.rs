//! `gradle.properties`: the key that is exactly `version`.
//!
//! A backslash would let a line go on in the next one, or spell a key in another way; it is refused outside comments.

use std::ops::Range;

use serde_json::{Map, Value};

use super::reading::{Reading, Side};
use super::text::{self, short};

/// Reads a `gradle.properties`.
pub(super) fn read(side: &Side<'_>) -> Result<Reading, String> {
    let mut places: Vec<Range<usize>> = Vec::new();
    let mut rest = Map::new();
    for line in side.text.lines() {
        let line = line.trim_start_matches([' ', '\t']);
        if line.is_empty() || line.starts_with(['#', '!']) {
            continue;
        }
        if line.contains('\\') {
            return Err("it holds a backslash".into());
        }
        let (key, value) = property(line);
        let content = if key == "version" {
            places.extend(text::place(side.text, value));
            Value::Null
        } else {
            Value::String(value.to_owned())
        };
        if rest.insert(key.to_owned(), content).is_some() {
            return Err(format!("the key `{}` stands twice", short(key)));
        }
    }
    Reading::found(places, Value::Object(rest))
}

/// Key and value as Java takes them apart: at the first `=`, `:` or white space.
fn property(line: &str) -> (&str, &str) {
    let blank = [' ', '\t'];
    let end = line.find(['=', ':', ' ', '\t']).unwrap_or(line.len());
    let (key, rest) = line.split_at(end);
    let rest = rest.trim_start_matches(blank);
    let value = rest.strip_prefix(['=', ':']).unwrap_or(rest);
    (key, value.trim_start_matches(blank))
}
