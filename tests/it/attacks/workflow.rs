//! J15: whoever administers Jira opens the way to a status, and nothing is approved by it.

use std::process::Command;

use cm_bot::simulator::scene::Variant;

use super::stage::{TICKET, attacks, clean, step};
use super::{attack, end, is_approved};
use crate::support::process::program;
use crate::support::{TestScene, page, scene};

/// What the Security Officer has signed: criteria that name the workflow as it is at the beginning of a scene.
async fn signed(scene: TestScene) -> TestScene {
    scene.more(&printed().await.replace("[workflow]", "[criteria.workflow]"))
}

/// What the command prints for a ticket that waits.
async fn printed() -> String {
    let waits = scene("first-deployment").play(Variant::Scene).await;
    waits.world.simulator.shared.dates.follow_the_machine();
    let file = waits.world.settings_file();
    let mut command = Command::new(program());
    command.args(["criteria", "workflow", "PRODCM-412", "--config"]).arg(file);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{talk}");
    assert!(talk.contains("\"Approve\" to \"Approved\", conditional true"), "{talk}");
    waits.stop().await;
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn j15_anybody_may_approve_since_today() {
    let scene = signed(clean()).await.before(TICKET, &attacks("change_workflow = { approve = \"anybody\" }"));
    let sentences = [
        "The workflow of the ticket is not the one that was signed.",
        "Do this: an administrator of Jira says who changed the workflow and why",
    ];
    attack(scene.clone(), &sentences).await;
    let (played, _) = end(scene, Variant::Scene).await;
    let ready = page(&played, "/readyz").await;
    assert!(ready.contains("Nothing is approved automatically until then: change it back"), "{ready}");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn j15_a_jira_that_does_not_tell_its_workflow_approves_nothing() {
    let on = "GET /rest/api/3/issue/PRODCM-412/transitions";
    let fails = attacks(&format!("fail = {{ system = \"jira\", how = \"forbidden\", on = \"{on}\" }}"));
    attack(signed(clean()).await.before(TICKET, &fails), &["Jira does not let cm-bot see the workflow of the ticket"])
        .await;
}

/// The change is taken back, and the ticket is approved by itself.
#[tokio::test(flavor = "multi_thread")]
async fn j15_a_workflow_that_was_changed_back() {
    let change = step("change_workflow = { approve = \"anybody\" }");
    let back = step("change_workflow = { approve = \"approvers\" }") + &step("pass = \"1h\"");
    is_approved(signed(clean()).await.before(TICKET, &change).after(TICKET, &back)).await;
}
