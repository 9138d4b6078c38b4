//! A version bump is proven from the files, never from what the commit says of itself.

use cm_bot::model::{Commit, Field, Mode, Tree, TreeEntry, blob_id};
use cm_bot::policy::criteria::Criteria;
use cm_bot::policy::decision::{Kind, Outcome};
use cm_bot::policy::evaluate;
use cm_bot::policy::facts::{Fact, Facts};

use crate::support::facts::{NOW, commit, criteria_with, finding, judge, merge, passing, put, range, read, sha, user};

const BEFORE: &str = r#"{"name":"billing-api","version":"4.18.1","scripts":{"test":"node --test"}}"#;

/// A commit `d` straight on the release branch that changes one file.
fn with_change(path: &str, before: &str, after: &str) -> Facts {
    with_files(&[(path, before)], &[(path, after)])
}

/// A commit `d` straight on the release branch, with all files before and after it.
fn with_files(before: &[(&str, &str)], after: &[(&str, &str)]) -> Facts {
    let mut facts = passing();
    let (before, after) = (put(&mut facts.objects, before), put(&mut facts.objects, after));
    range(&mut facts).commits[0].tree = before.clone();
    range(&mut facts).commits[1].tree = before;
    range(&mut facts).commits.push(Commit { tree: after, ..commit('d', &['c'], &user("dana", 1001)) });
    facts.ticket.fields.insert(Field::Commit, sha('d').to_string());
    if let Fact::Known(scans) = &mut facts.scans {
        scans.analyses[0].commit = sha('d');
    }
    facts
}

fn bumped() -> String {
    BEFORE.replace("4.18.1", "4.18.2")
}

#[track_caller]
fn refused(facts: &Facts, why: &str) {
    let finding = finding(facts, "version_bump");
    assert_eq!(finding.outcome, Outcome::NotMet);
    assert!(read(&finding).contains(why), "{}", read(&finding));
    assert!(judge(facts).auto_approval().is_none());
}

#[test]
fn a_new_version_and_nothing_else_passes_without_review() {
    let facts = with_change("package.json", BEFORE, &bumped());
    assert_eq!(judge(&facts).kind(), Kind::Approve);
    assert_eq!(finding(&facts, "version_bump").seen, "1 commit changed only a version number");
    assert_eq!(
        finding(&facts, "commit_review").seen,
        "2 commits reviewed, 1 only in manifests; approvals are bound by reconstruction"
    );
}

/// Which image a chart runs is proven by the manifest of what is in the image, and only where YAML reads text.
#[test]
fn the_version_of_an_application_is_that_of_its_own_manifest() {
    let chart =
        |version: &str, app: &str| format!("apiVersion: v2\nname: billing\nversion: {version}\nappVersion: {app}\n");
    let package = |version: &str| format!("[project]\nname = \"billing\"\nversion = \"{version}\"\n");
    let both = |app: [&str; 2]| {
        let (before, after) = (chart("1.9.0", app[0]), chart("1.10.0", app[1]));
        with_files(
            &[("Chart.yaml", &before), ("pyproject.toml", &package("1.9"))],
            &[("Chart.yaml", &after), ("pyproject.toml", &package("1.10"))],
        )
    };
    assert_eq!(judge(&both(["\"1.9\"", "\"1.10\""])).kind(), Kind::Approve);
    refused(&both(["1.9", "1.10"]), "Chart.yaml also changes `appVersion`");
    let alone = with_change("Chart.yaml", &chart("1.9.0", "\"1.9.0\""), &chart("1.10.0", "\"1.10.0\""));
    refused(&alone, "Chart.yaml also changes `appVersion` from 1.9.0 to 1.10.0, which no other manifest");
}

#[test]
fn a_cargo_manifest_is_a_manifest() {
    let before = "[package]\nname = \"billing-api\"\nversion = \"4.18.1\"\n[dependencies]\nserde = \"1\"\n";
    let facts = with_change("Cargo.toml", before, &before.replace("4.18.1", "4.19.0"));
    assert_eq!(judge(&facts).kind(), Kind::Approve);
    let facts = with_change("Cargo.toml", before, &before.replace("4.18.1", "4.19.0").replace("\"1\"", "\"2\""));
    refused(&facts, "Cargo.toml also changes `dependencies.serde`");
}

#[test]
fn a_range_of_bumps_alone_says_so() {
    let mut facts = with_change("package.json", BEFORE, &bumped());
    range(&mut facts).commits.drain(..1);
    let one = &mut range(&mut facts).commits;
    let base = one.remove(0).tree;
    one[0].parents = vec![sha('a')];
    range(&mut facts).base_tree = base;
    assert_eq!(judge(&facts).kind(), Kind::Approve);
    assert_eq!(finding(&facts, "commit_review").seen, "1 commit that only changes manifests");
    let tree = put(&mut facts.objects, &[("package.json", &BEFORE.replace("4.18.1", "4.18.3"))]);
    range(&mut facts).commits.push(Commit { tree, ..commit('e', &['d'], &user("dana", 1001)) });
    facts.ticket.fields.insert(Field::Commit, sha('e').to_string());
    if let Fact::Known(scans) = &mut facts.scans {
        scans.analyses[0].commit = sha('e');
    }
    assert_eq!(judge(&facts).kind(), Kind::Approve);
    assert_eq!(finding(&facts, "commit_review").seen, "2 commits that only change manifests");
}

#[test]
fn an_install_script_is_no_version() {
    let after = bumped().replace(r#""node --test""#, r#""node --test","postinstall":"node fetch.js""#);
    let facts = with_change("package.json", BEFORE, &after);
    insta::assert_snapshot!(read(&finding(&facts, "version_bump")), @r"
    A commit without review changes more than a version number.
      ddddddd by dana: package.json also changes `scripts.postinstall`.
      Do this: merge it through a pull request that somebody else approves; an approver can also decide by hand.
    ");
    assert_eq!(judge(&facts).kind(), Kind::Block);
}

#[test]
fn a_key_that_stands_twice_proves_nothing() {
    let after = bumped().replace(r#""scripts""#, r#""version":"4.18.2","scripts""#);
    refused(&with_change("package.json", BEFORE, &after), "the key `version` stands twice");
}

#[test]
fn a_version_that_does_not_grow_is_no_bump() {
    let older = BEFORE.replace("4.18.1", "4.18.0");
    refused(&with_change("package.json", BEFORE, &older), "goes from version 4.18.1 to 4.18.0, which is not newer");
    let odd = BEFORE.replace("4.18.1", "latest");
    refused(&with_change("package.json", BEFORE, &odd), "`latest` is no version number");
}

#[test]
fn a_manifest_that_was_added_or_is_a_link_proves_nothing() {
    let why = "package.json is not a plain file that was changed in place";
    refused(&with_files(&[("a", "1")], &[("a", "1"), ("package.json", BEFORE)]), why);
    for mode in [Mode::SYMLINK, Mode::EXECUTABLE, Mode::SUBMODULE] {
        let mut facts = with_change("package.json", BEFORE, &bumped());
        let entry = TreeEntry { mode, id: blob_id(bumped().as_bytes()) };
        let tree = Tree { entries: [("package.json".to_owned(), entry)].into() };
        range(&mut facts).commits[2].tree = tree.id();
        facts.objects.trees.insert(tree.id(), tree);
        refused(&facts, why);
    }
}

#[test]
fn another_file_beside_the_manifest_needs_a_review() {
    let facts =
        with_files(&[("package.json", BEFORE), ("src/a.js", "1")], &[("package.json", &bumped()), ("src/a.js", "2")]);
    assert_eq!(finding(&facts, "version_bump").outcome, Outcome::NotApplicable);
    assert!(read(&finding(&facts, "commit_review")).contains("came to the release branch without a pull request"));
}

#[test]
fn a_merge_commit_is_no_bump() {
    let mut facts = with_change("package.json", BEFORE, &bumped());
    *range(&mut facts).commits.last_mut().unwrap() = merge('d', &['c', 'e'], &user("dana", 1001));
    assert!(judge(&facts).auto_approval().is_none());
}

#[test]
fn files_that_could_not_be_read_are_no_bump() {
    let mut facts = with_change("package.json", BEFORE, &bumped());
    facts.objects.contents.clear();
    assert_eq!(finding(&facts, "commit_review").outcome, Outcome::Unknown);
    facts.objects.trees.clear();
    assert_eq!(finding(&facts, "commit_review").outcome, Outcome::Unknown);
    assert!(judge(&facts).auto_approval().is_none());
}

#[test]
fn criteria_can_want_a_review_for_bumps_too() {
    let criteria = criteria_with("switched_off = []", "switched_off = [\"version_bump\"]");
    let facts = with_change("package.json", BEFORE, &bumped());
    let decision = evaluate(&facts, &criteria, NOW);
    assert!(decision.auto_approval().is_none());
}

/// A bump of `package.json` beside the change of another file.
fn beside(path: &str, before: &str, after: &str) -> Facts {
    with_files(&[("package.json", BEFORE), (path, before)], &[("package.json", &bumped()), (path, after)])
}

#[test]
fn a_lock_file_may_follow_its_manifest() {
    let facts = beside("package-lock.json", BEFORE, &bumped());
    assert_eq!(judge(&facts).kind(), Kind::Approve);
    let lock = bumped().replace("node --test", "node --watch");
    refused(&beside("package-lock.json", BEFORE, &lock), "package-lock.json also changes `scripts.test`");
    refused(&with_change("Cargo.lock", "", "#"), "Cargo.lock changes without Cargo.toml beside it in the same commit");
}

#[test]
fn a_change_log_may_change_if_the_criteria_say_so() {
    let decide = |facts: &Facts, criteria: &Criteria| evaluate(facts, criteria, NOW).kind();
    let criteria = criteria_with("companions = []", "companions = [\"CHANGELOG.md\"]");
    let facts = beside("CHANGELOG.md", "", "# 4.18.2");
    assert_eq!(decide(&facts, &criteria), Kind::Approve);
    assert!(judge(&facts).auto_approval().is_none());
    assert_ne!(decide(&with_change("CHANGELOG.md", "", "# 4.18.2"), &criteria), Kind::Approve);
}

#[test]
fn criteria_name_only_files_that_can_be_proven() {
    let terms = std::fs::read_to_string("config/criteria.toml").unwrap();
    let error = |old: &str, new: &str| {
        assert!(terms.contains(old));
        Criteria::parse(&terms.replace(old, new), "people = []").unwrap_err().to_string()
    };
    let said = error("\"mix.exs\"", "\"app/yarn.lock\"");
    assert!(
        said.starts_with(
            "`version_bump.manifests` names `app/yarn.lock`, which is no manifest that cm-bot can read; it reads: package.json, "
        )
    );
    for path in ["Cargo.lock", "CHANGES.sh", "Makefile", "CHANGELOG.md/run.js", "requirements.txt"] {
        let said = error("companions = []", &format!("companions = [\"{path}\"]"));
        assert_eq!(
            said,
            format!("`version_bump.companions` names `{path}`, which is no change log, such as CHANGELOG.md")
        );
    }
}
