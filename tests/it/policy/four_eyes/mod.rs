//! Random small histories, judged by cm-bot from what GitHub keeps, and by somebody who saw everything.
//!
//! A clean history is approved. With tricks in it, nothing may be approved that nobody else has looked at. cm-bot may be
//! stricter than the truth, never less strict.

mod github;
mod history;
mod oracle;
mod remerge;

use std::cell::Cell;

use cm_bot::policy::criteria::Criteria;
use cm_bot::policy::decision::Kind;
use cm_bot::policy::evaluate;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use crate::support::facts::{NOW, criteria_with};
use github::facts;
use history::{Checked, History, How, Says, Step};

/// Histories in a run; `PROPTEST_CASES` asks for more, and for others each time.
const CASES: u32 = 500;

/// At least this share of all histories must be approved, in percent, or nothing was tried.
const LEAST_APPROVED: u32 = 20;

#[test]
fn nothing_is_approved_that_nobody_else_has_seen() {
    let criteria = proven_squash();
    let (all, approved, caught) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let count = |cell: &Cell<u32>| cell.set(cell.get() + 1);
    let result = runner().run(&(clean(), tricks()), |(mut steps, tricks)| {
        for (place, trick) in tricks {
            steps.insert(place.index(steps.len() + 1), trick);
        }
        let history = History::of(&steps);
        if history.release == 0 {
            return Ok(());
        }
        let decision = evaluate(&facts(&history), &criteria, NOW);
        let unreviewed = oracle::unreviewed(&history);
        count(&all);
        if decision.kind() == Kind::Approve {
            count(&approved);
            let why = || format!("approved, and nobody else saw commit {unreviewed:?} of {history:#?}");
            prop_assert!(unreviewed.is_none(), "{}", why());
        } else if unreviewed.is_some() {
            count(&caught);
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    if all.get() < CASES / 2 {
        return; // So few say nothing about shares.
    }
    let share = |cell: &Cell<u32>| 100 * cell.get() / all.get();
    assert!(share(&approved) >= LEAST_APPROVED, "only {} % of {} approved", share(&approved), all.get());
    assert!(share(&caught) >= LEAST_APPROVED, "only {} % of {} were attacks", share(&caught), all.get());
}

#[test]
fn a_clean_history_is_approved() {
    let criteria = proven_squash();
    let result = runner().run(&clean(), |steps| {
        let history = History::of(&steps);
        if history.release == 0 {
            return Ok(());
        }
        let decision = evaluate(&facts(&history), &criteria, NOW);
        let why = || format!("{:#?}\n{history:#?}", decision.problems());
        prop_assert_eq!(oracle::unreviewed(&history), None);
        prop_assert!(decision.kind() == Kind::Approve, "{}", why());
        Ok::<(), TestCaseError>(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

/// A squash passes when it is proven to hold what was reviewed; otherwise the shipped criteria.
fn proven_squash() -> Criteria {
    criteria_with("allow_verified_squash = false", "allow_verified_squash = true")
}

fn runner() -> TestRunner {
    let config = Config { failure_persistence: None, max_shrink_iters: 4_000, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_some() {
        return TestRunner::new(config);
    }
    let rng = proptest::test_runner::TestRng::deterministic_rng(config.rng_algorithm);
    TestRunner::new_with_rng(Config { cases: CASES, ..config }, rng)
}

/// One or two pull requests, worked on at the same time: pushed, brought up to date perhaps, approved, merged.
fn clean() -> impl Strategy<Value = Vec<Step>> {
    let second = option::of(clean_pull(1));
    (clean_pull(0), second, vec(any::<bool>(), 12)).prop_map(|(first, second, turns)| {
        let (mut one, mut other) = (first.into_iter().peekable(), second.unwrap_or_default().into_iter().peekable());
        let mut steps = Vec::new();
        for first in turns.into_iter().chain(std::iter::repeat(true)) {
            match (one.peek().is_some(), other.peek().is_some()) {
                (false, false) => break,
                (true, false) => steps.extend(one.next()),
                (false, true) => steps.extend(other.next()),
                (true, true) => steps.extend(if first { one.next() } else { other.next() }),
            }
        }
        steps
    })
}

fn clean_pull(pull: usize) -> impl Strategy<Value = Vec<Step>> {
    let edits = vec(edit(), 1..3);
    let pushes = vec((0..2_usize, edits), 1..3);
    let people = (2..4_usize, 0..4_usize);
    let updates = (any::<bool>(), any::<bool>());
    (pushes, updates, people, merged()).prop_map(move |(pushes, (early, late), (reviewer, who), merged)| {
        let update = Step::Update { pull, who, how: How::Button };
        let push = |(who, edits)| Step::Push { pull, who, claims: who, edits, checked: Checked::Yes };
        let mut steps: Vec<Step> = pushes.into_iter().map(push).collect();
        steps.extend(early.then(|| update.clone()));
        steps.push(Step::Review { pull, who: reviewer, says: Says::Approve });
        steps.extend(late.then_some(update));
        steps.push(match merged {
            Merged::Merge => Step::Merge { pull, who, how: How::Button },
            Merged::Squash => Step::Squash { pull, who, more: None },
        });
        steps
    })
}

/// Which of GitHub's buttons is pressed.
#[derive(Debug, Clone, Copy)]
enum Merged {
    Merge,
    Squash,
}

fn merged() -> impl Strategy<Value = Merged> {
    prop_oneof![4 => Just(Merged::Merge), 1 => Just(Merged::Squash)]
}

fn tricks() -> impl Strategy<Value = Vec<(prop::sample::Index, Step)>> {
    vec((any::<prop::sample::Index>(), trick()), 0..5)
}

fn edit() -> impl Strategy<Value = (usize, u8)> {
    (0..4_usize, 0..4_u8)
}

fn how() -> impl Strategy<Value = How> {
    let evil = edit().prop_map(|(file, value)| How::Evil(file, value));
    let web = edit().prop_map(|(file, value)| How::EvilOnTheWeb(file, value));
    prop_oneof![Just(How::Button), Just(How::ByHand), evil, web]
}

fn trick() -> impl Strategy<Value = Step> {
    let (pull, who) = (0..2_usize, 0..5_usize);
    let checked = prop_oneof![9 => Just(Checked::Yes), 1 => Just(Checked::No)];
    let says = prop_oneof![4 => Just(Says::Approve), 1 => Just(Says::Object)];
    prop_oneof![
        (pull.clone(), who.clone(), who.clone(), vec(edit(), 1..3), checked)
            .prop_map(|(pull, who, claims, edits, checked)| Step::Push { pull, who, claims, edits, checked }),
        (pull.clone(), who.clone(), option::of(edit())).prop_map(|(pull, who, edit)| Step::ForcePush {
            pull,
            who,
            edit
        }),
        (pull.clone(), who.clone(), says).prop_map(|(pull, who, says)| Step::Review { pull, who, says }),
        (pull.clone(), 0..3_usize, who.clone()).prop_map(|(pull, review, who)| Step::Dismiss { pull, review, who }),
        (pull.clone(), who.clone(), how()).prop_map(|(pull, who, how)| Step::Update { pull, who, how }),
        (pull.clone(), who.clone(), edit()).prop_map(|(pull, who, edit)| Step::Prepare { pull, who, edit }),
        pull.clone().prop_map(|pull| Step::PushPrepared { pull }),
        (pull.clone(), who.clone(), how()).prop_map(|(pull, who, how)| Step::Merge { pull, who, how }),
        (pull, who.clone(), option::of(edit())).prop_map(|(pull, who, more)| Step::Squash { pull, who, more }),
        (who, edit()).prop_map(|(who, edit)| Step::PushToRelease { who, edit }),
    ]
}
