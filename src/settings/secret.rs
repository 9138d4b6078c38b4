//! Secrets: given as a value or as a file.

use std::path::Path;

use secrecy::SecretString;

use super::SettingsError;

/// A text or a file with it; `None` when neither is set.
///
/// # Errors
/// When both are set, or the file cannot be read.
pub(super) fn one(key: &str, value: &str, file: &str) -> Result<Option<SecretString>, SettingsError> {
    match (value.is_empty(), file.is_empty()) {
        (true, true) => Ok(None),
        (false, true) => Ok(Some(value.into())),
        (true, false) => content(key, file).map(|text| Some(text.into())),
        (false, false) => Err(both(key)),
    }
}

/// A list of texts or a file with one a line.
///
/// # Errors
/// When both are set, or the file cannot be read.
pub(super) fn many(key: &str, values: &[String], file: &str) -> Result<Vec<SecretString>, SettingsError> {
    let to_secrets = |lines: &mut dyn Iterator<Item = &str>| -> Vec<SecretString> {
        lines.map(str::trim).filter(|line| !line.is_empty()).map(Into::into).collect()
    };
    match (values.is_empty(), file.is_empty()) {
        (_, true) => Ok(to_secrets(&mut values.iter().map(String::as_str))),
        (true, false) => content(key, file).map(|text| to_secrets(&mut text.lines())),
        (false, false) => Err(both(key)),
    }
}

fn both(key: &str) -> SettingsError {
    SettingsError::Bad { key: key.into(), why: format!("`{key}_file` is set too; set one of them") }
}

/// The content of a secret's file. Its path is not shown: whoever confuses the two keys has put the secret there.
fn content(key: &str, file: &str) -> Result<String, SettingsError> {
    read(Path::new(file)).map_err(|error| SettingsError::Bad {
        key: format!("{key}_file"),
        why: format!("the path of a file is expected that cm-bot can read ({error})"),
    })
}

/// The content of a file, without the line end that editors add.
pub(super) fn read(path: &Path) -> std::io::Result<String> {
    let text = std::fs::read_to_string(path)?;
    Ok(text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line)).to_owned())
}
