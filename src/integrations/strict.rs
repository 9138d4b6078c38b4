//! JSON in which no key stands twice in one object. Two readers of such an answer need not read the same in it, so it says
//! nothing.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Any JSON without a key that stands twice; the values are not kept.
pub(super) struct Strict;

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Strict, D::Error> {
        deserializer.deserialize_any(Walk)
    }
}

struct Walk;

impl<'de> Visitor<'de> for Walk {
    type Value = Strict;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Strict, E> {
        Ok(Strict)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Strict, E> {
        Ok(Strict)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Strict, E> {
        Ok(Strict)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Strict, E> {
        Ok(Strict)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Strict, E> {
        Ok(Strict)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Strict, E> {
        Ok(Strict)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Strict, A::Error> {
        while items.next_element::<Strict>()?.is_some() {}
        Ok(Strict)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Strict, A::Error> {
        let mut seen: HashSet<Key<'de>> = HashSet::new();
        while let Some(key) = entries.next_key::<Key<'de>>()? {
            if let Some(twice) = seen.replace(key) {
                entries.next_value::<IgnoredAny>()?;
                return Err(A::Error::custom(format!("the key `{}` stands twice", twice.0)));
            }
            entries.next_value::<Strict>()?;
        }
        Ok(Strict)
    }
}

/// A key, borrowed where it needs no unescaping.
#[derive(PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(transparent)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::Strict;

    #[test]
    fn a_key_stands_once_in_an_object() {
        let read = |text: &str| serde_json::from_str::<Strict>(text).map(|_| ()).map_err(|error| error.to_string());
        assert_eq!(read(r#"{"a": [1, -1, 1.5, true, null, "x", {"a": {}}], "b": {"a": 1}}"#), Ok(()));
        assert!(read(r#"{"a": 1, "a": 1}"#).unwrap_err().starts_with("the key `a` stands twice"));
        assert!(read(r#"[{"deep": {"a": 1, "b": 2, "\u0061": 3}}]"#).is_err(), "however it is written");
        assert!(read(r#"{"a": }"#).is_err());
    }
}
