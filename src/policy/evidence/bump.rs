//! Whether a commit changes a version number and nothing else, proven from the files themselves.

use super::Case;
use super::diff::{Change, changes};
use crate::model::{Commit, Content, Mode, TreeEntry};
use crate::policy::criteria::VersionBump;
use crate::policy::facts::Gap;
use crate::policy::version_bump::{ChangedFile, version_changes};

/// What a look at a commit's files says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Bump {
    /// Only version numbers change; which.
    Proven(String),
    /// Only manifests change, but not only their version; what else.
    Refused(String),
    /// It changes nothing at all.
    Nothing,
    /// It changes other files.
    NotManifests,
}

/// Looks at what a commit changes.
///
/// # Errors
/// With the gap when its files cannot be read.
pub(super) fn bump(commit: &Commit, case: &Case<'_>) -> Result<Bump, Gap> {
    let [parent] = commit.parents.as_slice() else { return Ok(Bump::NotManifests) };
    let before = case.tree(parent)?;
    if before == &commit.tree {
        return Ok(Bump::Nothing);
    }
    let terms = &case.criteria.terms.version_bump;
    let changes = changes(before, &commit.tree, case.look, &|folder| has_any(terms, folder))?;
    if !terms.covers(changes.iter().map(|change| change.path.as_str())) {
        return Ok(Bump::NotManifests);
    }
    let files: Vec<Result<ChangedFile<'_>, Unread>> = changes.iter().map(|change| in_place(change, case)).collect();
    match files.into_iter().collect::<Result<Vec<ChangedFile<'_>>, Unread>>() {
        Err(Unread::Gap(gap)) => Err(gap),
        Err(Unread::Because(why)) => Ok(Bump::Refused(why)),
        Ok(files) => Ok(match version_changes(&files, &terms.companions) {
            Ok(versions) => Bump::Proven(versions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
            Err(why) => Bump::Refused(why),
        }),
    }
}

/// Whether a folder holds one of the files that may change.
fn has_any(terms: &VersionBump, folder: &str) -> bool {
    let is_in = |path: &String| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    folder.is_empty() || terms.manifests.iter().chain(&terms.companions).any(is_in)
}

/// Why a file cannot be compared.
enum Unread {
    /// It could not be read.
    Gap(Gap),
    /// It is not of a kind that could be compared. A clause.
    Because(String),
}

/// Only what was changed in place can be compared. A renamed file would hide that another one is gone.
fn in_place<'a>(change: &'a Change, case: &Case<'a>) -> Result<ChangedFile<'a>, Unread> {
    let path = &change.path;
    let (Some(before), Some(after)) = (plain(change.before.as_ref()), plain(change.after.as_ref())) else {
        return Err(Unread::Because(format!("{path} is not a plain file that was changed in place")));
    };
    // Both are asked for before any gap ends the attempt.
    match (case.look.content(&before.id), case.look.content(&after.id)) {
        (Ok(Content::Text(before)), Ok(Content::Text(after))) => Ok(ChangedFile { path, before, after }),
        (Err(gap), _) | (_, Err(gap)) => Err(Unread::Gap(gap)),
        (Ok(_), Ok(_)) => Err(Unread::Because(format!("{path} is no text that can be read whole"))),
    }
}

fn plain(entry: Option<&TreeEntry>) -> Option<&TreeEntry> {
    entry.filter(|entry| entry.mode == Mode::FILE)
}
