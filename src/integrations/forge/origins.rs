//! Where commits come from, for the forges that are read with Git's own protocol: Git says what a commit is, the forge who its
//! people are and what it came with.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, stream};

use super::Origins;
use crate::integrations::SourceError;
use crate::integrations::git::{GitCommit, Named};
use crate::model::{Account, Commit, CommitSha, GitActor, Signature};

/// Commits that are looked up at a time.
const AT_A_TIME: usize = 8;

impl Origins {
    /// Of these commits, when pull requests have no other name than their number.
    pub(in crate::integrations) fn of(commits: Vec<Commit>, of_commit: BTreeMap<CommitSha, Vec<u64>>) -> Origins {
        let numbers: BTreeSet<u64> = of_commit.values().flatten().copied().collect();
        let pull_requests = numbers.into_iter().map(|number| (number, number.to_string())).collect();
        Origins { commits, pull_requests, of_commit, not_looked_up: Vec::new() }
    }
}

/// The pull requests with each commit, asked for one by one.
///
/// # Errors
/// The first of any.
pub(in crate::integrations) async fn pull_requests_of_each<'a, F>(
    commits: &[&'a CommitSha],
    ask: impl Fn(&'a CommitSha) -> F,
) -> Result<BTreeMap<CommitSha, Vec<u64>>, SourceError>
where
    F: Future<Output = Result<Vec<u64>, SourceError>>,
{
    let asked: Vec<F> = commits.iter().map(|sha| ask(sha)).collect();
    let found: Vec<Vec<u64>> = stream::iter(asked).buffered(AT_A_TIME).try_collect().await?;
    Ok(commits.iter().map(|sha| (*sha).clone()).zip(found).collect())
}

/// A commit with its people: the author whom the forge names, and whoever else has one of these addresses. What a forge says of
/// signatures is not read.
pub(in crate::integrations) fn with_people(
    commit: &GitCommit,
    author: Option<Account>,
    known: impl Fn(&str) -> Option<Account>,
) -> Commit {
    let actor =
        |named: &Named| GitActor { name: named.name.clone(), account: named.address.as_deref().and_then(&known) };
    let author = GitActor { name: commit.author.name.clone(), account: author };
    Commit {
        authors: std::iter::once(author).chain(commit.co_authors.iter().map(actor)).collect(),
        committer: actor(&commit.committer),
        headline: commit.headline.clone(),
        ..without_people(commit)
    }
}

/// A commit with its name, parents and files.
pub(super) fn without_people(commit: &GitCommit) -> Commit {
    Commit {
        sha: commit.sha.clone(),
        tree: commit.tree.clone(),
        parents: commit.parents.clone(),
        authors: Vec::new(),
        committer: GitActor { name: String::new(), account: None },
        signature: Signature::None,
        headline: String::new(),
    }
}
