//! What was allowed for a time ends: whoever answers for it is told before and at the end, once each.

use std::time::Duration;

use cm_bot::cli::demo::play::{Played, settle};
use cm_bot::simulator::scene::{Step, Variant};
use cm_bot::simulator::slack::plain_text;

use crate::support::{TestScene, play_all, restarted, scene, scene_of, start, verified};

const KEY: &str = "PRODCM-412";

/// A network rule that is allowed until the 20th of November, before anybody approves it on the 2nd.
fn network_rule() -> TestScene {
    let text = std::fs::read_to_string("config/policies/luma/scenes/network.toml").unwrap();
    scene_of(&text).with("end_date = \"2026-12-31\"", "end_date = \"2026-11-20\"")
}

async fn happens(played: &Played, verb: &str) {
    let step: Step = toml::from_str(verb).unwrap();
    played.world.simulator.play(&step).await.unwrap();
    settle(played).await.unwrap();
}

async fn says(played: &Played, by: &str) {
    happens(played, &format!("comment = {{ ticket = \"{KEY}\", by = \"{by}\", text = \"/cm approve\" }}")).await;
}

async fn approved(scene: TestScene) -> Played {
    let played = start("a network rule", scene.parsed().variant(Variant::Scene)).await;
    looks(&played).await;
    play_all(&played).await;
    approve(&played).await;
    played
}

async fn approve(played: &Played) {
    for by in ["cara", "nils", "priya"] {
        if status(played) == "Awaiting approval" {
            says(played, by).await;
        }
    }
    assert_eq!(status(played), "Approved");
    looks(played).await;
}

fn status(played: &Played) -> String {
    played.world.simulator.jira.ticket(KEY).unwrap().status
}

/// What the clock of the service does every minute.
async fn looks(played: &Played) {
    played.app.schedule().once().await.unwrap();
    settle(played).await.unwrap();
}

async fn days(played: &Played, number: u32) {
    for _ in 0..number {
        happens(played, "pass = \"24h\"").await;
        looks(played).await;
    }
}

/// What was said of an end, oldest first.
fn said(played: &Played) -> Vec<String> {
    let all = played.world.simulator.slack.messages();
    let about = all.iter().filter(|message| message.text.starts_with("Ends on") || message.text.starts_with("Overdue"));
    about.map(|message| plain_text(message, &played.world.scene)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_answers_for_a_network_rule_is_told_a_week_before_and_at_its_end_once_each() {
    let played = approved(network_rule()).await;
    days(&played, 10).await;
    assert_eq!(said(&played), [""; 0], "ten days before there is nothing to do");
    days(&played, 2).await;
    let played = restarted(played, Duration::from_secs(60)).await;
    let (one, other) = (played.app.schedule(), played.app.schedule());
    let (one, other) = tokio::join!(one.once(), other.once());
    one.and(other).unwrap();
    days(&played, 5).await;
    let soon = "⏳ Ends on 2026-11-20: what PRODCM-412 allows (class network) · PRODCM-412\n\
                @dana Do this: take it back by then and close the ticket, or write a later day into the ticket and have it approved anew.\n\
                Said once, and once more when it is over; not when it was taken back or is allowed for longer by then";
    assert_eq!(said(&played), [soon]);
    days(&played, 5).await;
    let over = "Overdue: what PRODCM-412 allows (class network) ended on 2026-11-20 · PRODCM-412\n\
                @dana Do this: take it back now and close the ticket, or write a later day into the ticket and have it approved anew.\n\
                Said once · nobody else needs to act";
    let [_, second] = said(&played).try_into().unwrap_or_else(|all| panic!("{all:?}"));
    assert!(second.ends_with(over), "{second}");
    let trail = verified(&played.app.context.sources.store).await;
    let steps = trail.iter().filter(|(_, body, _)| body.contains("\"step\":\"end"));
    assert!(steps.clone().all(|(_, body, _)| body.contains("\"who\":[\"Dana Reyes\"]")));
    assert_eq!(steps.count(), 2);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_of_the_end_of_what_was_taken_back() {
    let played = approved(network_rule()).await;
    happens(&played, &format!("move_ticket = {{ ticket = \"{KEY}\", by = \"dana\", to = \"Closed\" }}")).await;
    days(&played, 25).await;
    assert_eq!(said(&played), [""; 0]);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_allowed_for_longer_is_told_of_by_the_new_day() {
    let played = approved(network_rule()).await;
    days(&played, 12).await;
    assert_eq!(said(&played).len(), 1);
    let later =
        format!("edit_ticket = {{ ticket = \"{KEY}\", by = \"dana\", fields = {{ end_date = \"2026-12-31\" }} }}");
    happens(&played, &later).await;
    assert_eq!(status(&played), "Awaiting approval", "a later day needs a new approval");
    approve(&played).await;
    days(&played, 20).await;
    assert_eq!(said(&played).len(), 1, "the old day means nothing any more");
    days(&played, 25).await;
    let all = said(&played);
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(all[1].contains("Ends on 2026-12-31"), "{all:?}");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_allowed_something_for_three_days_is_not_told_at_once_that_it_ends() {
    let played = approved(network_rule().with("2026-11-20", "2026-11-05")).await;
    days(&played, 1).await;
    assert_eq!(said(&played), [""; 0]);
    days(&played, 4).await;
    assert_eq!(said(&played).len(), 1);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_accepted_a_risk_is_told_when_that_ends() {
    let risk = "criteria = { security_scan = { accepted = [{ tool = \"CodeQL\", rule = \"js/sql-injection\", owner = \"Priya Nair\", reason = \"The value is a constant; SEC-31 removes it.\", until = 2026-11-20 }] } }\n\n[[commits]]";
    let played =
        start("a risk", scene("clean-change").with("[[commits]]", risk).parsed().variant(Variant::Scene)).await;
    looks(&played).await;
    play_all(&played).await;
    days(&played, 20).await;
    let [soon, over] = said(&played).try_into().unwrap_or_else(|all| panic!("{all:?}"));
    assert!(
        soon.starts_with(
            "⏳ Ends on 2026-11-20: the accepted risk js/sql-injection of CodeQL\n@priya Do this: fix it by then"
        ),
        "{soon}"
    );
    assert!(over.contains("ended on 2026-11-20\n@priya Do this: fix it, or ask the Security Officer"), "{over}");
    played.stop().await;
}
