//! The program as its users meet it: words, exit codes, and nothing where nothing belongs.

use std::process::{Command, Output};

use crate::support::process::program;

fn run(arguments: &[&str]) -> Output {
    Command::new(program()).args(arguments).env("NO_COLOR", "1").env_remove("CM_BOT_CONFIG").output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn the_demo_prints_a_line_a_scene_and_ends_well() {
    let output = run(&["demo", "--once", "--scene", "clean-change", "--scene", "no-scan"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let lines: Vec<String> = stdout(&output).lines().map(str::to_owned).collect();
    assert!(lines[0].starts_with("ok    PRODCM-412  A clean change is approved by itself"), "{}", lines[0]);
    assert!(
        lines[0].contains("Approved automatically") && lines[0].ends_with("15 of 15 checks passed"),
        "{}",
        lines[0]
    );
    assert!(lines[1].contains("Blocked: 1 of 15 checks failed"), "{}", lines[1]);
    assert_eq!(lines[3], "2 scenes, each ended as it says it must.");
}

#[test]
fn the_demo_fails_when_a_scene_does_not_end_as_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    let text = std::fs::read_to_string("config/scenes/no-scan.toml").unwrap();
    std::fs::write(&file, text.replace("verdict = \"Blocked\"", "verdict = \"approve\"")).unwrap();
    let output = run(&["demo", "--once", "--scene", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stdout(&output)
            .contains("PRODCM-412: verdict: expected \"approve\", found \"block (Blocked: 1 of 15 checks failed)\""),
        "{}",
        stdout(&output)
    );
}

#[test]
fn the_demo_as_json_is_one_object_a_scene() {
    let output = run(&["demo", "--once", "--json", "--scene", "version-bump"]);
    let objects: Vec<serde_json::Value> =
        stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects.len(), 1);
    assert_eq!(objects[0]["scene"], "version-bump");
    assert_eq!(objects[0]["ok"], true);
    assert_eq!(objects[0]["tickets"][1]["findings"]["version_bump"], "met");
    assert_eq!(stderr(&output), "");
}

#[test]
fn a_scene_that_does_not_exist_names_those_that_do() {
    let output = run(&["demo", "--once", "--scene", "no-such-thing"]);
    assert_eq!(output.status.code(), Some(1));
    let line = stderr(&output);
    assert!(
        line.starts_with("cm-bot: there is no scene `no-such-thing`; there are: approved-by-its-author, "),
        "{line}"
    );
}

#[test]
fn a_scene_with_a_typing_error_names_the_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("typo.toml");
    let text = std::fs::read_to_string("config/scenes/clean-change.toml").unwrap();
    for (wrong, words) in [
        (text.replacen("push = {", "pusch = {", 1), "unknown field `pusch`"),
        (text.replacen("commit = \"fix\" }", "commit = \"fixx\" }", 1), "fixx"),
        (text.replacen("by = \"lee\"", "by = \"leo\"", 1), "leo"),
    ] {
        std::fs::write(&file, wrong).unwrap();
        let output = run(&["demo", "--once", "--scene", file.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains(words), "{words}: {}", stderr(&output));
    }
}

#[test]
fn wrong_usage_is_2() {
    assert_eq!(run(&["no-such-command"]).status.code(), Some(2));
    assert_eq!(run(&["explain"]).status.code(), Some(2));
}

/// No flag and no variable switches a check off: what is not known is refused.
#[test]
fn o04_there_is_no_switch_around_a_check() {
    for flag in ["--debug", "--skip-review", "--approve-all", "--simulate", "--unsigned"] {
        let output = run(&["serve", flag]);
        assert_eq!(output.status.code(), Some(2), "{flag}");
        assert!(stderr(&output).contains(&format!("unexpected argument '{flag}'")), "{}", stderr(&output));
    }
    for variable in ["CM_BOT__CRITERIA__SKIP", "CM_BOT__CRITERIA__MODE", "CM_BOT__DEBUG__APPROVE"] {
        let output = Command::new(program()).arg("check-config").env(variable, "1").output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{variable}");
        let setting = variable.trim_start_matches("CM_BOT__").replace("__", ".").to_lowercase();
        let named = setting.split('.').any(|part| stderr(&output).contains(part));
        assert!(named && stderr(&output).contains("unknown"), "{}", stderr(&output));
    }
}

#[test]
fn settings_that_are_missing_are_one_line() {
    let output = run(&["serve"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stderr(&output).lines().count(), 1, "{}", stderr(&output));
    assert!(
        stderr(&output).starts_with("cm-bot: `services` is not set: add one [[services]] block"),
        "{}",
        stderr(&output)
    );
    let output = run(&["check-config", "--config", "/nowhere.toml"]);
    assert_eq!(stderr(&output), "cm-bot: /nowhere.toml: No such file or directory (os error 2)\n");
}
