//! Merges of a handful of files. `(path, mode, lines)` is a file; a lower-case letter is a line.

use super::super::undo;
use super::*;
use crate::model::Forge;
use crate::policy::facts::Objects;

type File<'a> = (&'a str, Mode, &'a str);

/// Puts files into a tree, and gives back its name.
fn put(objects: &mut Objects, files: &[File<'_>]) -> ObjectId {
    let mut tree = Tree::default();
    let folders: BTreeSet<&str> =
        files.iter().filter_map(|(path, _, _)| path.split_once('/')).map(|(top, _)| top).collect();
    for folder in folders {
        let below = |(path, mode, lines): &File<'_>| {
            Some((path.strip_prefix(folder)?.strip_prefix('/')?.to_owned(), *mode, (*lines).to_owned()))
        };
        let below: Vec<(String, Mode, String)> = files.iter().filter_map(below).collect();
        let below: Vec<File<'_>> =
            below.iter().map(|(path, mode, lines)| (path.as_str(), *mode, lines.as_str())).collect();
        let id = put(objects, &below);
        tree.entries.insert(folder.to_owned(), TreeEntry { mode: Mode::FOLDER, id });
    }
    for (name, mode, lines) in files.iter().filter(|(path, _, _)| !path.contains('/')) {
        let text: String = lines.chars().map(|line| format!("{line}\n")).collect();
        let id = blob_id(text.as_bytes());
        objects.contents.insert(id.clone(), Content::Text(text));
        tree.entries.insert((*name).to_owned(), TreeEntry { mode: *mode, id });
    }
    objects.trees.insert(tree.id(), tree.clone());
    tree.id()
}

/// What differs, with everything there that `keep` does not take away.
fn found(four: [&[File<'_>]; 4], keep: impl Fn(&mut Objects)) -> Result<Vec<String>, String> {
    let mut objects = Objects::default();
    let [base, ours, theirs, result] = four.map(|files| put(&mut objects, files));
    keep(&mut objects);
    let merge = Merge { base: &base, ours: &ours, theirs: &theirs, result: &result };
    differences(merge, &Look::at(&objects, Forge::Github)).map_err(|gap| gap.what)
}

fn all(_: &mut Objects) {}

const FILE: Mode = Mode::FILE;

/// Both sides change the same file, each in its own place.
const BOTH: [&[File<'static>]; 3] = [
    &[("src/a", FILE, "abcde"), ("b", FILE, "x")],
    &[("src/a", FILE, "Abcde"), ("b", FILE, "x")],
    &[("src/a", FILE, "abcdE"), ("b", FILE, "x")],
];

fn merged_to(result: &[File<'_>]) -> Result<Vec<String>, String> {
    let [base, ours, theirs] = BOTH;
    found([base, ours, theirs, result], all)
}

fn paths(paths: &[&str]) -> Result<Vec<String>, String> {
    Ok(paths.iter().map(|path| (*path).to_owned()).collect())
}

#[test]
fn what_both_sides_bring_is_clean_and_anything_else_is_named() {
    assert_eq!(merged_to(&[("src/a", FILE, "AbcdE"), ("b", FILE, "x")]), paths(&[]));
    assert_eq!(merged_to(&[("src/a", FILE, "Abcde"), ("b", FILE, "x")]), paths(&["src/a"]), "one side is lost");
    assert_eq!(merged_to(&[("src/a", FILE, "AbcdE"), ("b", FILE, "y")]), paths(&["b"]));
    assert_eq!(merged_to(&[("src/a", FILE, "AbcdE"), ("b", FILE, "x"), ("src/c", FILE, "")]), paths(&["src/c"]));
    assert_eq!(merged_to(&[("b", FILE, "x")]), paths(&["src/a"]), "the folder is gone");
}

#[test]
fn the_mode_of_a_merged_file_is_no_side_matter() {
    let [base, ours, theirs] = BOTH;
    let runs: &[File<'_>] = &[("src/a", Mode::EXECUTABLE, "AbcdE"), ("b", FILE, "x")];
    assert_eq!(found([base, ours, theirs, runs], all), paths(&["src/a"]));
    let made_to_run: &[File<'_>] = &[("src/a", Mode::EXECUTABLE, "Abcde"), ("b", FILE, "x")];
    assert_eq!(found([base, made_to_run, theirs, runs], all), paths(&[]), "one side made it run");
}

#[test]
fn a_file_in_the_place_of_a_folder_is_named() {
    assert_eq!(merged_to(&[("src", FILE, "AbcdE"), ("b", FILE, "x")]), paths(&["src"]));
    assert_eq!(merged_to(&[("src", Mode::SYMLINK, "b"), ("b", FILE, "x")]), paths(&["src"]));
}

#[test]
fn a_conflict_is_never_clean_whatever_was_made_of_it() {
    for made in ["1", "2", "12", "0"] {
        let four: [&[File<'_>]; 4] =
            [&[("a", FILE, "0")], &[("a", FILE, "1")], &[("a", FILE, "2")], &[("a", FILE, made)]];
        assert_eq!(found(four, all), paths(&["a"]), "{made}");
    }
}

#[test]
fn links_that_both_sides_changed_are_not_merged_line_by_line() {
    let link = |lines: &'static str| [("src/a", Mode::SYMLINK, lines)];
    let [base, ours, theirs, result] = ["abcde", "Abcde", "abcdE", "AbcdE"].map(link);
    assert_eq!(found([&base, &ours, &theirs, &result], all), paths(&["src/a"]));
}

#[test]
fn what_cannot_be_seen_is_not_clean_and_what_was_found_is_named_all_the_same() {
    let [base, ours, theirs] = BOTH;
    let clean: &[File<'_>] = &[("src/a", FILE, "AbcdE"), ("b", FILE, "x")];
    let without_contents = |objects: &mut Objects| objects.contents.clear();
    assert_eq!(found([base, ours, theirs, clean], without_contents), Err("the content of a file".into()));
    let odd: &[File<'_>] = &[("src/a", FILE, "AbcdE"), ("b", FILE, "y")];
    assert_eq!(found([base, ours, theirs, odd], without_contents), paths(&["b"]));
    let without_trees = |objects: &mut Objects| objects.trees.clear();
    assert_eq!(found([base, ours, theirs, clean], without_trees), Err("the files of the repository".into()));
}

/// Nobody waits minutes for a comparison, and nobody is told that such a merge carries something of its own.
#[test]
fn a_file_with_too_many_changed_lines_on_either_side_is_not_merged() {
    let many = |first: u32| (first..first + 8_000).filter_map(char::from_u32).collect::<String>();
    let (base, other) = (many(0x4e00), many(0x7000));
    let changed = format!("{base}x");
    for (ours, theirs) in [(&other, &changed), (&changed, &other)] {
        let four: [&[File<'_>]; 4] = [
            &[("src/a", FILE, &base)],
            &[("src/a", FILE, ours)],
            &[("src/a", FILE, theirs)],
            &[("src/a", FILE, &other)],
        ];
        assert_eq!(found(four, all), Err("the changed lines of src/a".into()));
    }
}

#[test]
fn at_most_twenty_paths_are_named() {
    let files: Vec<String> = (0..30).map(|number| format!("f{number:02}")).collect();
    let new: Vec<File<'_>> = files.iter().map(|path| (path.as_str(), FILE, "x")).collect();
    let named = found([&[], &[], &[], &new], all).unwrap();
    assert_eq!(named, files[..20]);
}

/// Whether taking the merge back proves it, with nothing read of the second line.
fn undone([base, ours, theirs, result]: [&[File<'_>]; 4]) -> Result<bool, String> {
    let mut objects = Objects::default();
    let [base, ours, result] = [base, ours, result].map(|files| put(&mut objects, files));
    let theirs = put(&mut Objects::default(), theirs);
    let merge = Merge { base: &base, ours: &ours, theirs: &theirs, result: &result };
    undo::proves(merge, &Look::at(&objects, Forge::Github)).map_err(|gap| gap.what)
}

/// Two files that each may be away, or hold one of two things, and one that is always there.
fn states() -> Vec<[&'static str; 2]> {
    let contents = ["", "x", "y"];
    contents.iter().flat_map(|one| contents.map(|other| [*one, other])).collect()
}

fn files([one, other]: [&'static str; 2]) -> Vec<File<'static>> {
    let there = [("d/a", FILE, one), ("d/e/b", FILE, other)].into_iter().filter(|(_, _, lines)| !lines.is_empty());
    there.chain([("k", FILE, "k")]).collect()
}

#[test]
fn a_merge_that_can_be_taken_back_is_clean_and_every_merge_whose_lines_did_not_meet_can_be() {
    for base in states() {
        for (ours, theirs, result) in states().into_iter().flat_map(|ours| {
            states().into_iter().flat_map(move |theirs| states().into_iter().map(move |result| (ours, theirs, result)))
        }) {
            let apart = |place: usize| match (base[place] == ours[place], base[place] == theirs[place]) {
                (true, _) => result[place] == theirs[place],
                (false, true) => result[place] == ours[place],
                (false, false) => false,
            };
            let four = [files(base), files(ours), files(theirs), files(result)];
            let four = four.each_ref().map(Vec::as_slice);
            assert_eq!(undone(four), Ok(apart(0) && apart(1)), "{base:?} {ours:?} {theirs:?} {result:?}");
            assert!(undone(four) == Ok(false) || found(four, all) == paths(&[]), "not clean, and taken back");
        }
    }
}

#[test]
fn a_fix_that_a_merge_silently_takes_back_is_not_proven() {
    let (old, fixed, work): (&[File<'_>], &[File<'_>], &[File<'_>]) = (
        &[("sec", FILE, "old"), ("a", FILE, "1")],
        &[("sec", FILE, "fixed"), ("a", FILE, "1")],
        &[("sec", FILE, "old"), ("a", FILE, "2")],
    );
    let both: &[File<'_>] = &[("sec", FILE, "fixed"), ("a", FILE, "2")];
    assert_eq!(undone([old, fixed, work, both]), Ok(true));
    assert_eq!(undone([old, fixed, work, work]), Ok(false));
}

#[test]
fn a_merge_is_not_taken_back_where_a_folder_cannot_be_seen() {
    let [base, ours, theirs] = BOTH;
    let result: &[File<'_>] = &[("src/a", FILE, "AbcdE"), ("b", FILE, "x")];
    assert_eq!(undone([base, ours, theirs, result]), Ok(false), "both lines changed the file");
    let merge = [base, ours, theirs, result].map(|files| put(&mut Objects::default(), files));
    let merge = Merge { base: &merge[0], ours: &merge[1], theirs: &merge[2], result: &merge[3] };
    let gap = undo::proves(merge, &Look::at(&Objects::default(), Forge::Github)).unwrap_err();
    assert_eq!(gap.what, "the files of the repository");
}
