//! What is said of a setting that is of the wrong type: its key, its place and what is expected there. What stands there is never
//! said, because it may be a secret: as a text where a list is expected, or under the wrong key.

use config::ConfigError;
use serde_path_to_error::{Path, Segment};

use super::SettingsError;
use super::environment::Variable;
use super::load::bad;
use super::written::Written;
use crate::model::Scanner;

/// An error with the way to where it is.
pub(super) type Slip = serde_path_to_error::Error<ConfigError>;

/// Says what is wrong in the operator's file or environment.
pub(super) fn told(slip: &Slip, file: Option<&Written<'_>>, variables: &[Variable]) -> SettingsError {
    let key = key(slip.path());
    let variable = variables.iter().find(|variable| variable.key == key_without_index(slip.path()));
    let place = match variable {
        Some(variable) => Some(format!("the environment ({})", variable.name)),
        None => file.and_then(|file| file.place(slip.path())),
    };
    let place = place.map(|place| format!("; look at {place}")).unwrap_or_default();
    bad(&key, format!("{}{place}", expected(slip.inner())))
}

/// `services[0].gate.tokens`. What an enumeration was told is no part of it: that is a value.
fn key(path: &Path) -> String {
    let mut key = String::new();
    for segment in path {
        match segment {
            Segment::Map { key: name } if key.is_empty() => key.push_str(name),
            Segment::Map { key: name } => key.extend([".", name]),
            Segment::Seq { index } => key.push_str(&format!("[{index}]")),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    key
}

/// The key of a variable, which sets a list as a whole.
fn key_without_index(path: &Path) -> String {
    let key = key(path);
    key.split('[').next().unwrap_or_default().to_owned()
}

/// What is expected. Only words of ours and of the libraries come out of here.
fn expected(error: &ConfigError) -> String {
    match error {
        ConfigError::Type { expected, .. } => format!("{} is expected", plain(expected)),
        ConfigError::At { error, .. } => expected(error),
        ConfigError::NotFound(key) => {
            format!("`{}` is missing in it", key.rsplit(['.', ']']).next().unwrap_or_default())
        }
        ConfigError::Message(said) => of_message(said),
        _ => "a value of another type is expected".to_owned(),
    }
}

/// `invalid type: string "…", expected a sequence`, "`…` is not a name": what stands there comes first, so whatever follows
/// the last of these words is not of it.
fn of_message(said: &str) -> String {
    if said == Scanner::FORM {
        return said.to_owned();
    }
    let after = |words: &str| said.rsplit_once(words).map(|(_, rest)| rest);
    match (after(", expected "), after("` is not ")) {
        (Some(expected), _) if said.starts_with("unknown field ") => {
            format!("there is no such setting; {expected} is expected")
        }
        (Some(expected), _) => format!("{} is expected", plain(expected)),
        (None, Some(what)) => format!("it is not {what}"),
        (None, None) => "a word that is known there is expected; config/default.toml shows them".to_owned(),
    }
}

/// What the libraries call a type, in the words of a settings file.
fn plain(expected: &str) -> &str {
    match expected {
        "a string" => "a text in quotes",
        "a sequence" | "an array" => "a list such as [\"…\", \"…\"]",
        "a map" => "a table",
        "a boolean" => "true or false",
        _ if expected.starts_with("struct ") => "a table",
        _ if expected.contains("unsigned") => "a whole number that is not below zero",
        _ if expected.contains("integer") => "a whole number",
        _ if ["u64", "usize", "u32"].contains(&expected) => "a whole number that is not below zero",
        _ => expected,
    }
}
