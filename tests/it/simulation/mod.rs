//! One number gives one history of faults: systems that fail, webhooks that are lost or come twice, people who edit a
//! ticket at the worst moment, processes that die in the middle of a request. After every step the world is looked at; in
//! the end all is well again, and every ticket must have its answer.
//!
//! `CM_BOT_TEST_SEEDS=1000..3000` plays more of them, `CM_BOT_TEST_SEEDS=7` plays one and tells what happened.

mod history;
mod judge;
mod node;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use history::{History, IN_A_WORLD};
use node::{SETTLE, Turn};

use crate::support::database::is_postgres;

/// What `tests/run` plays on SQLite, and on PostgreSQL with two processes.
const SEEDS: Range<u64> = 0..500;
const SEEDS_OF_TWO: Range<u64> = 0..50;

/// Histories at a time.
const AT_A_TIME: usize = 3;

/// What has to happen in some history, or they have proven nothing.
const SOMETIMES: [&str; 26] = [
    "a clean ticket was approved",
    "people approved a ticket in Slack",
    "a ticket with an unreviewed commit was held",
    "a ticket was held for a sibling",
    "a human approved a ticket",
    "one of two approved a ticket",
    "a ticket was closed after its approval",
    "a process died while it judged",
    "a process died before a transition",
    "a process died after a transition",
    "a process died before a comment",
    "a process died after a comment",
    "a process died before a message",
    "a process died after a message",
    "a ticket was edited while it was judged",
    "a ticket was edited right before its approval",
    "a ticket was edited right after its approval",
    "a sibling was created while a ticket was judged",
    "a webhook was lost",
    "a ticket whose webhook was lost was found",
    "a webhook came again",
    "webhooks came while no process was there",
    "Jira failed",
    "GitHub failed",
    "Slack failed",
    "an answer was lost",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_five_hundred_histories_nothing_is_lost_or_done_twice_or_wrongly_approved() {
    let seeds = seeds();
    let is_few = seeds.end - seeds.start < SEEDS.end;
    let next = Arc::new(AtomicU64::new(seeds.start / IN_A_WORLD));
    let reached: Arc<Mutex<BTreeMap<&'static str, u64>>> = Arc::default();
    let players: Vec<_> = (0..AT_A_TIME)
        .map(|_| {
            let (next, reached, seeds) = (Arc::clone(&next), Arc::clone(&reached), seeds.clone());
            tokio::spawn(async move {
                loop {
                    let world = next.fetch_add(1, Ordering::SeqCst) * IN_A_WORLD;
                    if world >= seeds.end {
                        return;
                    }
                    let here = world.max(seeds.start)..(world + IN_A_WORLD).min(seeds.end);
                    let seen = in_one_world(here).await;
                    let mut reached = reached.lock().unwrap();
                    seen.into_iter().for_each(|what| *reached.entry(what).or_default() += 1);
                }
            })
        })
        .collect();
    for player in players {
        player.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
    }
    let reached = reached.lock().unwrap();
    println!("{reached:#?}");
    let missed: Vec<_> = SOMETIMES.iter().filter(|what| !reached.contains_key(*what)).collect();
    assert!(is_few || missed.is_empty(), "no history in which: {missed:#?}");
    assert!(reached.keys().all(|what| SOMETIMES.contains(what)), "{reached:#?}");
}

fn create(key: &str) -> String {
    let fields = "{ environment = \"prod-0\" }";
    format!("create_ticket = {{ key = \"{key}\", by = \"dana\", commit = \"later\", fields = {fields} }}")
}

/// The decision of the first ticket stands when a sibling stops its approval; when the sibling has gone, the same decision
/// has to be made, and carried out, once more.
#[tokio::test(flavor = "multi_thread")]
async fn an_approval_that_a_sibling_stopped_is_given_when_the_sibling_has_gone() {
    let mut history = History::world().await;
    history.begin(0).await;
    history.happens(&create("PRODCM-412")).await;
    history.work_of(0, Turn::Judge).await;
    history.happens(&create("PRODCM-413")).await;
    history.work_of(0, Turn::Judge).await;
    history.pass_by(SETTLE).await;
    history.work_of(0, Turn::CarryOut).await;
    assert_eq!(history.status("PRODCM-412"), "Awaiting approval", "the sibling stops it");
    history.happens("move_ticket = { ticket = \"PRODCM-413\", by = \"priya\", to = \"Closed\" }").await;
    history.drain(0).await;
    history.pass_by(SETTLE).await;
    history.drain(0).await;
    assert_eq!(history.status("PRODCM-412"), "Approved");
    history.stop().await;
}

/// The process dies when the approval is on record and it looks whether the ticket is still as it was.
#[tokio::test(flavor = "multi_thread")]
async fn an_approval_that_a_human_took_back_is_not_given_again_by_the_next_process() {
    for is_taken_back in [true, false] {
        let mut history = History::world().await;
        history.begin(0).await;
        history.happens(&create("PRODCM-412")).await;
        history.work_of(0, Turn::Judge).await;
        history.pass_by(SETTLE).await;
        history.die_after_approving("PRODCM-412").await;
        if is_taken_back {
            let back = "move_ticket = { ticket = \"PRODCM-412\", by = \"priya\", to = \"Awaiting approval\" }";
            history.happens(back).await;
        }
        history.heal().await;
        let status = if is_taken_back { "Awaiting approval" } else { "Approved" };
        assert_eq!(history.status("PRODCM-412"), status);
        assert_eq!(history.approvals("PRODCM-412"), 1);
        history.stop().await;
    }
}

/// Plays some histories one after the other; says what they reached.
async fn in_one_world(seeds: Range<u64>) -> Vec<&'static str> {
    let alone = seeds.end - seeds.start == 1;
    let mut history = History::world().await;
    let mut reached = Vec::new();
    for seed in seeds {
        history.play(seed).await;
        reached.extend(std::mem::take(&mut history.reached));
    }
    if alone {
        println!("{}", history.tale());
    }
    history.stop().await;
    reached
}

fn seeds() -> Range<u64> {
    let Ok(asked) = std::env::var("CM_BOT_TEST_SEEDS") else {
        return if is_postgres() { SEEDS_OF_TWO } else { SEEDS };
    };
    let number = |text: &str| text.parse::<u64>().unwrap();
    match asked.split_once("..") {
        Some((from, to)) => number(from)..number(to),
        None => number(&asked)..number(&asked) + 1,
    }
}
