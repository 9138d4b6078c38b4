//! Ablation: a clean evaluation is recorded, and then made again and again through the real clients, each time with one
//! thing deleted, nulled, emptied, doubled or cut in one answer of Jira or GitHub. Absent is never empty: what is missing
//! must never lead to an approval.
//!
//! The exchange is that of a ticket which is read, gathered and judged, with nothing in our ledger and nothing kept, so that
//! everything must come from the answers. `ignored.toml` holds the reviewed exceptions.

mod changes;
mod ignored;
mod recording;
mod trials;

use std::collections::{BTreeMap, BTreeSet};

use changes::{ALL_UNREAD, How};
use ignored::{Ignored, Line, any_element};
use trials::{Stage, Trial, Trials};

/// At most this share of all keys may be excused although it is read, in percent.
const MOST_IGNORED: usize = 15;

/// With these the ticket still waits when its trials begin.
const RECOMMENDS: &str = "criteria = { mode = \"recommend\" }";
const RECOMMENDS_SQUASH: &str = "criteria = { mode = \"recommend\", squash_merge = { allow_verified_squash = true } }";

/// A kind of answer, and a key in it.
type Name = (String, String);

/// What was tried, and what came of it.
#[derive(Default)]
struct Results {
    /// Every key that there was.
    keys: BTreeSet<Name>,
    /// The ways in which something was changed and the ticket was still approved.
    survived: BTreeMap<Name, BTreeSet<How>>,
    /// The ways in which keys that are never read were changed and the facts were others.
    read_after_all: BTreeSet<(String, How)>,
    trials: usize,
}

#[tokio::test(flavor = "multi_thread")]
async fn f07_what_is_missing_from_an_answer_never_leads_to_an_approval() {
    let ignored = Ignored::list();
    let scene = |name: &str| std::fs::read_to_string(format!("config/scenes/{name}.toml")).unwrap();
    let merges = std::fs::read_to_string("tests/it/ablation/scenes/merges.toml").unwrap();
    let bump = format!("{RECOMMENDS}\n{}", scene("version-bump"));
    let squash = format!("{RECOMMENDS_SQUASH}\n{}", scene("squash-merge"));
    let mut results = Results::default();
    let bumped = |kind: &str| ["CommitOrigins", "Objects", "/compare/"].iter().any(|part| kind.contains(part));
    let squashed = |kind: &str| ["CommitOrigins", "Objects", "PullRequests"].iter().any(|part| kind.contains(part));
    results.add(Stage::of("merges", &merges).await.trials(&ignored, &|_| true).await);
    results.add(Stage::of("version-bump", &bump).await.trials(&ignored, &bumped).await);
    results.add(Stage::of("squash-merge", &squash).await.trials(&ignored, &squashed).await);
    assert!(results.trials > 1_000, "only {} trials", results.trials);
    assert_eq!(results.read_after_all, BTreeSet::new(), "keys of `unread` are read");
    assert_eq!(results.not_reviewed(&ignored), Vec::<String>::new(), "approved although something is missing");
    assert_eq!(results.not_needed(&ignored), Vec::<&Line>::new(), "lines of ignored.toml that nothing needs");
    let (excused, read, all) = results.share(&ignored);
    println!("{excused} of {read} keys that are read are excused in some way, of {all} in all");
    assert!(100 * excused <= MOST_IGNORED * all, "{excused} of {all} keys are read and excused");
}

impl Results {
    fn add(&mut self, trials: Trials) {
        self.keys.extend(trials.keys);
        self.trials += trials.trials.len();
        for Trial { answer, change, approved, same_facts } in trials.trials {
            match (change.key == ALL_UNREAD, change.how) {
                (true, how @ (How::Delete | How::Null | How::Empty | How::Truncate)) if !same_facts => {
                    self.read_after_all.insert((answer, how));
                }
                (true, How::Delete | How::Null | How::Empty | How::Truncate) => {}
                _ if approved => {
                    self.survived.entry((answer, change.key)).or_default().insert(change.how);
                }
                _ => {}
            }
        }
    }

    /// Everything without which the ticket was approved, and which is on no line of the list.
    fn not_reviewed(&self, ignored: &Ignored) -> Vec<String> {
        let mut found = Vec::new();
        for ((answer, key), hows) in &self.survived {
            let open: Vec<&How> = hows.iter().filter(|how| !ignored.excuses(answer, key, **how)).collect();
            if !open.is_empty() {
                found.push(format!("{answer} | {key} | {open:?}"));
            }
        }
        found
    }

    /// Lines that speak of no key, or of none that survived.
    fn not_needed<'a>(&self, ignored: &'a Ignored) -> Vec<&'a Line> {
        let is_there = |line: &&Line| self.keys.iter().any(|(answer, key)| line.speaks_of(answer, &any_element(key)));
        let excuses = |line: &&Line| {
            let mut survived = self.survived.iter().flat_map(|(name, hows)| hows.iter().map(move |how| (name, *how)));
            survived.any(|((answer, key), how)| line.covers(answer, key, how))
        };
        let read = ignored.read.iter().filter(|line| !excuses(line));
        read.chain(ignored.unread.iter().filter(|line| !is_there(line))).collect()
    }

    /// How many keys are excused in some way, how many are read, and how many there are.
    fn share(&self, ignored: &Ignored) -> (usize, usize, usize) {
        let distinct = |names: &mut dyn Iterator<Item = &Name>| {
            let names = names.filter(|(_, key)| !key.ends_with(']'));
            names.map(|(answer, key)| (answer.clone(), any_element(key))).collect::<BTreeSet<Name>>().len()
        };
        let is_read = |name: &&Name| !ignored.is_unread(&name.0, &name.1);
        let read = |names: &mut dyn Iterator<Item = &Name>| distinct(&mut names.filter(is_read));
        (read(&mut self.survived.keys()), read(&mut self.keys.iter()), distinct(&mut self.keys.iter()))
    }
}
