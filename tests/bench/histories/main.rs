//! Real histories: every merge commit of a repository is merged again by cm-bot's proof and by Git, and every clean one is
//! judged once more with each defect in it.
//!
//! `cargo bench --bench histories -- REPOSITORY... [--most N]` takes clones or bare repositories, looks at the newest N
//! merges of each (400), and prints what the proof says beside what `git merge-tree` makes of the same two parents. What is
//! clean is then judged as a squash and as a rebase would have brought it, and with defects: a line that nobody reviewed, a
//! fix taken back, a stale approval and more (`tests/it/histories/defects.rs`). Nothing is written to the clones. It exits 1
//! when a defect is approved, and when the proof calls a merge clean whose files Git would have made differently.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a repository that cannot be read ends the measurement")]

#[path = "../../it/histories/came.rs"]
mod came;
#[path = "../../it/histories/defects.rs"]
mod defects;
#[path = "../../it/support/facts.rs"]
#[allow(dead_code, reason = "a bench needs few of the facts")]
mod facts;
#[path = "../../it/histories/files.rs"]
mod files;
#[path = "../../it/histories/judge.rs"]
mod judge;
#[path = "../../it/histories/repository.rs"]
mod repository;
mod support {
    pub(crate) use crate::facts;
}

use std::path::Path;
use std::process::ExitCode;

use came::Way;
use defects::ALL;
use judge::{Tally, look_at};
use repository::Repository;

/// Merges of each repository, unless `--most` says otherwise.
const MOST: usize = 400;

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let most = arguments.iter().position(|argument| argument == "--most").map_or(MOST, |place| {
        let value = arguments.remove(place + 1).parse().expect("--most wants a number");
        arguments.remove(place);
        value
    });
    if arguments.is_empty() {
        println!("usage: cargo bench --bench histories -- REPOSITORY... [--most N]");
        return ExitCode::SUCCESS;
    }
    let mut tallies = Vec::new();
    for path in &arguments {
        let tally = look_at(&Repository::open(Path::new(path)), most);
        tell(&name(path), &tally);
        tallies.push((name(path), tally));
    }
    merges(&tallies);
    rewrites(&tallies);
    defects(&tallies);
    let is_right = |(_, tally): &(String, Tally)| tally.git_differs.is_empty() && tally.approved.is_empty();
    if tallies.iter().all(is_right) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The name of the folder that holds the repository.
fn name(path: &str) -> String {
    let parts = Path::new(path).components().rev().nth(1);
    parts.map_or(path.into(), |part| part.as_os_str().to_string_lossy().into_owned())
}

/// Whatever needs a look, one line each.
fn tell(name: &str, tally: &Tally) {
    let kinds = [
        ("held", &tally.held),
        ("held, but Git merges to the same", &tally.held_but_git_agrees),
        ("not provable", &tally.unproven),
        ("clean, but Git differs", &tally.git_differs),
        ("update held, but Git merges to the same", &tally.updates_held),
        ("rewrite held", &tally.rewrites_held),
        ("APPROVED", &tally.approved),
    ];
    for (kind, lines) in kinds {
        for line in lines {
            eprintln!("{name}: {kind}: {line}");
        }
    }
}

fn merges(tallies: &[(String, Tally)]) {
    println!(
        "| repository | merges | clean | held | of these Git merges to the same | not provable | clean, but Git differs | defects put in | held |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|");
    for (name, tally) in tallies {
        let (put_in, found) = tally.all_defects(|way| way == Way::Merge);
        let Tally { merges, clean, .. } = tally;
        let lists = [&tally.held, &tally.held_but_git_agrees, &tally.unproven, &tally.git_differs].map(Vec::len);
        let [held, same, unproven, differs] = lists;
        println!("| {name} | {merges} | {clean} | {held} | {same} | {unproven} | {differs} | {put_in} | {found} |");
    }
}

fn rewrites(tallies: &[(String, Tally)]) {
    println!();
    println!(
        "| repository | squashes that pass | rebases | held | clean updates after the approval that keep it | held | defects put in | held |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    for (name, tally) in tallies {
        let (put_in, found) = tally.all_defects(|way| way != Way::Merge);
        let [squashes, rebases] = [Way::Squash, Way::Rebase].map(|way| tally.passed.get(&way).copied().unwrap_or(0));
        let (held, updates, updates_held) = (tally.rewrites_held.len(), tally.updates, tally.updates_held.len());
        println!("| {name} | {squashes} | {rebases} | {held} | {updates} | {updates_held} | {put_in} | {found} |");
    }
}

fn defects(tallies: &[(String, Tally)]) {
    println!();
    println!("| defect | put in | held |");
    println!("|---|---:|---:|");
    for defect in ALL {
        let counts = tallies.iter().flat_map(|(_, tally)| &tally.defects).filter(|((_, one), _)| *one == defect);
        let add =
            |(put_in, held): (usize, usize), (_, (more, also)): (_, &(usize, usize))| (put_in + more, held + also);
        let (put_in, held) = counts.fold((0, 0), add);
        println!("| {} | {put_in} | {held} |", defect.in_words());
    }
}
