//! The operator's file as it is written: its keys, and where in it something stands. What stands there is never shown, because
//! anything in this file may be a secret, also one that has lost its quotes.

use serde_path_to_error::{Path, Segment};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::SettingsError;

/// A file with settings.
pub(super) struct Written<'a> {
    /// Its name.
    pub(super) name: String,
    /// Its text.
    pub(super) text: &'a str,
    root: DeValue<'a>,
}

/// A place in a text, counted from 1.
struct Place {
    line: usize,
    column: usize,
}

impl<'a> Written<'a> {
    /// Reads a file of this name.
    ///
    /// # Errors
    /// With the place when it is no TOML, and with the key that stands there if it is one of those that are known.
    pub(super) fn parse(name: &str, text: &'a str, known: &[String]) -> Result<Written<'a>, SettingsError> {
        let fault = |offset: Option<usize>, why: &str| {
            let place = offset.map(|offset| place(text, offset).to_string()).unwrap_or_default();
            let key = offset.and_then(|offset| key_beside(text, offset)).filter(|key| known.contains(key));
            let key = key.map(|key| format!(" (`{key}`)")).unwrap_or_default();
            SettingsError::File { path: format!("{name}{place}{key}"), why: why.to_owned() }
        };
        // The first in the text, and not the one that the library found first. Its message says what was expected; its `Display`
        // would show the whole line.
        let (root, errors) = DeTable::parse_recoverable(text);
        let start = |error: &toml::de::Error| error.span().map(|span| span.start);
        if let Some(first) = errors.iter().min_by_key(|error| start(error)) {
            return Err(fault(start(first), first.message()));
        }
        let root = DeValue::Table(root.into_inner());
        match too_large(&root, 0) {
            Some(offset) => Err(fault(Some(offset), "this number is too large; if it is a text, it stands in quotes")),
            None => Ok(Written { name: name.to_owned(), text, root }),
        }
    }

    /// Every key as `section.key`. A list of tables is one key.
    pub(super) fn keys(&self) -> Vec<String> {
        let mut keys = Vec::new();
        collect(&self.root, "", &mut keys);
        keys
    }

    /// The file with the line and the column of a setting, or of as much of the way to it as is written.
    pub(super) fn place(&self, path: &Path) -> Option<String> {
        let (mut here, mut offset) = (&self.root, None);
        for segment in path {
            let Some(next) = child(here, segment) else { break };
            (here, offset) = (next.get_ref(), Some(next.span().start));
        }
        offset.map(|offset| format!("{}{}", self.name, place(self.text, offset)))
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, ", line {}, column {}", self.line, self.column)
    }
}

fn collect(value: &DeValue<'_>, path: &str, keys: &mut Vec<String>) {
    let DeValue::Table(table) = value else { return keys.push(path.to_owned()) };
    for (key, value) in table {
        let key = key.get_ref();
        let path = if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
        collect(value.get_ref(), &path, keys);
    }
}

fn child<'v, 'a>(value: &'v DeValue<'a>, segment: &Segment) -> Option<&'v Spanned<DeValue<'a>>> {
    match (value, segment) {
        (DeValue::Table(table), Segment::Map { key }) => {
            table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
        }
        (DeValue::Array(list), Segment::Seq { index }) => list.get(*index),
        _ => None,
    }
}

/// Where the first number stands that cannot be read. Whoever reads it further on does not know its place any more.
fn too_large(value: &DeValue<'_>, offset: usize) -> Option<usize> {
    let within = |value: &Spanned<DeValue<'_>>| too_large(value.get_ref(), value.span().start);
    let is_too_large = match value {
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).is_err(),
        DeValue::Float(number) => {
            !number.as_str().contains("inf") && number.as_str().parse().is_ok_and(f64::is_infinite)
        }
        DeValue::Array(list) => return list.iter().find_map(within),
        DeValue::Table(table) => return table.values().find_map(within),
        _ => false,
    };
    is_too_large.then_some(offset)
}

fn place(text: &str, offset: usize) -> Place {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    Place { line: before.matches('\n').count() + 1, column: line.chars().count() + 1 }
}

/// What stands before the first equals sign of a line, as `section.key`.
fn key_beside(text: &str, offset: usize) -> Option<String> {
    let before = text.get(..offset)?;
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let (key, _) = text.get(start..)?.lines().next()?.split_once('=')?;
    let header = |line: &'_ str| Some(line.trim().strip_prefix('[')?.split_once(']')?.0.trim().to_owned());
    let section = before.get(..start)?.lines().rev().find_map(header);
    Some(section.map_or_else(|| key.trim().to_owned(), |section| format!("{section}.{}", key.trim())))
}
