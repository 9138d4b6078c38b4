//! The simulated world and our own words, held against programs that other people wrote.
//!
//! `tests/run` installs them. Without them these tests fail: a check that was not made is not passed.

use std::path::Path;
use std::process::{Command, Output};

use cm_bot::cli::demo::world::World;
use cm_bot::simulator::clock::Clock;
use cm_bot::simulator::scene::{Scene, Step, Variant};
use serde_json::{Value, json};

use crate::support::process::program;
use crate::support::{play_all, scene, scene_of, start};

/// The checker of Slack payloads, which is a crate of its own.
const SLACK_ORACLE: &str = "target/oracles/debug/slack-oracle";

fn passed(name: &str, output: &Output) {
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}:\n{said}");
}

fn installed() {
    let there = Path::new("tests/peers/node_modules").is_dir() && Path::new(SLACK_ORACLE).is_file();
    assert!(there, "the peers are not installed; tests/run does that");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_other_people_wrote_get_along_with_the_simulated_world() {
    installed();
    let text = std::fs::read_to_string("tests/peers/world.toml").unwrap();
    let world = World::new(Scene::parse(&text).unwrap(), Clock::scripted()).await.unwrap();
    for step in world.scene.timeline.iter().flat_map(Step::parts) {
        world.simulator.play(&step).await.unwrap();
    }
    let (account, token) = world.simulator.jira.credentials();
    let mut node = Command::new("node");
    node.args(["--test", "tests/peers/jira.mjs", "tests/peers/slack.mjs", "tests/peers/github.test.mjs"])
        .env("JIRA_URL", format!("http://{}", world.addresses.jira))
        .env("JIRA_ACCOUNT", account)
        .env("JIRA_TOKEN", token)
        .env("GITHUB_URL", format!("http://{}", world.addresses.github))
        .env("GITHUB_TOKEN", world.simulator.github.token())
        .env("SLACK_URL", format!("http://{}", world.addresses.slack))
        .env("SLACK_TOKEN", world.simulator.slack.token());
    let output = tokio::task::spawn_blocking(move || node.output().unwrap()).await.unwrap();
    passed("node --test tests/peers", &output);
}

/// Every comment and message of every scene, against Atlassian's schema and Slack's limits.
#[test]
fn our_words_fit_the_schemas_of_those_who_show_them() {
    installed();
    let folder = tempfile::tempdir().unwrap();
    let demo = Command::new(program()).args(["demo", "--once", "--json"]).output().unwrap();
    let scenes: Vec<Value> =
        String::from_utf8(demo.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(scenes.len() > 20, "only {} scenes", scenes.len());
    for (number, ticket) in scenes.iter().flat_map(|scene| list(&scene["tickets"])).enumerate() {
        for (place, comment) in list(&ticket["comments"]).iter().enumerate() {
            std::fs::write(folder.path().join(format!("{number}-{place}.adf.json")), comment["adf"].to_string())
                .unwrap();
        }
        for (place, message) in list(&ticket["messages"]).iter().enumerate() {
            let sent = json!({"channel": message["channel"], "text": message["text"], "blocks": message["blocks"]});
            std::fs::write(folder.path().join(format!("{number}-{place}.slack.json")), sent.to_string()).unwrap();
        }
    }
    passed("adf.mjs", &Command::new("node").arg("tests/peers/adf.mjs").arg(folder.path()).output().unwrap());
    passed("slack-oracle", &Command::new(SLACK_ORACLE).arg(folder.path()).output().unwrap());
}

/// What belongs to no ticket's thread: the form in which somebody decides, what only one person sees, what ends. A form holds
/// the same blocks as a message, beside its inputs.
#[tokio::test(flavor = "multi_thread")]
async fn what_one_person_sees_and_what_ends_fits_too() {
    installed();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str, blocks: Value| {
        let message = json!({"channel": "C0CHANGES", "text": text, "blocks": blocks});
        std::fs::write(folder.path().join(format!("{name}.slack.json")), message.to_string()).unwrap();
    };
    let submit = "submit = { by = \"priya\", values = { note = \"Checked the rollback plan.\" } }";
    let open = scene("approved-in-slack").with(submit, "pass = \"1s\"").play(Variant::Scene).await;
    let [(_, form)] = open.world.simulator.slack.forms().try_into().unwrap();
    let shown: Vec<&Value> = list(&form["blocks"]).iter().filter(|block| block["type"] != "input").collect();
    assert!(shown.len() >= 3, "{form}");
    write("form", "A form in which somebody approves a change of production.", json!(shown));
    for (number, (_, whisper)) in open.world.simulator.slack.whispers().iter().enumerate() {
        write(&format!("whisper-{number}"), &whisper.text, whisper.blocks.clone());
    }
    open.stop().await;
    let text = std::fs::read_to_string("config/policies/luma/scenes/network-ends.toml").unwrap();
    let ended = scene_of(&text).play(Variant::Scene).await;
    for (number, message) in ended.world.simulator.slack.messages().iter().enumerate() {
        write(&format!("end-{number}"), &message.text, message.blocks.clone());
    }
    ended.stop().await;
    assert!(std::fs::read_dir(folder.path()).unwrap().count() >= 5);
    passed("slack-oracle", &Command::new(SLACK_ORACLE).arg(folder.path()).output().unwrap());
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

/// Where `tests/run` puts schemathesis.
const SCHEMATHESIS: &str = "target/schemathesis/bin/schemathesis";

/// Whatever is sent to the gate: no answer of 500 and above, and none that its document does not describe.
#[tokio::test(flavor = "multi_thread")]
async fn the_gate_answers_as_its_document_says_whatever_it_is_asked() {
    assert!(Path::new(SCHEMATHESIS).is_file(), "schemathesis is not installed; tests/run does that");
    let played = start("gate", scene("clean-change").parsed().variant(Variant::Scene)).await;
    play_all(&played).await;
    let (at, token) = (played.world.service, played.world.gate_token("billing-api"));
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(std::fs::canonicalize(SCHEMATHESIS).unwrap());
    command.current_dir(folder.path());
    command.args(["run", &format!("http://{at}/api/v1/openapi.json"), "--url", &format!("http://{at}")]);
    command.args(["--header", &format!("Authorization: Bearer {token}"), "--phases", "examples,coverage,fuzzing"]);
    let checks =
        ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"];
    command.args(["--checks", &checks.join(","), "--max-examples", "40", "--seed", "1", "--request-timeout", "30"]);
    command.args(["--generation-deterministic", "--no-color", "--max-time", "45"]);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    passed("schemathesis", &output);
    played.stop().await;
}
