//! The ready-made policies: every sentence that its README says is checked has scenes, and each scene ends as it says.

use std::collections::BTreeSet;
use std::process::Command;

use cm_bot::cli::policies::{POLICIES, Policy};
use cm_bot::policy::RULES;
use cm_bot::policy::criteria::Criteria;
use cm_bot::simulator::scene::{Scene, Variant};

use crate::support::process::program;
use crate::support::scene_of;

/// A row of a policy's table: sentence, what checks it, scenes.
fn rows(policy: &Policy) -> Vec<[String; 3]> {
    let cells = |line: &str| {
        let cells: Vec<String> = line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
        <[String; 3]>::try_from(cells).unwrap()
    };
    policy.readme.lines().filter(|line| line.starts_with("| ")).skip(1).map(cells).collect()
}

/// Every word between backticks.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn scenes(policy: &Policy) -> Vec<(String, String)> {
    let folder = format!("config/policies/{}/scenes", policy.name);
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: std::path::PathBuf| {
        (path.file_stem().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(path).unwrap())
    };
    let mut scenes: Vec<(String, String)> = files.map(read).collect();
    scenes.sort();
    scenes
}

#[test]
fn every_sentence_is_checked_by_a_rule_and_a_scene_or_says_that_it_is_not() {
    for policy in POLICIES {
        let rows = rows(policy);
        assert!(rows.len() >= 5, "{}", policy.name);
        let mut shown = BTreeSet::new();
        for [sentence, check, scenes_of_it] in &rows {
            let named: Vec<String> = quoted(check);
            let rules = named.iter().filter(|name| RULES.iter().any(|rule| rule.id == *name)).count();
            let elsewhere = ["the approver matrix", "mode = ", "no rule exempts", "not checked: "];
            assert!(rules > 0 || elsewhere.iter().any(|words| check.contains(words)), "{}: {sentence}", policy.name);
            let of_it = quoted(scenes_of_it);
            assert!(!of_it.is_empty() || scenes_of_it == "none", "{}: {sentence}", policy.name);
            assert!(of_it.is_empty() || !check.starts_with("not checked"), "{}: {sentence}", policy.name);
            shown.extend(of_it);
        }
        let there: BTreeSet<String> = scenes(policy).into_iter().map(|(name, _)| name).collect();
        assert_eq!(shown, there, "{}: the scenes of the table and those of the folder", policy.name);
    }
}

#[test]
fn a_rule_that_a_sentence_names_says_no_in_one_of_its_scenes_or_yes_in_a_clean_one() {
    for policy in POLICIES {
        let all = scenes(policy);
        for [sentence, check, scenes_of_it] in rows(policy) {
            let rules: Vec<String> =
                quoted(&check).into_iter().filter(|name| RULES.iter().any(|rule| rule.id == *name)).collect();
            let of_it: Vec<String> = quoted(&scenes_of_it);
            let expected = |name: &String| {
                let (_, text) = all.iter().find(|(scene, _)| scene == name).unwrap();
                Scene::parse(text).unwrap().expect[0].findings.clone()
            };
            let about_it = of_it.iter().any(|name| {
                let findings = expected(name);
                findings.is_empty() || rules.iter().any(|rule| findings.contains_key(rule))
            });
            assert!(of_it.is_empty() || rules.is_empty() || about_it, "{}: {sentence}", policy.name);
        }
    }
}

/// Plays the scenes of one policy.
async fn each_scene_ends_as_it_says(name: &str) {
    let policy = POLICIES.iter().find(|policy| policy.name == name).unwrap();
    let mut faults = Vec::new();
    for (scene, text) in scenes(policy) {
        assert!(text.contains(&format!("policy = \"{name}\"")), "{name}/{scene}");
        let played = scene_of(&text).play(Variant::Scene).await;
        faults.extend(played.differences.iter().map(|fault| format!("{name}/{scene}: {fault}")));
        played.stop().await;
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A test for each policy, so that they are played side by side.
macro_rules! plays {
    ($($test:ident = $policy:literal),+) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                each_scene_ends_as_it_says($policy).await;
            }
        )+

        #[test]
        fn every_policy_is_played() {
            assert_eq!(POLICIES.iter().map(|policy| policy.name).collect::<Vec<_>>(), [$($policy),+]);
        }
    };
}

plays! {
    each_scene_of_lifeomic_ends_as_it_says = "lifeomic",
    each_scene_of_janus_ends_as_it_says = "janus",
    each_scene_of_luma_2018_ends_as_it_says = "luma-2018",
    each_scene_of_luma_ends_as_it_says = "luma",
    each_scene_of_the_hosted_platform_ends_as_it_says = "hosted-platform"
}

#[test]
fn a_company_starts_from_one_of_them() {
    for policy in POLICIES {
        let output = Command::new(program()).args(["check-config", "--policy", policy.name]).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(String::from_utf8(output.stdout).unwrap(), policy.criteria);
        assert!(String::from_utf8(output.stderr).unwrap().contains("| the policy says |"));
        let error = Criteria::parse(policy.criteria, "people = []").unwrap_err().to_string();
        assert!(error.contains("which nobody in the people file has"), "{}: {error}", policy.name);
    }
    let output = Command::new(program()).args(["check-config", "--policy", "acme"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        said,
        "cm-bot: there is no policy `acme`; there are lifeomic, janus, luma-2018, luma, hosted-platform\n"
    );
}
