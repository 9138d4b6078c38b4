//! A history made by the real Git, judged as the benchmark `histories` judges real ones: what is clean passes, beside what
//! `git merge-tree` makes of it, and every defect that is put in is held.

mod came;
mod defects;
mod files;
mod judge;
mod repository;

use std::path::Path;
use std::process::Command;

use came::Way;
use defects::ALL;
use judge::{Tally, look_at};
use repository::Repository;

/// A repository in which a test works.
struct Work {
    folder: tempfile::TempDir,
}

impl Work {
    /// A release branch with some files.
    fn new() -> Work {
        let work = Work { folder: tempfile::tempdir().unwrap() };
        work.git("init --quiet --initial-branch=main");
        work.write("notes.md", &lines(&[]));
        work.write("src/totals.js", &lines(&[]));
        work.write("src/rates/eu.js", &lines(&[]));
        work.write("src/rates/us.js", "us\n");
        work.write("tools/deploy.sh", "deploy\n");
        work.commit("Begin");
        work
    }

    fn git(&self, arguments: &str) {
        let mut git = Command::new("git");
        git.arg("-C").arg(self.folder.path()).args(arguments.split(' '));
        git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        for who in ["AUTHOR", "COMMITTER"] {
            git.env(format!("GIT_{who}_NAME"), "dana").env(format!("GIT_{who}_EMAIL"), "dana@acme.example");
        }
        let output = git.output().unwrap();
        assert!(output.status.success(), "git {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn commit(&self, headline: &str) {
        self.git("add --all");
        self.git(&format!("commit --quiet --message={}", headline.replace(' ', "-")));
    }

    /// A branch from the release branch with one commit that changes a file.
    fn branch(&self, name: &str, (path, text): (&str, &str)) {
        self.git(&format!("checkout --quiet -b {name} main"));
        self.write(path, text);
        self.commit(name);
    }

    /// The button that merges.
    fn merge(&self, branch: &str) {
        self.git("checkout --quiet main");
        self.git(&format!("merge --quiet --no-ff --no-edit {branch}"));
    }

    fn judged(&self) -> Tally {
        look_at(&Repository::open(self.folder.path()), 100)
    }
}

/// Forty lines, some of them changed.
fn lines(changed: &[usize]) -> String {
    (0..40)
        .map(|line| if changed.contains(&line) { format!("changed {line}\n") } else { format!("line {line}\n") })
        .collect()
}

/// Two pull requests at a time, so that each second merge has something to merge.
fn history() -> Work {
    let work = Work::new();
    work.branch("totals", ("src/totals.js", &lines(&[3])));
    work.branch("rates", ("src/rates/eu.js", &lines(&[5])));
    work.write("src/rates/uk.js", "uk\n");
    work.commit("More rates");
    work.merge("totals");
    work.merge("rates");
    // Both change the same two files.
    work.branch("head", ("notes.md", &lines(&[1])));
    work.write("src/totals.js", &lines(&[3, 30]));
    work.commit("And totals");
    work.branch("tail", ("notes.md", &lines(&[38])));
    work.write("src/totals.js", &lines(&[3, 8]));
    work.commit("And totals");
    work.merge("head");
    work.merge("tail");
    // One moves a file and lets another run, one removes a folder, while the release branch goes on.
    work.branch("moves", ("src/rates/ch.js", "ch\n"));
    work.git("mv src/rates/us.js src/us.js");
    work.git("update-index --chmod=+x tools/deploy.sh");
    work.git("commit --quiet --message=Move");
    work.git("checkout --quiet --force main");
    work.branch("removes", ("docs/new.md", "new\n"));
    work.git("rm --quiet -r src/rates/uk.js");
    work.commit("Remove");
    work.merge("moves");
    work.merge("removes");
    // One is brought up to date before it is merged.
    work.branch("long", ("src/totals.js", &lines(&[3, 8, 20, 30])));
    work.branch("short", ("src/totals.js", &lines(&[3, 8, 30, 39])));
    work.merge("short");
    work.git("checkout --quiet long");
    work.git("merge --quiet --no-edit main");
    work.branch("beside", ("docs/beside.md", "beside\n"));
    work.merge("beside");
    work.merge("long");
    work
}

#[test]
fn every_clean_merge_of_a_real_history_passes() {
    let tally = history().judged();
    assert_eq!(tally.held, Vec::<String>::new());
    assert_eq!(tally.held_but_git_agrees, Vec::<String>::new());
    assert_eq!(tally.unproven, Vec::<String>::new());
    assert_eq!(tally.git_differs, Vec::<String>::new());
    assert_eq!((tally.merges, tally.clean), (10, 10));
    assert_eq!(tally.passed[&Way::Merge], 10);
}

#[test]
fn every_clean_merge_of_a_real_history_would_have_passed_as_a_squash_or_rebase() {
    let tally = history().judged();
    assert_eq!(tally.rewrites_held, Vec::<String>::new());
    assert_eq!(tally.passed[&Way::Squash], 10);
    assert!(tally.passed[&Way::Rebase] >= 4, "{:?}", tally.passed);
}

#[test]
fn an_approval_of_a_real_history_outlives_a_clean_update() {
    let tally = history().judged();
    assert_eq!(tally.updates_held, Vec::<String>::new());
    assert_eq!(tally.updates, 2, "as a merge, and as a squash");
}

#[test]
fn every_defect_in_a_real_history_is_held() {
    let tally = history().judged();
    assert_eq!(tally.approved, Vec::<String>::new());
    for defect in ALL {
        let found = tally.defects.get(&(Way::Merge, defect));
        assert!(found.is_some_and(|(put_in, held)| *put_in > 0 && held == put_in), "{}: {found:?}", defect.in_words());
    }
    let (put_in, held) = tally.all_defects(|way| way != Way::Merge);
    assert!(put_in > 100 && held == put_in, "{held} of {put_in}");
}

/// The merge of a branch that changes a line which the release branch changes too, as somebody resolved it.
fn resolved(text: &str) -> Tally {
    let work = Work::new();
    work.branch("one", ("notes.md", &lines(&[7])));
    work.branch("other", ("notes.md", &lines(&[]).replace("line 7\n", "another 7\n")));
    work.merge("one");
    work.git("merge --quiet --no-commit --no-ff --strategy=ours other");
    work.write("notes.md", text);
    work.commit("Resolve");
    work.judged()
}

#[test]
fn a_conflict_that_somebody_resolved_is_held() {
    let tally = resolved(&lines(&[7]));
    let [held] = tally.held.as_slice() else { panic!("{:?}", tally.held) };
    assert!(held.contains("is a merge that carries changes of its own, which nobody reviewed, in notes.md."), "{held}");
    assert_eq!((tally.merges, tally.clean), (2, 1));
}

#[test]
fn nothing_is_written_to_the_repository_that_is_judged() {
    let work = history();
    let objects = || count(&work.folder.path().join(".git/objects"));
    let before = objects();
    work.judged();
    assert_eq!(objects(), before);
}

fn count(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
}
