//! What the evidence says on its own, before any rule asks.

use std::collections::BTreeSet;

use cm_bot::policy::evidence::contributors;

use crate::support::facts::{criteria, passing, pull_request, push, user};

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
