//! The GraphQL API: queries are parsed, validated and executed against a schema.

mod checks;
mod commit;
mod cost;
mod objects;
mod pull;
mod query;
pub(in crate::simulator) mod record;
mod timeline;

use std::cell::RefCell;
use std::sync::{Arc, LazyLock, PoisonError};

use apollo_compiler::request::coerce_variable_values;
use apollo_compiler::resolvers::Execution;
use apollo_compiler::response::{GraphQLError, JsonMap};
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::traffic::{Nodes, Points, graphql_nodes};
use super::Github;
use super::rest::Asked;
use cost::{Cost, NODE_LIMIT};
use query::Root;

/// What the simulator can be asked.
static SCHEMA: LazyLock<Result<Valid<Schema>, String>> = LazyLock::new(|| {
    let text = include_str!("../schema.graphql");
    Schema::parse_and_validate(text, "schema.graphql").map_err(|invalid| invalid.errors.to_string())
});

/// Answers a query. What is wrong with a query is told with status 200, as GitHub does.
pub(super) async fn answer(
    State(github): State<Arc<Github>>,
    Extension(asked): Extension<Asked>,
    body: Bytes,
) -> Response {
    let Ok(mut body) = serde_json::from_slice::<Value>(&body) else {
        return json_response(StatusCode::BAD_REQUEST, &json!({ "message": "Problems parsing JSON" }));
    };
    let Some(text) = body["query"].as_str().map(str::to_owned) else {
        let message = "A query attribute must be specified and must be a string.";
        return json_response(StatusCode::BAD_REQUEST, &json!({ "message": message }));
    };
    let variables = body["variables"].take();
    let question = Question { text, operation: body["operationName"].as_str(), variables };
    let (body, points) = execute(&github, &asked, question);
    let mut response = json_response(StatusCode::OK, &body);
    response.extensions_mut().insert(Nodes(graphql_nodes(&body["data"])));
    response.extensions_mut().insert(Points(points));
    response
}

/// The body of a request.
struct Question<'a> {
    text: String,
    operation: Option<&'a str>,
    variables: Value,
}

/// The answer, and how many points it cost.
fn execute(github: &Github, asked: &Asked, question: Question<'_>) -> (Value, u64) {
    let schema = match &*SCHEMA {
        Ok(schema) => schema,
        Err(error) => return free(&[json!({ "message": error })]),
    };
    let document = match ExecutableDocument::parse_and_validate(schema, question.text, "query.graphql") {
        Ok(document) => document,
        Err(invalid) => {
            let errors = invalid.errors.iter().map(|error| error_json(&error.to_json()));
            return free(&errors.collect::<Vec<_>>());
        }
    };
    let given = serde_json::from_value::<Option<JsonMap>>(question.variables).ok().flatten().unwrap_or_default();
    let operation = match document.operations.get(question.operation) {
        Ok(operation) => operation,
        Err(error) => return free(&[error_json(&error.to_graphql_error(&document.sources))]),
    };
    let variables = match coerce_variable_values(schema, operation, &given) {
        Ok(variables) => variables,
        Err(error) => return free(&[error_json(&error.to_graphql_error(&document.sources))]),
    };
    let cost = Cost::of(&document, operation, &variables);
    if cost.nodes > NODE_LIMIT {
        return free(&[typed(json!({ "message": cost.complaint() }))]);
    }
    let budget = github.tokens.lock().unwrap_or_else(PoisonError::into_inner).spend("graphql", cost.points());
    let world = github.locked();
    let root = Root { world: &world, links: &asked.links, cost, budget, errors: RefCell::default() };
    let execution = Execution::new(schema, &document).operation(operation).coerced_variable_values(&variables);
    match execution.enable_schema_introspection(true).execute_sync(&root) {
        Err(error) => free(&[error_json(&error.to_graphql_error(&document.sources))]),
        Ok(response) => {
            let mut answer = json!({ "data": response.data });
            let errors = response.errors.iter().map(error_json).chain(root.errors.take()).collect::<Vec<_>>();
            if !errors.is_empty() {
                answer["errors"] = json!(errors);
            }
            (answer, root.cost.points())
        }
    }
}

/// A refusal before anything was asked of the world costs nothing.
fn free(errors: &[Value]) -> (Value, u64) {
    (json!({ "errors": errors }), 0)
}

fn error_json(error: &GraphQLError) -> Value {
    let mut shape = serde_json::to_value(error).unwrap_or_default();
    // The engine says in front of a message where it came from; GitHub does not.
    shape["message"] = json!(error.message.trim_start_matches("resolver error: "));
    typed(shape)
}

/// GitHub's errors have a type, except those about the text of the query.
fn typed(mut error: Value) -> Value {
    let message = error["message"].as_str().unwrap_or_default();
    let kinds = [
        ("Could not resolve to ", "NOT_FOUND"),
        ("You may not provide more than ", "ARGUMENT_LIMIT"),
        ("You must provide a `first`", "MISSING_PAGINATION_BOUNDARIES"),
        ("Requesting ", "EXCESSIVE_PAGINATION"),
        ("This query requests up to ", "MAX_NODE_LIMIT_EXCEEDED"),
    ];
    let kind = kinds.iter().find(|(start, _)| message.starts_with(start)).map(|(_, kind)| *kind);
    if let Some(kind) = kind {
        error["type"] = json!(kind);
    }
    error
}

fn json_response(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json; charset=utf-8")], body.to_string()).into_response()
}

#[cfg(test)]
mod objects_tests;
#[cfg(test)]
pub(super) mod tests;
