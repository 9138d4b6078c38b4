//! F: other systems are away, slow or late. While one of them is, nothing is decided on half of what there is; afterwards the
//! clean ticket is approved, once, by itself.

use std::time::Duration;

use cm_bot::cli::demo::compare::Outcome;
use cm_bot::cli::demo::play::{Played, settle};
use cm_bot::simulator::scene::{Step, System, Variant};

use crate::support::{play_all, scene, start};

const TICKET: &str = "[[timeline]]\ncreate_ticket = { key = \"PRODCM-412\", by = \"dana\", commit = \"merged\" }\n";

async fn happens(played: &Played, verb: &str) {
    played.world.simulator.play(&toml::from_str::<Step>(verb).unwrap()).await.unwrap();
    settle(played).await.unwrap();
}

/// The clean change, up to its ticket, of which a system knows nothing while it fails.
async fn asked_while(system: &str, how: &str) -> Played {
    let fails = format!("[[timeline]]\nfail = {{ system = \"{system}\", {how} }}\n{TICKET}");
    let played = start("outage", scene("clean-change").with(TICKET, &fails).parsed().variant(Variant::Scene)).await;
    play_all(&played).await;
    played
}

async fn outcome(played: &Played) -> Outcome {
    Outcome::of(played, "PRODCM-412").await.unwrap()
}

/// Transitions, comments, messages and replies.
async fn seen(played: &Played) -> (usize, usize, usize, usize) {
    let outcome = outcome(played).await;
    (outcome.transitions.len(), outcome.comments.len(), outcome.messages.len(), outcome.replies.len())
}

/// How many decisions are recorded of the ticket.
async fn decisions(played: &Played) -> usize {
    let trail = played.app.context.sources.store.trail_after(0, i64::MAX).await.unwrap();
    trail.iter().filter(|(_, body, _)| body.contains("\"decided\"") && body.contains("PRODCM-412")).count()
}

/// It is approved by itself, told once, and decided once.
async fn is_approved_once(played: &Played) {
    let outcome = outcome(played).await;
    assert_eq!(outcome.verdict_words(), "Approved automatically", "{}", outcome.comment_text());
    assert_eq!(seen(played).await, (1, 1, 1, 0));
    assert_eq!(decisions(played).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn f01_jira_is_down_when_its_webhook_comes() {
    let played = asked_while("jira", "how = \"down\"").await;
    for time in ["1m", "10m", "30m"] {
        happens(&played, &format!("pass = \"{time}\"")).await;
        assert_eq!(seen(&played).await, (0, 0, 0, 0), "the ticket is untouched");
        assert_eq!(decisions(&played).await, 0);
    }
    happens(&played, "recover = { system = \"jira\" }").await;
    happens(&played, "pass = \"1h\"").await;
    is_approved_once(&played).await;
    played.stop().await;
}

/// The first answers are there, the rest is not: that is no smaller change.
#[tokio::test(flavor = "multi_thread")]
async fn f02_github_goes_down_in_the_middle_of_the_evidence() {
    for part in ["/code-scanning/", "graphql", "/compare/"] {
        let played = asked_while("github", &format!("how = \"bad_gateway\", on = \"{part}\"")).await;
        happens(&played, "pass = \"2h\"").await;
        let meanwhile = outcome(&played).await;
        assert!(meanwhile.transitions.is_empty(), "{part}");
        assert_eq!(meanwhile.decision["kind"], "could_not_check", "{part}: {}", meanwhile.comment_text());
        assert!(
            meanwhile.comment_text().contains("GitHub did not answer when asked for"),
            "{}",
            meanwhile.comment_text()
        );
        happens(&played, "recover = { system = \"github\" }").await;
        happens(&played, "pass = \"1h\"").await;
        let after = outcome(&played).await;
        assert_eq!(after.verdict_words(), "Approved automatically", "{part}: {}", after.comment_text());
        assert_eq!(after.transitions, ["Approve"]);
        played.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f03_slack_is_down_and_the_ticket_is_decided_all_the_same() {
    let played = asked_while("slack", "how = \"down\"").await;
    assert_eq!(seen(&played).await, (1, 1, 0, 0));
    happens(&played, "pass = \"4h\"").await;
    assert_eq!(seen(&played).await, (1, 1, 0, 0));
    happens(&played, "recover = { system = \"slack\" }").await;
    happens(&played, "pass = \"1h\"").await;
    is_approved_once(&played).await;
    played.stop().await;
}

/// Requests to GitHub so far.
fn asked(played: &Played) -> usize {
    let requests = played.world.simulator.shared.faults.requests();
    requests.iter().filter(|request| request.system == System::Github).count()
}

/// Whether GitHub says for how long or does not: nobody asks again and again.
#[tokio::test(flavor = "multi_thread")]
async fn f04_who_is_asked_to_wait_waits() {
    for how in ["rate_limited", "secondary_limit"] {
        let fails = format!("how = \"{how}\", on = \"/compare/\"");
        let played = asked_while("github", &fails).await;
        let first = asked(&played);
        let passes: Vec<usize> = {
            let mut passes = Vec::new();
            for _ in 0..10 {
                let before = asked(&played);
                played.world.simulator.shared.clock.pass(Duration::from_secs(60));
                settle(&played).await.unwrap();
                passes.push(asked(&played) - before);
            }
            passes
        };
        assert!(passes.iter().all(|asked| *asked <= first), "{how}: {first}, then {passes:?}");
        assert!(outcome(&played).await.transitions.is_empty(), "{how}");
        happens(&played, "recover = { system = \"github\" }").await;
        happens(&played, "pass = \"1h\"").await;
        assert_eq!(outcome(&played).await.verdict_words(), "Approved automatically", "{how}");
        played.stop().await;
    }
}

/// A hundred times the same webhook, while it is judged and afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn f10_the_same_webhook_a_hundred_times() {
    let again = format!("{TICKET}[[timeline]]\nredeliver = {{ ticket = \"PRODCM-412\", times = 99 }}\n");
    let played = scene("clean-change").with(TICKET, &again).play(Variant::Scene).await;
    is_approved_once(&played).await;
    played.stop().await;
}

/// Each webhook is a hint to look, so their order says nothing: the edit comes first, and the creation after it.
#[tokio::test(flavor = "multi_thread")]
async fn f11_webhooks_in_the_wrong_order() {
    let late = "[[timeline]]\nfail = { system = \"jira\", how = \"drops_webhooks\", times = 1 }\n";
    let edit = "[[timeline]]\nedit_ticket = { ticket = \"PRODCM-412\", by = \"dana\", summary = \"Round totals\" }\n";
    let again = "[[timeline]]\nredeliver = { ticket = \"PRODCM-412\", times = 1 }\n";
    let order = format!("{late}{TICKET}{edit}{again}");
    let played = scene("clean-change").with(TICKET, &order).play(Variant::Scene).await;
    is_approved_once(&played).await;
    played.stop().await;
}

/// The look for what was lost was faster.
#[tokio::test(flavor = "multi_thread")]
async fn f13_a_webhook_that_comes_half_an_hour_late() {
    let order = format!("[[timeline]]\nfail = {{ system = \"jira\", how = \"drops_webhooks\", times = 1 }}\n{TICKET}");
    let played = start("late", scene("clean-change").with(TICKET, &order).parsed().variant(Variant::Scene)).await;
    play_all(&played).await;
    happens(&played, "pass = \"1m\"").await;
    played.app.reconcile().once().await.unwrap();
    settle(&played).await.unwrap();
    is_approved_once(&played).await;
    happens(&played, "pass = \"30m\"").await;
    happens(&played, "redeliver = { ticket = \"PRODCM-412\", times = 1 }").await;
    is_approved_once(&played).await;
    played.stop().await;
}

/// What GitHub does not show yet is not there for good: it is asked for again before anybody is told.
#[tokio::test(flavor = "multi_thread")]
async fn f22_github_shows_a_pull_request_a_moment_late() {
    let played = asked_while("github", "how = \"unseen_pull_requests\", times = 1").await;
    happens(&played, "pass = \"30m\"").await;
    let outcome = outcome(&played).await;
    assert_eq!(outcome.verdict_words(), "Approved automatically", "{}", outcome.comment_text());
    assert_eq!(outcome.transitions, ["Approve"]);
    played.stop().await;
}
