//! Custom fields by name, and their values as text.

use std::collections::BTreeMap;

use serde_json::Value;

use super::wire::FieldInfo;
use crate::integrations::SourceError;
use crate::model::Field;

/// Jira's id for each of our fields.
pub(super) type FieldIds = BTreeMap<Field, String>;

/// Finds the id of each field: by exact name, or pinned as `customfield_NNNNN`. A field without a name is not there.
///
/// # Errors
/// When a name is not there, or stands for several fields.
pub(super) fn resolve(wanted: &[(Field, String)], known: &[FieldInfo]) -> Result<FieldIds, SourceError> {
    wanted
        .iter()
        .filter(|(_, name)| !name.is_empty())
        .map(|(field, name)| find(*field, name, known).map(|id| (*field, id)))
        .collect()
}

fn find(field: Field, name: &str, known: &[FieldInfo]) -> Result<String, SourceError> {
    let key = serde_json::to_string(&field).unwrap_or_default().replace('"', "");
    let found: Vec<&FieldInfo> = known.iter().filter(|info| info.id == name || info.name == name).collect();
    match found.as_slice() {
        [one] => Ok(one.id.clone()),
        [] => Err(setting(format!("Jira has no field called \"{name}\"; correct jira.fields.{key}"))),
        many => {
            let ids = many.iter().map(|info| info.id.as_str()).collect::<Vec<_>>().join(", ");
            Err(setting(format!(
                "Jira has several fields called \"{name}\" ({ids}); put the right id into jira.fields.{key}"
            )))
        }
    }
}

fn setting(message: String) -> SourceError {
    SourceError::Refused { status: 200, message }
}

/// The value of a field as text: plain text, a choice, a list of them, or a rich text. Nothing when it is empty.
pub(super) fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null | Value::Bool(_) => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Array(items) => items.iter().filter_map(text).collect::<Vec<_>>().join(", "),
        Value::Object(object) => match (object.get("value"), object.get("name"), object.get("type")) {
            (Some(Value::String(choice)), _, _) | (None, Some(Value::String(choice)), _) => choice.clone(),
            (_, _, Some(Value::String(kind))) if kind == "doc" => rich_text(value),
            _ => String::new(),
        },
    };
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The words of an ADF document, block by block. Iterative, so that deep nesting cannot exhaust the stack.
pub(super) fn rich_text(document: &Value) -> String {
    let mut words = String::new();
    let mut ahead = vec![document];
    while let Some(node) = ahead.pop() {
        match node.get("type").and_then(Value::as_str) {
            Some("text") => words.push_str(node.get("text").and_then(Value::as_str).unwrap_or("")),
            Some("hardBreak" | "paragraph" | "heading" | "listItem" | "codeBlock") if !words.is_empty() => {
                words.push('\n')
            }
            Some("inlineCard") => words.push_str(node.pointer("/attrs/url").and_then(Value::as_str).unwrap_or("")),
            _ => {}
        }
        if let Some(children) = node.get("content").and_then(Value::as_array) {
            ahead.extend(children.iter().rev());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_of_all_kinds_become_text() {
        assert_eq!(text(&json!({"id": "1", "value": "prod-us"})).as_deref(), Some("prod-us"));
        assert_eq!(text(&json!("  main ")).as_deref(), Some("main"));
        assert_eq!(text(&json!(null)), None);
        let doc = json!({"type": "doc", "version": 1, "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": "Roll back"}]},
            {"type": "paragraph", "content": [{"type": "text", "text": "with the last image."}]},
        ]});
        assert_eq!(text(&doc).as_deref(), Some("Roll back\nwith the last image."));
        assert_eq!(text(&json!({"type": "doc", "content": []})), None);
    }

    #[test]
    fn a_name_that_stands_for_two_fields_is_refused() {
        let known = [("customfield_1", "Commit"), ("customfield_2", "Commit")]
            .map(|(id, name)| FieldInfo { id: id.into(), name: name.into() });
        let error = resolve(&[(Field::Commit, "Commit".into())], &known).unwrap_err();
        assert!(error.to_string().contains("put the right id into jira.fields.commit"), "{error}");
        assert!(resolve(&[(Field::Commit, "customfield_2".into())], &known).is_ok());
    }
}
