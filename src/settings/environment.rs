//! The layer of environment variables.

use std::collections::HashMap;
use std::ffi::OsString;

use super::SettingsError;
use super::load::{bad, unknown};

/// The beginning of the name of every environment variable that is a setting.
const PREFIX: &str = "CM_BOT__";

/// The environment variables of the process, or a test's.
pub type Environment = HashMap<String, String>;

/// A variable that is a setting.
pub(super) struct Variable {
    /// Its name.
    pub(super) name: String,
    /// The setting, as `section.key`.
    pub(super) key: String,
    /// What it is set to.
    pub(super) value: config::Value,
}

/// The variables of this process that are settings.
///
/// # Errors
/// When one of them is no text. The standard library would end the process and print what stands in it.
pub fn environment() -> Result<Environment, SettingsError> {
    let texts = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    texts.filter(|(name, _)| name.starts_with(PREFIX)).map(as_text).collect()
}

fn as_text((name, value): (String, OsString)) -> Result<(String, String), SettingsError> {
    match value.into_string() {
        Ok(value) => Ok((name, value)),
        Err(_) => Err(bad(&name, "a text in UTF-8 is expected")),
    }
}

/// `CM_BOT__JIRA__TOKEN` as `jira.token`. A list is written with commas.
pub(super) fn variables(environment: &Environment, known: &[String]) -> Result<Vec<Variable>, SettingsError> {
    let mut found = Vec::new();
    for (name, value) in environment {
        let Some(rest) = name.strip_prefix(PREFIX) else { continue };
        let key = rest.to_lowercase().replace("__", ".");
        if !known.contains(&key) {
            return Err(unknown(key, &format!("the environment ({name})"), known));
        }
        let value = if key.ends_with("webhook_secrets") {
            config::Value::from(value.split(',').map(str::to_owned).collect::<Vec<_>>())
        } else {
            config::Value::from(value.clone())
        };
        found.push(Variable { name: name.clone(), key, value });
    }
    Ok(found)
}
