//! Custom fields by name, and their values as text.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::wire::FieldInfo;
use crate::integrations::SourceError;
use crate::model::Field;

/// Jira's id for each of our fields.
pub(super) type FieldIds = BTreeMap<Field, String>;

/// What is known of the fields of a Jira.
#[derive(Debug)]
pub(super) struct Known {
    /// Ours.
    pub ids: FieldIds,
    /// Ids of those that hold text of several lines.
    pub areas: BTreeSet<String>,
    /// Ids by name, which may stand for several.
    names: BTreeMap<String, Vec<String>>,
}

impl Known {
    /// Finds ours among all.
    ///
    /// # Errors
    /// As [`resolve`].
    pub(super) fn new(wanted: &[(Field, String)], all: &[FieldInfo]) -> Result<Known, SourceError> {
        let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for info in all {
            names.entry(info.name.clone()).or_default().push(info.id.clone());
        }
        let is_area = |info: &&FieldInfo| {
            let custom = info.schema.as_ref().and_then(|schema| schema["custom"].as_str());
            custom.is_some_and(|custom| custom.ends_with(":textarea"))
        };
        let areas = all.iter().filter(is_area).map(|info| info.id.clone()).collect();
        Ok(Known { ids: resolve(wanted, all)?, areas, names })
    }

    /// Which of ours has this id.
    pub(super) fn ours(&self, id: &str) -> Option<Field> {
        self.ids.iter().find(|(_, ours)| *ours == id).map(|(field, _)| *field)
    }

    /// Which of ours an entry of the history may mean that names a field and not its id, in people's words. A name that is
    /// unknown now may have been that of any field before somebody renamed it.
    pub(super) fn perhaps_ours(&self, name: &str, is_custom: bool) -> Option<&'static str> {
        if let Some(field) = self.ours(name).filter(|_| !is_custom) {
            return Some(field.title());
        }
        match self.names.get(name) {
            Some(ids) => ids.iter().find_map(|id| self.ours(id)).map(Field::title),
            None => is_custom.then_some("a field that Jira does not know any more"),
        }
    }

    /// Whether this id is that of a field with this name.
    pub(super) fn is_called(&self, id: &str, name: &str) -> bool {
        self.names.get(name).is_some_and(|ids| ids.iter().any(|known| known == id))
    }

    /// Checks that each of these fields, given by name or id, is there and shares its name with no other: a history that only
    /// knows names could not tell them apart.
    ///
    /// # Errors
    /// With the first that is not so.
    pub(super) fn check_names(&self, fields: &[String]) -> Result<(), SourceError> {
        for field in fields {
            let is_it = |(name, ids): &(&String, &Vec<String>)| *name == field || ids.contains(field);
            match self.names.iter().find(is_it) {
                None => {
                    return Err(setting(format!(
                        "Jira has no field called \"{field}\"; correct jira.approvals.fields"
                    )));
                }
                Some((name, ids)) if ids.len() > 1 => {
                    return Err(setting(format!(
                        "Jira has several fields called \"{name}\" ({}), and the history of Jira Data Center does not say \
                         which of them somebody set; rename one, or take it out of jira.approvals.fields",
                        ids.join(", ")
                    )));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}

/// Finds the id of each field: by exact name, or pinned as `customfield_NNNNN`. A field without a name is not there.
///
/// # Errors
/// When a name is not there, or stands for several fields.
fn resolve(wanted: &[(Field, String)], known: &[FieldInfo]) -> Result<FieldIds, SourceError> {
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
        let known = [("customfield_1", "Commit"), ("customfield_2", "Commit")].map(|(id, name)| FieldInfo {
            id: id.into(),
            name: name.into(),
            schema: None,
        });
        let error = resolve(&[(Field::Commit, "Commit".into())], &known).unwrap_err();
        assert!(error.to_string().contains("put the right id into jira.fields.commit"), "{error}");
        assert!(resolve(&[(Field::Commit, "customfield_2".into())], &known).is_ok());
    }

    #[test]
    fn a_history_that_knows_only_names_says_too_much_rather_than_too_little() {
        let all = [
            ("customfield_1", "Commit"),
            ("customfield_2", "Size"),
            ("summary", "Summary"),
            ("customfield_3", "Branch"),
        ]
        .map(|(id, name)| FieldInfo { id: id.into(), name: name.into(), schema: None });
        let wanted = [(Field::Commit, "Commit".into()), (Field::Branch, "customfield_3".into())];
        let known = Known::new(&wanted, &all).unwrap();
        assert_eq!(known.perhaps_ours("Commit", true), Some("commit"));
        assert_eq!(known.perhaps_ours("Branch", true), Some("branch"));
        assert_eq!(known.perhaps_ours("Size", true), None);
        assert_eq!(known.perhaps_ours("Commit hash", true), Some("a field that Jira does not know any more"));
        assert_eq!(known.perhaps_ours("priority", false), None);
    }

    #[test]
    fn a_field_in_which_people_approve_shares_its_name_with_no_other() {
        let all = [("customfield_1", "Security approval"), ("customfield_2", "Size"), ("customfield_3", "Size")]
            .map(|(id, name)| FieldInfo { id: id.into(), name: name.into(), schema: None });
        let known = Known::new(&[], &all).unwrap();
        assert_eq!(known.check_names(&["Security approval".into()]), Ok(()));
        assert_eq!(known.check_names(&["customfield_1".into()]), Ok(()));
        let error = |field: &str| known.check_names(&[field.into()]).unwrap_err().to_string();
        assert!(error("customfield_2").contains("several fields called \"Size\" (customfield_2, customfield_3)"));
        assert!(error("Approval").contains("no field called \"Approval\""));
    }
}
