//! `cm-bot explain`: the same tree as the comment, and nothing changes.

use std::process::{Command, Output};

use cm_bot::cli::demo::compare::Outcome;
use cm_bot::cli::demo::play::Played;
use cm_bot::simulator::scene::Variant;

use crate::support::process::program;
use crate::support::scene;

async fn explain(played: &Played, arguments: &[&str]) -> Output {
    played.world.simulator.shared.dates.follow_the_machine();
    let file = played.world.settings_file();
    let mut command = Command::new(program());
    command.arg("explain").args(arguments).arg("--config").arg(file).env("NO_COLOR", "1");
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_explained_as_in_its_comment() {
    for (name, code, first) in [
        ("clean-change", 0, "Approved automatically. 15 of 15 checks passed for billing-api to prod-us"),
        ("squash-merge", 3, "Waiting for 2 of 2 approvals. billing-api to prod-us"),
        ("no-scan", 4, "Blocked: 1 of 15 checks failed. billing-api to prod-us"),
    ] {
        let played = scene(name).play(Variant::Scene).await;
        let writes = |played: &Played| {
            let requests = played.world.simulator.shared.faults.requests();
            // Searches and GraphQL queries are POST, and only read.
            let reads = |path: &str| path.contains("search") || path.contains("graphql");
            requests.iter().filter(|request| request.method != "GET" && !reads(&request.path)).count()
        };
        let before = writes(&played);
        let output = explain(&played, &["PRODCM-412"]).await;
        assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
        assert!(text(&output.stdout).starts_with(first), "{}", text(&output.stdout));
        assert!(text(&output.stderr).contains("Nothing was changed"));
        assert_eq!(writes(&played), before, "nothing was written");
        played.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_decision_is_made_again() {
    let played = scene("fake-version-bump").play(Variant::Scene).await;
    let key = cm_bot::model::TicketKey::parse("PRODCM-412").unwrap();
    let stored = played.app.context.sources.store.newest_decision(&key).await.unwrap().unwrap();
    let output = explain(&played, &["--decision", &stored.id.to_string()]).await;
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output.stderr).contains("the result is the same as recorded"), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert!(said.contains("package.json also changes `scripts.postinstall`"), "{said}");
    let json = explain(&played, &["--decision", &stored.id.to_string(), "--json"]).await;
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json, Outcome::of(&played, "PRODCM-412").await.unwrap().decision);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_said_in_one_line() {
    let played = scene("clean-change").play(Variant::Scene).await;
    let output = explain(&played, &["PRODCM-777"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stderr), "cm-bot: Jira has no ticket PRODCM-777, or does not let cm-bot see it\n");
    let output = explain(&played, &["prodcm-412"]).await;
    assert_eq!(text(&output.stderr), "cm-bot: `prodcm-412` is not a ticket key such as PRODCM-412\n");
    played.stop().await;
}
