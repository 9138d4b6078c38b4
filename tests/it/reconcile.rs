//! Webhooks that never arrive: Jira is asked for what they should have told.

use std::time::Duration;

use cm_bot::simulator::scene::{Scene, Variant};

use crate::crash::{PATIENCE, play, same_time, seen};
use crate::support::process::Service;
use crate::support::{TestScene, scene, world};

/// Jira sends no webhook at all, from the beginning.
fn deaf(scene: TestScene) -> TestScene {
    let push = "[[timeline]]\npush = { branch = \"main\", commit = \"v1\" }";
    scene.with(push, &format!("[[timeline]]\nfail = {{ system = \"jira\", how = \"drops_webhooks\" }}\n{push}"))
}

async fn ends_with(scene: Scene, expected: (usize, usize, usize)) {
    let clock = same_time();
    let world = world(scene.clone(), clock.clone()).await;
    // Jira's index is seconds late, and so is what the search finds.
    let hurry = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(50)).await;
            clock.pass(Duration::from_secs(1));
        }
    });
    let file = world.settings_file();
    let settings = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{settings}\n[jobs]\nreconcile_seconds = 1\n")).unwrap();
    let service = Service::start(&world).await;
    play(&world, scene.timeline.iter()).await;
    let since = std::time::Instant::now();
    while seen(&world, "PRODCM-412") != expected {
        assert!(since.elapsed() < PATIENCE, "{:?} instead of {expected:?}", seen(&world, "PRODCM-412"));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Our own comment is a change too, and is looked at once more.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(seen(&world, "PRODCM-412"), expected, "nothing is said twice");
    hurry.abort();
    assert!(service.stop().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn f12_without_any_webhook_of_jira_every_ticket_is_still_decided() {
    ends_with(deaf(scene("clean-change")).parsed().variant(Variant::Scene), (1, 1, 1)).await;
    ends_with(deaf(scene("no-scan")).parsed().variant(Variant::Scene), (0, 1, 1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_and_the_look_for_lost_ones_together_decide_once() {
    ends_with(scene("clean-change").parsed().variant(Variant::Scene), (1, 1, 1)).await;
}
