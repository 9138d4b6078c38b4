//! What an operator hears of GitLab.

use std::process::Command;

use cm_bot::cli::demo::play::Played;
use cm_bot::simulator::scene::Variant;
use serde_json::Value;

use super::{change, end};
use crate::logins::trouble;
use crate::support::process::{Service, program};
use crate::support::{TestScene, world};

/// State, words and advice of the doctor's lines about GitLab and the clock.
fn examined(played: &Played) -> Vec<(String, String, String)> {
    let mut command = Command::new(program());
    command.args(["doctor", "--json", "--config"]).arg(played.world.settings_file());
    let text = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let text = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
    let of_gitlab =
        lines.filter(|line| line["part"] == "gitlab" || line["part"] == "clock" || line["part"] == "github");
    of_gitlab.map(|line| (text(&line, "state"), text(&line, "said"), text(&line, "todo"))).collect()
}

async fn examined_in(scene: TestScene) -> Vec<(String, String, String)> {
    let (played, _) = end(scene, Variant::Twin).await;
    played.world.simulator.shared.dates.follow_the_machine();
    let lines = examined(&played);
    played.stop().await;
    lines
}

/// The change, after which GitLab refuses some of the questions.
fn without(on: &str) -> TestScene {
    let fail =
        format!("[[timeline]]\nfail = {{ system = \"gitlab\", how = \"forbidden\", on = \"{on}\" }}\n[[expect]]");
    change().with("[[expect]]", &fail)
}

#[tokio::test(flavor = "multi_thread")]
async fn twin_the_doctor_finds_everything_in_order() {
    let lines = examined_in(change()).await;
    for words in [
        "acme/shop/billing-api can be read",
        "the token may read what it needs, and no more",
        "as GitLab's",
        "no service is there",
    ] {
        assert!(lines.iter().any(|(_, said, _)| said == words), "{words}: {lines:#?}");
    }
    assert!(lines.iter().all(|(state, ..)| state != "fail"), "{lines:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_says_what_the_token_may_not_read() {
    for (on, what) in [
        ("/merge_requests", "the merge requests"),
        ("/events", "the events"),
        ("/members/all", "the members"),
        ("git-upload-pack", "the commits (read_repository)"),
    ] {
        let lines = examined_in(without(on)).await;
        let said = format!("acme/shop/billing-api: {what} cannot be read (not allowed (403)");
        let found = lines.iter().find(|(state, words, _)| state == "fail" && words.starts_with(&said));
        assert!(found.is_some_and(|(.., todo)| todo.contains("the README lists")), "{on}: {lines:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn readyz_names_gitlab_and_what_to_do() {
    let scene = change()
        .with("[[timeline]]", "[[timeline]]\nfail = { system = \"gitlab\", how = \"token_revoked\" }\n[[timeline]]");
    let clock = cm_bot::simulator::clock::Clock::scripted();
    let world = world(scene.parsed().variant(Variant::Twin), clock).await;
    for step in world.scene.timeline.iter().take(1) {
        world.simulator.play(step).await.unwrap();
    }
    let service = Service::start(&world).await;
    let said = trouble(&world, "gitlab").await;
    assert!(said.starts_with("GitLab refuses the credentials (401): make a new token with read_api"), "{said}");
    drop(service);
}
