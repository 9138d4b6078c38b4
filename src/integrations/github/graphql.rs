//! GraphQL: an answer with status 200 can still be a refusal, or only half an answer.

use serde::de::DeserializeOwned;
use serde_json::json;

use super::client::GithubClient;
use super::wire::{Envelope, GraphqlError, Nodes};
use crate::integrations::SourceError;
use crate::model::{RepoName, shortened};

impl GithubClient {
    /// Looks up nodes by id, all of them: a node that is missing is an error, not a gap in the list.
    pub(super) async fn nodes<T: DeserializeOwned>(
        &self,
        repository: &RepoName,
        query: &'static str,
        ids: &[String],
    ) -> Result<Vec<T>, SourceError> {
        let body = json!({"query": query, "variables": {"ids": ids}});
        let answer = self.post_graphql(repository, &body).await?;
        let envelope: Envelope<Nodes<T>> = answer.json()?;
        if let Some(error) = envelope.errors.first() {
            return Err(meaning(error));
        }
        let data = envelope.data.ok_or_else(|| SourceError::Unreadable("neither data nor errors".into()))?;
        let nodes: Vec<T> = data.nodes.into_iter().flatten().collect();
        if nodes.len() == ids.len() {
            Ok(nodes)
        } else {
            Err(SourceError::Incomplete(format!("{} of {} nodes", nodes.len(), ids.len())))
        }
    }
}

fn meaning(error: &GraphqlError) -> SourceError {
    match error.kind.as_deref() {
        Some("RATE_LIMITED") => SourceError::RateLimited(None),
        Some("NOT_FOUND") => SourceError::NotFound,
        Some("FORBIDDEN" | "INSUFFICIENT_SCOPES") => SourceError::Forbidden(shortened(&error.message, 120)),
        _ => SourceError::Unreachable(shortened(&error.message, 120)),
    }
}
