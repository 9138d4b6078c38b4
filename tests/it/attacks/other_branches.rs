//! G12 to G14: a review that was for another branch.

use super::attack;
use crate::support::{TestScene, scene};

const OPEN: &str = "[[timeline]]\nopen_pull_request = { number = 871, from = \"round-totals\", by = \"dana\", title = \"Round invoice totals to cents\" }\n";
const REVIEW: &str = "[[timeline]]\nreview = { pull_request = 871, by = \"lee\" }\n";

fn only(variant: &str, step: &str) -> String {
    step.replace("[[timeline]]\n", &format!("[[timeline]]\nonly = \"{variant}\"\n"))
}

/// The clean change with a branch beside the release branch.
fn with_sandbox() -> TestScene {
    scene("clean-change")
        .with(OPEN, &format!("[[timeline]]\npush = {{ branch = \"sandbox\", commit = \"v1\" }}\n{OPEN}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn g12_approved_for_the_sandbox_and_then_pointed_at_the_release_branch() {
    let aside = OPEN.replace("by = \"dana\"", "into = \"sandbox\", by = \"dana\"");
    let back = "[[timeline]]\nchange_base = { pull_request = 871, into = \"main\", by = \"dana\" }\n";
    let scene = with_sandbox().with(OPEN, &aside).with(REVIEW, &(only("twin", back) + REVIEW + &only("scene", back)));
    attack(scene, &["the approval by Lee Wong does not count: given at", "before the base branch was changed at"])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g13_approved_into_a_feature_that_nobody_reviewed() {
    let feature =
        "[[commits]]\nid = \"more\"\nparents = [\"fix\"]\nauthor = \"dana\"\nfiles = { \"src/more.js\" = \"1\\n\" }\n";
    let stacked = "[[timeline]]\npush = { branch = \"more\", commit = \"more\" }\n\
                   [[timeline]]\nopen_pull_request = { number = 870, from = \"more\", into = \"round-totals\", by = \"dana\" }\n\
                   [[timeline]]\nreview = { pull_request = 870, by = \"lee\" }\n\
                   [[timeline]]\nmerge = { pull_request = 870, by = \"dana\", commit = \"inner\" }\n";
    let scene = scene("clean-change")
        .with("[[timeline]]", &format!("{feature}\n[[timeline]]"))
        .with(REVIEW, &(stacked.to_owned() + &only("twin", REVIEW)));
    attack(scene, &["came through pull request 871, which nobody approved."]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g14_the_same_commit_in_two_pull_requests() {
    let harmless = "[[timeline]]\nopen_pull_request = { number = 870, from = \"round-totals\", into = \"sandbox\", by = \"dana\" }\n\
                    [[timeline]]\nreview = { pull_request = 870, by = \"lee\" }\n";
    let scene = with_sandbox().with(REVIEW, &(harmless.to_owned() + &only("twin", REVIEW)));
    attack(scene, &["came through pull request 871, which nobody approved."]).await;
}
