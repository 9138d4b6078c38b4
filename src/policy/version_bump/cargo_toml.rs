//! `Cargo.toml`: `package.version`, and `workspace.package.version`, which its members inherit.

use super::reading::{Reading, Side};
use super::toml_text;

/// Where the version stands.
const VERSION: &[&str] = &["package", "version"];
/// Where it stands for all members of a workspace.
pub(super) const SHARED_VERSION: &[&str] = &["workspace", "package", "version"];

/// Reads a `Cargo.toml`.
pub(super) fn read(side: &Side<'_>) -> Result<Reading, String> {
    toml_text::read(side.text, &[VERSION, SHARED_VERSION])
}
