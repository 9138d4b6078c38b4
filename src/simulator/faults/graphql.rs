//! Faults that only a GraphQL API has.

use apollo_compiler::ast::{Definition, Document, Selection};
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// Fields that look one thing up. Each alias of one is as much work as an id in a list.
const LOOKUPS: [&str; 5] = ["node", "object", "pullRequest", "ref", "repository"];

/// How many things a query asks for: the entries of its lists of ids, and its aliases of fields that look something up.
/// Gives the request back, because looking into it takes it apart.
pub(super) async fn size(request: Request) -> (usize, Request) {
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let asked = serde_json::from_slice::<Value>(&bytes).unwrap_or_default();
    let variables = asked["variables"].as_object().into_iter().flat_map(serde_json::Map::values);
    let ids = variables.filter_map(Value::as_array).map(Vec::len).sum::<usize>();
    let size = ids + aliases(asked["query"].as_str().unwrap_or_default());
    (size, Request::from_parts(parts, Body::from(bytes)))
}

fn aliases(query: &str) -> usize {
    let document = Document::parse(query, "query.graphql").unwrap_or_else(|broken| broken.partial);
    let parts = document.definitions.iter().map(|definition| match definition {
        Definition::OperationDefinition(operation) => aliases_in(&operation.selection_set),
        Definition::FragmentDefinition(fragment) => aliases_in(&fragment.selection_set),
        _ => 0,
    });
    parts.sum()
}

fn aliases_in(selections: &[Selection]) -> usize {
    let counted = selections.iter().map(|selection| match selection {
        Selection::Field(field) => {
            let looks_up = field.alias.is_some() && LOOKUPS.contains(&field.name.as_str());
            usize::from(looks_up) + aliases_in(&field.selection_set)
        }
        Selection::InlineFragment(fragment) => aliases_in(&fragment.selection_set),
        Selection::FragmentSpread(_) => 0,
    });
    counted.sum()
}

/// GitHub's GraphQL API says this with status 200.
pub(super) fn rate_limited() -> Response {
    let message = "API rate limit exceeded for installation ID 5001.";
    let headers = [("x-ratelimit-remaining", "0"), ("x-ratelimit-resource", "graphql"), ("retry-after", "60")];
    let body = json!({ "data": null, "errors": [{ "type": "RATE_LIMITED", "message": message }] });
    (headers, Json(body)).into_response()
}

/// Takes one node out of an answer, and adds the error that GitHub would add.
pub(super) async fn without_one_node(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let Ok(mut answer) = serde_json::from_slice::<Value>(&bytes) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    if let Some(path) = take_one(&mut answer["data"]) {
        let error = json!({ "type": "NOT_FOUND", "path": path, "message": "Could not resolve to a node." });
        match answer["errors"].as_array_mut() {
            Some(errors) => errors.push(error),
            None => answer["errors"] = json!([error]),
        }
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(answer.to_string()))
}

/// Empties the last entry of the first list of nodes, or else the last thing that was looked up in a repository.
fn take_one(data: &mut Value) -> Option<Value> {
    for (name, value) in data.as_object_mut()? {
        match value {
            Value::Array(nodes) if !nodes.is_empty() => {
                let place = nodes.len() - 1;
                nodes[place] = Value::Null;
                return Some(json!([name, place]));
            }
            Value::Object(fields) => {
                if let Some((field, found)) = fields.iter_mut().rev().find(|(_, found)| found.is_object()) {
                    *found = Value::Null;
                    return Some(json!([name, field]));
                }
            }
            _ => {}
        }
    }
    None
}
