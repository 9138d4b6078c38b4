//! Decisions that scenes and attacks ended with, made again from their facts: each rule says what it said then.

use cm_bot::policy::criteria::Criteria;
use cm_bot::policy::evidence;
use cm_bot::policy::facts::{Facts, Gap, GapReason, Objects, Source, Wanted};

use crate::support::facts::{Recorded, said};

/// Rounds in which proofs may ask for more.
const MOST_ROUNDS: usize = 40;

/// The largest recording that is played, in bytes: the few histories of hundreds of commits take most of the time, and hold
/// no rule that shorter ones do not hold.
const LARGEST: u64 = 80_000;

fn recorded() -> Vec<(String, Recorded)> {
    let files = std::fs::read_dir(std::env::var("CM_BOT_RECORDED").unwrap()).unwrap().map(Result::unwrap);
    let files = files.filter(|file| file.metadata().unwrap().len() <= LARGEST).map(|file| file.path());
    let read = |path: std::path::PathBuf| {
        let recorded = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        (path.file_name().unwrap().to_string_lossy().into_owned(), recorded)
    };
    files.map(read).collect()
}

#[test]
fn every_recorded_decision_comes_out_the_same() {
    let all = recorded();
    assert!(all.len() > 200, "only {} decisions were recorded", all.len());
    for (name, one) in &all {
        let criteria = Criteria::read(&one.texts).unwrap();
        assert_eq!(said(&one.facts, &criteria, one.at), one.said, "{name}");
    }
}

#[test]
fn every_recorded_decision_asks_for_what_it_needs() {
    for (name, one) in recorded() {
        let criteria = Criteria::read(&one.texts).unwrap();
        let all = one.facts.objects.clone();
        let mut facts = Facts { objects: Objects::default(), ..one.facts };
        for _ in 0..MOST_ROUNDS {
            let wanted = evidence::wanted(&facts, &criteria).without(&facts.objects);
            if wanted.is_empty() {
                break;
            }
            serve(&wanted, &all, &mut facts.objects);
        }
        assert_eq!(said(&facts, &criteria, one.at), one.said, "{name}");
    }
}

/// Gives what was wanted, or the gap that it left.
fn serve(wanted: &Wanted, all: &Objects, objects: &mut Objects) {
    let missing = Gap { what: "nobody asked for it".into(), source: Source::Github, reason: GapReason::Missing };
    for id in &wanted.trees {
        match all.trees.get(id) {
            Some(tree) => drop(objects.trees.insert(id.clone(), tree.clone())),
            None => miss(id.as_str(), (all, &missing), objects),
        }
    }
    for id in &wanted.contents {
        match all.contents.get(id) {
            Some(content) => drop(objects.contents.insert(id.clone(), content.clone())),
            None => miss(id.as_str(), (all, &missing), objects),
        }
    }
    for commit in &wanted.tree_of {
        match all.tree_of.get(commit) {
            Some(tree) => drop(objects.tree_of.insert(commit.clone(), tree.clone())),
            None => miss(commit.as_str(), (all, &missing), objects),
        }
    }
    for (first, second) in &wanted.relations {
        let pair = Objects::pair(first, second);
        match all.relations.get(&pair) {
            Some(relation) => drop(objects.relations.insert(pair, *relation)),
            None => miss(&pair, (all, &missing), objects),
        }
    }
}

fn miss(key: &str, (all, missing): (&Objects, &Gap), objects: &mut Objects) {
    objects.gaps.insert(key.to_owned(), all.gaps.get(key).unwrap_or(missing).clone());
}
