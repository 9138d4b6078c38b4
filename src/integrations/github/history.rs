//! Commits between two commits.

use std::collections::BTreeSet;

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};

use super::client::GithubClient;
use super::commits::{parents, rest_account, unreadable};
use super::wire;
use crate::integrations::SourceError;
use crate::model::{BranchName, Commit, CommitSha, GitActor, ObjectId, Relation, RepoName, Signature};

/// Commits on one page; GitHub's most.
const PAGE: u64 = 100;

/// Most commits of a range. A range this large is no change that a program should approve.
const MOST_COMMITS: u64 = 5_000;

/// Pages that are asked for at a time.
const AT_A_TIME: usize = 12;

/// How one commit stands to another, and the commits that only the second has. It never changes but for the accounts that
/// GitHub finds for the addresses in the commits.
#[derive(Debug, Serialize, Deserialize)]
pub struct Comparison {
    /// How the second stands to the first.
    pub relation: Relation,
    /// How many commits only the first has.
    pub removed: u64,
    /// The files of the first.
    pub base_tree: ObjectId,
    /// Paths that GitHub says are different, as far as it lists them: a hint where to look, and no more.
    pub paths: BTreeSet<String>,
    pub(super) commits: Vec<wire::ComparedCommit>,
}

impl Comparison {
    /// Whether it can be kept: every author and committer has an account. An address that belongs to nobody may belong to
    /// somebody tomorrow.
    #[must_use]
    pub fn is_final(&self) -> bool {
        let has = |account: Option<&wire::RestAccount>| rest_account(account).is_some();
        self.commits.iter().all(|commit| has(commit.author.as_ref()) && has(commit.committer.as_ref()))
    }

    /// The commits that only the second has, oldest first, with the first line of their messages.
    ///
    /// # Errors
    /// When a name is none.
    pub fn headlines(&self) -> Result<Vec<(CommitSha, String)>, SourceError> {
        let headline = |commit: &wire::ComparedCommit| {
            let line = commit.commit.message.lines().next().unwrap_or_default().chars().take(200).collect();
            Ok((CommitSha::parse(&commit.sha).map_err(unreadable)?, line))
        };
        self.commits.iter().map(headline).collect()
    }
}

impl Comparison {
    /// The commits that only the second has, oldest first, with names, parents and files: nothing about people yet.
    ///
    /// # Errors
    /// When a name is none.
    pub fn shape(&self) -> Result<Vec<Commit>, SourceError> {
        let nobody = || GitActor { name: String::new(), account: None };
        let shape = |commit: &wire::ComparedCommit| {
            let names = commit.parents.iter().map(|parent| parent.sha.as_str());
            Ok(Commit {
                sha: CommitSha::parse(&commit.sha).map_err(unreadable)?,
                tree: ObjectId::parse(&commit.commit.tree.sha).map_err(unreadable)?,
                parents: parents(names)?,
                authors: Vec::new(),
                committer: nobody(),
                signature: Signature::None,
                headline: String::new(),
            })
        };
        self.commits.iter().map(shape).collect()
    }
}

impl GithubClient {
    /// The commit that a branch ends in now.
    ///
    /// # Errors
    /// [`SourceError::NotFound`] when there is no such branch.
    pub async fn branch_tip(&self, repository: &RepoName, branch: &BranchName) -> Result<CommitSha, SourceError> {
        let reference: wire::Reference =
            self.get(repository, &format!("/git/ref/heads/{branch}"), None).await?.json()?;
        if reference.object.kind != "commit" {
            return Err(SourceError::Unreadable("the branch does not end in a commit".into()));
        }
        CommitSha::parse(&reference.object.sha).map_err(unreadable)
    }

    /// How `head` stands to `base`, without the commits between.
    ///
    /// # Errors
    /// [`SourceError::NotFound`] when one of them is not there or they have no common history.
    pub async fn relation(
        &self,
        repository: &RepoName,
        base: &CommitSha,
        head: &CommitSha,
    ) -> Result<Relation, SourceError> {
        if base == head {
            return Ok(Relation::Identical);
        }
        let path = format!("/compare/{base}...{head}?per_page=1&page=1");
        let page: wire::Comparison = self.get(repository, &path, None).await?.json()?;
        let relation = relation(&page.status)?;
        check_names(&page, relation, (base, head))?;
        Ok(relation)
    }

    /// Every commit that `head` has and `base` has not, oldest first, proven complete. Pages that do not add up are read
    /// once more: a page that was made while the others changed is not worth a word to people.
    ///
    /// # Errors
    /// [`SourceError::Incomplete`] when the pages do not add up, [`SourceError::NotFound`] as for `relation`.
    pub async fn compare(
        &self,
        repository: &RepoName,
        base: &CommitSha,
        head: &CommitSha,
    ) -> Result<Comparison, SourceError> {
        match self.pages(repository, base, head).await {
            Err(SourceError::Incomplete(_)) => self.pages(repository, base, head).await,
            whole => whole,
        }
    }

    async fn pages(
        &self,
        repository: &RepoName,
        base: &CommitSha,
        head: &CommitSha,
    ) -> Result<Comparison, SourceError> {
        let first = self.page(repository, base, head, 1).await?;
        let total = first.total_commits;
        if total > MOST_COMMITS {
            return Err(SourceError::TooMuch(format!("{total} commits")));
        }
        let (relation, removed) = (relation(&first.status)?, first.behind_by);
        let rest: Vec<_> = (2..=total.div_ceil(PAGE)).map(|number| self.page(repository, base, head, number)).collect();
        let rest: Vec<wire::Comparison> = stream::iter(rest).buffered(AT_A_TIME).try_collect().await?;
        check_names(&first, relation, (base, head))?;
        let base_tree = ObjectId::parse(&first.base_commit.commit.tree.sha).map_err(unreadable)?;
        let paths = first
            .files
            .into_iter()
            .flatten()
            .flat_map(|file| std::iter::once(file.filename).chain(file.previous_filename));
        let paths = paths.collect();
        let mut commits = first.commits;
        commits.extend(rest.into_iter().flat_map(|page| page.commits));
        check_complete(&commits, total, relation)?;
        check_end(&commits, head)?;
        Ok(Comparison { relation, removed, base_tree, paths, commits })
    }

    async fn page(
        &self,
        repository: &RepoName,
        base: &CommitSha,
        head: &CommitSha,
        number: u64,
    ) -> Result<wire::Comparison, SourceError> {
        let path = format!("/compare/{base}...{head}?per_page={PAGE}&page={number}");
        self.get(repository, &path, None).await?.json()
    }
}

fn relation(status: &str) -> Result<Relation, SourceError> {
    match status {
        "identical" => Ok(Relation::Identical),
        "ahead" => Ok(Relation::Ahead),
        "behind" => Ok(Relation::Behind),
        "diverged" => Ok(Relation::Diverged),
        other => Err(SourceError::Unreadable(format!("unknown relation `{}`", crate::model::shortened(other, 30)))),
    }
}

/// The answer is about the commits that were asked for. A branch may be called like a commit, and GitHub may take the name
/// for the branch; where the two lines met is a name that nobody chose.
fn check_names(
    page: &wire::Comparison,
    relation: Relation,
    (base, head): (&CommitSha, &CommitSha),
) -> Result<(), SourceError> {
    let met = page.merge_base_commit.sha.as_str();
    let fits = match relation {
        Relation::Identical => base == head && met == base.as_str(),
        Relation::Ahead => met == base.as_str(),
        Relation::Behind => met == head.as_str(),
        Relation::Diverged => met != base.as_str() && met != head.as_str(),
    };
    if fits && page.base_commit.sha == base.as_str() {
        return Ok(());
    }
    Err(SourceError::Unreadable("a comparison with another commit".into()))
}

/// The number is right, no commit stands twice, and there are new commits exactly when history says that there are.
fn check_complete(commits: &[wire::ComparedCommit], total: u64, relation: Relation) -> Result<(), SourceError> {
    let unique: std::collections::HashSet<&str> = commits.iter().map(|commit| commit.sha.as_str()).collect();
    if unique.len() as u64 != total || commits.len() as u64 != total {
        return Err(SourceError::Incomplete(format!("{} of {total} commits", unique.len())));
    }
    let must_be_new = matches!(relation, Relation::Ahead | Relation::Diverged);
    if must_be_new == commits.is_empty() {
        return Err(SourceError::Incomplete(format!("{total} commits for {relation:?}")));
    }
    Ok(())
}

/// The commit to deploy is the last one.
fn check_end(commits: &[wire::ComparedCommit], head: &CommitSha) -> Result<(), SourceError> {
    match commits.last() {
        Some(last) if last.sha != head.as_str() => {
            Err(SourceError::Incomplete("the list does not end in the commit".into()))
        }
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commits(names: &[char]) -> Vec<wire::ComparedCommit> {
        let commit = |name: &char| {
            let sha = name.to_string().repeat(40);
            let person = serde_json::json!({"name": "Dana"});
            let json = serde_json::json!({
                "sha": sha, "node_id": sha, "parents": [], "author": null, "committer": {},
                "commit": {"author": person, "committer": person, "message": "x", "tree": {"sha": sha}},
            });
            serde_json::from_value(json).unwrap()
        };
        names.iter().map(commit).collect()
    }

    #[test]
    fn a_list_proves_that_it_is_complete() {
        let check = |names: &[char], total, relation| check_complete(&commits(names), total, relation).is_ok();
        assert!(check(&['a', 'b'], 2, Relation::Ahead));
        assert!(check(&[], 0, Relation::Identical));
        assert!(check(&[], 0, Relation::Behind));
        assert!(!check(&['a'], 2, Relation::Ahead), "one is missing");
        assert!(!check(&['a', 'a'], 2, Relation::Ahead), "the same page came twice");
        assert!(!check(&[], 0, Relation::Ahead), "ahead by nothing");
        assert!(!check(&['a'], 1, Relation::Behind), "behind with something new");
    }

    #[test]
    fn an_answer_is_about_the_commits_that_were_asked_for() {
        let sha = |name: char| CommitSha::parse(&name.to_string().repeat(40)).unwrap();
        let check = |status: &str, met: char, base: char, head: char| {
            let page = serde_json::json!({
                "status": status, "behind_by": 0, "total_commits": 0, "commits": [],
                "base_commit": {"sha": sha('a').as_str(), "commit": {"tree": {"sha": sha('a').as_str()}}},
                "merge_base_commit": {"sha": sha(met).as_str()},
            });
            let page: wire::Comparison = serde_json::from_value(page).unwrap();
            check_names(&page, relation(status).unwrap(), (&sha(base), &sha(head))).is_ok()
        };
        assert!(check("ahead", 'a', 'a', 'b') && check("behind", 'b', 'a', 'b') && check("identical", 'a', 'a', 'a'));
        assert!(check("diverged", 'c', 'a', 'b'));
        assert!(!check("identical", 'a', 'a', 'b'), "two names are not one commit");
        assert!(!check("behind", 'c', 'a', 'b'), "b was taken for another commit");
        assert!(!check("ahead", 'b', 'a', 'b') && !check("ahead", 'a', 'c', 'b'), "a was taken for another commit");
    }

    #[test]
    fn a_list_ends_in_the_commit() {
        let head = CommitSha::parse(&"b".repeat(40)).unwrap();
        assert!(check_end(&commits(&['a', 'b']), &head).is_ok());
        assert!(check_end(&commits(&['b', 'a']), &head).is_err());
    }
}
