//! C01 to C04 and their kin: a scan that is none, and findings that somebody talks away.

use super::stage::{DEPLOYED, SCAN, attacks, clean, in_twin, step};
use super::{attack, is_approved, is_held};
use crate::support::TestScene;

/// The scan finds something that blocks.
const DIRTY: &str = "scan = { commit = \"merged\", findings = [{ rule = \"js/sql-injection\", message = \"This query depends on a user-provided value.\", security_severity = 8.8, path = \"src/totals.js\" }] }";

fn dismiss(by: &str) -> String {
    format!("dismiss_alert = {{ rule = \"js/sql-injection\", by = \"{by}\", reason = \"false positive\" }}")
}

/// The clean change with a finding that blocks, and whatever somebody does about it.
fn found(more: &str) -> TestScene {
    clean().with(&step(SCAN), &format!("{}{more}", step(DIRTY)))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_author_dismisses_the_alert() {
    let by = format!("{}{}", attacks(&dismiss("dana")), in_twin(&dismiss("priya")));
    let sentence =
        "Dana Reyes dismissed alert 1 (false positive), which does not count: Dana Reyes had a hand in this change.";
    attack(found(&by), &[sentence]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_dismisses_the_alert() {
    let by = format!("{}{}", attacks(&dismiss("tidy")), in_twin(&dismiss("priya")));
    let bot = "[[people]]\nname = \"tidy\"\nfull_name = \"Tidy\"\nbot = true\n";
    attack(found(&by).people(bot), &["tidy[bot] dismissed alert 1", "it is not a person's account."]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_unknown_dismisses_the_alert() {
    let by = format!("{}{}", attacks(&dismiss("eve")), in_twin(&dismiss("lee")));
    let eve = "[[people]]\nname = \"eve\"\nfull_name = \"Eve\"\nunmapped = true\n";
    attack(found(&by).people(eve), &["eve dismissed alert 1", "is not in the people file."]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_are_not_asked_for_without_a_reason() {
    for (scene, times) in [(clean(), 0), (found(&in_twin(&dismiss("lee"))), 1)] {
        let played = scene.play(cm_bot::simulator::scene::Variant::Twin).await;
        let requests = played.world.simulator.shared.faults.requests();
        let asked = requests.iter().filter(|request| request.path.contains("/code-scanning/alerts")).count();
        assert_eq!(asked, times);
        played.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_that_cannot_be_read_hold_the_ticket() {
    let fails = "fail = { system = \"github\", how = \"forbidden\", on = \"/code-scanning/alerts\" }";
    is_held(found(&step(&dismiss("lee"))).before(DEPLOYED, &attacks(fails)), &["the dismissed alerts"]).await;
    is_approved(found(&step(&dismiss("lee")))).await;
}

/// The criteria accept the finding.
fn accepted(owner: &str, until: &str) -> String {
    format!(
        "[[criteria.security_scan.accepted]]\ntool = \"CodeQL\"\nrule = \"js/sql-injection\"\nowner = \"{owner}\"\nreason = \"Only in reports\"\nuntil = {until}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_risk_is_accepted_by_its_author_or_for_too_long() {
    let own = accepted("Dana Reyes", "2026-12-31");
    is_held(
        found("").more(&own),
        &["Dana Reyes accepted it, which does not count: Dana Reyes had a hand in this change."],
    )
    .await;
    let over = accepted("Priya Nair", "2026-11-01");
    is_held(found("").more(&over), &["Priya Nair accepted it until 2026-11-01, and that day is over."]).await;
    is_approved(found("").more(&accepted("Priya Nair", "2026-12-31"))).await;
}
