//! `kill -9` at any moment, and then one comment, one transition, one message.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::{Duration, Instant};

use cm_bot::cli::demo::world::World;
use cm_bot::simulator::clock::Clock;
use cm_bot::simulator::jira::BOT_ACCOUNT;
use cm_bot::simulator::scene::{Scene, Step, Variant};

use crate::support::process::Service;
use crate::support::{scene, world};

/// How long a ticket may take after the last restart.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// The world's clock begins at the machine's time, which the service reads, and can be moved on its own.
pub fn same_time() -> Clock {
    Clock::Scripted(Arc::new(AtomicI64::new(Clock::Real.now_ms())))
}

/// What people see of a ticket: approvals by cm-bot, its comments, its messages.
pub fn seen(world: &World, key: &str) -> (usize, usize, usize) {
    let Some(ticket) = world.simulator.jira.ticket(key) else { return (0, 0, 0) };
    let approvals = ticket.transitions.iter().filter(|step| step.by_account == BOT_ACCOUNT).count();
    let comments = ticket.comments.iter().filter(|comment| comment.author_account == BOT_ACCOUNT).count();
    let messages = world.simulator.slack.messages();
    let messages = messages.iter().filter(|message| message.text.contains(key)).count();
    (approvals, comments, messages)
}

pub async fn play(world: &World, steps: impl Iterator<Item = &Step>) {
    for step in steps.flat_map(Step::parts) {
        world.simulator.play(&step).await.unwrap();
        let at_rest = || world.simulator.webhooks_under_way() == 0;
        while !at_rest() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        settle_history(world).await;
    }
}

/// The earlier change has to be approved by people in our records before the next step.
async fn settle_history(world: &World) {
    let since = Instant::now();
    while since.elapsed() < Duration::from_secs(60) {
        let Some(ticket) = world.simulator.jira.ticket("PRODCM-398") else { return };
        let said = ticket.comments.iter().filter(|comment| comment.author_account == BOT_ACCOUNT).count();
        if (ticket.status == "Awaiting approval" && said >= 1) || (ticket.status != "Awaiting approval" && said >= 2) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the earlier change was not answered");
}

async fn killed_after(delay: Duration, again: Duration) {
    let scene: Scene = scene("clean-change").parsed().variant(Variant::Scene);
    let world = world(scene.clone(), same_time()).await;
    let service = Service::start(&world).await;
    let (last, before) = scene.timeline.split_last().unwrap();
    play(&world, before.iter()).await;
    world.simulator.play(last).await.unwrap();
    tokio::time::sleep(delay).await;
    service.kill();
    let service = Service::start(&world).await;
    tokio::time::sleep(again).await;
    service.kill();
    let service = Service::start(&world).await;
    // Had the webhook not been answered, Jira would send it again after some minutes.
    world.simulator.shared.clock.pass(Duration::from_secs(360));
    let since = std::time::Instant::now();
    while seen(&world, "PRODCM-412") != (1, 1, 1) {
        assert!(since.elapsed() < PATIENCE, "after {delay:?} and {again:?}: {:?}", seen(&world, "PRODCM-412"));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(seen(&world, "PRODCM-412"), (1, 1, 1), "after {delay:?} and {again:?}");
    assert!(service.stop().success(), "asked to stop, it stops cleanly");
}

macro_rules! killed {
    ($($test:ident: $delay:literal, $again:literal);* $(;)?) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                killed_after(Duration::from_millis($delay), Duration::from_millis($again)).await;
            }
        )*
    };
}

killed! {
    killed_at_once: 0, 30;
    killed_after_20_ms: 20, 5;
    killed_after_60_ms: 60, 10;
    killed_after_130_ms: 130, 1;
}
