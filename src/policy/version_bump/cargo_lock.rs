//! `Cargo.lock`: only the entries of the package itself.
//!
//! Its name stands in the `Cargo.toml` beside it. Where that shares a version with its members, their entries are the
//! ones with just this version. An entry with a `source` comes from elsewhere and is never one of them, whatever its
//! name is.

use serde_json::{Map, Value};
use toml::de::{DeTable, DeValue};

use super::cargo_toml::SHARED_VERSION;
use super::reading::{Reading, Side, add, take};
use super::{text, toml_text};

/// What the manifest says of the package itself.
struct Own {
    name: Option<String>,
    shared_version: Option<String>,
}

/// Reads a `Cargo.lock`.
pub(super) fn read(side: &Side<'_>) -> Result<Reading, String> {
    let own = Own::read(side.manifest)?;
    let table = toml_text::with_places(side.text)?;
    let mut document = toml_text::document(side.text)?;
    let entries = match document.as_object_mut().and_then(|object| object.remove("package")) {
        Some(Value::Array(entries)) => entries,
        Some(_) | None => return Err("it has no [[package]]".into()),
    };
    let mut places = Vec::new();
    let mut rest = Map::new();
    for (index, mut entry) in entries.into_iter().enumerate() {
        let (name, version) = (word(&entry, "name"), word(&entry, "version"));
        if own.is(&entry) && take(&mut entry, &["version"]).is_some() {
            let quoted = entry_at(table.get_ref(), index).and_then(|entry| toml_text::place(entry, &["version"]));
            places.push(text::unquoted(side.text, quoted.ok_or("its version cannot be found")?, &version)?);
            add(&mut rest, name, &entry.to_string());
        } else {
            add(&mut rest, format!("{name} {version}"), &entry.to_string());
        }
    }
    rest.insert("the lock file itself".into(), document);
    if places.is_empty() {
        return Err("it has no entry of the package itself".into());
    }
    Reading::found(places, Value::Object(rest))
}

impl Own {
    fn read(manifest: &str) -> Result<Own, String> {
        let mut document = toml_text::document(manifest)?;
        let name = take(&mut document, &["package", "name"]);
        let shared_version = take(&mut document, SHARED_VERSION);
        if name.is_none() && shared_version.is_none() {
            return Err(format!("the manifest beside it has neither a name nor a {}", SHARED_VERSION.join(".")));
        }
        Ok(Own { name, shared_version })
    }

    fn is(&self, entry: &Value) -> bool {
        let says = |key: &str, wanted: &Option<String>| {
            wanted.as_deref().is_some_and(|wanted| entry.get(key).and_then(Value::as_str) == Some(wanted))
        };
        entry.get("source").is_none() && (says("name", &self.name) || says("version", &self.shared_version))
    }
}

fn word(entry: &Value, key: &str) -> String {
    entry.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn entry_at<'a, 'i>(table: &'a DeTable<'i>, index: usize) -> Option<&'a DeTable<'i>> {
    let entries: &DeValue<'i> = table.get("package")?.get_ref();
    entries.as_array()?.get(index)?.get_ref().as_table()
}
