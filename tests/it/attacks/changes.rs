//! G36 to G40 and C05: changes that look like less than they are.

use super::stage::{MERGE, PUSH, REVIEW, TICKET, attacks, clean, commit, in_twin, step};
use super::{attack, is_approved};
use crate::support::TestScene;

/// The service is released from the branch `release`; pull request 871 was merged into main. What comes to `release` after
/// that ends in `last`.
fn released_from_a_branch(more: &str, last: &str) -> TestScene {
    let release = "[[services]]\nname = \"billing-api\"\nrepository = \"acme/billing-api\"\nbranch = \"release\"\n";
    let ticket = TICKET.replace("merged", last);
    let of_release = ticket.replace(" }", ", fields = { branch = \"release\" } }");
    clean()
        .more(release)
        .before(PUSH, &step("push = { branch = \"release\", commit = \"v1\" }"))
        .after(MERGE, more)
        .deploys(last, last)
        .with(&ticket, &of_release)
        .with(&format!("twin\"\n{ticket}"), &format!("twin\"\n{of_release}"))
}

const PICKED: &str = "message = \"Round invoice totals to cents\\n\\n(cherry picked from commit 871)\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn g36_a_picked_commit_with_more_in_it() {
    let evil = "files = { \"src/totals.js\" = \"export const total = () => 0;\\n\" }\n";
    let merged = "merge = { pull_request = 880, by = \"dana\", commit = \"picked\" }";
    let steps = [
        commit("pick", "v1", "dana", &format!("{PICKED}{evil}")),
        attacks("push = { branch = \"release\", commit = \"pick\" }"),
        commit("picked", "pick", "dana", "only = \"scene\""),
        attacks("push = { branch = \"release\", commit = \"picked\" }"),
        in_twin("push = { branch = \"pick\", commit = \"pick\" }"),
        in_twin("open_pull_request = { number = 880, from = \"pick\", into = \"release\", by = \"dana\" }"),
        in_twin("review = { pull_request = 880, by = \"sam\" }"),
        in_twin(merged),
    ];
    let scene = released_from_a_branch(&steps.concat(), "picked");
    attack(scene, &["by dana came to the release branch without a pull request"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g37_a_reviewed_fix_is_taken_back_without_review() {
    let back = "message = \"Revert \\\"Round invoice totals to cents\\\"\"\nfiles = { \"src/totals.js\" = \"export const total = (lines) => lines.reduce((sum, line) => sum + line, 0);\\n\" }";
    let steps = [
        commit("back", "merged", "dana", back),
        attacks("push = { branch = \"main\", commit = \"back\" }"),
        in_twin("push = { branch = \"back\", commit = \"back\" }"),
        in_twin("open_pull_request = { number = 872, from = \"back\", by = \"dana\" }"),
        in_twin("review = { pull_request = 872, by = \"lee\" }"),
        in_twin("merge = { pull_request = 872, by = \"dana\", commit = \"reverted\" }"),
    ];
    let scene = clean().after(MERGE, &steps.concat()).deploys("back", "reverted");
    attack(scene, &["by dana came to the release branch without a pull request"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g38_a_submodule() {
    let pointer = "submodules = { \"vendor/rounding\" = \"1111111222222233333334444444555555566666\" }";
    attack(clean().fix_in_attack(pointer), &["vendor/rounding is a submodule, from nothing to 1111111."]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g38_the_pointer_to_a_large_file() {
    let pointer = |size: u32| {
        format!("version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {size}\n", "ab".repeat(32))
    };
    let changed = toml::Value::String(pointer(2));
    let scene = clean()
        .first_file(".gitattributes", "*.model filter=lfs diff=lfs merge=lfs -text\n")
        .first_file("data/rates.model", &pointer(1))
        .fix_in_attack(&format!("files = {{ \"data/rates.model\" = {changed} }}"));
    attack(scene, &["data/rates.model is the pointer to a large file that lives elsewhere (Git LFS)."]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g38_a_vendored_archive() {
    let packed = "files = { \"vendor/rounding.tgz\" = \"packed\" }";
    attack(
        clean().fix_in_attack(packed),
        &["vendor/rounding.tgz is an archive or a program, and no page shows what it holds."],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g38_attributes_that_hide_changes_from_reviewers() {
    let hides = "files = { \".gitattributes\" = \"src/*.js -diff linguist-generated\\n\" }";
    attack(clean().fix_in_attack(hides), &[".gitattributes builds, checks or guards the code."]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g38_a_symbolic_link() {
    let link = "links = { \"config/settings.js\" = \"/etc/passwd\" }";
    attack(clean().fix_in_attack(link), &["config/settings.js is or was a symbolic link."]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g38_a_file_becomes_executable() {
    let scene = clean().first_file("run.sh", "exec node src/totals.js\n").fix_in_attack("executables = [\"run.sh\"]");
    attack(scene, &["run.sh became executable."]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g40_text_that_runs_in_another_direction() {
    let trick = |text: &str| format!("files = {{ \"src/access.js\" = \"{text}\\n\" }}");
    let hold = "[criteria.hidden_characters]\nmode = \"hold\"\n";
    let scene = clean().more(hold).fix_in_attack(&trick("if (level != 'user\\u202e') grant();"));
    attack(scene, &["src/access.js holds the character U+202E, which turns the direction of text around."]).await;
    let kept = "export const greeting = '\u{2067}shalom\u{2069}';\n";
    let moved = format!("files = {{ \"src/words.js\" = {} }}", toml::Value::String(format!("// Words\n{kept}")));
    let known = clean().more(hold).first_file("src/words.js", kept);
    is_approved(known.with("id = \"fix\"\n", "id = \"first\"\nonly = \"scene\"\n").more(&fix(&moved))).await;
}

/// The commit of pull request 871 with other files.
fn fix(files: &str) -> String {
    commit("fix", "v1", "dana", files)
}

/// Every one of these was approved by a colleague, and is not approved by cm-bot.
async fn control_path(path: &str, content: &str) {
    let file = format!("files = {{ \"{path}\" = \"{content}\" }}");
    attack(clean().fix_in_attack(&file), &[&format!("{path} builds, checks or guards the code.")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g39_a_workflow() {
    control_path(".github/workflows/release.yml", "on: push\\n").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g39_the_code_owners() {
    control_path("docs/CODEOWNERS", "* @mallory\\n").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g39_a_control_file_that_is_renamed_away() {
    let scene = clean()
        .first_file("Jenkinsfile", "pipeline { }\n")
        .fix_in_attack("deletes = [\"Jenkinsfile\"]\nfiles = { \"ci/pipeline.groovy\" = \"pipeline { }\\n\" }");
    attack(scene, &["Jenkinsfile builds, checks or guards the code."]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c05_a_finding_is_suppressed_in_the_same_change() {
    control_path("services/billing/.trivyignore", "CVE-2026-1234\\n").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c05_the_configuration_of_the_scanner() {
    control_path(".github/codeql/codeql-config.yml", "paths-ignore: [src]\\n").await;
}

/// A bot that works by the clock is nobody's hand: whoever tells it what to do is.
#[tokio::test(flavor = "multi_thread")]
async fn g39_the_orders_of_a_machine() {
    control_path("renovate.json5", "{}\\n").await;
    control_path(".github/renovate.json", "{}\\n").await;
    control_path("tools/lint/action.yml", "runs: {}\\n").await;
}

/// Files that scanners read without being told to.
#[tokio::test(flavor = "multi_thread")]
async fn c05_a_scanner_is_told_to_look_away() {
    for path in [
        "trivy.yaml",
        "trivy-secret.yaml",
        "infra/.checkov.yml",
        ".grype/config.yaml",
        ".semgrep.yml",
        "web/sonar-project.properties",
        ".github/secret_scanning.yml",
    ] {
        control_path(path, "skip: [src]\\n").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g39_a_reviewer_cannot_make_up_for_it() {
    let file = "files = { \".github/workflows/release.yml\" = \"on: push\\n\" }";
    let second = step("review = { pull_request = 871, by = \"sam\" }");
    let scene = clean().fix_in_attack(file).after(REVIEW, &second);
    attack(scene, &["The change touches files that build, check or guard the code."]).await;
}
