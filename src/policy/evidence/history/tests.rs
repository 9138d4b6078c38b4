//! Merge bases, line by line. The baseline is `a`; commits of the range are letters after it, old ones are digits.

use super::*;
use crate::model::{Forge, GitActor, GithubId, Signature};
use crate::policy::facts::{Objects, Wanted};

fn sha(name: char) -> CommitSha {
    CommitSha::parse(&name.to_string().repeat(40)).unwrap()
}

/// A commit with its parents: `"cab"` is c on a and b.
fn commit(names: &str) -> Commit {
    let mut names = names.chars();
    let name = names.next().unwrap();
    let account = crate::model::Account {
        id: GithubId(1001).into(),
        login: "dana".into(),
        kind: crate::model::AccountKind::User,
    };
    let actor = GitActor { name: "dana".into(), account: Some(account) };
    Commit {
        sha: sha(name),
        tree: ObjectId::parse(&name.to_string().repeat(40)).unwrap(),
        parents: names.map(sha).collect(),
        authors: vec![actor.clone()],
        committer: actor,
        signature: Signature::None,
        headline: String::new(),
    }
}

fn range(commits: &[&str]) -> Range {
    Range {
        relation: Relation::Ahead,
        base_tree: ObjectId::parse(&"a".repeat(40)).unwrap(),
        commits: commits.iter().map(|names| commit(names)).collect(),
        removed: 0,
        removed_commits: Vec::new(),
    }
}

fn no_pull_requests() -> PullRequests {
    PullRequests::default()
}

/// Where the lines of the last two commits parted, given how old commits are related: `"01"` means 1 came after 0, `"0|1"`
/// that neither reaches the other.
fn parted(commits: &[&str], relations: &[&str]) -> Result<MergeBase, Gap> {
    let mut objects = Objects::default();
    for relation in relations {
        let (first, second) = (relation.chars().next().unwrap(), relation.chars().last().unwrap());
        let how = if relation.contains('|') { Relation::Diverged } else { Relation::Ahead };
        objects.relations.insert(Objects::pair(&sha(first), &sha(second)), how);
        let back = if how == Relation::Ahead { Relation::Behind } else { how };
        objects.relations.insert(Objects::pair(&sha(second), &sha(first)), back);
    }
    let (range, baseline, none) = (range(commits), sha('a'), no_pull_requests());
    let history = History::of(&range, &baseline, &none);
    let [.., left, right] = range.commits.as_slice() else { panic!("two commits are needed") };
    history.merge_base(&left.sha, &right.sha, &Look::at(&objects, Forge::Github))
}

fn one(name: char) -> Result<MergeBase, Gap> {
    Ok(MergeBase::One(sha(name)))
}

const NOT_ONE: Result<MergeBase, Gap> = Ok(MergeBase::NotOne);

#[test]
fn lines_that_begin_at_the_baseline_parted_there() {
    assert_eq!(parted(&["ba", "ca"], &[]), one('a'));
}

/// Both lines reach the baseline, and one of them more that lies behind it.
#[test]
fn nobody_is_asked_how_what_lies_behind_the_baseline_is_related() {
    let (range, baseline, none) = (range(&["c0", "d1", "eacd", "ba"]), sha('a'), no_pull_requests());
    let (objects, history) = (Objects::default(), History::of(&range, &baseline, &none));
    let look = Look::at(&objects, Forge::Github);
    let [.., left, right] = range.commits.as_slice() else { panic!("two commits are needed") };
    assert_eq!(history.merge_base(&left.sha, &right.sha, &look), one('a'));
    assert_eq!(look.wanted(), Wanted::default());
}

#[test]
fn nobody_is_asked_about_another_commit_where_the_baseline_settles_it() {
    let (range, baseline, none) = (range(&["b0", "c1", "da"]), sha('a'), no_pull_requests());
    let (objects, history) = (Objects::default(), History::of(&range, &baseline, &none));
    let look = Look::at(&objects, Forge::Github);
    let (older, other) = (sha('0'), sha('1'));
    assert_eq!(history.is_below_any(&older, [&other, &baseline].into_iter(), &look), Ok(true));
    assert_eq!(look.wanted(), Wanted::default());
    let look = Look::at(&objects, Forge::Github);
    assert!(history.is_below_any(&older, [&other].into_iter(), &look).is_err(), "the baseline is not among them");
}

/// Both lines also reach behind the baseline, at places that are not ancestors of each other or that nobody has compared.
#[test]
fn what_lies_behind_the_baseline_is_below_a_common_commit_that_reaches_it() {
    assert_eq!(parted(&["ba", "d1", "e0", "cbd", "feb"], &["0|1"]), one('b'));
    assert_eq!(parted(&["ba2", "d1", "e0", "cbd", "feb"], &["01"]), one('b'));
    assert_eq!(parted(&["ba", "d1", "e0", "cd", "fe"], &["0|1"]), NOT_ONE, "no common commit reaches the baseline");
}

#[test]
fn lines_part_at_the_newest_commit_that_both_reach() {
    assert_eq!(parted(&["ba", "cb", "db"], &[]), one('b'));
    assert_eq!(parted(&["ba", "cb", "dc", "ec", "fb"], &[]), one('b'));
    assert_eq!(parted(&["ba", "cb"], &[]), one('b'), "one is an ancestor of the other");
}

/// A commit's name says nothing about its age: here the older one always has the greater name.
#[test]
fn what_lies_above_is_looked_at_first_whatever_it_is_called() {
    assert_eq!(parted(&["fa", "ef", "df", "be", "cd"], &[]), one('f'));
}

#[test]
fn a_line_that_begins_before_the_baseline_parted_where_it_begins() {
    assert_eq!(parted(&["ba", "c0"], &[]), one('0'));
    assert_eq!(parted(&["c0", "ba"], &[]), one('0'));
}

#[test]
fn of_two_old_beginnings_the_newer_one_counts() {
    assert_eq!(parted(&["ba", "c0", "d1", "ecd", "fb"], &["01"]), one('1'));
    assert_eq!(parted(&["ba", "c0", "d1", "ecd", "fb"], &["10"]), one('0'));
    assert_eq!(parted(&["ba", "c0", "d1", "ecd", "fb"], &["0|1"]), NOT_ONE);
    let gap = parted(&["ba", "c0", "d1", "ecd", "fb"], &[]).unwrap_err();
    assert_eq!(gap.what, "how 0000000 and 1111111 are related");
}

#[test]
fn lines_that_met_more_than_once_have_no_one_base() {
    // Each of d and e merges the other line's earlier commit.
    assert_eq!(parted(&["ba", "ca", "dbc", "ecb"], &[]), NOT_ONE);
}

#[test]
fn two_lines_of_old_beginnings_parted_at_the_older_one() {
    assert_eq!(parted(&["b0", "c1"], &["01"]), one('0'));
    assert_eq!(parted(&["b0", "c1"], &["10"]), one('1'));
    assert_eq!(parted(&["b0", "c0"], &[]), one('0'));
    assert_eq!(parted(&["b0", "c1"], &["0|1"]), NOT_ONE, "what they share is older than both");
}

#[test]
fn what_is_shared_with_one_beginning_says_nothing_about_another() {
    assert_eq!(parted(&["b0", "c2", "dbc", "e1"], &["01", "2|1"]), NOT_ONE);
    assert_eq!(parted(&["b0", "c2", "dbc", "e1"], &["01", "21", "02"]), one('2'));
}

/// A pull request that was rewritten may have begun anywhere.
#[test]
fn a_commit_of_a_pull_request_is_below_the_baseline_only_when_that_is_proven() {
    let mut objects = Objects::default();
    let released = |objects: &Objects, name: char| {
        let (range, baseline, none) = (range(&["ba", "c0"]), sha('a'), no_pull_requests());
        History::of(&range, &baseline, &none).is_released(&sha(name), &Look::at(objects, Forge::Github))
    };
    for (name, known) in [('a', Ok(true)), ('b', Ok(true)), ('0', Ok(true))] {
        assert_eq!(released(&objects, name), known, "{name}");
    }
    assert_eq!(released(&objects, '9').unwrap_err().what, "how 9999999 and aaaaaaa are related");
    for (how, expected) in
        [(Relation::Ahead, true), (Relation::Identical, true), (Relation::Behind, false), (Relation::Diverged, false)]
    {
        objects.relations.insert(Objects::pair(&sha('9'), &sha('a')), how);
        assert_eq!(released(&objects, '9'), Ok(expected), "{how:?}");
    }
}
