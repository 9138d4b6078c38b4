//! What an operator hears of GitLab.

use std::process::Command;

use cm_bot::cli::demo::compare::Outcome;
use cm_bot::cli::demo::play::Played;
use cm_bot::simulator::scene::{System, Variant};
use serde_json::Value;

use super::{change, end, end_of};
use crate::logins::trouble;
use crate::support::process::{Service, program};
use crate::support::{TestScene, start_with, world};

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

/// The change under a cap, and how many requests GitLab has seen by Git's own protocol and by others.
async fn under(cap: i64) -> (Outcome, usize, usize) {
    let played = start_with(change().parsed().variant(Variant::Twin), |settings| {
        settings["gitlab"].as_table_mut().unwrap().insert("requests_per_ticket".into(), cap.into());
    });
    let (played, outcome) = end_of(played.await).await;
    let requests = played.world.simulator.shared.faults.requests();
    let to_gitlab = requests.iter().filter(|request| request.system == System::Gitlab);
    let (git, others): (Vec<_>, Vec<_>) = to_gitlab.partition(|request| request.path.contains("git-upload-pack"));
    played.stop().await;
    (outcome, git.len(), others.len())
}

/// What Git's own protocol brings counts as well: there is a cap that the other requests of all tickets together keep within,
/// and that only Git's exceed.
#[tokio::test(flavor = "multi_thread")]
async fn requests_of_git_use_up_what_a_ticket_may_cost() {
    let (approved, git, others) = under(1_000).await;
    assert_eq!(approved.verdict_words(), "Approved automatically", "{}", approved.comment_text());
    assert!(git > 0, "nothing came by Git's own protocol");
    let cap = i64::try_from(others).unwrap();
    let (held, ..) = under(cap).await;
    let text = held.comment_text();
    assert_eq!(held.decision["kind"], "hold", "{git} by Git, {others} others, {text}");
    assert!(text.contains("cm-bot may not send GitLab more requests for one ticket"), "{text}");
    assert!(text.contains("the operator of cm-bot raises gitlab.requests_per_ticket."), "{text}");
}
