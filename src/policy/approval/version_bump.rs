//! A commit that changes a version number and nothing else needs no review (policy: peer review, version bumps).
//!
//! It is proven from the parsed content of the files on both sides. Who made the commit and what its message says do
//! not matter: anybody can write "Bump version" over a new install script.

use super::proof::{Proof, Verdict, author, proofs};
use crate::model::{Commit, Text, plural};
use crate::policy::criteria::{Criteria, VersionBump};
use crate::policy::decision::{Finding, Todo};
use crate::policy::facts::{Facts, FileChange, FileChangeKind};
use crate::policy::strict_json;

/// What a look at a commit's files says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Bump {
    /// Only version numbers change; which.
    Proven(String),
    /// Only manifests change, but not only their version; what else.
    Refused(String),
    /// It changes other files.
    NotManifests,
}

/// Does every commit that passes without review change a version number and nothing else?
#[must_use]
pub fn check(facts: &Facts, criteria: &Criteria) -> Finding {
    let Ok(proofs) = proofs(facts, criteria) else {
        return Finding::not_applicable("no commit asks to pass without review");
    };
    let bumps = proofs.iter().filter(|proof| matches!(proof.verdict, Verdict::VersionBump(_))).count();
    let refused: Vec<(&Proof<'_>, &str)> = proofs.iter().filter_map(refusal).collect();
    match (bumps, refused.as_slice()) {
        (0, []) => Finding::not_applicable("no commit asks to pass without review"),
        (bumps, []) => Finding::met(format!("{} changed only a version number", plural(bumps, "commit"))),
        (_, refused) => not_only_a_version(refused, facts),
    }
}

fn refusal<'a>(proof: &'a Proof<'a>) -> Option<(&'a Proof<'a>, &'a str)> {
    match &proof.verdict {
        Verdict::NoVersionBump(why) => Some((proof, why)),
        Verdict::Reviewed(_)
        | Verdict::MergedByGithub
        | Verdict::VersionBump(_)
        | Verdict::Lacking(_)
        | Verdict::Unclear(_) => None,
    }
}

fn not_only_a_version(refused: &[(&Proof<'_>, &str)], facts: &Facts) -> Finding {
    let headline = match refused.len() {
        1 => "A commit without review changes more than a version number.".to_owned(),
        many => format!("{many} commits without review change more than a version number."),
    };
    let details = refused.iter().map(|(proof, why)| {
        let sha = &proof.commit.sha;
        Text::new()
            .link(sha.short(), format!("{}/commit/{sha}", facts.repository_url))
            .words(format!(" by {}: ", author(proof.commit)))
            .quoted(why)
            .words(".")
    });
    let todo = match refused.iter().find_map(|(proof, _)| proof.pull_request) {
        Some(pull_request) => Todo::fix(format!(
            "have pull request {} approved at its last commit by somebody who did not work on it.",
            pull_request.number
        )),
        None => Todo::fix(
            "merge it through a pull request that somebody else approves; an approver can also decide by hand.",
        ),
    };
    Finding::not_met(format!("{} changed more", plural(refused.len(), "commit")), headline, todo)
        .about(details.collect())
}

/// Looks at what a commit changes.
pub(super) fn bump(commit: &Commit, changes: &[FileChange], terms: &VersionBump) -> Bump {
    let only_manifests = !changes.is_empty() && changes.iter().all(|change| terms.manifests.contains(&change.path));
    if commit.parents.len() != 1 || !only_manifests {
        return Bump::NotManifests;
    }
    let results: Result<Vec<String>, String> = changes.iter().map(version_change).collect();
    match results {
        Ok(versions) => Bump::Proven(versions.join(", ")),
        Err(why) => Bump::Refused(why),
    }
}

/// The version change of one manifest in words, or what else it changes.
fn version_change(change: &FileChange) -> Result<String, String> {
    let path = &change.path;
    let FileChangeKind::Content { before, after } = &change.kind else {
        return Err(format!("{path} is not a plain file that was changed in place"));
    };
    let read = |text: &str| Manifest::read(path, text).map_err(|why| format!("{path} cannot be read strictly ({why})"));
    let (before, after) = (read(before)?, read(after)?);
    if let Some(key) = first_difference(&before.rest, &after.rest) {
        return Err(format!("{path} also changes `{key}`"));
    }
    let parse = |text: &str| semver::Version::parse(text).map_err(|_| format!("{path}: `{text}` is no version number"));
    let (old, new) = (parse(&before.version)?, parse(&after.version)?);
    if new > old {
        Ok(format!("{path} {old} to {new}"))
    } else {
        Err(format!("{path} goes from version {old} to {new}, which is not newer"))
    }
}

/// A manifest taken apart: its version, and all the rest.
struct Manifest {
    version: String,
    rest: serde_json::Value,
}

impl Manifest {
    fn read(path: &str, text: &str) -> Result<Manifest, String> {
        let is_toml = path.rsplit('.').next() == Some("toml");
        let mut rest = if is_toml { read_toml(text)? } else { strict_json::parse(text)? };
        let place = if is_toml { rest.get_mut("package").ok_or("there is no [package]")? } else { &mut rest };
        let object = place.as_object_mut().ok_or("it is no object")?;
        match object.remove("version") {
            Some(serde_json::Value::String(version)) => Ok(Manifest { version, rest }),
            Some(_) | None => Err("it has no version as text".into()),
        }
    }
}

/// TOML as the same kind of value as JSON; the parser itself refuses duplicate keys.
fn read_toml(text: &str) -> Result<serde_json::Value, String> {
    let table: toml::Table = text.parse().map_err(|_| "it is no TOML".to_owned())?;
    serde_json::to_value(table).map_err(|_| "it holds a value that cannot be compared".into())
}

/// The path of the first place in which two documents differ.
fn first_difference(one: &serde_json::Value, other: &serde_json::Value) -> Option<String> {
    use serde_json::Value::Object;
    match (one, other) {
        (Object(one), Object(other)) => {
            let keys = one.keys().chain(other.keys().filter(|key| !one.contains_key(*key)));
            for key in keys {
                let (Some(left), Some(right)) = (one.get(key), other.get(key)) else { return Some(key.clone()) };
                if let Some(inner) = first_difference(left, right) {
                    return Some(if inner.is_empty() { key.clone() } else { format!("{key}.{inner}") });
                }
            }
            None
        }
        (one, other) if one == other => None,
        _ => Some(String::new()),
    }
}
