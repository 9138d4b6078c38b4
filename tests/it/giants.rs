//! Changes that take more requests than one ticket may cost: they wait for a human, and nobody waits for them.

use cm_bot::cli::demo::compare::Outcome;
use cm_bot::cli::demo::play::{Played, settle};
use cm_bot::simulator::scene::{Scene, System, Variant};

use crate::requests::pushed;
use crate::support::{play_all, scene, start_with};

/// More than a clean change takes, and less than thirty commits that are looked up one by one.
const CAP: i64 = 20;

async fn played(scene: Scene) -> Played {
    let played = start_with(scene, |settings| {
        settings["github"].as_table_mut().unwrap().insert("requests_per_ticket".into(), CAP.into());
    })
    .await;
    play_all(&played).await;
    played
}

/// How many requests GitHub has seen.
fn asked(played: &Played) -> usize {
    let requests = played.world.simulator.shared.faults.requests();
    requests.iter().filter(|request| request.system == System::Github).count()
}

async fn happens(played: &Played, verb: &str) {
    played.world.simulator.play(&toml::from_str(verb).unwrap()).await.unwrap();
    settle(played).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn f23_a_ticket_that_takes_too_many_requests_waits_for_a_human() {
    let played = played(pushed(30).parsed().variant(Variant::Scene)).await;
    let outcome = Outcome::of(&played, "PRODCM-412").await.unwrap();
    let text = outcome.comment_text();
    assert!(text.contains("cm-bot may not send GitHub more requests for one ticket, so the"), "{text}");
    assert!(text.contains("the operator of cm-bot raises github.requests_per_ticket."), "{text}");
    assert_eq!(outcome.decision["kind"], "hold");
    assert!(outcome.transitions.is_empty());
    let once = asked(&played);
    // The first change, of which only the branch and the scans are asked for, and once more when somebody approves it.
    let before = 6;
    assert!(once <= before + usize::try_from(CAP).unwrap(), "{once} requests");
    happens(&played, "push = { branch = \"elsewhere\", commit = \"v1\" }").await;
    assert_eq!(asked(&played), once, "whatever GitHub tells, nobody asks again at once");
    happens(&played, "pass = \"2h\"").await;
    assert!(asked(&played) > once, "after an hour it is looked at again");
    played.stop().await;
}

/// The twin: under the same cap a clean change is approved.
#[tokio::test(flavor = "multi_thread")]
async fn f23_a_ticket_that_takes_few_requests_is_approved() {
    let played = played(scene("clean-change").parsed().variant(Variant::Twin)).await;
    let outcome = Outcome::of(&played, "PRODCM-412").await.unwrap();
    assert_eq!(outcome.verdict_words(), "Approved automatically", "{}", outcome.comment_text());
    played.stop().await;
}

/// Editing the ticket is a reason to look again: it may name a smaller change now.
#[tokio::test(flavor = "multi_thread")]
async fn f23_a_ticket_that_names_a_smaller_change_is_looked_at_at_once() {
    let played = played(pushed(30).parsed().variant(Variant::Scene)).await;
    let before = asked(&played);
    happens(&played, "edit_ticket = { ticket = \"PRODCM-412\", by = \"dana\", commit = \"v1\" }").await;
    assert!(asked(&played) > before);
    let outcome = Outcome::of(&played, "PRODCM-412").await.unwrap();
    assert!(!outcome.comment_text().contains("more requests"), "{}", outcome.comment_text());
    played.stop().await;
}

/// Nobody else waits: what comes after a giant is approved, though both are asked about at the same GitHub.
#[tokio::test(flavor = "multi_thread")]
async fn f23_a_giant_takes_nothing_from_others() {
    let services = r#"
[[services]]
name = "billing-api"
repository = "acme/billing-api"
[[services]]
name = "ledger"
repository = "acme/billing-api"
"#;
    let before = "[[timeline]]\ndeployed_before = { ticket = \"PRODCM-398\", commit = \"v1\" }\n";
    let both = before.replace("PRODCM-398", "PRODCM-399").replace("\"v1\" }", "\"v1\", service = \"ledger\" }");
    let other = r#"
[[timeline]]
scan = { commit = "v1" }
[[timeline]]
create_ticket = { key = "PRODCM-413", by = "dana", commit = "v1", service = "ledger" }
[[expect]]"#;
    let scene = pushed(30).with(before, &format!("{services}{before}{both}")).with("[[expect]]", other);
    let played = played(scene.parsed().variant(Variant::Scene)).await;
    let status = |key: &str| played.world.simulator.jira.ticket(key).unwrap().status;
    assert_eq!((status("PRODCM-412").as_str(), status("PRODCM-413").as_str()), ("Awaiting approval", "Approved"));
    played.stop().await;
}
