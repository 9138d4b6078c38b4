//! `VERSION`: one line, and nothing else.

use serde_json::Value;

use super::reading::{Reading, Side};
use super::text;

/// Reads a `VERSION`.
pub(super) fn read(side: &Side<'_>) -> Result<Reading, String> {
    let mut lines = side.text.lines();
    match (lines.next(), lines.next()) {
        (Some(line), None) => Reading::found(text::place(side.text, line).into_iter().collect(), Value::Null),
        (Some(_), Some(_)) => Err("it holds more than one line".into()),
        (None, _) => Err("it is empty".into()),
    }
}
