//! Real histories: every merge commit of a repository is merged again by cm-bot's proof and by Git.
//!
//! `cargo bench --bench histories -- REPOSITORY... [--most N]` takes clones or bare repositories, looks at the newest N
//! merges of each (400), and prints what the proof says beside what `git merge-tree` makes of the same two parents. It
//! exits 1 when the proof calls a merge clean whose files Git would have made differently and cannot explain.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a repository that cannot be read ends the measurement")]

#[path = "../it/support/facts.rs"]
#[allow(dead_code, reason = "a bench needs few of the facts")]
mod facts;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use cm_bot::model::{Commit, CommitSha, Content, Field, Merged, Mode, ObjectId, Relation, Tree, TreeEntry, blob_id};
use cm_bot::policy::decision::{CommitVerdict, Outcome};
use cm_bot::policy::facts::{Fact, Facts, Objects};
use cm_bot::policy::{evaluate, evidence};

/// Merges of each repository, unless `--most` says otherwise.
const MOST: usize = 400;

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let most = arguments.iter().position(|argument| argument == "--most").map_or(MOST, |place| {
        let value = arguments.remove(place + 1).parse().expect("--most wants a number");
        arguments.remove(place);
        value
    });
    if arguments.is_empty() {
        println!("usage: cargo bench --bench histories -- REPOSITORY... [--most N]");
        return ExitCode::SUCCESS;
    }
    println!(
        "| repository | merges | clean | held | of these Git merges to the same | not provable | clean, but Git differs |"
    );
    println!("|---|---|---|---|---|---|---|");
    let mut wrong = 0;
    for repository in &arguments {
        wrong += look_at(&Repository { path: PathBuf::from(repository) }, most).print(repository);
    }
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[derive(Default)]
struct Tally {
    merges: usize,
    clean: usize,
    held: Vec<String>,
    held_but_git_agrees: usize,
    unproven: Vec<String>,
    wrong: Vec<String>,
}

impl Tally {
    fn print(&self, repository: &str) -> usize {
        let name = Path::new(repository)
            .components()
            .rev()
            .nth(1)
            .map_or(repository.into(), |part| part.as_os_str().to_string_lossy().into_owned());
        let Tally { merges, clean, held, held_but_git_agrees, unproven, wrong } = self;
        let (held_count, unproven_count, wrong_count) = (held.len(), unproven.len(), wrong.len());
        println!(
            "| {name} | {merges} | {clean} | {held_count} | {held_but_git_agrees} | {unproven_count} | {wrong_count} |"
        );
        for line in held.iter().chain(unproven).chain(wrong) {
            eprintln!("{name}: {line}");
        }
        wrong.len()
    }
}

fn look_at(repository: &Repository, most: usize) -> Tally {
    let list = repository.git(&["rev-list", "--merges", "--parents", &format!("--max-count={most}"), "HEAD"]);
    let mut tally = Tally::default();
    for line in list.lines() {
        let names: Vec<CommitSha> = line.split(' ').map(|name| CommitSha::parse(name).unwrap()).collect();
        let [merge, ours, theirs] = names.as_slice() else { continue };
        tally.merges += 1;
        let verdict = verdict(repository, merge, ours, theirs);
        let same = repository.merges_to_the_same(merge, ours, theirs);
        let said = format!("{} {}", merge.short(), verdict.reason);
        match (verdict.outcome, same) {
            (Outcome::Met, true) => tally.clean += 1,
            (Outcome::Met, false) => tally.wrong.push(said),
            (Outcome::NotMet, same) => {
                tally.held_but_git_agrees += usize::from(same);
                tally.held.push(format!("{said}{}", if same { " (Git merges to the same)" } else { "" }));
            }
            (Outcome::Unknown | Outcome::NotApplicable, _) => tally.unproven.push(said),
        }
    }
    tally
}

/// What cm-bot says of the merge when its first parent is the baseline.
fn verdict(repository: &Repository, merge: &CommitSha, ours: &CommitSha, theirs: &CommitSha) -> CommitVerdict {
    let mut facts = facts_of(repository, merge, ours, theirs);
    let criteria = facts::criteria();
    loop {
        let wanted = evidence::wanted(&facts, &criteria);
        if wanted.is_empty() {
            break;
        }
        for id in wanted.trees {
            let tree = repository.tree(&id);
            assert_eq!(tree.id(), id, "a tree of Git does not hash to its name");
            facts.objects.trees.insert(id, tree);
        }
        for id in wanted.contents {
            let content = repository.content(&id);
            facts.objects.contents.insert(id, content);
        }
        for sha in wanted.tree_of {
            facts.objects.tree_of.insert(sha.clone(), repository.tree_of(&sha));
        }
        for (first, second) in wanted.relations {
            facts.objects.relations.insert(Objects::pair(&first, &second), repository.relation(&first, &second));
        }
    }
    let decision = evaluate(&facts, &criteria, facts::NOW);
    decision.commits().iter().find(|commit| commit.sha == *merge).expect("the merge is in the range").clone()
}

fn facts_of(repository: &Repository, merge: &CommitSha, ours: &CommitSha, theirs: &CommitSha) -> Facts {
    let mut facts = facts::passing();
    facts.objects = Objects::default();
    facts.ticket.fields.insert(Field::Commit, merge.to_string());
    if let Fact::Known(Some(baseline)) = &mut facts.baseline {
        baseline.commit = ours.clone();
    }
    let list = repository.git(&["rev-list", "--topo-order", "--reverse", "--parents", &format!("{ours}..{merge}")]);
    let range = facts::range(&mut facts);
    range.base_tree = repository.tree_of(ours);
    range.commits = list.lines().map(|line| repository.commit(line)).collect();
    let pull_request = facts::pull_request(&mut facts);
    pull_request.head = theirs.clone();
    pull_request.merged = Some(Merged { commit: merge.clone(), at: facts::NOW });
    if let Fact::Known(pull_requests) = &mut facts.pull_requests {
        pull_requests.of_commit = BTreeMap::from([(merge.clone(), vec![871])]);
    }
    facts
}

struct Repository {
    path: PathBuf,
}

impl Repository {
    fn git(&self, arguments: &[&str]) -> String {
        String::from_utf8_lossy(&self.bytes(arguments)).into_owned()
    }

    fn bytes(&self, arguments: &[&str]) -> Vec<u8> {
        Command::new("git").arg("-C").arg(&self.path).args(arguments).output().expect("git").stdout
    }

    fn commit(&self, line: &str) -> Commit {
        let mut names = line.split(' ').map(|name| CommitSha::parse(name).unwrap());
        let sha = names.next().unwrap();
        Commit {
            tree: self.tree_of(&sha),
            sha,
            parents: names.collect(),
            ..facts::commit('1', &[], &facts::user("dana", 1001))
        }
    }

    fn tree_of(&self, commit: &CommitSha) -> ObjectId {
        ObjectId::parse(self.git(&["rev-parse", &format!("{commit}^{{tree}}")]).trim()).unwrap()
    }

    fn tree(&self, id: &ObjectId) -> Tree {
        let mut tree = Tree::default();
        for entry in self.git(&["ls-tree", "-z", id.as_str()]).split_terminator('\0') {
            let (what, name) = entry.split_once('\t').unwrap();
            let words: Vec<&str> = what.split(' ').collect();
            let mode = Mode(u32::from_str_radix(words[0], 8).unwrap());
            tree.entries.insert(name.to_owned(), TreeEntry { mode, id: ObjectId::parse(words[2]).unwrap() });
        }
        tree
    }

    fn content(&self, id: &ObjectId) -> Content {
        let bytes = self.bytes(&["cat-file", "blob", id.as_str()]);
        assert_eq!(blob_id(&bytes), *id);
        String::from_utf8(bytes).map_or(Content::Opaque, Content::Text)
    }

    fn relation(&self, first: &CommitSha, second: &CommitSha) -> Relation {
        let is_ancestor = |one: &CommitSha, other: &CommitSha| {
            let mut git = Command::new("git");
            git.arg("-C").arg(&self.path).args(["merge-base", "--is-ancestor", one.as_str(), other.as_str()]);
            git.status().unwrap().success()
        };
        match (is_ancestor(first, second), is_ancestor(second, first)) {
            (true, true) => Relation::Identical,
            (true, false) => Relation::Ahead,
            (false, true) => Relation::Behind,
            (false, false) => Relation::Diverged,
        }
    }

    fn merges_to_the_same(&self, merge: &CommitSha, ours: &CommitSha, theirs: &CommitSha) -> bool {
        let made = self.git(&["merge-tree", "--write-tree", ours.as_str(), theirs.as_str()]);
        made.lines().next() == Some(self.tree_of(merge).as_str())
    }
}
