//! One side of a manifest, taken apart: where its version stands, and all the rest by name.

use std::ops::Range;

use serde_json::{Map, Value};

use super::text;

/// A kind of manifest.
pub(super) struct Family {
    /// Its file name.
    pub(super) file: &'static str,
    /// The manifest that must stand beside it in the same commit.
    pub(super) beside: Option<&'static str>,
    /// Finds the version; the error is in words.
    pub(super) read: fn(&Side<'_>) -> Result<Reading, String>,
    /// Orders its versions.
    pub(super) order: super::number::Order,
}

/// The texts of one side.
pub(super) struct Side<'a> {
    /// The manifest or lock file itself.
    pub(super) text: &'a str,
    /// For a lock file the manifest beside it, else nothing.
    pub(super) manifest: &'a str,
}

impl<'a> Side<'a> {
    /// A manifest that is understood by itself.
    pub(super) fn alone(text: &'a str) -> Side<'a> {
        Side { text, manifest: "" }
    }
}

/// What a family's reader finds.
pub(super) struct Reading {
    /// Where the version stands, without quotes. At least one place, and all must say the same.
    versions: Vec<Range<usize>>,
    /// Where the version of the packaged application stands, when the family knows such a thing.
    app: Option<Range<usize>>,
    /// The rest by name: only to say what else changes, the bytes are compared besides.
    pub(super) rest: Value,
}

impl Reading {
    /// Reads one side.
    pub(super) fn of(family: &Family, side: &Side<'_>) -> Result<Reading, String> {
        text::check(side.text)?;
        (family.read)(side)
    }

    /// The places and the rest.
    pub(super) fn found(versions: Vec<Range<usize>>, rest: Value) -> Result<Reading, String> {
        if versions.is_empty() {
            Err("it has no version as text".into())
        } else {
            Ok(Reading { versions, app: None, rest })
        }
    }

    /// Adds the version of the packaged application.
    pub(super) fn with_app(self, app: Option<Range<usize>>) -> Reading {
        Reading { app, ..self }
    }

    /// All places that may change, in the order of the text.
    pub(super) fn places(&self) -> Vec<Range<usize>> {
        let mut places: Vec<Range<usize>> = self.versions.iter().chain(&self.app).cloned().collect();
        places.sort_by_key(|place| place.start);
        places
    }

    /// The one version, or a clause that says that there are two.
    pub(super) fn version(&self, text: &str) -> Result<String, String> {
        let mut found = self.versions.iter().filter_map(|place| text.get(place.clone()));
        let first = found.next().unwrap_or_default();
        match found.find(|other| *other != first) {
            Some(other) => Err(format!("holds two versions, {} and {}", text::short(first), text::short(other))),
            None => Ok(first.to_owned()),
        }
    }

    /// The version of the packaged application.
    pub(super) fn app<'a>(&self, text: &'a str) -> Option<&'a str> {
        self.app.clone().and_then(|place| text.get(place))
    }
}

/// Takes the text at a path of keys out of a document; what is no text stays.
pub(super) fn take(document: &mut Value, path: &[&str]) -> Option<String> {
    let (last, parents) = path.split_last()?;
    let place = parents.iter().try_fold(document, |value, key| value.get_mut(*key))?.as_object_mut()?;
    let found = place.get(*last)?.as_str()?.to_owned();
    place.remove(*last);
    Some(found)
}

/// Adds to what stands under a name; a name may stand more than once.
pub(super) fn add(names: &mut Map<String, Value>, name: String, content: &str) {
    if let Value::String(kept) = names.entry(name).or_insert_with(|| Value::String(String::new())) {
        kept.push_str(content);
        kept.push('\n');
    }
}

/// The name of the first place in which two documents differ.
pub(super) fn difference(one: &Value, other: &Value) -> Option<String> {
    let (Value::Object(one), Value::Object(other)) = (one, other) else {
        return (one != other).then(String::new);
    };
    let keys = one.keys().chain(other.keys().filter(|key| !one.contains_key(*key)));
    for key in keys {
        let (Some(left), Some(right)) = (one.get(key), other.get(key)) else { return Some(key.clone()) };
        if let Some(inner) = difference(left, right) {
            return Some(if inner.is_empty() { key.clone() } else { format!("{key}.{inner}") });
        }
    }
    None
}
