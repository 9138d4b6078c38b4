//! What the evidence says on its own, before any rule asks.

use std::collections::BTreeSet;

use cm_bot::model::Signature;
use cm_bot::policy::decision::Kind;
use cm_bot::policy::evidence::contributors;

use crate::support::facts::{criteria, judge, passing, pull_request, push, range, user};

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
