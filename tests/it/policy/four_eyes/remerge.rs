//! Random merges whose right result is known because it was built, not merged: whatever else stands in the merge commit is
//! found, with its path, and what is right passes.
//!
//! A file is made of blocks, with a line between them that nobody touches. In each block at most one side writes, or both
//! write the same; so what belongs there is known. Where both write something else, no result is right.

use std::collections::BTreeMap;

use cm_bot::policy::decision::{Judged, Kind};
use proptest::collection::vec;
use proptest::prelude::*;

use super::github::facts;
use super::history::{Files, History};
use super::{proven_squash, runner};
use crate::support::facts::NOW;

/// Who changes a block, or a whole file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Nobody,
    Ours,
    Theirs,
    BothAlike,
}

/// What is written in a place: nothing takes it away.
type Text = Option<u8>;

#[derive(Debug, Clone)]
enum Plan {
    /// A file that all have; for each block who writes what.
    Blocks(Vec<(By, Text)>),
    /// A file that one side or both add.
    Added(By),
    /// A file that one side or both remove.
    Removed(By),
}

/// What somebody does to the merge commit.
#[derive(Debug, Clone, Copy)]
enum Tamper {
    /// One more line at the end.
    Append,
    /// One line less at the start.
    Drop,
    /// The file as it was before both sides.
    Revert,
    /// The file becomes a folder with itself in it.
    Move,
}

/// The four versions of all files.
struct Trees {
    base: Files,
    ours: Files,
    theirs: Files,
    result: Files,
}

impl Trees {
    fn of(plans: &[Plan]) -> Trees {
        // A folder that vanished is named instead of what was in it, so each holds something that stays.
        let kept =
            ["kept0.txt", "src/kept1.txt", "src/deep/kept2.txt"].map(|path| (path.to_owned(), "kept\n".to_owned()));
        let kept = Files::from(kept);
        let mut trees = Trees { base: kept.clone(), ours: kept.clone(), theirs: kept.clone(), result: kept };
        for (number, plan) in plans.iter().enumerate() {
            trees.add(number, plan);
        }
        trees
    }

    fn add(&mut self, number: usize, plan: &Plan) {
        let path = format!("{}file{number}.txt", ["", "src/", "src/deep/"][number % 3]);
        let text = |writes: &dyn Fn(By) -> bool| match plan {
            Plan::Blocks(blocks) => Some(text(number, blocks, writes)),
            Plan::Added(by) => writes(*by).then(|| format!("new {number}\n")),
            Plan::Removed(by) => (!writes(*by)).then(|| format!("old {number}\n")),
        };
        let put = |files: &mut Files, text: Option<String>| files.extend(text.map(|text| (path.clone(), text)));
        put(&mut self.base, text(&|_| false));
        put(&mut self.ours, text(&|by| matches!(by, By::Ours | By::BothAlike)));
        put(&mut self.theirs, text(&|by| matches!(by, By::Theirs | By::BothAlike)));
        put(&mut self.result, text(&|by| by != By::Nobody));
    }

    /// Both lines came through an approved pull request; the second merge is the one in question.
    fn history(&self) -> History {
        History::of_merge([&self.base, &self.ours, &self.theirs, &self.result].map(Files::clone))
    }
}

/// A file in the eyes of somebody who has made some of the changes.
fn text(file: usize, blocks: &[(By, Text)], writes: &dyn Fn(By) -> bool) -> String {
    let block = |(place, (by, new)): (usize, &(By, Text))| {
        let body = match (writes(*by), new) {
            (false, _) => format!("block {place} of file {file}\n"),
            (true, Some(new)) => format!("change {new} of block {place} of file {file}\n"),
            (true, None) => String::new(),
        };
        format!("start {place} of file {file}\n{body}end {place} of file {file}\n")
    };
    blocks.iter().enumerate().map(block).collect()
}

fn by() -> impl Strategy<Value = By> {
    prop_oneof![2 => Just(By::Nobody), 3 => Just(By::Ours), 3 => Just(By::Theirs), 1 => Just(By::BothAlike)]
}

fn plan() -> impl Strategy<Value = Plan> {
    let change = prop_oneof![4 => any::<u8>().prop_map(Some), 1 => Just(None)];
    prop_oneof![
        5 => vec((by(), change), 1..6).prop_map(Plan::Blocks),
        1 => by().prop_map(Plan::Added),
        1 => by().prop_map(Plan::Removed),
    ]
}

fn tamper() -> impl Strategy<Value = Tamper> {
    prop_oneof![Just(Tamper::Append), Just(Tamper::Drop), Just(Tamper::Revert), Just(Tamper::Move)]
}

/// Changes one file of the result, and says which; nothing when it was so already.
fn tampered(trees: &mut Trees, which: prop::sample::Index, tamper: Tamper) -> Option<String> {
    let before = trees.result.clone();
    let path = trees.result.keys().nth(which.index(before.len()))?.clone();
    let text = trees.result.remove(&path)?;
    match tamper {
        Tamper::Append => drop(trees.result.insert(path.clone(), format!("{text}and more\n"))),
        Tamper::Drop => drop(trees.result.insert(path.clone(), text.split_once('\n')?.1.to_owned())),
        Tamper::Revert => trees.result.extend(trees.base.get(&path).map(|old| (path.clone(), old.clone()))),
        Tamper::Move => drop(trees.result.insert(format!("{path}/inner.txt"), text)),
    }
    (trees.result != before).then_some(path)
}

fn judge(trees: &Trees) -> (Kind, String) {
    let decision = cm_bot::policy::evaluate(&facts(&trees.history()), &proven_squash(), NOW);
    let words = |judged: &&Judged| judged.finding.details.iter().map(|text| text.plain()).collect::<String>();
    let review = decision.findings().iter().find(|judged| judged.rule == "commit_review").unwrap();
    (decision.kind(), words(&review))
}

#[test]
fn a_merge_that_holds_what_both_sides_bring_passes() {
    let result = runner().run(&vec(plan(), 1..5), |plans| {
        let trees = Trees::of(&plans);
        let (kind, words) = judge(&trees);
        prop_assert_eq!(kind, Kind::Approve, "{}", words);
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn whatever_else_stands_in_a_merge_is_found_and_named() {
    let result = runner().run(&(vec(plan(), 1..5), any::<prop::sample::Index>(), tamper()), |(plans, which, how)| {
        let mut trees = Trees::of(&plans);
        let Some(path) = tampered(&mut trees, which, how) else { return Ok(()) };
        let (kind, words) = judge(&trees);
        prop_assert_ne!(kind, Kind::Approve, "{} was changed", path);
        prop_assert!(words.contains(&path), "{} is not named in {}", path, words);
        let others = trees.result.keys().filter(|other| !other.starts_with(&path) && words.contains(other.as_str()));
        prop_assert_eq!(others.count(), 0, "{}", words);
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn of_two_changes_of_one_block_no_result_is_right() {
    let lines = |middle: &str| BTreeMap::from([("a.txt".to_owned(), format!("one\n{middle}\nthree\n"))]);
    for result in ["ours", "theirs", "base", "ours\ntheirs", "theirs\nours"] {
        let trees = Trees { base: lines("base"), ours: lines("ours"), theirs: lines("theirs"), result: lines(result) };
        let (kind, words) = judge(&trees);
        assert_ne!(kind, Kind::Approve, "{result}");
        assert!(words.contains("a.txt"), "{words}");
    }
}
