//! GraphQL: an answer with status 200 can still be a refusal, or only half an answer.

use serde::de::DeserializeOwned;
use serde_json::json;

use super::client::GithubClient;
use super::wire::{Envelope, GraphqlError, Nodes};
use crate::integrations::SourceError;
use crate::integrations::http::Answer;
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
        let nodes: Nodes<T> = data(&answer)?;
        let nodes: Vec<T> = nodes.nodes.into_iter().flatten().collect();
        if nodes.len() == ids.len() {
            Ok(nodes)
        } else {
            Err(SourceError::Incomplete(format!("{} of {} nodes", nodes.len(), ids.len())))
        }
    }
}

/// The data of an answer without errors.
pub(super) fn data<T: DeserializeOwned>(answer: &Answer) -> Result<T, SourceError> {
    let envelope: Envelope<T> = answer.json()?;
    match envelope.errors.first() {
        Some(error) => Err(meaning(error)),
        None => envelope.data.ok_or_else(|| SourceError::Unreadable("neither data nor errors".into())),
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
