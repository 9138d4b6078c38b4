//! Whoever reads what others wrote must bear everything: true inputs, changed at random, a little or a lot.
//!
//! Each target runs for two seconds, or for as many as `CM_BOT_FUZZ_SECONDS` says. Input number n is the same in every run, so
//! what was found once is found again.

mod change;
mod documents;
mod manifests;
mod packs;
mod plans;
mod senders;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// Names the number of seconds for which each target runs.
const SECONDS: &str = "CM_BOT_FUZZ_SECONDS";

fn time() -> Duration {
    let seconds = std::env::var(SECONDS).map_or(Ok(2), |text| text.parse());
    Duration::from_secs(seconds.unwrap())
}

/// The fewest inputs, also where others keep the machine busy.
const FEWEST: u64 = 100;

/// Tries changed inputs until the time is over. `holds` fails when something about an input is not as it must be.
fn bears(inputs: &[Vec<u8>], holds: impl Fn(&[u8])) {
    let (until, mut number) = (Instant::now() + time(), 0);
    while number < FEWEST || Instant::now() < until {
        let input = change::changed(inputs, number);
        if catch_unwind(AssertUnwindSafe(|| holds(&input))).is_err() {
            panic!("input {number}: {}", input.escape_ascii());
        }
        number += 1;
    }
}

/// The same for texts.
fn bears_texts(inputs: &[&str], holds: impl Fn(&str)) {
    let inputs: Vec<Vec<u8>> = inputs.iter().map(|input| input.as_bytes().to_vec()).collect();
    bears(&inputs, |input| holds(&String::from_utf8_lossy(input)));
}

/// The fuzzer would notice: a fault that one changed byte in a certain place leads to is found.
#[test]
fn a_fault_is_found_and_found_again() {
    let inputs = [b"{\"kind\": \"good\", \"size\": 7}".to_vec()];
    let is_bad =
        |input: &[u8]| serde_json::from_slice::<serde_json::Value>(input).is_ok_and(|json| json["kind"].is_null());
    let found = (0..20_000).find(|number| is_bad(&change::changed(&inputs, *number))).unwrap();
    assert!(is_bad(&change::changed(&inputs, found)), "again");
    let faulty = catch_unwind(AssertUnwindSafe(|| bears(&inputs, |input| assert!(!is_bad(input)))));
    assert!(faulty.is_err());
}
