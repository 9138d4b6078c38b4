use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::tree::{FileAt, Files, Mode};
use super::{Commit, Oid, Stamp, Store};

/// Runs the real Git in a repository and returns what it prints.
fn git(repository: &Path, arguments: &[&str], input: &str) -> String {
    let mut command = Command::new("git");
    command.args(arguments).current_dir(repository).stdin(Stdio::piped()).stdout(Stdio::piped());
    for (who, name) in [("AUTHOR", "Dana Reyes"), ("COMMITTER", "Lee Wong")] {
        command.env(format!("GIT_{who}_NAME"), name).env(format!("GIT_{who}_EMAIL"), "x@acme.example");
        command.env(format!("GIT_{who}_DATE"), "1793610000 +0000");
    }
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "git {arguments:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn stamp(name: &str) -> Stamp {
    Stamp { name: name.into(), email: "x@acme.example".into(), seconds: 1_793_610_000 }
}

fn commit(store: &mut Store, parents: &[Oid], content: &str) -> Oid {
    let blob = store.put_blob(content.as_bytes());
    let tree = store.put_tree(&Files::from([("f".to_owned(), FileAt { mode: Mode::File, blob })])).unwrap();
    let message = format!("{content}\n");
    let (author, committer) = (stamp("Dana Reyes"), stamp("Lee Wong"));
    store.put_commit(Commit { tree, parents: parents.to_vec(), author, committer, signature: None, message })
}

fn files(store: &mut Store, pairs: &[(&str, &str)]) -> Oid {
    let list = pairs
        .iter()
        .map(|(path, text)| ((*path).to_owned(), FileAt { mode: Mode::File, blob: store.put_blob(text.as_bytes()) }));
    let list = list.collect::<Files>();
    store.put_tree(&list).unwrap()
}

#[test]
fn ids_are_those_of_the_real_git() {
    let home = tempfile::tempdir().unwrap();
    git(home.path(), &["init", "--quiet"], "");
    let contents = [("a.txt", "one\n"), ("a/b/c.rs", "fn main() {}\n"), ("a-b", "x"), ("a0", "")];
    for (path, text) in contents {
        std::fs::create_dir_all(home.path().join(path).parent().unwrap()).unwrap();
        std::fs::write(home.path().join(path), text).unwrap();
    }
    git(home.path(), &["add", "."], "");
    let mut store = Store::default();
    assert_eq!(store.put_blob(b"one\n").to_string(), git(home.path(), &["hash-object", "--stdin"], "one\n"), "a blob");
    let tree = files(&mut store, &contents);
    assert_eq!(tree.to_string(), git(home.path(), &["write-tree"], ""), "a tree whose folder sorts between two files");
    let (author, committer) = (stamp("Dana Reyes"), stamp("Lee Wong"));
    let mut root =
        Commit { tree, parents: vec![], author, committer, signature: None, message: "First\n\nWhy.\n".to_owned() };
    let first = store.put_commit(root.clone());
    let theirs = git(home.path(), &["commit-tree", &tree.to_string()], "First\n\nWhy.\n");
    assert_eq!(first.to_string(), theirs, "a root commit");
    root.parents = vec![first];
    let second = store.put_commit(root);
    let arguments = ["commit-tree", &tree.to_string(), "-p", &theirs];
    assert_eq!(second.to_string(), git(home.path(), &arguments, "First\n\nWhy.\n"), "a child");
}

#[test]
fn a_signed_commit_is_a_commit_that_git_can_read() {
    let home = tempfile::tempdir().unwrap();
    git(home.path(), &["init", "--quiet"], "");
    let mut store = Store::default();
    let id = commit(&mut store, &[], "signed");
    let mut signed = store.commit(id).unwrap().clone();
    signed.signature = Some("-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n".to_owned());
    let text = signed.text();
    let theirs = git(home.path(), &["hash-object", "-t", "commit", "-w", "--stdin"], &text);
    assert_eq!(store.put_commit(signed).to_string(), theirs);
    assert_eq!(git(home.path(), &["log", "-1", "--format=%an %s", &theirs], ""), "Dana Reyes signed");
}

#[test]
fn a_range_leaves_out_what_the_base_has_and_is_oldest_first() {
    let mut store = Store::default();
    let root = commit(&mut store, &[], "root");
    let ours = commit(&mut store, &[root], "ours");
    let theirs = commit(&mut store, &[root], "theirs");
    let merge = commit(&mut store, &[ours, theirs], "merge");
    assert_eq!(store.range(ours, merge), [theirs, merge]);
    assert_eq!(store.range(root, merge), [ours, theirs, merge]);
    assert_eq!(store.merge_base(ours, theirs), Some(root));
    assert!(store.is_ancestor(theirs, merge) && !store.is_ancestor(merge, theirs));
    let stranger = commit(&mut store, &[], "stranger");
    assert_eq!(store.merge_base(merge, stranger), None);
}

#[test]
fn a_merge_takes_both_sides_and_names_what_is_in_conflict() {
    let mut store = Store::default();
    let base = files(&mut store, &[("a", "1"), ("b", "1"), ("gone", "1")]);
    let ours = files(&mut store, &[("a", "2"), ("b", "1"), ("gone", "1")]);
    let theirs = files(&mut store, &[("a", "1"), ("b", "2"), ("new/c", "1")]);
    let merged = store.merge_trees(Some(base), ours, theirs).clean().unwrap();
    let expected = files(&mut store, &[("a", "2"), ("b", "2"), ("new/c", "1")]);
    assert_eq!(merged, store.files(expected));
    let other = files(&mut store, &[("a", "3"), ("b", "1"), ("gone", "1")]);
    let error = store.merge_trees(Some(base), ours, other).clean().unwrap_err();
    assert_eq!(error.to_string(), "this merge is in conflict over a");
}

#[test]
fn a_patch_is_the_same_wherever_in_the_file_it_stands() {
    let mut store = Store::default();
    let here = [files(&mut store, &[("f", "a\nb\nc\n")]), files(&mut store, &[("f", "a\nB\nc\n")])];
    let there = [files(&mut store, &[("f", "0\na\nb\nc\n")]), files(&mut store, &[("f", "0\na\nB\nc\n")])];
    assert_eq!(store.patch(Some(here[0]), here[1]), store.patch(Some(there[0]), there[1]));
    assert_ne!(store.patch(Some(here[0]), here[1]), store.patch(Some(here[0]), there[1]));
}

#[test]
fn a_comparison_looks_into_folders_that_differ() {
    let mut store = Store::default();
    let old = files(&mut store, &[("a", "1"), ("same/f", "x"), ("dir/f", "1"), ("dir/g", "1"), ("turns", "1")]);
    let new = files(&mut store, &[("a", "2"), ("same/f", "x"), ("dir/f", "1"), ("new/h", "1"), ("turns/into", "1")]);
    let changes = store.changes(Some(old), new);
    let found = changes.iter().map(|change| (change.path.as_str(), change.status())).collect::<Vec<_>>();
    let expected =
        [("a", "modified"), ("dir/g", "removed"), ("new/h", "added"), ("turns", "removed"), ("turns/into", "added")];
    assert_eq!(found, expected);
    assert_eq!(store.changes(None, old).len(), 5);
}
