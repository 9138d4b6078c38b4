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

/// A pull request on top of one that is merged, with work of nobody else's on the branch between them.
fn stacked_on_a_merged_branch() -> TestScene {
    let commits = "[[commits]]\nid = \"side\"\nparents = [\"v1\"]\nauthor = \"dana\"\nfiles = { \"src/side.js\" = \"1\\n\" }\n\n\
                   [[commits]]\nid = \"hidden\"\nparents = [\"side\"]\nauthor = \"dana\"\nfiles = { \"src/hidden.js\" = \"1\\n\" }\n\n";
    let before = "[[timeline]]\npush = { branch = \"sandbox\", commit = \"side\" }\n\
                  [[timeline]]\nopen_pull_request = { number = 870, from = \"sandbox\", by = \"dana\" }\n\
                  [[timeline]]\nreview = { pull_request = 870, by = \"lee\" }\n\
                  [[timeline]]\nmerge = { pull_request = 870, by = \"dana\", commit = \"first\" }\n\
                  [[timeline]]\npush = { branch = \"sandbox\", commit = \"hidden\" }\n";
    scene("clean-change")
        .with("id = \"fix\"\nparents = [\"v1\"]", "id = \"fix\"\nparents = [\"hidden\"]")
        .with("[[timeline]]", &format!("{commits}[[timeline]]"))
        .with(OPEN, &(before.to_owned() + OPEN))
}

#[tokio::test(flavor = "multi_thread")]
async fn g12_approved_for_a_branch_whose_end_made_github_point_it_at_the_release_branch() {
    let aside = OPEN.replace("by = \"dana\"", "into = \"sandbox\", by = \"dana\"");
    let deleted = "[[timeline]]\ndelete_branch = { branch = \"sandbox\", by = \"dana\" }\n";
    let steps = only("scene", REVIEW) + deleted + &only("twin", REVIEW);
    let scene = stacked_on_a_merged_branch().with(OPEN, &aside).with(REVIEW, &steps);
    attack(scene, &["the approval by Lee Wong does not count: given at", "before the base branch was changed at"])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g12_approved_while_the_release_branch_was_forced_to_hide_what_came_with_it() {
    let hidden = "[[commits]]\nid = \"hidden\"\nparents = [\"v1\"]\nauthor = \"dana\"\nfiles = { \"src/hidden.js\" = \"1\\n\" }\n\n";
    let there = "[[timeline]]\npush = { branch = \"main\", commit = \"hidden\" }\n";
    let back = "[[timeline]]\npush = { branch = \"main\", commit = \"v1\", by = \"dana\", force = true }\n";
    let scene = scene("clean-change")
        .with("id = \"fix\"\nparents = [\"v1\"]", "id = \"fix\"\nparents = [\"hidden\"]")
        .with("[[timeline]]", &format!("{hidden}[[timeline]]"))
        .with(OPEN, &(OPEN.to_owned() + there))
        .with(REVIEW, &(only("scene", REVIEW) + back + &only("twin", REVIEW)));
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
