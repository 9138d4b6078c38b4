//! What the changed files may hold: control files, what nobody can read line by line, hidden characters.

use cm_bot::model::{Mode, ObjectId, Tree, TreeEntry, blob_id};
use cm_bot::policy::decision::{Finding, Kind, Outcome};
use cm_bot::policy::evaluate;
use cm_bot::policy::evidence::wanted;
use cm_bot::policy::facts::Facts;

use crate::support::facts::{NOW, criteria, criteria_with, finding, judge, passing, put, range, read};

const HIDDEN: (&str, &str) = ("mode = \"off\"", "mode = \"hold\"");
const LARGE: (&str, &str) = ("allowed = []", "allowed = [\"large_file\"]");

/// The reviewed change of [`passing`] when it makes the first files into the second.
fn changed(before: &[(&str, &str)], after: &[(&str, &str)]) -> Facts {
    let mut facts = passing();
    let (before, after) = (put(&mut facts.objects, before), put(&mut facts.objects, after));
    between(facts, before, &after)
}

fn between(mut facts: Facts, before: ObjectId, after: &ObjectId) -> Facts {
    let range = range(&mut facts);
    range.base_tree = before;
    range.commits.iter_mut().for_each(|commit| commit.tree = after.clone());
    facts
}

/// As [`changed`], with so many new files of one content.
fn added(many: usize, name: fn(usize) -> String, content: &str) -> Facts {
    let paths: Vec<String> = (0..many).map(name).collect();
    let files: Vec<(&str, &str)> = paths.iter().map(|path| (path.as_str(), content)).collect();
    changed(&[], &files)
}

fn under(facts: &Facts, (old, new): (&str, &str), rule: &str) -> (Kind, Finding) {
    let decision = evaluate(facts, &criteria_with(old, new), NOW);
    let finding = decision.findings().iter().find(|judged| judged.rule == rule).unwrap().finding.clone();
    (decision.kind(), finding)
}

/// The sentences about single files.
fn details(finding: &Finding) -> Vec<String> {
    finding.details.iter().map(|detail| detail.plain()).collect()
}

#[test]
fn five_control_files_are_named_and_the_rest_is_a_number() {
    let workflows = |many| added(many, |number| format!(".github/workflows/{number}.yml"), "on: push");
    assert_eq!(judge(&workflows(6)).kind(), Kind::Hold);
    let five = details(&finding(&workflows(5), "control_paths"));
    assert_eq!(five.len(), 5);
    assert_eq!(five[4], ".github/workflows/4.yml builds, checks or guards the code.");
    let seven = finding(&workflows(7), "control_paths");
    assert_eq!(seven.seen, "7 control files");
    assert_eq!(details(&seven), [&five[..], &["And 2 more.".to_owned()]].concat());
    let twin = added(7, |number| format!("src/{number}.js"), "1");
    assert_eq!(judge(&twin).kind(), Kind::Approve);
    assert_eq!(finding(&twin, "control_paths").seen, "none of 7 changed files");
}

/// New files at the top, with one content and one mode.
fn with_mode(many: usize, mode: Mode) -> Facts {
    let mut facts = changed(&[], &[("a", "lib")]);
    let entry = TreeEntry { mode, id: blob_id(b"lib") };
    let tree = Tree { entries: (0..many).map(|number| (format!("{number}.js"), entry.clone())).collect() };
    let (before, after) = (put(&mut facts.objects, &[]), tree.id());
    facts.objects.trees.insert(after.clone(), tree);
    between(facts, before, &after)
}

#[test]
fn five_opaque_changes_are_named_and_the_rest_is_a_number() {
    let links = |many| finding(&with_mode(many, Mode::SYMLINK), "opaque_changes");
    let five = details(&links(5));
    assert_eq!(five.len(), 5);
    assert_eq!(five[4], "4.js is or was a symbolic link.");
    assert_eq!(links(7).seen, "7 opaque changes");
    assert_eq!(details(&links(7)), [&five[..], &["And 2 more.".to_owned()]].concat());
    assert_eq!(judge(&with_mode(7, Mode::SYMLINK)).kind(), Kind::Hold);
    assert_eq!(judge(&with_mode(7, Mode::FILE)).kind(), Kind::Approve);
}

#[test]
fn a_link_that_is_gone_is_said_to_be_gone() {
    let gone = |mode| {
        let mut facts = with_mode(1, mode);
        let (before, after) = (range(&mut facts).commits[1].tree.clone(), range(&mut facts).base_tree.clone());
        between(facts, before, &after)
    };
    let facts = gone(Mode::SYMLINK);
    assert_eq!(details(&finding(&facts, "opaque_changes")), ["0.js was a symbolic link and is gone."]);
    assert_eq!(judge(&facts).kind(), Kind::Hold);
    assert_eq!(judge(&gone(Mode::FILE)).kind(), Kind::Approve);
}

#[test]
fn a_file_that_becomes_a_program_or_is_one_no_more_is_named() {
    let changed = |before: Option<Mode>, after: Option<Mode>| {
        let (mut facts, mut trees) = (with_mode(1, Mode::FILE), Vec::new());
        for mode in [before, after] {
            let entry = |mode: Mode| ("run.sh".to_owned(), TreeEntry { mode, id: blob_id(b"lib") });
            let tree = Tree { entries: mode.map(entry).into_iter().collect() };
            trees.push(tree.id());
            facts.objects.trees.insert(tree.id(), tree);
        }
        let facts = between(facts, trees[0].clone(), &trees[1]);
        (judge(&facts).kind(), details(&finding(&facts, "opaque_changes")).join(" "))
    };
    let (file, program, odd) = (Some(Mode::FILE), Some(Mode::EXECUTABLE), Some(Mode(0o100_664)));
    assert_eq!(changed(file, program), (Kind::Hold, "run.sh became executable.".into()));
    assert_eq!(changed(program, file), (Kind::Hold, "run.sh is no longer executable.".into()));
    assert_eq!(changed(None, odd), (Kind::Hold, "run.sh has the unusual mode 100664.".into()));
    for (before, after) in [(None, program), (program, None), (file, None), (odd, None)] {
        assert_eq!(changed(before, after), (Kind::Approve, String::new()), "{before:?} to {after:?}");
    }
}

#[test]
fn a_large_file_is_for_a_human_until_it_is_gone() {
    let attributes = (".gitattributes", "*.bin filter=lfs\n");
    let new = changed(&[attributes], &[attributes, ("model.bin", "oid 1")]);
    let found = finding(&new, "opaque_changes");
    let sentence = "model.bin is the pointer to a large file that lives elsewhere (Git LFS).";
    assert_eq!((details(&found), judge(&new).kind()), (vec![sentence.to_owned()], Kind::Hold));
    let gone = changed(&[attributes, ("model.bin", "oid 1")], &[attributes, ("src.js", "1")]);
    assert_eq!(judge(&gone).kind(), Kind::Approve, "{}", read(&finding(&gone, "opaque_changes")));
}

#[test]
fn who_allows_large_files_need_not_know_which_they_are() {
    let attributes = (".gitattributes", "*.bin filter=lfs\n");
    let mut facts = changed(&[attributes], &[attributes, ("model.bin", "oid 1")]);
    assert_eq!(under(&facts, LARGE, "opaque_changes").0, Kind::Approve);
    facts.objects.contents.clear();
    assert_eq!(finding(&facts, "opaque_changes").outcome, Outcome::Unknown);
    assert!(wanted(&facts, &criteria()).contents.contains(&blob_id(attributes.1.as_bytes())));
    assert_eq!(under(&facts, LARGE, "opaque_changes").0, Kind::Approve);
    assert!(wanted(&facts, &criteria_with(LARGE.0, LARGE.1)).is_empty(), "what nobody needs is not read");
}

#[test]
fn an_archive_is_for_a_human_until_it_is_gone() {
    for path in ["vendor/rounding.tgz", "gradle/wrapper/gradle-wrapper.JAR", "lib/native.linux.so"] {
        let new = changed(&[("src.js", "1")], &[("src.js", "1"), (path, "packed")]);
        let sentence = format!("{path} is an archive or a program, and no page shows what it holds.");
        let found = finding(&new, "opaque_changes");
        assert_eq!((details(&found), judge(&new).kind()), (vec![sentence], Kind::Hold));
        let allowed = under(&new, ("allowed = []", "allowed = [\"archive\"]"), "opaque_changes").0;
        assert_eq!(allowed, Kind::Approve);
        let gone = changed(&[("src.js", "1"), (path, "packed")], &[("src.js", "2")]);
        assert_eq!(judge(&gone).kind(), Kind::Approve, "{}", read(&finding(&gone, "opaque_changes")));
    }
    for path in ["so", ".so", "notes/zip", "src/zip.rs", "vendor/jar/README"] {
        let new = changed(&[("src.js", "1")], &[("src.js", "1"), (path, "words")]);
        assert_eq!(judge(&new).kind(), Kind::Approve, "{path}: {}", read(&finding(&new, "opaque_changes")));
    }
}

#[test]
fn five_files_with_hidden_characters_are_named_and_the_rest_is_a_number() {
    let texts =
        |many, text| under(&added(many, |number| format!("src/{number}.js"), text), HIDDEN, "hidden_characters");
    let turned = "a \u{202e} b";
    let five = details(&texts(5, turned).1);
    assert_eq!(five.len(), 5);
    assert_eq!(five[4], "src/4.js holds the character U+202E, which turns the direction of text around.");
    let (kind, seven) = texts(7, turned);
    assert_eq!((kind, seven.seen.as_str()), (Kind::Hold, "7 files"));
    assert_eq!(details(&seven), [&five[..], &["And 2 more.".to_owned()]].concat());
    assert_eq!(texts(7, "a b").0, Kind::Approve);
}

#[test]
fn more_files_than_can_be_looked_into_are_for_a_human() {
    let texts = |many| under(&added(many, |number| format!("src/{number}.js"), "1"), HIDDEN, "hidden_characters");
    assert_eq!(texts(200).0, Kind::Approve);
    for many in [201, 250] {
        let (kind, finding) = texts(many);
        assert_eq!((kind, finding.outcome), (Kind::Hold, Outcome::Unknown), "{many} files");
    }
}
