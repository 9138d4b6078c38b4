//! G08, G10: a squash or rebase that holds something else than what was reviewed.

use super::{attack, is_approved, is_held};
use crate::support::{TestScene, scene};

const MERGE: &str = "[[timeline]]\nmerge = { pull_request = 871, by = \"dana\", commit = \"merged\" }\n";

/// The clean change with criteria that let proven squashes pass, merged with these keys in the attack and those in the twin.
fn merged(attack: &str, twin: &str) -> TestScene {
    let with = |only: &str, keys: &str| {
        let step = MERGE.replace("commit = \"merged\"", &format!("commit = \"merged\", {keys}"));
        step.replace("[[timeline]]\n", &format!("[[timeline]]\nonly = \"{only}\"\n"))
    };
    verified().with(MERGE, &(with("scene", attack) + &with("twin", twin)))
}

fn verified() -> TestScene {
    let criteria = "criteria = { squash_merge = { allow_verified_squash = true } }";
    scene("clean-change").with("[[commits]]", &format!("{criteria}\n\n[[commits]]"))
}

#[tokio::test(flavor = "multi_thread")]
async fn g08_a_squash_is_held_and_says_what_to_do() {
    let squash = MERGE.replace("commit = \"merged\"", "commit = \"merged\", method = \"squash\"");
    let said = ["was squashed into one new commit", "Merge with a merge commit next time"];
    is_held(scene("clean-change").with(MERGE, &squash), &said).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g08_a_squash_with_something_else_in_it() {
    let scene = merged("method = \"squash\", carries = { \"src/x.js\" = \"1\" }", "method = \"squash\"");
    attack(scene, &["holds something else than what was reviewed, in src/x.js."]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g08_a_squash_that_loses_what_was_reviewed() {
    let scene = merged("method = \"squash\", drops = [\"src/totals.js\"]", "method = \"squash\"");
    attack(scene, &["holds something else than what was reviewed, in src/totals.js."]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g08_a_proven_squash_still_wants_a_review_by_somebody_else() {
    let squash = MERGE.replace("commit = \"merged\"", "commit = \"merged\", method = \"squash\"");
    let own = verified().with(MERGE, &squash).with("by = \"lee\" }", "by = \"dana\" }");
    is_held(own, &["the approval by Dana Reyes does not count"]).await;
}

/// Pull request 871 has two commits, so that a rebase makes two copies.
fn rebased(attack: &str) -> TestScene {
    let second =
        "[[commits]]\nid = \"tidy\"\nparents = [\"fix\"]\nauthor = \"dana\"\nfiles = { \"src/tidy.js\" = \"1\\n\" }\n";
    let moved =
        "[[commits]]\nid = \"other\"\nparents = [\"v1\"]\nauthor = \"lee\"\nfiles = { \"VERSION\" = \"1\\n\" }\n";
    merged(&format!("method = \"rebase\"{attack}"), "method = \"rebase\"")
        .with("[[timeline]]", &format!("{second}{moved}\n[[timeline]]"))
        .with(
            "push = { branch = \"round-totals\", commit = \"fix\" }",
            "push = { branch = \"round-totals\", commit = \"tidy\" }",
        )
}

#[tokio::test(flavor = "multi_thread")]
async fn g10_a_rebase_with_an_altered_patch() {
    let scene = rebased(", carries = { \"src/tidy.js\" = \"2\\n\" }");
    attack(scene, &["holds something else than what was reviewed, in src/tidy.js."]).await;
}

/// Of a pull request of one commit nobody can tell a squash from a rebase, and both are held against the same files.
#[tokio::test(flavor = "multi_thread")]
async fn g10_a_rebase_of_one_commit_is_held_against_the_same_files_as_its_squash() {
    for method in ["squash", "rebase"] {
        let as_it_was = format!("method = \"{method}\"");
        let scene = merged(&format!("{as_it_was}, carries = {{ \"src/totals.js\" = \"3\\n\" }}"), &as_it_was);
        attack(scene, &["holds something else than what was reviewed, in src/totals.js."]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g10_the_reviewer_may_press_the_button() {
    let rebase = MERGE.replace("commit = \"merged\"", "commit = \"merged\", method = \"rebase\"");
    is_approved(verified().with(MERGE, &rebase.replace("by = \"dana\"", "by = \"lee\""))).await;
}
