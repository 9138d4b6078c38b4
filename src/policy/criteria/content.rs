//! Terms about what a change contains: control files, what nobody can read, version numbers.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::policy::paths::PathPatterns;

/// Terms of the rule `control_paths`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlPaths {
    /// What builds, checks and guards the code.
    pub paths: PathPatterns,
}

/// Terms of the rule `opaque_changes`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpaqueChanges {
    /// Kinds that may pass like any other change.
    pub allowed: BTreeSet<OpaqueKind>,
}

/// A change that nobody can read line by line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpaqueKind {
    /// Another repository's commit.
    Submodule,
    /// A link to another path.
    Symlink,
    /// A file became executable, or is no longer.
    Executable,
    /// The number of a large file that lives elsewhere (Git LFS).
    LargeFile,
    /// Packed files or a compiled program, by its name.
    Archive,
}

/// Terms of the rule `hidden_characters`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HiddenCharacterTerms {
    /// What is done about them.
    pub mode: HiddenCharacters,
}

/// What is done about characters that turn the direction of text around.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HiddenCharacters {
    /// Nothing; reviewers look for themselves.
    #[default]
    Off,
    /// A human looks.
    Hold,
}

/// Terms of the rule `version_bump`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VersionBump {
    /// Paths of manifests in which the version may change without review.
    pub manifests: BTreeSet<String>,
    /// Paths of change logs that may change with them. Criteria that say nothing allow none.
    #[serde(default)]
    pub companions: BTreeSet<String>,
}

impl VersionBump {
    /// Whether these files are worth a look: manifests and their companions only, and at least one manifest.
    #[must_use]
    pub fn covers<'a>(&self, paths: impl Iterator<Item = &'a str> + Clone) -> bool {
        let known = |path: &str| self.manifests.contains(path) || self.companions.contains(path);
        paths.clone().all(known) && paths.clone().any(|path| self.manifests.contains(path))
    }
}
