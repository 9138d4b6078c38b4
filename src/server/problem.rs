//! Problem details (RFC 9457): what is wrong, for a program and for a person, and what to do.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

/// Why a request was not carried out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Problem {
    /// What kind of problem it is, `urn:cm-bot:problem:` and the reason.
    #[serde(rename = "type")]
    pub kind: Box<str>,
    /// The same in a few words.
    pub title: Box<str>,
    /// The HTTP status.
    pub status: u16,
    /// A sentence.
    pub detail: Box<str>,
    /// The reason as one word, for scripts.
    pub reason: Box<str>,
    /// What differs, each as a sentence.
    pub differences: Vec<String>,
    /// What to do.
    pub todo: Box<str>,
}

impl Problem {
    /// A problem with this status and reason; `detail` is a sentence, `todo` an order.
    #[must_use]
    pub fn new((status, reason): (StatusCode, &str), title: &str, detail: impl Into<String>, todo: &str) -> Problem {
        Problem {
            kind: format!("urn:cm-bot:problem:{reason}").into(),
            title: title.into(),
            status: status.as_u16(),
            detail: Into::<String>::into(detail).into(),
            reason: reason.into(),
            differences: Vec::new(),
            todo: todo.into(),
        }
    }

    /// The same with what differs.
    #[must_use]
    pub fn with(mut self, differences: Vec<String>) -> Problem {
        self.differences = differences;
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_string(&self).unwrap_or_else(|_| "{}".to_owned());
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
