//! C12: deployments behind the gate's back. What went out and was not let through is reported, once; what was let through
//! is not.

use cm_bot::cli::demo::play::{Played, settle};
use cm_bot::simulator::jira::adf_text;
use cm_bot::simulator::scene::{Step, Variant};

use crate::support::{TestScene, play_all, scene, start};

const TICKET: &str = "[[timeline]]\ncreate_ticket = { key = \"PRODCM-412\", by = \"dana\", commit = \"merged\" }\n";
const PAST: &str = "billing-api went to prod-us past the gate";

/// The clean change, approved, with its deployments watched in one place.
fn watched(place: &str) -> TestScene {
    let service = format!(
        "[[services]]\nname = \"billing-api\"\nrepository = \"acme/billing-api\"\nenvironments = [\"prod-us\"]\n\
         watch = [{{ environment = \"prod-us\", {place} }}]\n\n"
    );
    scene("clean-change").with("[[commits]]", &format!("{service}[[commits]]"))
}

fn on_github() -> TestScene {
    watched("github_environment = \"production-us\"")
}

fn on_jenkins() -> TestScene {
    watched("jenkins_job = \"billing-api/release\", parameter = \"TARGET=prod-us\"")
}

/// The scene up to its end, and the first look, which only takes note of where to begin.
async fn after(scene: TestScene) -> Played {
    let played = start("orphans", scene.parsed().variant(Variant::Scene)).await;
    played.app.orphans().once().await;
    play_all(&played).await;
    played
}

async fn happens(played: &Played, verbs: &[&str]) {
    for verb in verbs {
        played.world.simulator.play(&toml::from_str::<Step>(verb).unwrap()).await.unwrap();
    }
    settle(played).await.unwrap();
}

/// Looks; says how many were reported.
async fn look(played: &Played) -> usize {
    let orphans = played.app.orphans().once().await;
    settle(played).await.unwrap();
    orphans
}

/// Every message in the channel that says so.
fn said(played: &Played) -> Vec<String> {
    let messages = played.world.simulator.slack.messages();
    messages.into_iter().map(|message| message.text).filter(|text| text.contains("past the gate")).collect()
}

async fn trail(played: &Played) -> String {
    whole_trail(played).await.into_iter().filter(|body| body.contains("\"orphan_deployment\"")).collect()
}

async fn whole_trail(played: &Played) -> Vec<String> {
    let trail = played.app.context.sources.store.trail_after(0, i64::MAX).await.unwrap();
    trail.into_iter().map(|(_, body, _)| body).collect()
}

const REQUEST: &str =
    "gate_request = { run = { build = \"1871\" }, commit = \"merged\", artifact = \"billing-api:1871\" }";
const CONSUME: &str = "gate_consume = { run = { build = \"1871\" }, answer = \"allow\" }";
const ON_GITHUB: &str = "show_deployment = { environment = \"production-us\", commit = \"merged\", by = \"dana\" }";
const ON_JENKINS: &str = "jenkins_build = { job = \"billing-api/release\", build = 1871, commit = \"merged\", by = \"dana\", \
                          parameters = { TARGET = \"prod-us\" } }";

/// The build while it runs.
fn running() -> String {
    ON_JENKINS.replace("by = \"dana\"", "result = \"\"")
}

#[tokio::test(flavor = "multi_thread")]
async fn c12_a_deployment_on_github_that_nobody_let_through() {
    let played = after(on_github()).await;
    happens(&played, &[ON_GITHUB]).await;
    assert_eq!(look(&played).await, 1);
    let said = said(&played);
    assert_eq!(said.len(), 1, "{said:?}");
    for words in [
        PAST,
        "by dana on ",
        "as GitHub shows. No pipeline was let through by the gate for it.",
        "Do this: find out who deployed it and why.",
    ] {
        assert!(said[0].contains(words), "nobody reads {words:?} in: {}", said[0]);
    }
    let ticket = played.world.simulator.jira.ticket("PRODCM-412").unwrap();
    let comments: Vec<String> = ticket.comments.iter().map(|comment| adf_text(&comment.body)).collect();
    assert!(comments.iter().any(|text| text.contains("The approval of this ticket was not used")), "{comments:?}");
    assert!(trail(&played).await.contains("No pipeline was let through by the gate for it."));
    assert_eq!(look(&played).await, 0, "it is said once");
    assert_eq!(self::said(&played).len(), 1);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c12_twin_a_deployment_on_github_that_was_let_through() {
    let played = after(on_github()).await;
    happens(&played, &[REQUEST, CONSUME, ON_GITHUB]).await;
    assert_eq!(look(&played).await, 0);
    assert!(said(&played).is_empty());
    assert_eq!(trail(&played).await, "");
    // Its approval was for one deployment.
    happens(&played, &[ON_GITHUB]).await;
    assert_eq!(look(&played).await, 1);
    assert!(said(&played)[0].contains("Its commit was let through once, and that was for an earlier deployment."));
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c12_a_run_that_ignored_the_answer_of_the_gate() {
    let ticket = "[[timeline]]\ncreate_ticket = { key = \"PRODCM-412\", by = \"dana\", commit = \"fix\" }\n";
    let played = after(on_jenkins().with(TICKET, ticket)).await;
    let denied = "gate_consume = { run = { build = \"1871\" }, answer = \"waiting\" }";
    let asks = [&running().replace("merged", "fix"), &REQUEST.replace("merged", "fix"), denied];
    happens(&played, &asks).await;
    happens(&played, &[&ON_JENKINS.replace("merged", "fix")]).await;
    assert_eq!(look(&played).await, 1);
    assert!(said(&played)[0].contains("as Jenkins shows. No pipeline was let through by the gate for it."));
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c12_a_run_that_deployed_another_commit_than_it_asked_for() {
    let played = after(on_jenkins()).await;
    happens(&played, &[&running(), REQUEST, CONSUME, &ON_JENKINS.replace("merged", "fix")]).await;
    assert_eq!(look(&played).await, 1);
    assert!(said(&played)[0].contains("Its run was let through with commit "), "{:?}", said(&played));
    assert!(said(&played)[0].contains(", and deployed this one."));
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c12_twin_a_build_of_jenkins_that_was_let_through_and_others_that_did_not_go_out() {
    let played = after(on_jenkins()).await;
    happens(&played, &[&running(), REQUEST, CONSUME, ON_JENKINS]).await;
    for other in [
        ON_JENKINS.replace("1871", "1872").replace("by = \"dana\"", "result = \"FAILURE\""),
        ON_JENKINS.replace("1871", "1873").replace("by = \"dana\"", "result = \"\""),
        ON_JENKINS.replace("1871", "1874").replace("prod-us", "staging"),
        ON_JENKINS.replace("1871", "1875").replace("billing-api/release", "billing-api/test"),
    ] {
        happens(&played, &[&other]).await;
    }
    assert_eq!(look(&played).await, 0, "{:?}", said(&played));
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c12_what_is_under_way_or_failed_has_not_gone_out() {
    let played = after(on_github()).await;
    for state in ["in_progress", "failure"] {
        happens(&played, &[&ON_GITHUB.replace("by =", &format!("state = \"{state}\", by ="))]).await;
    }
    assert_eq!(look(&played).await, 0);
    // One that was replaced since had gone out.
    happens(&played, &[&ON_GITHUB.replace("by =", "state = \"inactive\", by =")]).await;
    assert_eq!(look(&played).await, 1);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c12_what_went_out_before_anybody_looked_is_not_reported() {
    let played = start("orphans", on_github().parsed().variant(Variant::Scene)).await;
    play_all(&played).await;
    happens(&played, &[ON_GITHUB, "pass = \"1m\""]).await;
    assert_eq!(look(&played).await, 0);
    assert_eq!(look(&played).await, 0);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c12_what_goes_out_in_an_emergency_belongs_to_it() {
    let played = after(on_github()).await;
    let emergency = "create_ticket = { key = \"PRODCM-500\", by = \"sam\", commit = \"merged\", \
                     fields = { change_class = \"emergency\" } }";
    happens(&played, &[emergency]).await;
    happens(&played, &[ACKNOWLEDGED]).await;
    happens(&played, &[ON_GITHUB]).await;
    assert_eq!(look(&played).await, 0);
    assert!(said(&played).is_empty(), "it was announced as an emergency");
    assert!(trail(&played).await.contains("\"emergency\""));
    played.stop().await;
}

const ACKNOWLEDGED: &str = "click = { by = \"priya\", button = \"Acknowledge\", about = \"PRODCM-500\" }";

#[tokio::test(flavor = "multi_thread")]
async fn c12_an_emergency_that_nobody_acknowledged_or_that_is_long_over_hides_nothing() {
    let emergency = "create_ticket = { key = \"PRODCM-500\", by = \"sam\", commit = \"merged\", \
                     fields = { change_class = \"emergency\" } }";
    for before in [&[emergency][..], &[emergency, ACKNOWLEDGED, "pass = \"25h\""]] {
        let played = after(on_github()).await;
        for step in before.iter().chain([&ON_GITHUB]) {
            happens(&played, &[step]).await;
        }
        assert_eq!(look(&played).await, 1, "{before:?}");
        assert!(said(&played)[0].contains("billing-api went to prod-us past the gate"), "{:?}", said(&played));
        played.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c12_an_emergency_is_not_called_off_once_something_went_out_although_nobody_had_acknowledged_it() {
    let emergency = "create_ticket = { key = \"PRODCM-500\", by = \"sam\", commit = \"merged\", \
                     fields = { change_class = \"emergency\" } }";
    let call_off = "click = { by = \"sam\", button = \"Call it off\", about = \"PRODCM-500\" }";
    let played = after(on_github()).await;
    happens(&played, &[emergency, ON_GITHUB]).await;
    assert_eq!(look(&played).await, 1);
    happens(&played, &[call_off]).await;
    let trail_of = whole_trail(&played).await.concat();
    assert!(trail_of.contains("\"emergency_used\"") && !trail_of.contains("\"emergency_called_off\""), "{trail_of}");
    played.stop().await;
    let twin = after(on_github()).await;
    happens(&twin, &[emergency]).await;
    happens(&twin, &[call_off]).await;
    let called_off = whole_trail(&twin).await.concat().contains("\"emergency_called_off\"");
    assert!(called_off, "the twin: nothing went out");
    twin.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c12_a_place_that_cannot_be_read_is_looked_at_again() {
    let played = after(on_github()).await;
    let fails = "fail = { system = \"github\", how = \"forbidden\", on = \"/deployments\" }";
    happens(&played, &[ON_GITHUB, fails]).await;
    assert_eq!(look(&played).await, 0);
    happens(&played, &["recover = { system = \"github\" }"]).await;
    assert_eq!(look(&played).await, 1);
    played.stop().await;
}
