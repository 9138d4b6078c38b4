//! What the evidence says on its own, before any rule asks.

use std::collections::{BTreeMap, BTreeSet};

use cm_bot::model::{Commit, Signature};
use cm_bot::policy::decision::Kind;
use cm_bot::policy::evidence::{contributors, foreseen, rewritten};
use cm_bot::policy::facts::Objects;

use crate::support::facts::{
    commit, criteria, criteria_with, judge, passing, pull_request, push, range, sha, tree_name, user,
};

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn everybody_who_had_a_hand_in_the_range_is_a_contributor() {
    let mut facts = passing();
    assert_eq!(contributors(&facts, &criteria()), names(&["Dana Reyes"]));
    pull_request(&mut facts).opener = Some(user("sam", 1004));
    pull_request(&mut facts).ledger.pushes = vec![push(&user("priya", 1003), Some('a'), 'b')];
    assert_eq!(contributors(&facts, &criteria()), names(&["Dana Reyes", "Priya Nair", "Sam Okafor"]));
}

#[test]
fn whose_work_an_unsigned_commit_is_only_its_push_tells() {
    let mut facts = passing();
    pull_request(&mut facts).pushes.clear();
    pull_request(&mut facts).ledger.pushes.clear();
    assert_eq!(judge(&facts).kind(), Kind::Hold);
    let said = format!("{:?}", judge(&facts).problems());
    assert!(said.contains("nobody signed bbbbbbb and GitHub has no record of who pushed it"), "{said}");
    let signed = range(&mut facts).commits.iter_mut().find(|commit| commit.sha.as_str().starts_with('b')).unwrap();
    signed.signature = Signature::Valid;
    assert_eq!(judge(&facts).kind(), Kind::Approve);
}

#[test]
fn reviewed_commits_are_read_for_what_may_be_a_squash_and_nothing_else() {
    let mut facts = passing();
    let dana = user("dana", 1001);
    let squash = range(&mut facts).commits.clone();
    let of = |commits: &[Commit], head: char, allowed: &str| {
        let of_commit = BTreeMap::from([(sha('b'), vec![871]), (sha('c'), vec![872]), (sha('d'), vec![873])]);
        let criteria = criteria_with("allow_verified_squash = false", &format!("allow_verified_squash = {allowed}"));
        rewritten((commits, &sha(head)), &of_commit, &criteria).into_iter().collect::<Vec<_>>()
    };
    assert_eq!(of(&squash, 'c', "true"), [0; 0], "a merge keeps its commits, and what it merged is not on the branch");
    let line = [commit('b', &['a'], &dana), commit('c', &['b'], &dana), commit('d', &['a'], &dana)];
    assert_eq!(of(&line, 'c', "true"), [871, 872]);
    assert_eq!(of(&line, 'c', "false"), [0; 0], "then nobody would look at them");
}

#[test]
fn the_files_of_a_merge_are_asked_for_before_anything_is_known_of_it() {
    let mut facts = passing();
    facts.objects = Objects::default();
    let wanted = foreseen(&facts, &criteria());
    assert!(wanted.trees.contains(&tree_name('a')) && wanted.trees.contains(&tree_name('b')), "{wanted:?}");
    range(&mut facts).commits = vec![commit('c', &['a'], &user("dana", 1001))];
    assert!(foreseen(&facts, &criteria()).is_empty(), "a commit that merges nothing can wait");
}
