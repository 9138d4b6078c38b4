//! Outside systems that fail on purpose, and a list of what they were asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use serde_json::json;

use super::scene::{Fail, FailureKind, System};

/// Which systems fail now, and every request that arrived.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    failing: HashMap<System, Fail>,
    requests: Vec<SeenRequest>,
}

/// One request that reached a simulated system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenRequest {
    /// Which system.
    pub system: System,
    /// `GET`, `POST`, …
    pub method: String,
    /// Path and query.
    pub path: String,
}

/// One system's part in the faults, as the state of its middleware.
#[derive(Debug, Clone)]
pub struct SystemFaults {
    faults: Faults,
    system: System,
}

impl Faults {
    /// Lets a system fail from now on.
    pub fn begin(&self, fail: &Fail) {
        self.locked().failing.insert(fail.system, fail.clone());
    }

    /// Lets a system work again.
    pub fn end(&self, system: System) {
        self.locked().failing.remove(&system);
    }

    /// Every request seen so far, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<SeenRequest> {
        self.locked().requests.clone()
    }

    /// The state for [`stand_between`].
    #[must_use]
    pub fn of(&self, system: System) -> SystemFaults {
        SystemFaults { faults: self.clone(), system }
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How this request to `system` fails, if it does; a limited fault is used up by it.
    fn take(&self, system: System, asked: &str) -> Option<FailureKind> {
        let mut inner = self.locked();
        let fail = inner.failing.get_mut(&system)?;
        if fail.on.as_ref().is_some_and(|part| !asked.contains(part)) {
            return None;
        }
        let kind = fail.how;
        match &mut fail.times {
            Some(0) => return None,
            Some(times) => *times -= 1,
            None => {}
        }
        Some(kind)
    }

    /// Notes a request and gives back its method and path in one text.
    fn note(&self, system: System, request: &Request) -> String {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let (method, asked) = (request.method().to_string(), format!("{} {path}", request.method()));
        self.locked().requests.push(SeenRequest { system, method, path });
        asked
    }
}

/// Middleware in front of a simulated API: notes the request and fails it when the scene says so.
pub async fn stand_between(State(here): State<SystemFaults>, request: Request, next: Next) -> Response {
    let asked = here.faults.note(here.system, &request);
    match here.faults.take(here.system, &asked) {
        None => next.run(request).await,
        Some(FailureKind::LosesAnswers) => {
            next.run(request).await;
            hang_up()
        }
        Some(FailureKind::Reset) => hang_up(),
        Some(FailureKind::Down) => (StatusCode::SERVICE_UNAVAILABLE, "upstream connect error").into_response(),
        Some(FailureKind::LoginPage) => Html("<html><body><h1>Sign in</h1></body></html>").into_response(),
        Some(FailureKind::RateLimited) => rate_limited(here.system),
        Some(FailureKind::SecondaryLimit) => secondary_limit(),
        Some(FailureKind::GraphqlRateLimited) => graphql_rate_limited(),
        Some(FailureKind::BadGateway) => (StatusCode::BAD_GATEWAY, "Unicorn!").into_response(),
        Some(FailureKind::TokenRevoked) => token_revoked(here.system),
        Some(FailureKind::Forbidden) => forbidden(here.system),
    }
}

/// Slack says `ok: false` in a 200 to almost everything; the others use the status.
fn token_revoked(system: System) -> Response {
    match system {
        System::Slack => Json(json!({"ok": false, "error": "token_revoked"})).into_response(),
        System::Github => (StatusCode::UNAUTHORIZED, Json(json!({"message": "Bad credentials"}))).into_response(),
        System::Jira => {
            (StatusCode::UNAUTHORIZED, "Client must be authenticated to access this resource.").into_response()
        }
    }
}

fn forbidden(system: System) -> Response {
    match system {
        System::Slack => Json(json!({"ok": false, "error": "missing_scope"})).into_response(),
        System::Github | System::Jira => {
            (StatusCode::FORBIDDEN, Json(json!({"message": "Resource not accessible by integration"}))).into_response()
        }
    }
}

fn rate_limited(system: System) -> Response {
    let body = match system {
        System::Slack => json!({"ok": false, "error": "ratelimited"}),
        System::Github | System::Jira => json!({"message": "API rate limit exceeded"}),
    };
    (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "60")], Json(body)).into_response()
}

fn secondary_limit() -> Response {
    let message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    (StatusCode::FORBIDDEN, Json(json!({"message": message}))).into_response()
}

fn graphql_rate_limited() -> Response {
    let error = json!({"type": "RATE_LIMITED", "message": "API rate limit exceeded for installation ID 1."});
    Json(json!({"errors": [error]})).into_response()
}

/// Ends the connection's task, so that the peer sees it closed without an answer. No panic hook runs and nothing is printed.
fn hang_up() -> Response {
    std::panic::resume_unwind(Box::new("the scene closes this connection"))
}
