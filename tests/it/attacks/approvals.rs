//! G01 to G03: an approval that was given for something else.

use super::attack;
use crate::support::scene;

/// Pull request 871 of the clean change, with more steps before its merge.
fn before_the_merge(commits: &str, steps: &str) -> crate::support::TestScene {
    scene("clean-change")
        .with(
            "[[timeline]]\npush = { branch = \"main\"",
            &format!("{commits}\n[[timeline]]\npush = {{ branch = \"main\""),
        )
        .with("[[timeline]]\nmerge =", &format!("{steps}\n[[timeline]]\nmerge ="))
}

const LATE: &str = r#"
[[commits]]
id = "late"
parents = ["fix"]
author = "dana"
only = "scene"
message = "Small cleanup"
files = { "src/late.js" = "fetch('https://collect.example');\n" }
"#;

#[tokio::test(flavor = "multi_thread")]
async fn g01_a_push_after_the_approval() {
    let push = r#"
[[timeline]]
only = "scene"
push = { branch = "round-totals", commit = "late" }
"#;
    let sentences = ["the approval by Lee Wong does not count: given for", "was pushed after it by Dana Reyes"];
    attack(before_the_merge(LATE, push), &sentences).await;
}

/// A forced push of `late` on the first commit.
const FORCED: &str =
    "\n[[timeline]]\nonly = \"scene\"\npush = { branch = \"round-totals\", commit = \"late\", force = true }\n";

/// The commit that was approved, made again: GitHub takes it for the same patch and lets the approval speak for it.
fn made_again() -> String {
    let files = "files = { \"src/totals.js\" = \"export const total = (lines) => Math.round(lines.reduce((sum, line) => sum + line, 0));\\n\" }";
    format!(
        "[[commits]]\nid = \"late\"\nparents = [\"v1\"]\nauthor = \"dana\"\nonly = \"scene\"\nmessage = \"Made again\"\n{files}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn g02_a_forced_push_of_something_else_after_the_approval() {
    let forced = LATE.replace("parents = [\"fix\"]", "parents = [\"v1\"]");
    attack(before_the_merge(&forced, FORCED), &["the approval by Lee Wong does not count: given for"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g02_a_forced_push_that_takes_the_approval_along() {
    let scene = before_the_merge(&made_again(), FORCED);
    let sentences = ["the approval by Lee Wong does not count: given for", "(GitHub now shows it for", "by Dana Reyes"];
    attack(scene, &sentences).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g02_a_forced_push_that_only_the_reconstruction_sees() {
    let deaf = "\n[[timeline]]\nfail = { system = \"github\", how = \"drops_webhooks\" }\n";
    let scene = before_the_merge(&format!("{}{deaf}", made_again()), FORCED);
    attack(scene, &["the approval by Lee Wong does not count: given at", "before the branch was force-pushed at"])
        .await;
}

/// Whoever makes a commit writes any date into it.
#[tokio::test(flavor = "multi_thread")]
async fn g03_a_commit_that_says_it_is_old() {
    let dated = LATE.replace("only = \"scene\"", "only = \"scene\"\ndated = \"2020-01-01T00:00:00Z\"");
    let push = "\n[[timeline]]\nonly = \"scene\"\npush = { branch = \"round-totals\", commit = \"late\" }\n";
    attack(before_the_merge(&dated, push), &["the approval by Lee Wong does not count: given for"]).await;
}
