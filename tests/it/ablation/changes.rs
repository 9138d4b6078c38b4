//! Every way in which one answer is changed: each key and element of its JSON, and the answer as a whole.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::recording::{Answer, Question};

/// What is done to a key, an element, or an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    Delete,
    Null,
    Empty,
    Duplicate,
    Truncate,
    NotFound,
    ServerError,
    Page,
    Cut,
    Nothing,
}

/// One changed answer. `key` is the path of what was changed, with the numbers of elements folded; "" is the answer.
#[derive(Debug, Clone)]
pub struct Change {
    pub key: String,
    pub how: How,
    pub answer: Answer,
}

/// Every change of one answer, except of keys that are never read.
pub fn changes(answer: &Answer, is_unread: &dyn Fn(&str) -> bool) -> Vec<Change> {
    let mut all = whole(answer);
    let Ok(json) = serde_json::from_slice::<Value>(&answer.body) else { return all };
    let mut places = vec![Vec::new()];
    collect(&json, &mut Vec::new(), &mut places);
    for place in places.iter().filter(|place| !above(place).any(|key| is_unread(&key))) {
        for how in OF_A_KEY {
            let body = if how == How::Duplicate && matches!(place.last(), Some(Step::Key(_))) {
                Some(text(&json, &mut Vec::new(), &|path| path == place))
            } else {
                changed(&json, place, how).filter(|changed| *changed != json).map(|changed| changed.to_string())
            };
            let change = |body: String| Change { key: folded(place), how, answer: answer.with(body) };
            all.extend(body.map(change));
        }
    }
    all
}

/// The answer with all keys changed that are never read; nothing when it has none.
pub fn without_unread(answer: &Answer, how: How, is_unread: &dyn Fn(&str) -> bool) -> Option<Change> {
    let json: Value = serde_json::from_slice(&answer.body).ok()?;
    let is_it = |path: &[Step]| matches!(path.last(), Some(Step::Key(_))) && is_unread(&folded(path));
    let body = match how {
        How::Duplicate => text(&json, &mut Vec::new(), &is_it),
        _ => replaced(&json, &mut Vec::new(), &|path, value| is_it(path).then(|| other(value, how))).to_string(),
    };
    let as_it_was = text(&json, &mut Vec::new(), &|_| false);
    (body != as_it_was).then(|| Change { key: ALL_UNREAD.into(), how, answer: answer.with(body) })
}

/// The name of the change of all keys that are never read.
pub const ALL_UNREAD: &str = "(everything that is never read)";

/// Every key of an answer, with its kind.
pub fn keys(kind: String, answer: &Answer) -> Vec<(String, String)> {
    let Ok(json) = serde_json::from_slice::<Value>(&answer.body) else { return Vec::new() };
    let mut places = Vec::new();
    collect(&json, &mut Vec::new(), &mut places);
    places.iter().map(|place| (kind.clone(), folded(place))).collect()
}

/// What is done to one key or element.
pub const OF_A_KEY: [How; 5] = [How::Delete, How::Null, How::Empty, How::Duplicate, How::Truncate];

/// JSON as text, with some keys standing twice.
fn text(value: &Value, at: &mut Vec<Step>, twice: &dyn Fn(&[Step]) -> bool) -> String {
    let mut pieces = Vec::new();
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                at.push(Step::Key(key.clone()));
                let piece = format!("{}:{}", json!(key), text(value, at, twice));
                pieces.extend(std::iter::repeat_n(piece, if twice(at) { 2 } else { 1 }));
                at.pop();
            }
            format!("{{{}}}", pieces.join(","))
        }
        Value::Array(list) => {
            for (place, value) in list.iter().enumerate() {
                at.push(element(place, list.len()));
                pieces.push(text(value, at, twice));
                at.pop();
            }
            format!("[{}]", pieces.join(","))
        }
        other => other.to_string(),
    }
}

/// JSON with another value, or none, at each place of which `change` says so. What cannot be changed so stays.
fn replaced(value: &Value, at: &mut Vec<Step>, change: &Replace<'_>) -> Value {
    match value {
        Value::Object(object) => {
            let mut new = serde_json::Map::new();
            for (key, value) in object {
                at.push(Step::Key(key.clone()));
                match change(at, value) {
                    Some(other) => new.extend(other.map(|other| (key.clone(), other))),
                    None => drop(new.insert(key.clone(), replaced(value, at, change))),
                }
                at.pop();
            }
            Value::Object(new)
        }
        Value::Array(list) => {
            let changed = |(place, value): (usize, &Value)| {
                at.push(element(place, list.len()));
                let new = replaced(value, at, change);
                at.pop();
                new
            };
            Value::Array(list.iter().enumerate().map(changed).collect())
        }
        other => other.clone(),
    }
}

type Replace<'a> = dyn Fn(&[Step], &Value) -> Option<Option<Value>> + 'a;

/// The place and everything that it lies in.
fn above(place: &[Step]) -> impl Iterator<Item = String> {
    (1..=place.len()).map(|length| folded(&place[..length]))
}

/// The kind of question, with commits, numbers and names of objects folded.
pub fn kind_of(question: &Question) -> String {
    let body = String::from_utf8_lossy(&question.body);
    let name = body.split_once("query ").map(|(_, rest)| rest.split(['(', ' ', '{']).next().unwrap_or(""));
    match name.filter(|_| question.path.ends_with("graphql")) {
        Some(name) => format!("{} graphql {name}", question.system),
        None => {
            let path = question.path.split('?').next().unwrap_or("");
            let piece = |piece: &str| match piece {
                sha if sha.len() >= 40 && sha.contains("...") => "{sha}...{sha}".to_owned(),
                sha if sha.len() == 40 && sha.bytes().all(|byte| byte.is_ascii_hexdigit()) => "{sha}".to_owned(),
                number if number.bytes().all(|byte| byte.is_ascii_digit()) => "{number}".to_owned(),
                other => other.to_owned(),
            };
            let pieces: Vec<String> = path.split('/').map(piece).collect();
            format!("{} {} {}", question.system, question.method, pieces.join("/"))
        }
    }
}

fn whole(answer: &Answer) -> Vec<Change> {
    let with = |how, status, kind: &str, body: &[u8]| Change {
        key: String::new(),
        how,
        answer: Answer { status, kind: kind.to_owned(), body: body.to_vec().into() },
    };
    let said = json!({ "message": "Not Found" }).to_string();
    let page = b"<!DOCTYPE html><title>Log in</title>";
    vec![
        with(How::NotFound, StatusCode::NOT_FOUND, &answer.kind, said.as_bytes()),
        with(How::ServerError, StatusCode::INTERNAL_SERVER_ERROR, &answer.kind, b"{}"),
        with(How::Page, StatusCode::OK, "text/html; charset=utf-8", page),
        with(How::Cut, answer.status, &answer.kind, &answer.body[..answer.body.len() / 2]),
        with(How::Nothing, answer.status, &answer.kind, b""),
    ]
}

/// A step into JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    /// Its number, and `[]` for the first of several, `[last]`, or `[only]`.
    Element(usize, &'static str),
}

fn element(place: usize, length: usize) -> Step {
    let which = match place {
        _ if length == 1 => "[only]",
        0 => "[]",
        _ => "[last]",
    };
    Step::Element(place, which)
}

/// Every place; of the elements of a list the first and the last.
fn collect(value: &Value, at: &mut Vec<Step>, places: &mut Vec<Vec<Step>>) {
    let steps: Vec<(Step, &Value)> = match value {
        Value::Object(object) => object.iter().map(|(key, value)| (Step::Key(key.clone()), value)).collect(),
        Value::Array(list) => {
            let ends = BTreeSet::from([0, list.len().saturating_sub(1)]);
            ends.into_iter().filter_map(|place| Some((element(place, list.len()), list.get(place)?))).collect()
        }
        _ => Vec::new(),
    };
    for (step, value) in steps {
        at.push(step);
        places.push(at.clone());
        collect(value, at, places);
        at.pop();
    }
}

/// A place with elements and the aliases of a query folded: `commits[].author.id` of the first, `commits[last].author.id`
/// of the last, `o#.entries[]`.
fn folded(place: &[Step]) -> String {
    let mut text = String::new();
    for step in place {
        match step {
            Step::Element(_, which) => text.push_str(which),
            Step::Key(key) => {
                let is_alias = key.strip_prefix('o').is_some_and(|number| number.parse::<usize>().is_ok());
                text.push_str(if text.is_empty() { "" } else { "." });
                text.push_str(if is_alias { "o#" } else { key });
            }
        }
    }
    text
}

fn changed(json: &Value, place: &[Step], how: How) -> Option<Value> {
    let mut json = json.clone();
    let Some((last, above)) = place.split_last() else { return value(&json, how) };
    let mut parent = &mut json;
    for step in above {
        parent = match step {
            Step::Key(key) => parent.get_mut(key)?,
            Step::Element(number, _) => parent.get_mut(number)?,
        };
    }
    match (parent, last) {
        (Value::Object(object), Step::Key(key)) => match how {
            How::Delete => drop(object.remove(key)?),
            _ => *object.get_mut(key)? = value(object.get(key)?, how)?,
        },
        (Value::Array(list), Step::Element(number, _)) => match how {
            How::Delete => drop(list.remove(*number)),
            How::Duplicate => list.insert(*number, list.get(*number)?.clone()),
            _ => *list.get_mut(*number)? = value(list.get(*number)?, how)?,
        },
        _ => return None,
    }
    Some(json)
}

/// Nothing when it is to be deleted; what cannot be changed so stays.
fn other(of: &Value, how: How) -> Option<Value> {
    (how != How::Delete).then(|| value(of, how).unwrap_or_else(|| of.clone()))
}

fn value(value: &Value, how: How) -> Option<Value> {
    match (how, value) {
        (How::Null, _) => Some(Value::Null),
        (How::Empty, Value::String(_)) => Some(json!("")),
        (How::Empty, Value::Array(_)) => Some(json!([])),
        (How::Empty, Value::Object(_)) => Some(json!({})),
        (How::Empty, Value::Number(_)) => Some(json!(0)),
        (How::Empty, Value::Bool(_)) => Some(json!(false)),
        (How::Truncate, Value::String(text)) => {
            Some(json!(text.chars().take(text.chars().count() / 2).collect::<String>()))
        }
        (How::Truncate, Value::Array(list)) => Some(json!(list[..list.len() / 2])),
        _ => None,
    }
}
