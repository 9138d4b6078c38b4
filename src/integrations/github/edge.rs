//! Where a range of commits begins, and where the release branch ends.

use std::collections::BTreeMap;

use serde_json::json;

use super::client::GithubClient;
use super::commits::unreadable;
use super::wire;
use crate::integrations::SourceError;
use crate::model::{BranchName, CommitSha, ObjectId, RepoName};

/// The query; `tests/it/queries.rs` validates it against GitHub's schema.
const QUERY: &str = include_str!("queries/edge.graphql");

/// What was seen at both ends.
#[derive(Debug)]
pub struct Edge {
    /// The commit that the release branch ended in.
    pub tip: CommitSha,
    /// The baseline and the newest of the commits that it reaches, with their files. Other commits may be reached too.
    pub reached: BTreeMap<CommitSha, ObjectId>,
}

impl GithubClient {
    /// Reads where the release branch ends, and what comes before a commit.
    ///
    /// # Errors
    /// [`SourceError::NotFound`] when there is no such branch.
    pub async fn edge(
        &self,
        (repository, branch): (&RepoName, &BranchName),
        baseline: &CommitSha,
    ) -> Result<Edge, SourceError> {
        let (owner, name) = repository.parts();
        let branch = format!("refs/heads/{branch}");
        let variables = json!({ "owner": owner, "name": name, "branch": branch, "baseline": baseline.as_str() });
        let question = json!({ "query": QUERY, "variables": variables });
        let found: wire::InRepository<wire::EdgeInfo> = self.ask(repository, &question).await?;
        let found = found.repository.ok_or(SourceError::NotFound)?;
        let tip = found.branch.and_then(|branch| branch.target).ok_or(SourceError::NotFound)?;
        let baseline = found.baseline.filter(|found| found.oid == baseline.as_str());
        let reached = baseline.into_iter().flat_map(|found| found.history.nodes).map(|earlier| {
            let sha = CommitSha::parse(&earlier.oid).map_err(unreadable)?;
            Ok((sha, ObjectId::parse(&earlier.tree.oid).map_err(unreadable)?))
        });
        Ok(Edge {
            tip: CommitSha::parse(&tip.oid).map_err(unreadable)?,
            reached: reached.collect::<Result<_, SourceError>>()?,
        })
    }
}
