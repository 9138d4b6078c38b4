//! The commits of a pull request as they were reviewed, where a squash or rebase left none of them.

use std::collections::HashSet;

use serde_json::json;

use super::client::GithubClient;
use super::commits::{account, complete, signature, unreadable};
use super::wire;
use crate::integrations::SourceError;
use crate::model::{Commit, CommitSha, GitActor, ObjectId, PullRequest, RepoName};

/// The query; `tests/it/queries.rs` validates it against GitHub's schema.
const QUERY: &str = include_str!("queries/own_commits.graphql");

/// Most commits of one pull request.
const MOST: usize = 1_000;

impl GithubClient {
    /// Reads the own commits of a pull request, oldest first, proven complete.
    ///
    /// # Errors
    /// [`SourceError::Incomplete`] when the pages do not add up or do not end in the pull request's final commit.
    pub async fn own_commits(
        &self,
        repository: &RepoName,
        pull_request: &PullRequest,
    ) -> Result<Vec<Commit>, SourceError> {
        let mut commits: Vec<Commit> = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.page_of(repository, pull_request.number, after.as_deref()).await?;
            let total = page.total_count;
            if total > MOST {
                return Err(SourceError::TooMuch(format!("{total} commits of a pull request")));
            }
            for node in page.nodes {
                commits.push(commit(node.commit)?);
            }
            let more = page.page_info.has_next_page && commits.len() < total;
            after = page.page_info.end_cursor.filter(|_| more);
            if after.is_none() {
                return check_complete(commits, total, &pull_request.head);
            }
        }
    }

    async fn page_of(
        &self,
        repository: &RepoName,
        number: u64,
        after: Option<&str>,
    ) -> Result<wire::CommitPage, SourceError> {
        let (owner, name) = repository.as_str().split_once('/').unwrap_or((repository.as_str(), ""));
        let variables = json!({ "owner": owner, "name": name, "number": number, "after": after });
        let question = json!({ "query": QUERY, "variables": variables });
        let found: wire::InRepository<wire::WithPull> = self.ask(repository, &question).await?;
        let found = found.repository.and_then(|repository| repository.pull_request).ok_or(SourceError::NotFound)?;
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
    let parents: Result<_, _> = info.parents.nodes.iter().map(|parent| CommitSha::parse(&parent.oid)).collect();
    Ok(Commit {
        sha: CommitSha::parse(&info.oid).map_err(unreadable)?,
        tree: ObjectId::parse(&info.tree.oid).map_err(unreadable)?,
        parents: parents.map_err(unreadable)?,
        authors: info.authors.nodes.iter().map(actor).collect(),
        committer: info.committer.as_ref().map_or_else(nobody, actor),
        signature: signature(info.signature.as_ref()),
        headline: info.message_headline,
    })
}

fn actor(actor: &wire::NamedActor) -> GitActor {
    GitActor {
        name: actor.name.clone().unwrap_or_else(|| "nobody".into()),
        account: actor.user.as_ref().and_then(account),
    }
}

fn nobody() -> GitActor {
    GitActor { name: "nobody".into(), account: None }
}
