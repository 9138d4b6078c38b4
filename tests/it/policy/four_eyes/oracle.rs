//! Whether every commit had four eyes, said by somebody who was there and saw everything. Shares no code with the product.

use std::collections::BTreeSet;

use super::history::{History, Opinion, Pull, Says, Who};

/// Those in the people file.
const KNOWN: std::ops::Range<Who> = 0..4;

/// The first commit on the release branch that carries somebody's work that nobody else has looked at and approved.
pub fn unreviewed(history: &History) -> Option<usize> {
    let new = &history.reach(history.release) - &history.reach(0);
    new.into_iter()
        .find(|commit| has_work(history, *commit) && !history.pulls.iter().any(|pull| vouches(history, pull, *commit)))
}

/// Whether a commit holds anything that its parents do not bring.
fn has_work(history: &History, commit: usize) -> bool {
    let made = &history.commits[commit];
    match made.parents.as_slice() {
        [] => true,
        [parent] => history.commits[*parent].files != made.files,
        [ours, theirs, ..] => history.clean_merge(*ours, *theirs).as_ref() != Some(&made.files),
    }
}

/// Whether a pull request brought the commit, nobody objects, and somebody who had no hand in it approved all of it.
fn vouches(history: &History, pull: &Pull, commit: usize) -> bool {
    let own = history.own(pull);
    if pull.merged.is_none() || !(own.contains(&commit) || is_true_squash(history, pull, commit)) {
        return false;
    }
    let work: BTreeSet<usize> = own.into_iter().filter(|one| has_work(history, *one)).collect();
    let makers: BTreeSet<Who> = work.iter().map(|one| history.commits[*one].maker).collect();
    let newest = newest_opinions(pull);
    let objects =
        |review: &&&Opinion| review.says == Says::Object && review.dismissed_by.is_none_or(|by| makers.contains(&by));
    let approves = |review: &&&Opinion| {
        let seen = history.reach(review.seen);
        let whole = work.is_subset(&seen) && history.reach(pull.head).contains(&review.seen);
        let independent = KNOWN.contains(&review.who) && !makers.contains(&review.who);
        review.says == Says::Approve && review.dismissed_by.is_none() && whole && independent
    };
    newest.iter().find(objects).is_none() && newest.iter().find(approves).is_some()
}

/// Whether the commit stands for the whole pull request and holds nothing else.
fn is_true_squash(history: &History, pull: &Pull, commit: usize) -> bool {
    let made = &history.commits[commit];
    let is_its = history.was_squashed(pull) && pull.merged.is_some_and(|(merge, _)| merge == commit);
    is_its && history.clean_merge(made.parents[0], pull.head).as_ref() == Some(&made.files)
}

/// The newest opinion of each person.
fn newest_opinions(pull: &Pull) -> Vec<&Opinion> {
    let is_newest = |one: &&Opinion| !pull.reviews.iter().any(|other| other.who == one.who && other.at > one.at);
    pull.reviews.iter().filter(is_newest).collect()
}
