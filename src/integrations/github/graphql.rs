//! GraphQL: an answer with status 200 can still be a refusal, or only half an answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;

use backon::Retryable;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::batches::{Found, Plan};
use super::carrier::Failure;
use super::client::GithubClient;
use super::commits::unreadable;
use super::wire::{BranchOf, Envelope, GraphqlError, Nodes};
use crate::integrations::SourceError;
use crate::integrations::http::{Answer, backoff, from_json};
use crate::integrations::limits;
use crate::model::{CommitSha, RepoName, shortened};

/// Questions that are under way at a time.
const AT_A_TIME: usize = 25;

/// As many after one of them was more than GitHub could answer.
const AT_A_TIME_WHEN_HEAVY: usize = 5;

/// A query for nodes of one kind by their ids. For each node it asks for `__typename` and `id` as well.
#[derive(Debug)]
pub(super) struct NodeQuery {
    /// The type of the nodes.
    pub kind: &'static str,
    /// The text, with a variable `$ids`.
    pub text: &'static str,
    /// The other variables, or null.
    pub variables: Value,
    /// Nodes in one question, unless that proves to be too many.
    pub most: usize,
}

/// All nodes, in the order of their ids.
#[derive(Debug)]
pub(super) struct Looked<T> {
    pub nodes: Vec<T>,
    /// The commit that the release branch ended in meanwhile, when the query asks for it and every answer names the same.
    pub tip: Option<CommitSha>,
}

/// One answer.
struct Answered<T> {
    nodes: Found<T>,
    tip: Option<CommitSha>,
}

/// What each node says of itself, whatever else was asked for.
#[derive(Debug, Deserialize)]
struct Head {
    #[serde(rename = "__typename")]
    kind: String,
    id: String,
}

impl GithubClient {
    /// Looks up nodes by id, all of them, in the order of the ids: a node that is missing or of another kind is an error, not
    /// a gap in the list.
    ///
    /// # Errors
    /// What is wrong with the first node that cannot be read, or with all.
    pub(super) async fn nodes_in_batches<T: DeserializeOwned>(
        &self,
        repository: &RepoName,
        query: &NodeQuery,
        ids: &[String],
    ) -> Result<Looked<T>, SourceError> {
        let mut plan = Plan::new(ids.len(), self.size(repository, query).unwrap_or(query.most).min(query.most));
        let (mut found, mut tips) = (BTreeMap::new(), BTreeSet::new());
        let (mut under_way, mut at_a_time) = (FuturesUnordered::new(), AT_A_TIME);
        loop {
            while under_way.len() < at_a_time
                && let Some(batch) = plan.next()
            {
                let asked = ids.get(batch.places()).unwrap_or_default();
                under_way.push(async move { (batch, self.nodes::<T>(repository, query, asked).await) });
            }
            let Some((batch, answer)) = under_way.next().await else { break };
            match answer {
                Err(failure) => {
                    at_a_time = AT_A_TIME_WHEN_HEAVY;
                    self.note_size(repository, query, plan.failed(batch, failure)?);
                }
                Ok(Answered { nodes, tip }) => {
                    tips.insert(tip);
                    plan.answered(&batch, nodes, &mut found)?;
                }
            }
        }
        if found.len() != ids.len() {
            return Err(SourceError::Incomplete(format!("{} of {} nodes", found.len(), ids.len())));
        }
        let tip = tips.pop_first().flatten().filter(|_| tips.is_empty());
        Ok(Looked { nodes: found.into_values().collect(), tip })
    }

    /// One question, again when there is no answer; one that cannot be made smaller also when it takes GitHub too long.
    async fn nodes<T: DeserializeOwned>(
        &self,
        repository: &RepoName,
        query: &NodeQuery,
        ids: &[String],
    ) -> Result<Answered<T>, Failure> {
        let mut variables = query.variables.clone();
        variables["ids"] = json!(ids);
        let body = json!({"query": query.text, "variables": variables});
        let attempt = || async {
            let answer = self.query(repository, &body).await?;
            read(&answer, query, ids).inspect_err(|failure| self.note_refusal(repository, &answer, failure))
        };
        let again = |failure: &Failure| failure.is_unreachable() || (ids.len() == 1 && failure.is_too_heavy());
        attempt.retry(backoff()).when(again).await.map_err(|failure| self.with_wait(repository, failure))
    }

    /// One question whose answer counts only as a whole; again when there is no answer.
    ///
    /// # Errors
    /// What the first error of the answer means.
    pub(super) async fn ask<T: DeserializeOwned>(&self, repository: &RepoName, body: &Value) -> Result<T, SourceError> {
        let attempt = || async {
            let answer = self.query(repository, body).await?;
            data(&answer).inspect_err(|failure| self.note_refusal(repository, &answer, failure))
        };
        let found = attempt.retry(backoff()).when(Failure::is_unreachable).await;
        found.map_err(|failure| self.with_wait(repository, failure).into_error())
    }

    /// GraphQL refuses with status 200; the time to wait stands in the same headers as REST's.
    fn note_refusal(&self, repository: &RepoName, answer: &Answer, failure: &Failure) {
        if matches!(failure, Failure::Other(SourceError::RateLimited(_))) {
            let now = self.clock.now();
            self.owner(repository).gate.close(now, limits::wait(&answer.headers, now));
        }
    }

    fn with_wait(&self, repository: &RepoName, failure: Failure) -> Failure {
        match failure {
            Failure::Other(SourceError::RateLimited(None)) => {
                SourceError::RateLimited(self.must_wait(repository)).into()
            }
            Failure::TooHeavy(_) | Failure::Other(_) => failure,
        }
    }

    fn size(&self, repository: &RepoName, query: &NodeQuery) -> Option<usize> {
        let owner = self.owner(repository);
        let sizes = owner.sizes.lock().unwrap_or_else(PoisonError::into_inner);
        sizes.get(&(repository.clone(), query.kind)).copied()
    }

    fn note_size(&self, repository: &RepoName, query: &NodeQuery, size: usize) {
        tracing::info!(%repository, size, "GitHub could not answer for as many as asked; from now on {size} at once");
        let owner = self.owner(repository);
        let mut sizes = owner.sizes.lock().unwrap_or_else(PoisonError::into_inner);
        sizes.insert((repository.clone(), query.kind), size);
    }
}

/// The data of an answer without errors.
fn data<T: DeserializeOwned>(answer: &Answer) -> Result<T, Failure> {
    let envelope: Envelope<T> = answer.json()?;
    match envelope.errors.first() {
        Some(error) => Err(failure(error)),
        None => Ok(envelope.data.ok_or_else(|| SourceError::Unreadable("neither data nor errors".into()))?),
    }
}

/// Reads an answer. Nodes that an error is about are left for another try; an error about the whole is the whole's.
fn read<T: DeserializeOwned>(answer: &Answer, query: &NodeQuery, ids: &[String]) -> Result<Answered<T>, Failure> {
    let envelope: Envelope<Nodes<Box<RawValue>>> = answer.json()?;
    let mut spoilt: Vec<Option<SourceError>> = ids.iter().map(|_| None).collect();
    for error in &envelope.errors {
        match (failure(error), place(error).and_then(|place| spoilt.get_mut(place))) {
            (Failure::Other(meaning), Some(node)) if !matches!(meaning, SourceError::RateLimited(_)) => {
                node.get_or_insert(hole(meaning, query));
            }
            (failure, _) => return Err(failure),
        }
    }
    let data = envelope.data.ok_or_else(|| SourceError::Unreadable("neither data nor errors".into()))?;
    if data.nodes.len() != ids.len() {
        return Err(SourceError::Incomplete(format!("{} of {} nodes", data.nodes.len(), ids.len())).into());
    }
    let nodes = data.nodes.iter().zip(ids).zip(spoilt);
    let nodes = nodes.map(|((node, id), spoilt)| match spoilt {
        Some(error) => Ok(Err(error)),
        None => whole_node(node.as_deref(), query, id).map(Ok),
    });
    let tip = data.repository.as_ref().and_then(BranchOf::tip).map(CommitSha::parse).transpose().map_err(unreadable)?;
    Ok(Answered { nodes: nodes.collect::<Result<_, SourceError>>()?, tip })
}

/// The ids come from GitHub, so a node that it does not find says nothing about what the ticket names: the answer has a hole.
fn hole(meaning: SourceError, query: &NodeQuery) -> SourceError {
    match meaning {
        SourceError::NotFound => SourceError::Incomplete(format!("a {} is missing", query.kind)),
        other => other,
    }
}

/// A node that is the one that was asked for.
fn whole_node<T: DeserializeOwned>(node: Option<&RawValue>, query: &NodeQuery, id: &str) -> Result<T, SourceError> {
    let missing = || SourceError::Incomplete(format!("a {} is missing", query.kind));
    let node = node.ok_or_else(missing)?.get().as_bytes();
    let head: Head = from_json(node)?;
    if head.kind != query.kind || head.id != id {
        return Err(SourceError::Incomplete(format!("another node than the {} that was asked for", query.kind)));
    }
    from_json(node)
}

/// Which of the nodes an error is about: its path is `["nodes", 3, …]`.
fn place(error: &GraphqlError) -> Option<usize> {
    let mut path = error.path.as_ref()?.iter();
    match (path.next()?.as_str(), path.next()?.as_u64()) {
        (Some("nodes"), Some(place)) => usize::try_from(place).ok(),
        _ => None,
    }
}

fn failure(error: &GraphqlError) -> Failure {
    let message = || shortened(&error.message, 120);
    match error.kind.as_deref() {
        Some("RATE_LIMITED") => SourceError::RateLimited(None).into(),
        _ if limits::is_secondary(&error.message) => SourceError::RateLimited(None).into(),
        Some("NOT_FOUND") => SourceError::NotFound.into(),
        Some("FORBIDDEN" | "INSUFFICIENT_SCOPES") => SourceError::Forbidden(message()).into(),
        Some("RESOURCE_LIMITS_EXCEEDED" | "MAX_NODE_LIMIT_EXCEEDED") => {
            Failure::TooHeavy(SourceError::Unreachable(message()))
        }
        _ if error.message.starts_with("Something went wrong while executing your query") => {
            Failure::TooHeavy(SourceError::Unreachable(message()))
        }
        _ => SourceError::Unreachable(message()).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::{CONTENT_TYPE, HeaderValue};

    const QUERY: NodeQuery = NodeQuery { kind: "Commit", text: "", variables: Value::Null, most: 2 };

    #[derive(Debug, PartialEq, Deserialize)]
    struct Commit {
        oid: String,
    }

    fn commit(id: &str) -> Value {
        json!({"__typename": "Commit", "id": id, "oid": id.to_uppercase()})
    }

    fn answered(body: &Value) -> Result<Found<Commit>, Failure> {
        let headers = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))].into_iter().collect();
        let answer = Answer { status: http::StatusCode::OK, headers, body: body.to_string().into() };
        read(&answer, &QUERY, &["a".into(), "b".into()]).map(|answered| answered.nodes)
    }

    fn error(kind: &str, path: Value) -> Value {
        json!({"type": kind, "message": "x", "path": path})
    }

    #[test]
    fn nodes_come_in_the_order_of_the_ids() {
        let found = answered(&json!({"data": {"nodes": [commit("a"), commit("b")]}})).unwrap();
        assert_eq!(found.into_iter().map(|node| node.unwrap().oid).collect::<Vec<_>>(), ["A", "B"]);
    }

    #[test]
    fn a_node_that_an_error_is_about_is_not_taken_and_the_others_are() {
        for path in [json!(["nodes", 1]), json!(["nodes", 1, "associatedPullRequests"])] {
            let nodes = [commit("a"), commit("b")];
            let found = answered(&json!({"data": {"nodes": nodes}, "errors": [error("FORBIDDEN", path)]})).unwrap();
            assert_eq!(found[0].as_ref().unwrap().oid, "A");
            assert_eq!(found[1], Err(SourceError::Forbidden("x".into())), "though it looks whole");
        }
        let errors = [error("NOT_FOUND", json!(["nodes", 0]))];
        let found = answered(&json!({"data": {"nodes": [null, commit("b")]}, "errors": errors})).unwrap();
        assert_eq!(found[0], Err(SourceError::Incomplete("a Commit is missing".into())), "it was there a moment ago");
    }

    #[test]
    fn an_error_about_the_whole_is_the_wholes() {
        let nodes = [commit("a"), commit("b")];
        let failure = |errors: Value| answered(&json!({"data": {"nodes": nodes}, "errors": errors})).unwrap_err();
        let limited = failure(json!([error("RATE_LIMITED", json!(["nodes", 1]))]));
        assert_eq!(limited.into_error(), SourceError::RateLimited(None));
        assert!(failure(json!([error("RESOURCE_LIMITS_EXCEEDED", json!(["nodes", 1]))])).is_too_heavy());
        assert!(failure(json!([error("MAX_NODE_LIMIT_EXCEEDED", json!(null))])).is_too_heavy());
        let wrong = "Something went wrong while executing your query. Please include `1A` when reporting this issue.";
        assert!(failure(json!([{"message": wrong}])).is_too_heavy());
        assert!(failure(json!([error("NEW", json!(null))])).is_unreachable());
        assert!(failure(json!([error("NOT_FOUND", json!(["nodes", 7]))])).into_error() == SourceError::NotFound);
        let secondary = failure(json!([{"message": "You have exceeded a secondary rate limit."}]));
        assert_eq!(secondary.into_error(), SourceError::RateLimited(None));
    }

    #[test]
    fn a_node_that_is_not_the_one_that_was_asked_for_is_no_answer() {
        let pull = json!({"__typename": "PullRequest", "id": "b", "oid": "B"});
        let nameless = json!({"__typename": "Commit", "oid": "B"});
        let lists = [
            json!([commit("a"), null]),
            json!([commit("a")]),
            json!([commit("a"), commit("b"), commit("c")]),
            json!([commit("a"), commit("a")]),
            json!([commit("b"), commit("a")]),
            json!([commit("a"), pull]),
            json!([commit("a"), nameless]),
        ];
        for nodes in lists {
            let failure = answered(&json!({"data": {"nodes": nodes}})).unwrap_err();
            assert!(!failure.is_too_heavy() && !failure.is_unreachable(), "{nodes}");
        }
        assert!(answered(&json!({"data": null})).is_err());
        assert!(answered(&json!({})).is_err());
    }
}
