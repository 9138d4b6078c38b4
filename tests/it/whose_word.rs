//! Whose word counts, and for what: whoever made a ticket does not approve it, and nobody has approved what nobody had found.

use std::time::Duration;

use cm_bot::cli::demo::play::Played;
use cm_bot::simulator::scene::Variant;

use crate::approvals::{count, happens, outcome, says, says_at_once, stands_approved, status, texts};
use crate::support::{TestScene, play_all, scene, start};

const TICKET: &str = "[[timeline]]\ncreate_ticket = { key = \"PRODCM-412\", by = \"dana\", commit = \"merged\" }\n";

async fn played(scene: TestScene) -> Played {
    let played = start("whose word", scene.parsed().variant(Variant::Scene)).await;
    play_all(&played).await;
    played
}

/// A first deployment, whose ticket a lead made in the name of somebody else.
async fn made_by_sam(reporter: &str) -> Played {
    let people = "[[people]]\nname = \"dana\"\nfull_name = \"Dana Reyes\"\n\
                  [[people]]\nname = \"lee\"\nfull_name = \"Lee Wong\"\n\
                  [[people]]\nname = \"priya\"\nfull_name = \"Priya Nair\"\nroles = [\"security-lead\"]\n\
                  [[people]]\nname = \"sam\"\nfull_name = \"Sam Okafor\"\nroles = [\"engineering-lead\"]\n\
                  [[people]]\nname = \"zoe\"\nfull_name = \"Zoe Hart\"\nroles = [\"engineering-lead\"]\n";
    let ticket = TICKET.replace("by = \"dana\"", &format!("by = \"sam\"{reporter}"));
    let scene = scene("first-deployment").with("[[commits]]", &format!("{people}[[commits]]"));
    played(scene.with(TICKET, &ticket)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn j04_whoever_made_the_ticket_does_not_approve_it_in_the_name_of_another_requester() {
    let played = made_by_sam(", reporter = \"dana\"").await;
    says(&played, "priya", "/cm approve").await;
    says(&played, "sam", "/cm approve").await;
    let seen = outcome(&played).await;
    let why = "Nothing was recorded. @Sam Okafor: Sam Okafor created the ticket, so somebody else has to approve it.";
    assert!(seen.comment_text().contains(why), "{:?}", texts(&seen));
    assert!(!stands_approved(&played).await);
    // The twin: another lead does.
    says(&played, "zoe", "/cm approve").await;
    assert!(stands_approved(&played).await, "{:?}", texts(&outcome(&played).await));
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_made_the_ticket_in_the_own_name_has_requested_it() {
    let played = made_by_sam("").await;
    says(&played, "sam", "/cm approve").await;
    let seen = outcome(&played).await;
    let why = "Sam Okafor requested this change, so somebody else has to approve it.";
    assert!(seen.comment_text().contains(why), "{:?}", texts(&seen));
    played.stop().await;
}

/// A ticket that two leads approve before cm-bot has looked at it.
async fn approved_unseen(name: &str) -> Played {
    let played = played(scene(name).with(TICKET, "")).await;
    happens(&played, "fail = { system = \"jira\", how = \"drops_webhooks\" }").await;
    happens(&played, TICKET.trim_start_matches("[[timeline]]\n")).await;
    for who in ["priya", "sam"] {
        says_at_once(&played, who, "/cm approve");
    }
    happens(&played, "recover = { system = \"jira\" }").await;
    played.world.simulator.shared.clock.pass(Duration::from_secs(60));
    says(&played, "lee", "/cm check").await;
    happens(&played, "pass = \"15m\"").await;
    played
}

#[tokio::test(flavor = "multi_thread")]
async fn who_approves_before_anything_was_found_has_not_approved_what_is_found() {
    let played = approved_unseen("first-deployment").await;
    let seen = outcome(&played).await;
    assert_eq!(status(&seen), "Awaiting approval", "{:?}", texts(&seen));
    let why = "An approval does not count: Priya Nair approved before cm-bot found this: \
               This is the first deployment of billing-api to prod-us";
    assert!(texts(&seen)[0].contains(why), "{:?}", texts(&seen));
    assert!(!stands_approved(&played).await);
    for who in ["priya", "sam"] {
        says(&played, who, "/cm approve").await;
    }
    assert!(stands_approved(&played).await, "they have seen it now: {:?}", texts(&outcome(&played).await));
    assert_eq!(count(&played, "approved_by_human").await, 1);
    played.stop().await;
}

/// The twin: nothing is found, so there is nothing that they have not seen.
#[tokio::test(flavor = "multi_thread")]
async fn who_approves_a_clean_ticket_before_it_was_judged_has_approved_it() {
    let played = approved_unseen("clean-change").await;
    let seen = outcome(&played).await;
    assert_eq!(status(&seen), "Approved", "{:?}", texts(&seen));
    assert!(stands_approved(&played).await);
    assert!(!texts(&seen).concat().contains("does not count"), "{:?}", texts(&seen));
    played.stop().await;
}
