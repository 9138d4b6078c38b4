//! Which of two versions is newer. What cannot be ordered proves nothing.

use std::cmp::Ordering;

use super::VersionChange;
use super::text::short;

/// No version is longer; people must be able to read it.
const LONGEST: usize = 60;

/// How the second version stands to the first; the error is the text that is no version.
pub(super) type Order = fn(&str, &str) -> Result<Ordering, String>;

/// A version must grow.
pub(super) fn grows(order: Order, change: &VersionChange) -> Result<(), String> {
    let VersionChange { path, old, new } = change;
    if let Some(long) = [old, new].into_iter().find(|version| version.len() > LONGEST) {
        return Err(format!("{path}: `{}` is no version number", short(long)));
    }
    match order(old, new) {
        Ok(Ordering::Greater) => Ok(()),
        Ok(Ordering::Equal | Ordering::Less) => {
            Err(format!("{path} goes from version {old} to {new}, which is not newer"))
        }
        Err(odd) => Err(format!("{path}: `{}` is no version number", short(&odd))),
    }
}

/// Semantic versions. What stands after `+` makes nothing newer.
pub(super) fn semver(old: &str, new: &str) -> Result<Ordering, String> {
    let parse = |text: &str| semver::Version::parse(text).map_err(|_| text.to_owned());
    let (old, new) = (parse(old)?, parse(new)?);
    Ok(new.cmp_precedence(&old))
}

/// Python's versions as PEP 440 writes them, with at most one qualifier: `1.2`, `1.2rc1`, `1.2.dev3`, `1.2.post1`.
pub(super) fn python(old: &str, new: &str) -> Result<Ordering, String> {
    ordered(Dotted::python, old, new)
}

/// Versions of Maven and Gradle with at most one qualifier: `1.2`, `1.2-SNAPSHOT`, `1.2-RC1`, `1.2-beta-2`.
pub(super) fn jvm(old: &str, new: &str) -> Result<Ordering, String> {
    ordered(Dotted::jvm, old, new)
}

fn ordered(parse: fn(&str) -> Option<Dotted>, old: &str, new: &str) -> Result<Ordering, String> {
    let old = parse(old).ok_or_else(|| old.to_owned())?;
    let new = parse(new).ok_or_else(|| new.to_owned())?;
    Ok(new.cmp(&old))
}

/// Numbers with dots between, and a stage on the way to the release of this number.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Dotted {
    /// Without zeros at the end: 1.0 is 1.
    release: Vec<u64>,
    stage: Stage,
    count: u64,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Development,
    Alpha,
    Beta,
    Milestone,
    Candidate,
    Snapshot,
    Release,
    Post,
}

impl Dotted {
    fn python(text: &str) -> Option<Dotted> {
        let (numbers, qualifier) = split(text);
        match numbers.strip_suffix('.') {
            Some(numbers) => Dotted::of(numbers, qualifier, Stage::python_after_dot),
            None => Dotted::of(numbers, qualifier, Stage::python),
        }
    }

    fn jvm(text: &str) -> Option<Dotted> {
        let (numbers, qualifier) = split(text);
        let qualifier = match qualifier.strip_prefix('-') {
            Some("") => return None,
            Some(words) => words.to_ascii_lowercase(),
            None if qualifier.is_empty() => String::new(),
            None => return None,
        };
        Dotted::of(numbers, &qualifier, Stage::jvm)
    }

    /// `stage` knows the word of a qualifier; its number follows, at once or after a `-`.
    fn of(numbers: &str, qualifier: &str, stage: fn(&str) -> Option<Stage>) -> Option<Dotted> {
        let mut release = numbers.split('.').map(number).collect::<Option<Vec<u64>>>()?;
        while release.last() == Some(&0) {
            release.pop();
        }
        let word = qualifier.trim_end_matches(|char: char| char.is_ascii_digit());
        if word.is_empty() && !qualifier.is_empty() {
            return None;
        }
        let count = match qualifier.strip_prefix(word)? {
            "" => 0,
            digits => number(digits)?,
        };
        Some(Dotted { release, stage: stage(word)?, count })
    }
}

impl Stage {
    fn python(word: &str) -> Option<Stage> {
        match word {
            "" => Some(Stage::Release),
            "a" => Some(Stage::Alpha),
            "b" => Some(Stage::Beta),
            "rc" => Some(Stage::Candidate),
            _ => None,
        }
    }

    fn python_after_dot(word: &str) -> Option<Stage> {
        match word {
            "dev" => Some(Stage::Development),
            "post" => Some(Stage::Post),
            _ => None,
        }
    }

    fn jvm(word: &str) -> Option<Stage> {
        match word {
            "" => Some(Stage::Release),
            "alpha" | "alpha-" => Some(Stage::Alpha),
            "beta" | "beta-" => Some(Stage::Beta),
            "m" | "m-" | "milestone-" => Some(Stage::Milestone),
            "rc" | "rc-" => Some(Stage::Candidate),
            "snapshot" => Some(Stage::Snapshot),
            _ => None,
        }
    }
}

/// The numbers with their dots, and what follows.
fn split(text: &str) -> (&str, &str) {
    let end = text.find(|char: char| !char.is_ascii_digit() && char != '.').unwrap_or(text.len());
    text.split_at(end)
}

/// A number; what comes here was cut at the first character that is no digit.
fn number(digits: &str) -> Option<u64> {
    digits.parse().ok()
}
