//! JSON read strictly: a key that stands twice in one object is an error.
//!
//! `serde_json` keeps the last of two equal keys without a word, and the tool that installs the package may keep the
//! first. A document that two readers understand differently proves nothing.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Reads one JSON document.
///
/// # Errors
/// In a few words: not JSON, or a key that stands twice.
pub(in crate::policy) fn parse(text: &str) -> Result<Value, String> {
    let strict: Strict = serde_json::from_str(text).map_err(|error| error.to_string())?;
    Ok(strict.0)
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Strict, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Strict)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without duplicate keys")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number that is none"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((key, Strict(value))) = entries.next_entry::<String, Strict>()? {
            if object.contains_key(&key) {
                return Err(A::Error::custom(format!("the key `{key}` stands twice")));
            }
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use serde::de::Expected;

    use super::{StrictVisitor, parse};

    #[test]
    fn a_key_that_stands_twice_is_refused() {
        assert!(parse(r#"{"version":"1.0.0","deep":[{"a":1}]}"#).is_ok());
        assert!(
            parse(r#"{"version":"1.0.0","version":"1.0.1"}"#)
                .unwrap_err()
                .starts_with("the key `version` stands twice")
        );
        assert!(parse(r#"{"deep":[{"a":1,"a":2}]}"#).is_err());
        assert!(parse("{} {}").is_err());
    }

    #[test]
    fn every_value_is_read_as_it_stands() {
        let text = r#"[null,true,false,-1,18446744073709551615,0.5,"x",{"deep":[]}]"#;
        assert_eq!(parse(text).unwrap().to_string(), text);
    }

    #[test]
    fn whoever_gives_something_else_is_told_what_was_expected() {
        let expected: &dyn Expected = &StrictVisitor;
        assert_eq!(expected.to_string(), "JSON without duplicate keys");
    }
}
