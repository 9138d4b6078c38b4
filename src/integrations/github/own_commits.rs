//! The commits of pull requests as they were reviewed, where a squash or rebase left none of them.

use std::collections::{HashMap, HashSet};

use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::json;

use super::client::GithubClient;
use super::commits::{complete, parents, rest_account, signature, unreadable, user};
use super::graphql::NodeQuery;
use super::wire;
use crate::integrations::SourceError;
use crate::model::{Account, Commit, CommitSha, GitActor, ObjectId, RepoName};

/// The query; `tests/it/queries.rs` validates it against GitHub's schema.
const QUERY: NodeQuery = NodeQuery { kind: "PullRequest", text: include_str!("queries/own_commits.graphql") };

/// Most commits of one pull request.
const MOST: usize = 1_000;

/// Pages of a pull request's commits over REST, which shows 250 of them and no more, and how many stand on each.
const MOST_PAGES: usize = 3;
const PAGE: usize = 100;

/// Pull requests that are asked about at a time.
const AT_A_TIME: usize = 10;

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
        let named = all.into_iter().map(|own| self.with_names(repository, own));
        let named: Vec<_> = named.collect();
        stream::iter(named).buffered(AT_A_TIME).try_collect().await
    }

    /// Names the first authors that GraphQL leaves out: it knows users by their addresses, and no bots. REST knows both.
    async fn with_names(&self, repository: &RepoName, mut own: OwnCommits) -> Result<OwnCommits, SourceError> {
        let nameless = |commit: &Commit| commit.authors.first().is_some_and(|author| author.account.is_none());
        if !own.commits.iter().any(nameless) {
            return Ok(own);
        }
        let mut authors: HashMap<String, Account> = HashMap::new();
        for page in 1..=MOST_PAGES {
            let path = format!("/pulls/{}/commits?per_page={PAGE}&page={page}", own.number);
            let found: Vec<wire::PullCommit> = self.get(repository, &path, None).await?.json()?;
            let is_last = found.len() < PAGE;
            let known = found.into_iter().filter_map(|one| Some((one.sha, rest_account(one.author.as_ref())?)));
            authors.extend(known);
            if is_last {
                break;
            }
        }
        for commit in &mut own.commits {
            if let Some(author) = commit.authors.first_mut().filter(|author| author.account.is_none()) {
                author.account = authors.get(commit.sha.as_str()).cloned();
            }
        }
        Ok(own)
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
