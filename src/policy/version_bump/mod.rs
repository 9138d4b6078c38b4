//! What a change of a manifest proves: that its own version grew, and that not one other byte changed.
//!
//! Every family of manifests is read twice over. A strict parser finds the places where the version of the package
//! itself stands, and names the rest, so that a refusal can say what else changed. Then the bytes decide: outside these
//! places both texts must be equal. Two tools that read a file differently (a key that stands twice, an anchor, a
//! comment that is none) can therefore never be told anything that they were not told before. The price is that a file
//! which was also laid out anew needs a review.
//!
//! Where a version is also used as something else's version (a dependency at `${project.version}`, the `appVersion` of
//! a chart), equal bytes are not enough, and the family refuses it. What a build script in another file makes of a
//! version cannot be seen from here. [`FAMILIES`] is the one table.

mod cargo_lock;
mod cargo_toml;
mod chart;
mod gradle;
mod mix;
mod npm;
mod number;
mod pom;
mod pyproject;
mod reading;
mod text;
mod toml_text;
mod version_file;

use std::collections::BTreeSet;
use std::fmt;

use crate::model::shortened;
use reading::{Family, Reading, Side};

/// Every file name that can be proven.
const FAMILIES: &[Family] = &[
    Family { file: "package.json", beside: None, read: npm::manifest, order: number::semver },
    Family { file: "package-lock.json", beside: Some("package.json"), read: npm::lock, order: number::semver },
    Family { file: "npm-shrinkwrap.json", beside: Some("package.json"), read: npm::lock, order: number::semver },
    Family { file: "Cargo.toml", beside: None, read: cargo_toml::read, order: number::semver },
    Family { file: "Cargo.lock", beside: Some("Cargo.toml"), read: cargo_lock::read, order: number::semver },
    Family { file: "pyproject.toml", beside: None, read: pyproject::read, order: number::python },
    Family { file: "pom.xml", beside: None, read: pom::read, order: number::jvm },
    Family { file: "VERSION", beside: None, read: version_file::read, order: number::semver },
    Family { file: chart::FILE, beside: None, read: chart::read, order: number::semver },
    Family { file: "gradle.properties", beside: None, read: gradle::read, order: number::jvm },
    Family { file: "mix.exs", beside: None, read: mix::read, order: number::semver },
];

/// A file that a commit changes in place: its texts on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangedFile<'a> {
    /// Where, in the repository.
    pub path: &'a str,
    /// Before the commit.
    pub before: &'a str,
    /// After it.
    pub after: &'a str,
}

/// The files of the same commit, by path: a lock file is understood with the manifest beside it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Siblings<'a>(&'a [ChangedFile<'a>]);

impl<'a> Siblings<'a> {
    /// All files of a commit; the file in question may be among them.
    #[must_use]
    pub fn of(files: &'a [ChangedFile<'a>]) -> Siblings<'a> {
        Siblings(files)
    }

    fn get(&self, path: &str) -> Option<&'a ChangedFile<'a>> {
        self.0.iter().find(|file| file.path == path)
    }
}

/// A version that grew. As text: `package.json 1.4.2 to 1.4.3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionChange {
    /// The manifest, as a path in the repository.
    pub path: String,
    /// The version before.
    pub old: String,
    /// The version after.
    pub new: String,
}

impl fmt::Display for VersionChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} to {}", self.path, self.old, self.new)
    }
}

/// Whether the name of a file is that of a manifest that can be proven.
#[must_use]
pub fn is_manifest(path: &str) -> bool {
    family(path).is_some()
}

/// The file names of all manifests that can be proven, as a list in words.
#[must_use]
pub fn manifest_names() -> String {
    FAMILIES.iter().map(|family| family.file).collect::<Vec<_>>().join(", ")
}

/// Whether a path is that of a change log: by its name, and words rather than something that runs.
#[must_use]
pub fn is_change_log(path: &str) -> bool {
    let name = file_name(path).to_ascii_lowercase();
    let (stem, extension) = name.split_once('.').unwrap_or((&name, "md"));
    matches!(stem, "changelog" | "changes" | "history" | "news" | "releases" | "release_notes" | "release-notes")
        && matches!(extension, "md" | "txt" | "rst" | "adoc")
}

/// What a whole commit proves: every manifest in it, beside change logs that may change freely.
///
/// # Errors
/// In words, a clause that begins with the path: what else changes, or that only `companions` change.
pub fn version_changes(files: &[ChangedFile<'_>], companions: &BTreeSet<String>) -> Result<Vec<VersionChange>, String> {
    let (beside, manifests): (Vec<ChangedFile<'_>>, Vec<ChangedFile<'_>>) =
        files.iter().partition(|file| companions.contains(file.path));
    if let (Some(first), []) = (beside.first(), manifests.as_slice()) {
        return Err(format!("{} changes without a manifest whose version grows", first.path));
    }
    let siblings = Siblings::of(&manifests);
    manifests.iter().map(|file| version_change(file.path, file.before, file.after, &siblings)).collect()
}

/// What one manifest's change proves: the versions.
///
/// # Errors
/// In words, a clause that begins with the path: what else changes, or why nothing is proven.
pub fn version_change(path: &str, before: &str, after: &str, siblings: &Siblings<'_>) -> Result<VersionChange, String> {
    let family = family(path).ok_or_else(|| format!("{path} is no manifest that cm-bot can read"))?;
    let Some(name) = family.beside else {
        return prove(family, path, [Side::alone(before), Side::alone(after)], siblings);
    };
    let manifest = siblings
        .get(&beside(path, name))
        .ok_or_else(|| format!("{path} changes without {name} beside it in the same commit"))?;
    let whole = version_change(manifest.path, manifest.before, manifest.after, siblings)?;
    let sides = [Side { text: before, manifest: manifest.before }, Side { text: after, manifest: manifest.after }];
    let change = prove(family, path, sides, siblings)?;
    if (&change.old, &change.new) == (&whole.old, &whole.new) {
        Ok(change)
    } else {
        let (old, new) = (&change.old, &change.new);
        Err(format!("{path} goes from version {old} to {new}, but {} from {} to {}", whole.path, whole.old, whole.new))
    }
}

fn prove(
    family: &Family,
    path: &str,
    [before, after]: [Side<'_>; 2],
    siblings: &Siblings<'_>,
) -> Result<VersionChange, String> {
    let read = |side| Reading::of(family, side).map_err(|why| format!("{path} cannot be read strictly ({why})"));
    let (old, new) = (read(&before)?, read(&after)?);
    if let Some(what) = reading::difference(&old.rest, &new.rest) {
        return Err(format!("{path} also changes `{}`", shortened(&what, 120)));
    }
    if let Some(place) = text::difference((before.text, &old.places()), (after.text, &new.places())) {
        return Err(format!("{path} also changes {place}"));
    }
    let version =
        |side: &Side<'_>, reading: &Reading| reading.version(side.text).map_err(|why| format!("{path} {why}"));
    let change = VersionChange { path: path.to_owned(), old: version(&before, &old)?, new: version(&after, &new)? };
    number::grows(family.order, &change)?;
    let app = |side: &Side<'_>, reading: &Reading| reading.app(side.text).map(str::to_owned);
    if let (Some(old), Some(new)) = (app(&before, &old), app(&after, &new)) {
        chart::app_version(path, (&old, &new), siblings)?;
    }
    Ok(change)
}

fn family(path: &str) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.file == file_name(path))
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The path of a file in the same folder.
fn beside(path: &str, name: &str) -> String {
    match path.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{name}"),
        None => name.to_owned(),
    }
}
