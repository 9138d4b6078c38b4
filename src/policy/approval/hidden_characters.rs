//! Text that does not read as it runs waits for a human, where the criteria want that (policy: peer review, hidden characters).
//!
//! Characters that turn the direction of text around make code look like something else to whoever reviews it. They have
//! honest uses, in translations above all, so a company decides whether new ones are worth a look.

use crate::model::{Content, Text, TreeEntry, plural, shortened};
use crate::policy::criteria::{Criteria, HiddenCharacters};
use crate::policy::decision::{Finding, Todo};
use crate::policy::evidence::Case;
use crate::policy::evidence::diff::Change;
use crate::policy::evidence::look::Look;
use crate::policy::evidence::overview::net_changes;
use crate::policy::facts::{Facts, Gap, GapReason};

/// More changed files than this are not looked into.
const MOST_FILES: usize = 200;

/// At most this many files are named one by one.
const MOST_NAMED: usize = 5;

/// Does every changed text read as it runs?
#[must_use]
pub fn check(facts: &Facts, criteria: &Criteria) -> Finding {
    match criteria.terms.hidden_characters.mode {
        HiddenCharacters::Off => return Finding::not_applicable("the criteria do not ask for it"),
        HiddenCharacters::Hold => {}
    }
    if matches!(facts.baseline.known(), Ok(None)) {
        return Finding::not_applicable("no earlier approval to compare with");
    }
    let look = Look::into(facts);
    match Case::of(facts, criteria, &look).and_then(|case| hidden(&case)) {
        Err(gap) => Finding::unknown(&gap),
        Ok(found) if found.is_empty() => Finding::met("none"),
        Ok(found) => not_met(&found),
    }
}

fn not_met(found: &[String]) -> Finding {
    let mut details: Vec<Text> = found.iter().take(MOST_NAMED).map(|one| one.as_str().into()).collect();
    if found.len() > MOST_NAMED {
        details.push(format!("And {} more.", found.len() - MOST_NAMED).into());
    }
    Finding::not_met(
        plural(found.len(), "file"),
        "The change holds text that may not be what it looks like.",
        Todo::decide(
            "look at these files in an editor that shows such characters, then approve or decline the ticket.",
        ),
    )
    .about(details)
}

/// Every changed file with new hidden characters, or that could not be looked into, as a sentence. Nothing when the
/// criteria do not ask.
///
/// # Errors
/// With the gap when the files cannot be read.
pub(in crate::policy) fn hidden(case: &Case<'_>) -> Result<Vec<String>, Gap> {
    if case.criteria.terms.hidden_characters.mode == HiddenCharacters::Off {
        return Ok(Vec::new());
    }
    let changes = net_changes(case)?;
    if changes.len() > MOST_FILES {
        let what = "the content of the changed files".to_owned();
        return Err(Gap { what, source: case.service.forge.into(), reason: GapReason::TooMuch });
    }
    // All are asked for before any gap ends the attempt.
    let found: Vec<Result<Option<String>, Gap>> = changes.iter().map(|change| of_file(change, case.look)).collect();
    Ok(found.into_iter().collect::<Result<Vec<Option<String>>, Gap>>()?.into_iter().flatten().collect())
}

fn of_file(change: &Change, look: &Look<'_>) -> Result<Option<String>, Gap> {
    let content = |entry: Option<&TreeEntry>| {
        let file = entry.filter(|entry| entry.mode.is_file());
        file.map(|entry| look.content(&entry.id)).transpose()
    };
    let (before, after) = (content(change.before.as_ref()), content(change.after.as_ref()));
    let path = shortened(&change.path, 200);
    Ok(match (before?, after?) {
        (_, None) => None,
        (_, Some(Content::Opaque)) => Some(format!("{path} is no text that can be read whole.")),
        (Some(Content::Text(before)), Some(Content::Text(after))) => of_text(&path, before, after),
        (Some(Content::Opaque) | None, Some(Content::Text(after))) => of_text(&path, "", after),
    })
}

/// The first character of which there are more than before.
fn of_text(path: &str, before: &str, after: &str) -> Option<String> {
    let count = |text: &str, wanted: char| text.chars().filter(|one| *one == wanted).count();
    let new = after.chars().filter(|one| is_hidden(*one)).find(|one| count(after, *one) > count(before, *one))?;
    Some(format!("{path} holds the character U+{:04X}, which turns the direction of text around.", u32::from(new)))
}

fn is_hidden(one: char) -> bool {
    matches!(one, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
