use super::*;
use crate::integrations::git::Named;
use crate::model::ObjectId;

fn sha(name: char) -> CommitSha {
    CommitSha::parse(&format!("{:x}", u32::from(name)).repeat(20)).unwrap()
}

/// A history, each commit with its parents: `"b:a"` is b on top of a.
fn known(commits: &[&str]) -> Known {
    let mut known = Known::default();
    known.add(commits.iter().map(|commit| {
        let (name, parents) = commit.split_once(':').unwrap();
        let nobody = Named { name: String::new(), address: None };
        GitCommit {
            sha: sha(name.chars().next().unwrap()),
            tree: ObjectId::parse(&"0".repeat(40)).unwrap(),
            parents: parents.chars().map(sha).collect(),
            author: nobody.clone(),
            committer: nobody,
            co_authors: Vec::new(),
            headline: String::new(),
        }
    }));
    known
}

fn between(known: &Known, base: char, head: char) -> Result<Proof, SourceError> {
    known.between(Ends { base: &sha(base), head: &sha(head) })
}

fn whole(relation: Relation, new: &str, shared: &str) -> Result<Proof, SourceError> {
    let shared = shared.chars().map(sha).collect();
    Ok(Proof::Whole(Between { relation, new: new.chars().map(sha).collect(), shared }))
}

fn missing(names: &str) -> Result<Proof, SourceError> {
    Ok(Proof::Missing(names.chars().map(sha).collect()))
}

#[test]
fn new_work_on_top_of_the_baseline() {
    let history = known(&["c:b", "d:c"]);
    assert_eq!(between(&history, 'b', 'd'), whole(Relation::Ahead, "cd", "b"));
    assert_eq!(between(&history, 'b', 'b'), whole(Relation::Identical, "", "b"));
}

#[test]
fn a_commit_that_was_kept_back_is_missing() {
    // d brings c, and c did not come.
    assert_eq!(between(&known(&["d:c", "b:a"]), 'b', 'd'), missing("c"));
    assert_eq!(between(&known(&[]), 'b', 'd'), missing("d"));
}

#[test]
fn a_branch_that_began_before_the_baseline_needs_the_chain_to_where_it_began() {
    // a - b(ase) - m, and s on top of a, merged by m.
    let new = ["s:a", "m:bs"];
    assert_eq!(between(&known(&new), 'b', 'm'), missing("a"), "a could be anything");
    let history = known(&[&new[..], &["b:a"]].concat());
    assert_eq!(between(&history, 'b', 'm'), whole(Relation::Ahead, "sm", "ab"));
    let other = known(&[&new[..], &["b:x", "x:y"]].concat());
    assert_eq!(between(&other, 'b', 'm'), missing("a"), "the chain of the baseline goes elsewhere");
}

#[test]
fn what_the_baseline_reaches_is_never_new_though_it_came() {
    let history = known(&["m:bs", "s:a", "a:r", "r:", "b:a"]);
    assert_eq!(between(&history, 'b', 'm'), whole(Relation::Ahead, "sm", "ab"));
}

#[test]
fn an_older_commit_is_behind_and_says_what_would_leave() {
    let history = known(&["d:c", "c:b", "b:a"]);
    assert_eq!(between(&history, 'd', 'b'), whole(Relation::Behind, "", "b"));
    let gone = history.only(&sha('d'), &BTreeSet::from([sha('b')]));
    assert_eq!(gone.iter().map(|commit| commit.sha.clone()).collect::<Vec<_>>(), [sha('c'), sha('d')]);
}

#[test]
fn two_lines_that_parted_are_diverged() {
    assert_eq!(between(&known(&["c:a", "b:a"]), 'b', 'c'), whole(Relation::Diverged, "c", "a"));
    assert_eq!(between(&known(&["c:a", "b:x"]), 'b', 'c'), missing("a"), "until it is known where");
}

#[test]
fn two_roots_are_unrelated() {
    assert_eq!(between(&known(&["c:r", "r:", "b:"]), 'b', 'c'), Err(SourceError::Unrelated));
}

#[test]
fn a_history_is_as_deep_as_it_is() {
    let mut history = Known::default();
    let name = |number: u32| CommitSha::parse(&format!("{number:040x}")).unwrap();
    let like = known(&["x:"]).get(&sha('x')).unwrap().clone();
    let link = |number: u32| GitCommit { sha: name(number), parents: vec![name(number - 1)], ..like.clone() };
    history.add((1..100_000).map(link));
    let (base, head) = (name(0), name(99_999));
    let Ok(Proof::Whole(found)) = history.between(Ends { base: &base, head: &head }) else { panic!() };
    assert_eq!((found.relation, found.new.len()), (Relation::Ahead, 99_999));
    assert_eq!((found.new.first(), found.new.last()), (Some(&name(1)), Some(&head)));
}
