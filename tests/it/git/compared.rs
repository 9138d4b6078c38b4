//! Two commits and what lies between them, beside what `git rev-list` says.

use std::collections::BTreeSet;

use cm_bot::integrations::SourceError;
use cm_bot::model::{Relation, Tree};

use super::served::Served;
use super::{branch, client, id, repository, sha};

/// A long line of commits, the first one first.
fn line(served: &Served, from: Option<&str>, length: usize) -> Vec<String> {
    let mut commits: Vec<String> = from.map(str::to_owned).into_iter().collect();
    for number in 0..length {
        let parents: Vec<&str> = commits.last().map(String::as_str).into_iter().collect();
        let text = format!("{number} of {length}");
        let commit = served.commit(&parents, &[("notes.md", text.as_bytes())]);
        commits.push(commit);
    }
    commits
}

/// What Git says of two commits.
fn relation(served: &Served, base: &str, head: &str) -> Relation {
    let only = |of: &str, without: &str| served.git(&format!("rev-list {of} ^{without}")).is_empty();
    match (only(base, head), only(head, base)) {
        (true, true) => Relation::Identical,
        (true, false) => Relation::Ahead,
        (false, true) => Relation::Behind,
        (false, false) => Relation::Diverged,
    }
}

/// Holds what is read against what Git says.
async fn is_as_git_says(served: &Served, base: &str, head: &str) {
    let client = client(served);
    let found = client.range(&repository(), (&sha(base), &sha(head))).await.unwrap();
    let listed = |range: String| {
        let list = served.git(&range);
        list.lines().map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let names = |commits: &[cm_bot::integrations::git::GitCommit]| {
        let names: BTreeSet<String> = commits.iter().map(|commit| commit.sha.to_string()).collect();
        assert_eq!(names.len(), commits.len(), "none twice");
        names
    };
    assert_eq!(names(&found.commits), listed(format!("rev-list {head} ^{base}")));
    assert_eq!(names(&found.removed), listed(format!("rev-list {base} ^{head}")));
    assert_eq!(found.relation, relation(served, base, head), "{base}...{head}");
    assert_eq!(client.relation(&repository(), (&sha(base), &sha(head))).await, Ok(found.relation));
    let mut seen = BTreeSet::new();
    for commit in &found.commits {
        let inside = commit.parents.iter().filter(|parent| found.commits.iter().any(|commit| commit.sha == **parent));
        assert!(inside.into_iter().all(|parent| seen.contains(parent)), "parents before children");
        seen.insert(commit.sha.clone());
        let said = served.git(&format!("show --no-patch --format=%T_%P_%ae_%cn {}", commit.sha));
        let parents: Vec<&str> = commit.parents.iter().map(|parent| parent.as_str()).collect();
        let address = commit.author.address.as_deref().unwrap();
        assert_eq!(said, format!("{}_{}_{address}_{}", commit.tree, parents.join(" "), commit.committer.name));
        assert!(found.trees.contains_key(&commit.tree) || said_before(served, base, commit.tree.as_str()));
    }
    assert_eq!(found.base.sha.as_str(), base);
    assert_eq!(found.base.tree.as_str(), served.git(&format!("rev-parse {base}^{{tree}}")));
    assert!(found.commits.last().is_none_or(|last| last.sha.as_str() == head), "the commit itself is the last");
    assert!(found.trees.iter().all(|(name, tree): (_, &Tree)| tree.id() == *name));
}

/// Whether a folder is the same as one of an older commit, so that it need not come.
fn said_before(served: &Served, base: &str, tree: &str) -> bool {
    served.git(&format!("log --format=%T {base}")).lines().any(|line| line == tree)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_ends_where_git_says() {
    let served = Served::new().await;
    let commits = line(&served, None, 2);
    served.set("main", &commits[1]);
    served.set("main2", &commits[0]);
    let client = client(&served);
    assert_eq!(client.tip(&repository(), &branch("main")).await, Ok(sha(&commits[1])));
    assert_eq!(client.tip(&repository(), &branch("main2")).await, Ok(sha(&commits[0])));
    assert_eq!(client.tip(&repository(), &branch("mai")).await, Err(SourceError::NotFound));
    served.set("main", &commits[0]);
    assert_eq!(client.tip(&repository(), &branch("main")).await, Ok(sha(&commits[0])), "it is asked for anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_commits() {
    let served = Served::new().await;
    let commits = line(&served, None, 6);
    served.set("main", &commits[5]);
    served.git("gc --quiet");
    is_as_git_says(&served, &commits[2], &commits[5]).await;
    is_as_git_says(&served, &commits[2], &commits[2]).await;
    is_as_git_says(&served, &commits[5], &commits[2]).await;
    is_as_git_says(&served, &commits[0], &commits[1]).await;
}

/// Branches that began longer ago than what is asked for at once, all merged after the baseline.
#[tokio::test(flavor = "multi_thread")]
async fn branches_that_began_long_before_the_baseline() {
    let served = Served::new().await;
    let main = line(&served, None, 90);
    let mut head = main[89].clone();
    for began in [1, 3, 5, 20, 80, 85] {
        let file = format!("branch-{began}.md");
        let work = served.commit(&[&main[began]], &[(&file, b"work")]);
        head = served.commit(&[&head, &work], &[(&file, b"work")]);
    }
    served.set("main", &head);
    served.git("gc --quiet");
    is_as_git_says(&served, &main[88], &head).await;
    is_as_git_says(&served, &main[2], &head).await;
    let side = served.commit(&[&main[4]], &[("side.md", b"side")]);
    served.set("side", &side);
    is_as_git_says(&served, &head, &side).await;
    is_as_git_says(&served, &side, &head).await;
}

/// Histories whose shape is drawn by lot, each commit with one or two parents, compared at pairs of commits.
#[tokio::test(flavor = "multi_thread")]
async fn histories_of_any_shape() {
    let mut random = fastrand::Rng::with_seed(7);
    let served = Served::new().await;
    let mut commits = line(&served, None, 1);
    for number in 0..30 {
        let some = [random.usize(..commits.len()), random.usize(commits.len() / 2..commits.len())];
        let parents: BTreeSet<usize> = some.into_iter().take(1 + random.usize(..2)).collect();
        let parents: Vec<&str> = parents.iter().map(|place| commits[*place].as_str()).collect();
        let (file, text) = (format!("src/file-{}.md", random.usize(..5)), format!("{number}\n").repeat(50));
        commits.push(served.commit(&parents, &[(&file, text.as_bytes())]));
        served.set(&format!("all-{number}"), commits.last().unwrap());
    }
    served.git("gc --quiet");
    for _ in 0..25 {
        let [base, head] = [0, 0].map(|_: i32| commits[random.usize(..commits.len())].clone());
        is_as_git_says(&served, &base, &head).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_roots_have_nothing_in_common() {
    let served = Served::new().await;
    let (one, other) = (line(&served, None, 2), served.commit(&[], &[("other.md", b"other")]));
    served.set("main", &one[1]);
    served.set("other", &other);
    let found = client(&served).range(&repository(), (&sha(&one[1]), &sha(&other))).await;
    assert_eq!(found.map(drop), Err(SourceError::Unrelated));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_is_not_there() {
    let served = Served::new().await;
    let commits = line(&served, None, 2);
    served.set("main", &commits[1]);
    let (client, nowhere) = (client(&served), "1".repeat(40));
    for (base, head) in [(&nowhere, &commits[1]), (&commits[1], &nowhere)] {
        let found = client.range(&repository(), (&sha(base), &sha(head))).await;
        assert_eq!(found.map(drop), Err(SourceError::NotFound));
    }
}

/// A server that leaves nothing out, and one that leaves out files but no folders.
#[tokio::test(flavor = "multi_thread")]
async fn servers_that_can_do_less() {
    let served = Served::new().await;
    let mut main = line(&served, None, 4);
    let work = served.commit(&[&main[0]], &[("work.md", b"work")]);
    main.push(served.commit(&[&main[3], &work], &[("work.md", b"work")]));
    served.set("main", &main[4]);
    for less in ["uploadpackfilter.tree.allow false", "uploadpack.allowFilter false"] {
        served.git(&format!("config {less}"));
        is_as_git_says(&served, &main[1], &main[4]).await;
        is_as_git_says(&served, &main[4], &work).await;
        let tree = served.git(&format!("rev-parse {}^{{tree}}", main[2]));
        assert_eq!(client(&served).objects(&repository(), &[id(&tree)]).await.unwrap().len(), 1, "{less}");
    }
}

/// An old commit that others could read in another way stands in nobody's way; a new one is not read at all.
#[tokio::test(flavor = "multi_thread")]
async fn an_odd_commit_matters_only_when_it_is_new() {
    let served = Served::new().await;
    let tree = served.git_with(&["hash-object", "-w", "-t", "tree", "--stdin"], b"");
    let odd = format!("tree {tree}\nauthor a <a@x> 1 +0000\nauthor b <b@x> 1 +0000\ncommitter a <a@x> 1 +0000\n\nx\n");
    let odd = served.git_with(&["hash-object", "-w", "-t", "commit", "--literally", "--stdin"], odd.as_bytes());
    let commits = line(&served, Some(&odd), 3);
    served.set("main", &commits[3]);
    is_as_git_says(&served, &commits[1], &commits[3]).await;
    let later = served.git_with(&["cat-file", "commit", &commits[3]], b"");
    let later = later.replacen("author", "author c <c@x> 1 +0000\nauthor", 1) + "\n";
    let later = served.git_with(&["hash-object", "-w", "-t", "commit", "--literally", "--stdin"], later.as_bytes());
    served.set("later", &later);
    let found = client(&served).range(&repository(), (&sha(&commits[1]), &sha(&later))).await;
    let Err(SourceError::Unreadable(why)) = found else { panic!("{found:?}") };
    assert!(why.ends_with("has no committer"), "{why}");
}
