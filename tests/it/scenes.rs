//! Every scene ends as it says, and its twin, the same situation without the defect, is approved.

use cm_bot::cli::demo::compare::Outcome;
use cm_bot::simulator::scene::Variant;

use crate::support::scene;

macro_rules! scenes {
    ($($test:ident: $name:literal),* $(,)?) => {
        $(
            mod $test {
                #[tokio::test(flavor = "multi_thread")]
                async fn ends_as_it_says() {
                    super::ends_as_it_says($name).await;
                }

                #[tokio::test(flavor = "multi_thread")]
                async fn its_twin_is_approved() {
                    super::its_twin_is_approved($name).await;
                }
            }
        )*

        #[test]
        fn every_scene_of_the_folder_is_tested() {
            let mut tested = vec![$($name.to_owned()),*];
            tested.sort();
            assert_eq!(tested, crate::support::scene_names());
        }
    };
}

scenes! {
    clean_change: "clean-change",
    digest: "digest",
    first_deployment: "first-deployment",
    two_approvers: "two-approvers",
    one_of_two_approvers: "one-of-two-approvers",
    approved_in_slack: "approved-in-slack",
    approved_on_the_page: "approved-on-the-page",
    pending_sibling: "pending-sibling",
    no_pull_request: "no-pull-request",
    approved_by_its_author: "approved-by-its-author",
    colleague_pushed_and_approved: "colleague-pushed-and-approved",
    push_after_approval: "push-after-approval",
    squash_merge: "squash-merge",
    version_bump: "version-bump",
    fake_version_bump: "fake-version-bump",
    no_scan: "no-scan",
    scan_of_another_commit: "scan-of-another-commit",
    blocking_finding: "blocking-finding",
    no_rollback_plan: "no-rollback-plan",
    rollback_plan_na: "rollback-plan-na",
    github_down: "github-down",
    slack_down: "slack-down",
    emergency: "emergency",
    emergency_documented: "emergency-documented",
    emergency_in_slack: "emergency-in-slack",
    emergency_overdue: "emergency-overdue",
    rollback: "rollback",
    same_webhook_three_times: "same-webhook-three-times",
    forged_webhook: "forged-webhook",
    gate: "gate",
    gate_other_build: "gate-other-build",
}

async fn ends_as_it_says(name: &str) {
    let played = scene(name).play(Variant::Scene).await;
    assert!(played.differences.is_empty(), "{}", played.differences.join("\n"));
    played.stop().await;
}

/// A scene without a defect is its own twin: it was approved already.
async fn its_twin_is_approved(name: &str) {
    let played = scene(name).play(Variant::Twin).await;
    let ticket = played.world.scene.expect[0].ticket.clone();
    let outcome = Outcome::of(&played, &ticket).await.unwrap();
    assert_eq!(outcome.verdict_words(), "Approved automatically", "{}", outcome.why());
    assert_eq!(outcome.transitions, ["Approve"]);
    assert_eq!((outcome.comments.len(), outcome.messages.len(), outcome.replies.len()), (1, 1, 0));
    played.stop().await;
}
