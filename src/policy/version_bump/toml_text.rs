//! TOML with the places where its values stand. The parser itself refuses keys that stand twice.

use std::ops::Range;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::reading::{Reading, take};
use super::text;

/// TOML as the same kind of value as JSON.
pub(super) fn document(text: &str) -> Result<Value, String> {
    let table: toml::Table = text.parse().map_err(|_| "it is no TOML".to_owned())?;
    serde_json::to_value(table).map_err(|_| "it holds a value that cannot be compared".into())
}

/// The same with places.
pub(super) fn with_places(text: &str) -> Result<Spanned<DeTable<'_>>, String> {
    DeTable::parse(text).map_err(|_| "it is no TOML".to_owned())
}

/// Reads a document whose version stands at one of these paths, or at several.
pub(super) fn read(text: &str, paths: &[&[&str]]) -> Result<Reading, String> {
    let mut rest = document(text)?;
    let table = with_places(text)?;
    let mut places = Vec::new();
    for path in paths {
        if let Some(version) = take(&mut rest, path) {
            let quoted = place(table.get_ref(), path).ok_or("its version cannot be found")?;
            places.push(text::unquoted(text, quoted, &version)?);
        }
    }
    Reading::found(places, rest)
}

/// Where the value at a path of keys stands.
pub(super) fn place(table: &DeTable<'_>, path: &[&str]) -> Option<Range<usize>> {
    let (first, rest) = path.split_first()?;
    let found: &Spanned<DeValue<'_>> = table.get(*first)?;
    if rest.is_empty() { Some(found.span()) } else { place(found.get_ref().as_table()?, rest) }
}
