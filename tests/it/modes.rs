//! What people do: a human approves, declines or edits, and cm-bot keeps up.

use cm_bot::cli::demo::compare::Outcome;
use cm_bot::cli::demo::play::Played;
use cm_bot::simulator::scene::Variant;

use crate::support::{TestScene, scene};

async fn ends(scene: TestScene) -> (Played, Outcome) {
    let played = scene.play(Variant::Scene).await;
    let ticket = played.world.scene.expect[0].ticket.clone();
    let outcome = Outcome::of(&played, &ticket).await.unwrap();
    (played, outcome)
}

/// The scene with more steps at the end of its timeline.
fn then(scene: TestScene, steps: &str) -> TestScene {
    scene.with("[[expect]]", &format!("{steps}\n[[expect]]"))
}

#[tokio::test(flavor = "multi_thread")]
async fn in_mode_recommend_a_human_approves() {
    let recommend = || scene("clean-change").with("[[commits]]", "criteria = { mode = \"recommend\" }\n\n[[commits]]");
    let (played, outcome) = ends(recommend()).await;
    assert_eq!(outcome.decision["kind"], "hold");
    assert!(outcome.comment_text().contains("cm-bot recommends the approval."), "{}", outcome.comment_text());
    assert!(outcome.transitions.is_empty());
    played.stop().await;
    let approve = "[[timeline]]\ncomment = { ticket = \"PRODCM-412\", by = \"sam\", text = \"/cm approve\" }\n\
                   [[timeline]]\nmove_ticket = { ticket = \"PRODCM-412\", by = \"priya\", to = \"Approved\" }";
    let (played, outcome) = ends(then(recommend(), approve)).await;
    assert_eq!(outcome.verdict_words(), "Approved by Priya Nair (Security Lead) and Sam Okafor (Engineering Lead)");
    assert!(outcome.comment_text().contains("Every check had passed."), "{}", outcome.comment_text());
    assert_eq!((outcome.comments.len(), outcome.messages.len()), (2, 1));
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_mode_off_nothing_is_approved_or_recommended() {
    let off = scene("clean-change").with("[[commits]]", "criteria = { mode = \"off\" }\n\n[[commits]]");
    let (played, outcome) = ends(off).await;
    assert_eq!(outcome.decision["kind"], "hold");
    assert!(!outcome.comment_text().contains("recommends"));
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_by_the_wrong_person_does_not_count() {
    let by = |who: &str| {
        then(
            scene("no-rollback-plan"),
            &format!(
                "[[timeline]]\ncomment = {{ ticket = \"PRODCM-412\", by = \"priya\", text = \"/cm approve\" }}\n\
                 [[timeline]]\nmove_ticket = {{ ticket = \"PRODCM-412\", by = \"{who}\", to = \"Approved\" }}"
            ),
        )
    };
    let (played, outcome) = ends(by("dana")).await;
    assert!(outcome.comment_text().contains("Dana Reyes requested this change, so somebody else has to approve it."));
    let newest = played.app.context.sources.store.trail_after(0, i64::MAX).await.unwrap();
    assert!(newest.iter().any(|(_, body, _)| body.contains("approval_not_counted")));
    played.stop().await;
    let (played, outcome) = ends(by("lee")).await;
    assert!(
        outcome.comment_text().contains("worked on this change")
            || outcome.comment_text().contains("none of the roles")
    );
    played.stop().await;
    let (played, outcome) = ends(by("sam")).await;
    assert_eq!(outcome.verdict_words(), "Approved by Priya Nair (Security Lead) and Sam Okafor (Engineering Lead)");
    assert!(outcome.comment_text().contains("1 of 15 checks had not passed"), "{}", outcome.comment_text());
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_is_repaired_is_approved_by_itself() {
    let repair = "[[timeline]]\nedit_ticket = { ticket = \"PRODCM-412\", by = \"dana\", fields = { rollback_plan = \"Deploy build 1850 again; the schema has not changed.\" } }";
    let (played, outcome) = ends(then(scene("no-rollback-plan"), repair)).await;
    assert_eq!(outcome.verdict_words(), "Approved automatically");
    assert_eq!((outcome.comments.len(), outcome.messages.len(), outcome.replies.len()), (2, 1, 1));
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_that_comes_late_releases_the_ticket() {
    let review = "[[timeline]]\nreview = { pull_request = 871, by = \"sam\" }";
    let (played, outcome) = ends(then(scene("push-after-approval"), review)).await;
    assert_eq!(outcome.verdict_words(), "Approved automatically", "{}", outcome.why());
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_that_comes_late_is_noticed_without_a_webhook() {
    let scan = "[[timeline]]\nscan = { commit = \"merged\" }\n[[timeline]]\npass = \"10m\"";
    let (played, outcome) = ends(then(scene("no-scan"), scan)).await;
    assert_eq!(outcome.verdict_words(), "Approved automatically", "{}", outcome.why());
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_evaluation_with_nothing_new_writes_nothing() {
    let wait = "[[timeline]]\npass = \"1h\"\n[[timeline]]\npass = \"1h\"";
    let (played, outcome) = ends(then(scene("no-scan"), wait)).await;
    assert_eq!((outcome.comments.len(), outcome.comments[0].edits, outcome.messages[0].edits), (1, 0, 0));
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_ticket_ends_its_message_and_asks_nobody_any_more() {
    let decline = "[[timeline]]\nmove_ticket = { ticket = \"PRODCM-412\", by = \"sam\", to = \"Declined\" }";
    let (played, outcome) = ends(then(scene("squash-merge"), decline)).await;
    assert_eq!(outcome.messages.len(), 1);
    let message = outcome.messages[0].blocks.to_string();
    assert!(message.contains("*Declined*") && !message.contains("<@"), "{message}");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_siblings_that_are_created_together_are_never_both_approved() {
    let both = "[[timeline]]\nfail = { system = \"github\" }\n\
                [[timeline]]\ncreate_ticket = { key = \"PRODCM-413\", by = \"lee\", commit = \"merged\" }\n\
                [[timeline]]\ncreate_ticket = { key = \"PRODCM-414\", by = \"lee\", commit = \"merged\" }\n\
                [[timeline]]\nrecover = { system = \"github\" }\n[[timeline]]\npass = \"30m\"\n";
    let timeline = scene("clean-change")
        .with("[[timeline]]\ncreate_ticket = { key = \"PRODCM-412\", by = \"dana\", commit = \"merged\" }", both);
    let played = timeline.play(Variant::Scene).await;
    for key in ["PRODCM-413", "PRODCM-414"] {
        let outcome = Outcome::of(&played, key).await.unwrap();
        assert_eq!(outcome.verdict_words(), "Waiting for 2 of 2 approvals", "{key}: {}", outcome.why());
        assert!(outcome.transitions.is_empty());
    }
    played.stop().await;
}
