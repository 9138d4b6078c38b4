//! `pyproject.toml`: `project.version`, or `tool.poetry.version`; where both stand, they must agree.

use super::reading::{Reading, Side};
use super::toml_text;

/// Reads a `pyproject.toml`.
pub(super) fn read(side: &Side<'_>) -> Result<Reading, String> {
    toml_text::read(side.text, &[&["project", "version"], &["tool", "poetry", "version"]])
}
