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
