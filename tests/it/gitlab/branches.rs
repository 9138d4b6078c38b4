//! What became of the branches meanwhile.

use super::{attack, change, change_in, step_in};
use crate::support::TestScene;

const OPEN: &str = "open_pull_request = { number = 871, from = \"round-totals\", by = \"dana\", title = \"Round invoice totals to cents\" }\n";
const REVIEW: &str = "review = { pull_request = 871, by = \"lee\" }\n";

/// The merge request holds more than its reviewer sees, because the release branch has the rest for a while.
fn hidden(project: &str) -> TestScene {
    let hidden = "[[commits]]\nid = \"hidden\"\nparents = [\"v1\"]\nauthor = \"dana\"\nfiles = { \"src/hidden.js\" = \"1\\n\" }\n\n";
    let there = "[[timeline]]\npush = { branch = \"main\", commit = \"hidden\" }\n";
    let back = "[[timeline]]\npush = { branch = \"main\", commit = \"v1\", by = \"dana\", force = true }\n";
    let steps = format!("only = \"scene\"\n{REVIEW}{back}{}", step_in("twin", REVIEW));
    change_in(project)
        .with("id = \"fix\"\nparents = [\"v1\"]", "id = \"fix\"\nparents = [\"hidden\"]")
        .with("[[timeline]]", &format!("{hidden}[[timeline]]"))
        .with(OPEN, &format!("{OPEN}{there}"))
        .with(REVIEW, &steps)
}

#[tokio::test(flavor = "multi_thread")]
async fn approved_while_the_release_branch_was_forced_to_hide_what_came_with_it() {
    let sentences = ["the approval by Lee Wong does not count: given at", "before the base branch was changed at"];
    attack(hidden(""), &sentences).await;
    attack(hidden("gitlab_merge = \"fast_forward\""), &sentences).await;
}

/// Opened on top of it, so that no version ever showed it.
#[tokio::test(flavor = "multi_thread")]
async fn opened_while_the_release_branch_was_forced_to_hide_what_came_with_it() {
    let there = "[[timeline]]\nonly = \"scene\"\npush = { branch = \"main\", commit = \"hidden\" }\n[[timeline]]\n";
    let back = step_in("scene", "push = { branch = \"main\", commit = \"v1\", by = \"dana\", force = true }");
    let hidden = "[[commits]]\nid = \"hidden\"\nparents = [\"v1\"]\nauthor = \"dana\"\nfiles = { \"src/hidden.js\" = \"1\\n\" }\n\n";
    let scene = change()
        .with("id = \"fix\"\nparents = [\"v1\"]", "id = \"fix\"\nparents = [\"hidden\"]")
        .with("[[timeline]]", &format!("{hidden}[[timeline]]"))
        .with(&format!("[[timeline]]\n{OPEN}"), &format!("{there}{OPEN}"))
        .with(REVIEW, &format!("{REVIEW}{back}"));
    attack(scene, &["before the base branch was changed at"]).await;
}

/// What is merged meanwhile takes nothing away.
#[tokio::test(flavor = "multi_thread")]
async fn twin_others_may_merge_between_the_approval_and_the_merge() {
    let commit = "[[commits]]\nid = \"other\"\nparents = [\"v1\"]\nauthor = \"sam\"\nfiles = { \"src/other.js\" = \"1\\n\" }\n\n";
    let other = "[[timeline]]\npush = { branch = \"other\", commit = \"other\" }\n\
                 [[timeline]]\nopen_pull_request = { number = 870, from = \"other\", by = \"sam\" }\n\
                 [[timeline]]\nreview = { pull_request = 870, by = \"lee\" }\n\
                 [[timeline]]\nmerge = { pull_request = 870, by = \"sam\", commit = \"first\" }\n";
    let scene =
        change().with("[[timeline]]", &format!("{commit}[[timeline]]")).with(REVIEW, &format!("{REVIEW}{other}"));
    super::is_approved(scene).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_commit_in_two_merge_requests() {
    let aside = "[[timeline]]\npush = { branch = \"sandbox\", commit = \"v1\", by = \"dana\" }\n\
                 [[timeline]]\nopen_pull_request = { number = 870, from = \"round-totals\", into = \"sandbox\", by = \"dana\" }\n\
                 [[timeline]]\nreview = { pull_request = 870, by = \"lee\" }\n\
                 [[timeline]]\nmerge = { pull_request = 870, by = \"dana\", commit = \"aside\" }\n";
    let scene =
        change().with(&format!("[[timeline]]\n{REVIEW}"), &format!("{aside}[[timeline]]\nonly = \"twin\"\n{REVIEW}"));
    attack(scene, &["came through pull request 871, which nobody approved."]).await;
}
