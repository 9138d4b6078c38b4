//! A change that nobody can read line by line waits for a human (policy: peer review, opaque changes).
//!
//! The pointer to a submodule or a large file stands for content that no reviewer of the pull request has seen, a link
//! makes one path into another, and a file that becomes executable changes without a changed line.

use std::collections::HashMap;

use globset::{Glob, GlobMatcher};

use crate::model::{Content, Mode, ObjectId, Text, TreeEntry, plural, shortened};
use crate::policy::criteria::{Criteria, OpaqueKind};
use crate::policy::decision::{Finding, Todo};
use crate::policy::evidence::Case;
use crate::policy::evidence::diff::Change;
use crate::policy::evidence::look::Look;
use crate::policy::evidence::overview::net_changes;
use crate::policy::facts::{Facts, Gap, GapReason, Source};

/// At most this many changes are named one by one.
const MOST_NAMED: usize = 5;

/// Can every change be read line by line?
#[must_use]
pub fn check(facts: &Facts, criteria: &Criteria) -> Finding {
    if matches!(facts.baseline.known(), Ok(None)) {
        return Finding::not_applicable("no earlier approval to compare with");
    }
    let look = Look::into(&facts.objects);
    let found = match Case::of(facts, criteria, &look).and_then(|case| opaque(&case)) {
        Ok(found) => found,
        Err(gap) => return Finding::unknown(&gap),
    };
    if found.is_empty() {
        return Finding::met("none");
    }
    let mut details: Vec<Text> = found.iter().take(MOST_NAMED).map(|one| one.as_str().into()).collect();
    if found.len() > MOST_NAMED {
        details.push(format!("And {} more.", found.len() - MOST_NAMED).into());
    }
    Finding::not_met(
        plural(found.len(), "opaque change"),
        "The change holds something that nobody can read line by line.",
        Todo::decide("find out what stands behind it, then approve or decline the ticket."),
    )
    .about(details)
}

/// Every change that cannot be read and that the criteria do not allow, as a sentence.
///
/// # Errors
/// With the gap when the files cannot be read.
pub(in crate::policy) fn opaque(case: &Case<'_>) -> Result<Vec<String>, Gap> {
    let changes = net_changes(case)?;
    let allowed = &case.criteria.terms.opaque_changes.allowed;
    let mut attributes = Attributes { case, rules: HashMap::new() };
    let mut found = Vec::new();
    for change in &changes {
        let kind = match kind(change) {
            Some(kind) => Some(kind),
            None if allowed.contains(&OpaqueKind::LargeFile) || change.after.is_none() => None,
            None => attributes.is_large(&change.path)?.then_some(OpaqueKind::LargeFile),
        };
        if let Some(kind) = kind.filter(|kind| !allowed.contains(kind)) {
            found.push(sentence(change, kind));
        }
    }
    Ok(found)
}

fn kind(change: &Change) -> Option<OpaqueKind> {
    let mode = |entry: &Option<TreeEntry>| entry.as_ref().map(|entry| entry.mode);
    let (before, after) = (mode(&change.before), mode(&change.after));
    let either = |mode| before == Some(mode) || after == Some(mode);
    let odd = |mode: Option<Mode>| mode.is_some_and(|mode| !mode.is_file());
    if either(Mode::SUBMODULE) {
        Some(OpaqueKind::Submodule)
    } else if either(Mode::SYMLINK) {
        Some(OpaqueKind::Symlink)
    } else if odd(after) || (before.is_some() && after.is_some() && before != after) {
        Some(OpaqueKind::Executable)
    } else {
        None
    }
}

fn sentence(change: &Change, kind: OpaqueKind) -> String {
    let path = shortened(&change.path, 200);
    let short = |entry: &Option<TreeEntry>| {
        entry.as_ref().map_or("nothing", |entry| entry.id.as_str().get(..7).unwrap_or_default()).to_owned()
    };
    match kind {
        OpaqueKind::Submodule => {
            format!("{path} is a submodule, from {} to {}.", short(&change.before), short(&change.after))
        }
        OpaqueKind::Symlink if change.after.is_none() => format!("{path} was a symbolic link and is gone."),
        OpaqueKind::Symlink => format!("{path} is or was a symbolic link."),
        OpaqueKind::Executable => match change.after.as_ref().map(|entry| entry.mode) {
            Some(Mode::EXECUTABLE) => format!("{path} became executable."),
            Some(Mode::FILE) => format!("{path} is no longer executable."),
            mode => format!("{path} has the unusual mode {:o}.", mode.map_or(0, |mode| mode.0)),
        },
        OpaqueKind::LargeFile => format!("{path} is the pointer to a large file that lives elsewhere (Git LFS)."),
    }
}

/// The `.gitattributes` of the commit, folder by folder, as far as they speak of large files.
struct Attributes<'a, 'b> {
    case: &'b Case<'a>,
    rules: HashMap<ObjectId, Vec<Rule>>,
}

/// One line: paths that it matches are large files, or are not.
struct Rule {
    /// Nothing when the pattern could not be understood; then it matches everything.
    paths: Option<GlobMatcher>,
    large: bool,
}

impl Attributes<'_, '_> {
    /// Whether the last matching line on the way to `path` makes it a large file.
    fn is_large(&mut self, path: &str) -> Result<bool, Gap> {
        let mut tree = self.case.tree(&self.case.head)?.clone();
        let mut rest = path;
        let mut large = false;
        loop {
            let entries = &self.case.look.tree(&tree)?.entries;
            if let Some(file) = entries.get(".gitattributes").filter(|file| file.mode.is_file()) {
                let rules = self.read(&file.id)?;
                let matching =
                    rules.iter().rev().find(|rule| rule.paths.as_ref().is_none_or(|glob| glob.is_match(rest)));
                large = matching.map_or(large, |rule| rule.large);
            }
            let Some((folder, below)) = rest.split_once('/') else { return Ok(large) };
            let Some(next) = entries.get(folder).filter(|entry| entry.is_folder()) else { return Ok(large) };
            (tree, rest) = (next.id.clone(), below);
        }
    }

    fn read(&mut self, id: &ObjectId) -> Result<&[Rule], Gap> {
        if !self.rules.contains_key(id) {
            let rules = match self.case.look.content(id)? {
                Content::Text(text) => parse(text),
                Content::Opaque => {
                    let what = "the attributes of the files".to_owned();
                    return Err(Gap { what, source: Source::Github, reason: GapReason::TooMuch });
                }
            };
            self.rules.insert(id.clone(), rules);
        }
        Ok(self.rules.get(id).map_or(&[], Vec::as_slice))
    }
}

/// Reads the lines that set or unset the filter `lfs`, directly or through a macro.
fn parse(text: &str) -> Vec<Rule> {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let macros: Vec<&str> = lines()
        .filter_map(|line| line.strip_prefix("[attr]"))
        .filter(|line| line.split_whitespace().any(|word| word == "filter=lfs"))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let rule = |line: &str| {
        let mut words = line.split_whitespace();
        let pattern = words.next()?;
        let large = words.filter_map(|word| sets_large(word, &macros)).next_back()?;
        Some(Rule { paths: matcher(pattern), large })
    };
    lines().filter(|line| !line.starts_with("[attr]")).filter_map(rule).collect()
}

fn sets_large(word: &str, macros: &[&str]) -> Option<bool> {
    match word {
        "filter=lfs" => Some(true),
        word if macros.contains(&word) => Some(true),
        "-filter" | "!filter" => Some(false),
        word if word.starts_with("filter=") => Some(false),
        _ => None,
    }
}

/// A pattern without a slash matches the name in any folder; one with a slash starts here.
fn matcher(pattern: &str) -> Option<GlobMatcher> {
    let glob = match pattern.trim_end_matches('/').contains('/') {
        true => pattern.trim_start_matches('/').to_owned(),
        false => format!("**/{pattern}"),
    };
    Glob::new(&glob).ok().map(|glob| glob.compile_matcher())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn large(text: &str, path: &str) -> bool {
        let rules = parse(text);
        let matching = rules.iter().rev().find(|rule| rule.paths.as_ref().is_none_or(|glob| glob.is_match(path)));
        matching.is_some_and(|rule| rule.large)
    }

    #[test]
    fn attributes_say_which_files_are_large() {
        assert!(large("*.bin filter=lfs diff=lfs merge=lfs -text\n", "models/a.bin"));
        assert!(!large("*.bin filter=lfs\n*.bin -filter\n", "a.bin"), "the last line wins");
        assert!(large("[attr]big filter=lfs -text\n/models/** big\n", "models/x/y.dat"));
        assert!(!large("/models/** filter=lfs\n", "src/models/y.dat"));
        assert!(large("a[ filter=lfs\n", "anything"), "a pattern that cannot be understood matches everything");
        assert!(!large("# *.rs filter=lfs\n*.rs text\n", "a.rs"));
        assert!(!large("#a[ filter=lfs\n", "anything"), "a remark is no pattern");
        assert!(!large("[attr]prose -diff\n*.md prose\n", "a.md"), "a macro that does not speak of large files");
        assert!(!large("*.bin filter=lfs\n*.bin filter=crypt\n", "a.bin"), "a file has one filter, the last");
    }
}
