//! How people hear of what was approved automatically: at once, once a day, or not at all.

use std::time::Duration;

use cm_bot::cli::demo::play::{Played, settle};
use cm_bot::simulator::scene::{Step, Variant};
use cm_bot::simulator::slack::{MessageView, plain_text};

use crate::support::{TestScene, play_all, restarted, scene, start_with, verified};

/// A service with this setting, before the timeline of a scene.
async fn with(setting: &str, scene: &TestScene) -> Played {
    let change = |settings: &mut toml::Table| {
        settings["slack"].as_table_mut().unwrap().insert("auto_approved".into(), setting.into());
    };
    let played = start_with(scene.parsed().variant(Variant::Scene), change).await;
    looks(&played).await;
    played
}

/// What the clock of the service does every minute.
async fn looks(played: &Played) -> usize {
    let number = played.app.schedule().once().await.unwrap();
    settle(played).await.unwrap();
    number
}

async fn happens(played: &Played, verb: &str) {
    let step: Step = toml::from_str(verb).unwrap();
    played.world.simulator.play(&step).await.unwrap();
    settle(played).await.unwrap();
}

/// A day passes, and the service looks.
async fn a_day(played: &Played) {
    happens(played, "pass = \"24h\"").await;
    looks(played).await;
}

/// Messages that are no earlier change's.
fn said(played: &Played) -> Vec<MessageView> {
    let all = played.world.simulator.slack.messages();
    all.into_iter().filter(|message| !message.text.contains("PRODCM-398")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn once_a_day_there_is_one_message_about_all_of_them_and_nobody_is_told_twice() {
    let played = with("digest", &scene("clean-change")).await;
    play_all(&played).await;
    assert_eq!(said(&played), []);
    assert_eq!(looks(&played).await, 0, "the day is not over");
    a_day(&played).await;
    let [message] = said(&played).try_into().unwrap_or_else(|all| panic!("{all:?}"));
    assert_eq!(
        message.text,
        "Approved automatically: 1 change since 2026-11-02 09:00 UTC: PRODCM-412. Nobody needs to act."
    );
    let text = plain_text(&message, &played.world.scene);
    assert!(text.starts_with("✅ Approved automatically: 1 change since "), "{text}");
    assert!(text.contains("• PRODCM-412 billing-api to prod-us, build 1871 of commit "), "{text}");
    assert!(text.ends_with("Once a day · nobody needs to act"), "{text}");
    // Another process that looks at the same time writes nothing, nor does one that starts anew.
    let (one, other) = (played.app.schedule(), played.app.schedule());
    let (one, other) = tokio::join!(one.once(), other.once());
    assert_eq!((one.unwrap(), other.unwrap()), (0, 0));
    let played = restarted(played, Duration::from_secs(60)).await;
    looks(&played).await;
    a_day(&played).await;
    assert_eq!(said(&played).len(), 1, "nothing was approved since");
    let trail = verified(&played.app.context.sources.store).await;
    assert_eq!(trail.iter().filter(|(_, body, _)| body.contains("\"step\":\"auto-approved\"")).count(), 1);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_at_once_write_the_message_of_a_day_once() {
    let played = with("digest", &scene("clean-change")).await;
    play_all(&played).await;
    happens(&played, "pass = \"24h\"").await;
    let (one, other) = (played.app.schedule(), played.app.schedule());
    let (one, other) = tokio::join!(one.once(), other.once());
    assert_eq!(one.unwrap() + other.unwrap(), 1);
    settle(&played).await.unwrap();
    assert_eq!(said(&played).len(), 1);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_wants_to_hear_of_it_only_the_ticket_says_so_and_its_twin_is_told_at_once() {
    for (setting, messages) in [("off", 0), ("each", 1)] {
        let played = with(setting, &scene("clean-change")).await;
        play_all(&played).await;
        assert_eq!(played.world.simulator.jira.ticket("PRODCM-412").unwrap().status, "Approved");
        assert_eq!(said(&played).len(), messages, "{setting}");
        a_day(&played).await;
        assert_eq!(said(&played).len(), messages, "{setting}");
        played.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_asked_about_a_ticket_hears_at_once_that_it_is_approved() {
    for setting in ["digest", "off"] {
        let played = with(setting, &scene("no-rollback-plan")).await;
        play_all(&played).await;
        assert!(said(&played)[0].text.starts_with("Blocked: "), "{}", said(&played)[0].text);
        let plan = "Deploy build 1870 with the same job; the database schema stays as it is, so no data is lost.";
        let edit = format!(
            "edit_ticket = {{ ticket = \"PRODCM-412\", by = \"dana\", fields = {{ rollback_plan = \"{plan}\" }} }}"
        );
        happens(&played, &edit).await;
        let messages = said(&played);
        assert!(messages[0].text.starts_with("Approved automatically: PRODCM-412"), "{}", messages[0].text);
        a_day(&played).await;
        assert_eq!(said(&played).len(), messages.len(), "{setting}: it was told already");
        played.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_told_one_by_one_is_not_told_again_when_the_setting_changes() {
    let played = with("each", &scene("clean-change")).await;
    play_all(&played).await;
    let (name, world) = played.without_service().await;
    let file = world.settings_file();
    let text = std::fs::read_to_string(&file).unwrap().replace("\"each\"", "\"digest\"");
    std::fs::write(&file, text).unwrap();
    let clock = world.simulator.shared.clock.clone();
    let played = cm_bot::cli::demo::play::start_in(&name, world, &clock).await.unwrap();
    looks(&played).await;
    a_day(&played).await;
    assert_eq!(said(&played).len(), 1);
    played.stop().await;
}
