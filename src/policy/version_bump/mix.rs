//! `mix.exs`, without running it: `version: "1.2.3",` at the top of `def project do`, or `@version "1.2.3"` used there.
//!
//! The file is a program, so only the shape that `mix new` writes is known: plain keys before the version, nothing that
//! opens a bracket. `@version` may be used for nothing else but the link to the source, or it could choose a
//! dependency.

use std::ops::Range;

use serde_json::Value;

use super::reading::{Reading, Side};
use super::text;

/// Lines that may use `@version`, with or without a comma at the end.
const USES: &[&str] = &["version: @version", "source_ref: @version", "source_ref: \"v#{@version}\""];

/// Words with which the file could ask for its own version.
const ASKS: &[&str] = &[":version", "project()", "Mix.Project."];

/// Reads a `mix.exs`.
pub(super) fn read(side: &Side<'_>) -> Result<Reading, String> {
    if let Some(asks) = ASKS.iter().find(|asks| side.text.contains(**asks)) {
        return Err(format!("it may use its own version elsewhere, with `{}`", asks.trim_end_matches('.')));
    }
    let lines: Vec<&str> = side.text.lines().map(str::trim).collect();
    let index = only(&lines, "version:")?;
    let (above, line) = (lines.get(..index).unwrap_or_default(), lines.get(index).copied().unwrap_or_default());
    if !begins_project(above) {
        return Err("its version does not stand at the top of `def project do`".into());
    }
    let version = match line {
        "version: @version," => attribute(&lines)?,
        line => line.strip_prefix("version: \"").and_then(|rest| rest.strip_suffix("\",")),
    };
    let plain = |version: &&str| version.chars().all(|char| char.is_ascii_alphanumeric() || ".+-".contains(char));
    let place: Option<Range<usize>> = version.filter(plain).and_then(|version| text::place(side.text, version));
    Reading::found(vec![place.ok_or("its version is not written plainly")?], Value::Null)
}

/// The one line that begins so.
fn only(lines: &[&str], start: &str) -> Result<usize, String> {
    let mut found = lines.iter().enumerate().filter(|(_, line)| line.starts_with(start));
    match (found.next(), found.next()) {
        (Some((index, _)), None) => Ok(index),
        (Some(_), Some(_)) => Err(format!("more than one line begins with `{start}`")),
        (None, _) => Err(format!("no line begins with `{start}`")),
    }
}

/// The version in `@version "1.2.3"`.
fn attribute<'a>(lines: &[&'a str]) -> Result<Option<&'a str>, String> {
    let index = only(lines, "@version ")?;
    let mut others = lines.iter().enumerate().filter(|(other, line)| *other != index && line.contains("@version"));
    if others.any(|(_, line)| !USES.contains(&line.strip_suffix(',').unwrap_or(line))) {
        return Err("it uses `@version` for something else too".into());
    }
    let line = lines.get(index).and_then(|line| line.strip_prefix("@version \""));
    Ok(line.and_then(|rest| rest.strip_suffix('"')))
}

/// Whether these lines end with the beginning of the project's list.
fn begins_project(above: &[&str]) -> bool {
    let plain = |line: &&&str| {
        line.is_empty()
            || line.starts_with('#')
            || (line.ends_with(',') && !line.contains(['[', ']', '{', '}', '(', ')']))
    };
    let rest = above.len() - above.iter().rev().take_while(plain).count();
    above.get(..rest).unwrap_or_default().ends_with(&["def project do", "["])
}
