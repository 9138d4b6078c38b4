//! Reading `fields` and `update` of a request: what may be set, and in which shape.

use serde_json::{Map, Value};

use super::super::super::scene::JiraKind;
use super::super::actions::properties_of;
use super::super::adf;
use super::super::adf_check;
use super::super::fields::{Field, Kind, by_id};
use super::super::refusal::Refusal;
use super::super::state::{Edit, State, Ticket};

/// How long a line may be.
const LINE_LIMIT: usize = 255;
/// How long a text or a comment may be; what exactly is counted is undocumented, so this counts everything.
pub(super) const TEXT_LIMIT: usize = 32_767;

/// The wishes in the body of a create or edit request. A transition in it is ignored, as Jira does.
///
/// # Errors
/// 400 with Jira's sentence about the first field that cannot be set.
pub(super) fn read(body: &Value, state: &State, ticket: Option<&Ticket>) -> Result<Edit, Refusal> {
    let mut edit = Edit { properties: properties_of(body), ..Edit::default() };
    edit.metadata = Some(body["historyMetadata"].clone()).filter(Value::is_object);
    for (name, value) in body["fields"].as_object().unwrap_or(&Map::new()) {
        set(&mut edit, name, value, state)?;
    }
    for (name, operations) in body["update"].as_object().unwrap_or(&Map::new()) {
        for operation in operations.as_array().map_or(&[][..], Vec::as_slice) {
            update(&mut edit, (name, operation), state, ticket)?;
        }
    }
    Ok(edit)
}

fn set(edit: &mut Edit, name: &str, value: &Value, state: &State) -> Result<(), Refusal> {
    match name {
        // Both are read when a ticket is made, and an edit leaves them alone.
        "project" | "issuetype" => {}
        "summary" => edit.summary = Some(summary(value)?),
        "description" => edit.description = Some(document(name, value, state)?),
        "reporter" => edit.reporter = Some(account(value, state)?),
        "components" => edit.components = Some(names(value)),
        "labels" => edit.labels = Some(labels(value)?),
        _ => {
            let field = by_id(name).ok_or_else(|| cannot_be_set(name))?;
            edit.values.push((field, custom(field, value, state)?));
        }
    }
    Ok(())
}

/// The refusal for a field that is on no screen, such as `status`.
pub(super) fn cannot_be_set(name: &str) -> Refusal {
    Refusal::field(name, format!("Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."))
}

fn summary(value: &Value) -> Result<String, Refusal> {
    let text = value.as_str().unwrap_or_default().trim();
    let fault = match text {
        "" => "You must specify a summary of the issue.",
        _ if text.contains('\n') => "The summary is invalid because it contains newline characters.",
        _ if text.chars().count() > LINE_LIMIT => "Summary must be less than 255 characters.",
        _ => return Ok(text.to_owned()),
    };
    Err(Refusal::field("summary", fault))
}

/// A user, named by account id in either of the two ways that Cloud takes, or by the name that Data Center takes.
fn account(value: &Value, state: &State) -> Result<String, Refusal> {
    let given = match state.kind {
        JiraKind::Cloud => value["id"].as_str().or(value["accountId"].as_str()).map(String::from),
        JiraKind::DataCenter => value["name"].as_str().map(|name| format!("712020:{name}")),
    };
    given.filter(|id| !id.is_empty()).ok_or_else(|| Refusal::field("reporter", "data was not an object"))
}

fn document(name: &str, value: &Value, state: &State) -> Result<Option<Value>, Refusal> {
    if value.is_null() {
        return Ok(None);
    }
    if state.kind == JiraKind::DataCenter {
        let text = value.as_str().ok_or_else(|| Refusal::field(name, "Operation value must be a string"))?;
        if text.chars().count() > TEXT_LIMIT {
            let fault = "The entered text is too long. It exceeds the allowed limit of 32,767 characters.";
            return Err(Refusal::field(name, fault));
        }
        return Ok(Some(adf::document(text)));
    }
    if !value.is_object() {
        let fault = "Operation value must be an Atlassian Document (see the Atlassian Document Format)";
        return Err(Refusal::field(name, fault));
    }
    if value.to_string().chars().count() > TEXT_LIMIT {
        return Err(Refusal::field(name, "CONTENT_LIMIT_EXCEEDED"));
    }
    adf_check::check(value).map_err(|fault| Refusal::field(name, format!("INVALID_INPUT: {fault}")))?;
    Ok(Some(value.clone()))
}

fn names(value: &Value) -> Vec<String> {
    let list = value.as_array().map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(|one| one["name"].as_str().map(String::from)).collect()
}

fn labels(value: &Value) -> Result<Vec<String>, Refusal> {
    let list = value.as_array().map_or(&[][..], Vec::as_slice);
    let labels = list.iter().filter_map(Value::as_str).map(String::from).collect::<Vec<_>>();
    match labels.iter().find(|label| label.contains(char::is_whitespace)) {
        Some(label) => Err(Refusal::field("labels", format!("The label '{label}' contains spaces which is invalid."))),
        None => Ok(labels),
    }
}

fn custom(field: &'static Field, value: &Value, state: &State) -> Result<Option<Value>, Refusal> {
    match field.kind {
        Kind::Area => document(field.id, value, state),
        _ if value.is_null() => Ok(None),
        Kind::Line => {
            let text = value.as_str().ok_or_else(|| Refusal::field(field.id, "Operation value must be a string"))?;
            if text.chars().count() > LINE_LIMIT {
                let fault = "The entered text is too long. It exceeds the allowed limit of 255 characters.";
                return Err(Refusal::field(field.id, fault));
            }
            Ok(field.stored(text))
        }
        Kind::Choice => option(field, value, state).map(Some),
    }
}

fn option(field: &'static Field, value: &Value, state: &State) -> Result<Value, Refusal> {
    let (id, name) = (value["id"].as_str(), value["value"].as_str());
    let mut options = state.options.iter().filter(|(owner, _)| *owner == field.id).map(|(_, option)| option.as_str());
    let meant = options.find(|option| Some(*option) == name || id == state.option_id(field.id, option).as_deref());
    let given = name.or(id).unwrap_or_default();
    let found = meant.ok_or_else(|| Refusal::field(field.id, format!("Option value '{given}' is not valid")))?;
    Ok(Value::String(found.to_owned()))
}

/// One operation of `update`: `set` for every field, `add` and `remove` for labels.
fn update(
    edit: &mut Edit,
    (name, operation): (&str, &Value),
    state: &State,
    ticket: Option<&Ticket>,
) -> Result<(), Refusal> {
    if let Some(value) = operation.get("set") {
        return set(edit, name, value, state);
    }
    if name != "labels" {
        return Err(cannot_be_set(name));
    }
    let before = || ticket.map(|ticket| ticket.labels.clone()).unwrap_or_default();
    let mut kept = edit.labels.take().unwrap_or_else(before);
    kept.retain(|label| operation["remove"].as_str() != Some(label));
    if let Some(label) = operation["add"].as_str().filter(|label| !kept.iter().any(|known| known == label)) {
        kept.push(label.to_owned());
    }
    edit.labels = Some(kept);
    Ok(())
}
