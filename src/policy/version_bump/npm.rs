//! `package.json`, and the lock files of npm: only the root's `version`, and `packages[""].version`.
//!
//! An entry below `node_modules` is another package, and so is a workspace's; they never change without review.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::value::RawValue;

use super::reading::{Reading, Side, take};
use super::text;
use crate::policy::strict_json;

/// Reads a `package.json`.
pub(super) fn manifest(side: &Side<'_>) -> Result<Reading, String> {
    read(side.text, &[&["version"]])
}

/// Reads a `package-lock.json` or `npm-shrinkwrap.json`.
pub(super) fn lock(side: &Side<'_>) -> Result<Reading, String> {
    read(side.text, &[&["version"], &["packages", "", "version"]])
}

fn read(text: &str, paths: &[&[&str]]) -> Result<Reading, String> {
    let mut rest = strict_json::parse(text)?;
    if !rest.is_object() {
        return Err("it is no object".into());
    }
    let mut places = Vec::new();
    for path in paths {
        if let Some(version) = take(&mut rest, path) {
            let quoted = place(text, path).ok_or("its version cannot be found")?;
            places.push(text::unquoted(text, quoted, &version)?);
        }
    }
    Reading::found(places, rest)
}

/// Where the value at a path of keys stands in the text.
fn place(text: &str, path: &[&str]) -> Option<Range<usize>> {
    let mut value = text;
    for key in path {
        let object: BTreeMap<String, &RawValue> = serde_json::from_str(value).ok()?;
        value = object.get(*key)?.get();
    }
    text::place(text, value)
}
