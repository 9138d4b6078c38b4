//! A change that nobody can read line by line waits for a human (policy: peer review, opaque changes).
//!
//! The pointer to a submodule or a large file stands for content that no reviewer of the pull request has seen, a link
//! makes one path into another, a file that becomes executable changes without a changed line, and what an archive or a
//! program holds is on no page.

use std::collections::HashMap;

use globset::{GlobBuilder, GlobMatcher};

use crate::model::{Content, Mode, ObjectId, Text, TreeEntry, plural, shortened};
use crate::policy::criteria::{Criteria, OpaqueKind};
use crate::policy::decision::{Finding, Todo};
use crate::policy::evidence::Case;
use crate::policy::evidence::diff::Change;
use crate::policy::evidence::look::Look;
use crate::policy::evidence::overview::net_changes;
use crate::policy::facts::{Facts, Gap, GapReason};

/// At most this many changes are named one by one.
const MOST_NAMED: usize = 5;

/// Ends of the names of archives and programs, in small letters. What hides behind another name is a file like any other.
const PACKED: [&str; 32] = [
    "7z", "a", "apk", "ar", "bz2", "class", "deb", "dll", "dylib", "ear", "egg", "exe", "gem", "gz", "jar", "lib",
    "msi", "node", "nupkg", "o", "pyc", "rar", "rpm", "so", "tar", "tgz", "war", "wasm", "whl", "xz", "zip", "zst",
];

/// Can every change be read line by line?
#[must_use]
pub fn check(facts: &Facts, criteria: &Criteria) -> Finding {
    if matches!(facts.baseline.known(), Ok(None)) {
        return Finding::not_applicable("no earlier approval to compare with");
    }
    let look = Look::into(facts);
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
    let mut attributes = Attributes { case, macros: None, rules: HashMap::new() };
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
    } else if after.is_some() && is_packed(&change.path) {
        Some(OpaqueKind::Archive)
    } else {
        None
    }
}

fn is_packed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    name.rsplit_once('.').is_some_and(|(stem, end)| !stem.is_empty() && PACKED.contains(&end))
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
        OpaqueKind::Archive => format!("{path} is an archive or a program, and no page shows what it holds."),
        OpaqueKind::LargeFile => format!("{path} is the pointer to a large file that lives elsewhere (Git LFS)."),
    }
}

/// The `.gitattributes` of the commit, folder by folder, as far as they speak of large files.
struct Attributes<'a, 'b> {
    case: &'b Case<'a>,
    /// The macros that make files large. Git takes them from the top folder alone, and they count in all folders.
    macros: Option<Vec<String>>,
    rules: HashMap<ObjectId, Vec<Rule>>,
}

/// One line: paths that it matches are large files, or are not.
struct Rule {
    /// Nothing when the pattern could not be understood; then it matches everything.
    paths: Option<GlobMatcher>,
    large: bool,
}

impl<'b> Attributes<'_, 'b> {
    /// Whether the last matching line on the way to `path` makes it a large file.
    fn is_large(&mut self, path: &str) -> Result<bool, Gap> {
        let mut tree = self.case.tree(&self.case.head)?.clone();
        if self.macros.is_none() {
            let top = self.case.look.tree(&tree)?.entries.get(FILE).filter(|file| file.mode.is_file());
            self.macros = Some(top.map_or(Ok(Vec::new()), |file| Ok(macros(self.text(&file.id)?, &[])))?);
        }
        let mut rest = path;
        let mut large = false;
        loop {
            let entries = &self.case.look.tree(&tree)?.entries;
            if let Some(file) = entries.get(FILE).filter(|file| file.mode.is_file()) {
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
            let rules = parse(self.text(id)?, self.macros.as_deref().unwrap_or_default());
            self.rules.insert(id.clone(), rules);
        }
        Ok(self.rules.get(id).map_or(&[], Vec::as_slice))
    }

    fn text(&self, id: &ObjectId) -> Result<&'b str, Gap> {
        match self.case.look.content(id)? {
            Content::Text(text) => Ok(text),
            Content::Opaque => {
                let what = "the attributes of the files".to_owned();
                Err(Gap { what, source: self.case.service.forge.into(), reason: GapReason::TooMuch })
            }
        }
    }
}

const FILE: &str = ".gitattributes";

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Macros that make a file large, besides those that are known: directly, or through one another.
fn macros(text: &str, known: &[String]) -> Vec<String> {
    let mut large = known.to_vec();
    loop {
        let defined = lines(text).filter_map(|line| line.strip_prefix("[attr]")).filter_map(|line| {
            let mut words = line.split_whitespace();
            let name = words.next().filter(|name| !large.iter().any(|known| known == name))?;
            words.any(|word| sets_large(word, &large) == Some(true)).then(|| name.to_owned())
        });
        let more: Vec<String> = defined.collect();
        if more.is_empty() {
            return large;
        }
        large.extend(more);
    }
}

/// Reads the lines that set or unset the filter `lfs`, directly or through a macro.
fn parse(text: &str, known: &[String]) -> Vec<Rule> {
    let macros = macros(text, known);
    let rule = |line: &str| {
        if line.starts_with('"') {
            return line.split_whitespace().any(|word| sets_large(word, &macros) == Some(true)).then_some(EVERYTHING);
        }
        let mut words = line.split_whitespace();
        let paths = matcher(words.next()?);
        let large = words.filter_map(|word| sets_large(word, &macros)).next_back()?;
        // What nobody can tell apart takes nothing away from the lines before it.
        (large || paths.is_some()).then_some(Rule { paths, large })
    };
    lines(text).filter(|line| !line.starts_with("[attr]")).filter_map(rule).collect()
}

/// A pattern in quotes holds blanks and signs in code; nobody reads it here.
const EVERYTHING: Rule = Rule { paths: None, large: true };

fn sets_large(word: &str, macros: &[String]) -> Option<bool> {
    match word {
        "filter=lfs" => Some(true),
        word if macros.iter().any(|known| known == word) => Some(true),
        "-filter" | "!filter" => Some(false),
        word if word.starts_with("filter=") => Some(false),
        _ => None,
    }
}

/// A pattern without a slash matches the name in any folder; one with a slash starts here. Nothing for one that Git reads in
/// another way than our patterns: classes with a name, as `git lfs track` writes them for a blank, and braces.
fn matcher(pattern: &str) -> Option<GlobMatcher> {
    if pattern.contains("[[:") || pattern.contains('{') {
        return None;
    }
    let glob = match pattern.trim_end_matches('/').contains('/') {
        true => pattern.trim_start_matches('/').to_owned(),
        false => format!("**/{pattern}"),
    };
    // As in Git, one star stays in its folder.
    GlobBuilder::new(&glob).literal_separator(true).build().ok().map(|glob| glob.compile_matcher())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn large(text: &str, path: &str) -> bool {
        large_below("", text, path)
    }

    /// With what the file of the top folder says.
    fn large_below(top: &str, text: &str, path: &str) -> bool {
        let rules = parse(text, &macros(top, &[]));
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
        assert!(large("*.bin filter=lfs\n/models/* -filter\n", "models/x/a.bin"), "a star stays in its folder");
        assert!(!large("*.bin filter=lfs\n/models/* -filter\n", "models/a.bin"));
        assert!(!large("#a[ filter=lfs\n", "anything"), "a remark is no pattern");
        assert!(!large("[attr]prose -diff\n*.md prose\n", "a.md"), "a macro that does not speak of large files");
        assert!(!large("*.bin filter=lfs\n*.bin filter=crypt\n", "a.bin"), "a file has one filter, the last");
    }
    #[test]
    fn macros_of_the_top_folder_count_in_all_folders() {
        let top = "[attr]big filter=lfs -text\n[attr]huge big\n[attr]prose -diff\n";
        assert!(large_below(top, "*.bin big\n", "a.bin"));
        assert!(large_below(top, "*.bin huge\n", "a.bin"), "a macro of a macro");
        assert!(!large_below(top, "*.bin -big\n", "a.bin"), "a macro counts where it is set");
        assert!(!large_below(top, "*.bin prose\n", "a.bin"));
        assert!(!large_below("", "*.bin big\n", "a.bin"), "a macro that nobody defined");
    }

    #[test]
    fn a_pattern_that_git_reads_in_another_way_matches_everything() {
        for pattern in ["\"a b/*\"", "\"a\\tb\"", "a[[:space:]]b/*", "{a}.bin"] {
            assert!(large(&format!("{pattern} filter=lfs diff=lfs\n"), "a b/c.dat"), "{pattern}");
            assert!(!large(&format!("{pattern} text\n"), "a b/c.dat"), "{pattern}");
            let later = format!("*.dat filter=lfs\n{pattern} -filter\n");
            assert!(large(&later, "a b/c.dat"), "{pattern} takes nothing away");
        }
        assert!(!large("*.dat filter=lfs\n*.dat -filter\n", "a b/c.dat"), "the twin that is understood");
    }
}
