//! The commits of pull requests as they were reviewed, where a squash or rebase left none of them.

use std::collections::HashSet;

use serde_json::json;

use super::client::GithubClient;
use super::commits::{complete, parents, signature, unreadable, user};
use super::graphql::NodeQuery;
use super::wire;
use crate::integrations::SourceError;
use crate::model::{Commit, CommitSha, GitActor, ObjectId, RepoName};

/// The query; `tests/it/queries.rs` validates it against GitHub's schema.
const QUERY: NodeQuery = NodeQuery { kind: "PullRequest", text: include_str!("queries/own_commits.graphql") };

/// Most commits of one pull request.
const MOST: usize = 1_000;

/// Pull requests in one query, unless that proves to be too many.
const BATCH: usize = 25;

/// The own commits of a pull request.
#[derive(Debug)]
pub struct OwnCommits {
    /// Its number.
    pub number: u64,
    /// Its final commit.
    pub head: CommitSha,
    /// All of them, oldest first.
    pub commits: Vec<Commit>,
}

impl GithubClient {
    /// Reads the own commits of pull requests by node id, each list proven complete.
    ///
    /// # Errors
    /// [`SourceError::Incomplete`] when the pages do not add up or do not end in the pull request's final commit.
    pub async fn own_commits(&self, repository: &RepoName, ids: &[String]) -> Result<Vec<OwnCommits>, SourceError> {
        let first: Vec<wire::OwnCommits> = self.nodes_in_batches(repository, &QUERY, ids, BATCH).await?;
        let mut all = Vec::with_capacity(ids.len());
        for first in first {
            all.push(self.with_later_pages(repository, first).await?);
        }
        Ok(all)
    }

    async fn with_later_pages(
        &self,
        repository: &RepoName,
        first: wire::OwnCommits,
    ) -> Result<OwnCommits, SourceError> {
        let (number, total) = (first.number, first.commits.total_count);
        let head = CommitSha::parse(&first.head_ref_oid).map_err(unreadable)?;
        if total > MOST {
            return Err(SourceError::TooMuch(format!("{total} commits of a pull request")));
        }
        let mut commits: Vec<Commit> = Vec::new();
        let mut page = first.commits;
        loop {
            for node in page.nodes {
                commits.push(commit(node.commit)?);
            }
            let more = page.page_info.has_next_page && commits.len() < total;
            match page.page_info.end_cursor.filter(|_| more) {
                Some(after) => page = self.later_page(repository, &first.id, &after).await?,
                None => return Ok(OwnCommits { number, commits: check_complete(commits, total, &head)?, head }),
            }
        }
    }

    async fn later_page(&self, repository: &RepoName, id: &str, after: &str) -> Result<wire::CommitPage, SourceError> {
        let query = json!({ "query": QUERY.text, "variables": { "ids": [id], "after": after } });
        let found: wire::Nodes<wire::OwnCommits> = self.ask(repository, &query).await?;
        let found = found.nodes.into_iter().flatten().next().ok_or(SourceError::NotFound)?;
        Ok(found.commits)
    }
}

fn check_complete(commits: Vec<Commit>, total: usize, head: &CommitSha) -> Result<Vec<Commit>, SourceError> {
    let unique: HashSet<&CommitSha> = commits.iter().map(|commit| &commit.sha).collect();
    if unique.len() != total || commits.len() != total || !unique.contains(head) {
        return Err(SourceError::Incomplete(format!("{} of {total} commits of a pull request", unique.len())));
    }
    Ok(commits)
}

fn commit(info: wire::OwnCommitInfo) -> Result<Commit, SourceError> {
    complete(&info.parents, "parents of a commit")?;
    complete(&info.authors, "authors of a commit")?;
    let names = info.parents.nodes.iter().map(|parent| parent.oid.as_str());
    Ok(Commit {
        sha: CommitSha::parse(&info.oid).map_err(unreadable)?,
        tree: ObjectId::parse(&info.tree.oid).map_err(unreadable)?,
        parents: parents(names)?,
        authors: info.authors.nodes.iter().map(actor).collect(),
        committer: info.committer.as_ref().map_or_else(nobody, actor),
        signature: signature(info.signature.as_ref()),
        headline: info.message_headline,
    })
}

fn actor(actor: &wire::NamedActor) -> GitActor {
    GitActor {
        name: actor.name.clone().unwrap_or_else(|| "nobody".into()),
        account: actor.user.as_ref().and_then(user),
    }
}

fn nobody() -> GitActor {
    GitActor { name: "nobody".into(), account: None }
}
