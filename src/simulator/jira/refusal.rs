//! Answers by which Jira refuses something.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

/// Jira's `ErrorCollection` with its HTTP status.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    messages: Vec<String>,
    errors: Map<String, Value>,
}

impl Refusal {
    /// A message about the whole request.
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Refusal {
        Refusal { status, messages: vec![message.into()], errors: Map::new() }
    }

    /// 400 with a message about the whole request.
    pub(super) fn bad(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, message)
    }

    /// 400 with a message about one field.
    pub(super) fn field(name: &str, message: impl Into<String>) -> Refusal {
        let errors = Map::from_iter([(name.to_owned(), json!(message.into()))]);
        Refusal { status: StatusCode::BAD_REQUEST, messages: Vec::new(), errors }
    }

    /// 404 for a ticket. Jira says the same when somebody may not see it.
    pub(super) fn no_issue() -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, "Issue does not exist or you do not have permission to see it.")
    }

    /// 404 for a comment.
    pub(super) fn no_comment(id: &str) -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, format!("Can not find a comment for the id: {id}."))
    }

    /// 404 for an entity property.
    pub(super) fn no_property(key: &str) -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, format!("The property with key '{key}' does not exist."))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({ "errorMessages": self.messages, "errors": self.errors });
        (self.status, Json(body)).into_response()
    }
}

/// The object in a request body.
///
/// # Errors
/// 400 when it is none.
pub(super) fn object(body: &[u8]) -> Result<Value, Refusal> {
    match serde_json::from_slice::<Value>(body) {
        Ok(object) if object.is_object() => Ok(object),
        _ => Err(Refusal::bad("There was an error parsing JSON. Check that your request body is valid.")),
    }
}
