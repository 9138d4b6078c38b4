//! Outside systems that fail on purpose, and a list of what they were asked.

mod graphql;
mod halt;
mod paging;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use serde_json::json;

use super::dates::Wrong;
use super::scene::{Fail, FailureKind, System};
use halt::Halt;
pub use halt::{Halted, Side};

/// A mark on a request: its answer says of every commit that no pull request carries it.
#[derive(Debug, Clone, Copy)]
pub struct HiddenPulls;

/// Which systems fail now, and every request that arrived.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<Inner>>);

/// How wrong a clock is that is wrong.
const OFF_BY_MS: i64 = 45_000;

/// Something that happens just before a request is carried out.
struct Meanwhile {
    system: System,
    on: String,
    times: u32,
    what: Arc<dyn Fn() + Send + Sync>,
}

impl std::fmt::Debug for Meanwhile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} times before {:?} of {:?}", self.times, self.on, self.system)
    }
}

#[derive(Debug, Default)]
struct Inner {
    failing: HashMap<System, Fail>,
    /// Systems that send no webhooks, with how many more of them get lost.
    silent: HashMap<System, Option<u32>>,
    requests: Vec<SeenRequest>,
    halt: Option<Halt>,
    meanwhile: Vec<Meanwhile>,
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
        let mut inner = self.locked();
        if fail.how == FailureKind::DropsWebhooks {
            inner.silent.insert(fail.system, fail.times);
        } else {
            inner.failing.insert(fail.system, fail.clone());
        }
    }

    /// Lets a system work again.
    pub fn end(&self, system: System) {
        let mut inner = self.locked();
        inner.failing.remove(&system);
        inner.silent.remove(&system);
    }

    /// Lets something happen just before each of the next `times` requests whose method and path contain `on`: what other
    /// people do between two steps of ours.
    pub fn meanwhile(&self, (system, on): (System, &str), times: u32, what: impl Fn() + Send + Sync + 'static) {
        self.locked().meanwhile.push(Meanwhile { system, on: on.to_owned(), times, what: Arc::new(what) });
    }

    /// What happens before this request.
    fn happens(&self, system: System, asked: &str) -> Vec<Arc<dyn Fn() + Send + Sync>> {
        let mut inner = self.locked();
        let due = |one: &&mut Meanwhile| one.system == system && one.times > 0 && asked.contains(&one.on);
        let due = inner.meanwhile.iter_mut().filter(due).map(|one| {
            one.times -= 1;
            Arc::clone(&one.what)
        });
        due.collect()
    }

    /// Whether a webhook of a system gets lost now; a limited fault is used up by it.
    #[must_use]
    pub fn drops_webhook(&self, system: System) -> bool {
        match self.locked().silent.get_mut(&system) {
            None | Some(Some(0)) => false,
            Some(None) => true,
            Some(Some(times)) => {
                *times -= 1;
                true
            }
        }
    }

    /// Lets the world stand still at a request: of those whose method and path contain the text, the one with this number,
    /// counted from 1 and from now.
    #[must_use]
    pub fn halt_at(&self, request: (&str, usize), side: Side) -> Halted {
        let (halt, halted) = Halt::new(request, side);
        self.locked().halt = Some(halt);
        halted
    }

    /// Lets the world stand still at no request that is yet to come.
    pub fn go_on(&self) {
        self.locked().halt = None;
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
    fn take(&self, system: System, asked: &str, size: usize) -> Option<FailureKind> {
        let mut inner = self.locked();
        let fail = inner.failing.get_mut(&system)?;
        if fail.on.as_ref().is_some_and(|part| !asked.contains(part)) || !concerns(fail, asked, size) {
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

    /// Whether the size of requests matters now.
    fn measures(&self, system: System) -> bool {
        self.locked().failing.get(&system).is_some_and(|fail| fail.how == FailureKind::TooLarge)
    }

    /// Notes a request and gives back its method and path in one text.
    fn note(&self, system: System, request: &Request) -> String {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let (method, asked) = (request.method().to_string(), format!("{} {path}", request.method()));
        self.locked().requests.push(SeenRequest { system, method, path });
        asked
    }
}

/// Whether a fault of this kind can concern a request at all.
fn concerns(fail: &Fail, asked: &str, size: usize) -> bool {
    let path = asked.split('?').next().unwrap_or_default();
    let graphql = path.ends_with("/graphql");
    match fail.how {
        FailureKind::GraphqlRateLimited | FailureKind::GraphqlPartial => graphql,
        FailureKind::TooLarge => graphql && size > fail.most.unwrap_or(0),
        FailureKind::UnseenPullRequests => graphql || (path.contains("/commits/") && path.ends_with("/pulls")),
        FailureKind::DropsWebhooks => false,
        _ => true,
    }
}

/// Middleware in front of a simulated API: notes the request, and fails it or stands still when it has been told to.
pub async fn stand_between(State(here): State<SystemFaults>, request: Request, next: Next) -> Response {
    let asked = here.faults.note(here.system, &request);
    here.faults.happens(here.system, &asked).iter().for_each(|what| what());
    let halt = here.faults.locked().halt.as_mut().and_then(|halt| halt.reached(&asked));
    match halt {
        None => answer(&here, &asked, request, next).await,
        Some(halt) => halt.around(answer(&here, &asked, request, next)).await,
    }
}

async fn answer(here: &SystemFaults, asked: &str, request: Request, next: Next) -> Response {
    let measured = here.faults.measures(here.system);
    let (size, mut request) = if measured { graphql::size(request).await } else { (0, request) };
    match here.faults.take(here.system, asked, size) {
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
        Some(FailureKind::TokenRevoked) => token_revoked(here.system),
        Some(FailureKind::Forbidden) => forbidden(here.system),
        Some(FailureKind::NotFound) => (StatusCode::NOT_FOUND, Json(json!({"message": "Not Found"}))).into_response(),
        Some(FailureKind::BadGateway | FailureKind::TooLarge) => bad_gateway(),
        Some(FailureKind::GraphqlRateLimited) => graphql::rate_limited(),
        Some(FailureKind::GraphqlPartial) => graphql::without_one_node(next.run(request).await).await,
        Some(FailureKind::UnseenPullRequests) => {
            request.extensions_mut().insert(HiddenPulls);
            next.run(request).await
        }
        Some(FailureKind::RepeatsPage) => next.run(paging::at(request, paging::FIRST)).await,
        Some(FailureKind::EndsEarly) => next.run(paging::at(request, paging::BEHIND_THE_END)).await,
        Some(FailureKind::ClockAhead) => Wrong::By(OFF_BY_MS).mark(next.run(request).await),
        Some(FailureKind::ClockBehind) => Wrong::By(-OFF_BY_MS).mark(next.run(request).await),
        Some(FailureKind::NoClock) => Wrong::Missing.mark(next.run(request).await),
        // No request fails for want of a webhook.
        Some(FailureKind::DropsWebhooks) => next.run(request).await,
    }
}

/// Slack says `ok: false` in a 200 to almost everything; the others use the status.
fn token_revoked(system: System) -> Response {
    match system {
        System::Slack => Json(json!({"ok": false, "error": "token_revoked"})).into_response(),
        System::Github => (StatusCode::UNAUTHORIZED, Json(json!({"message": "Bad credentials"}))).into_response(),
        System::Gitlab => {
            let said = json!({"error": "invalid_token", "error_description": "Token was revoked. You have to re-authorize from the user."});
            (StatusCode::UNAUTHORIZED, Json(said)).into_response()
        }
        System::Teams => {
            let said = json!({"error": {"code": "DirectApiAuthorizationRequired", "message": "The request must be authenticated only by Shared Access scheme."}});
            (StatusCode::UNAUTHORIZED, Json(said)).into_response()
        }
        System::Jira => {
            (StatusCode::UNAUTHORIZED, "Client must be authenticated to access this resource.").into_response()
        }
    }
}

fn bad_gateway() -> Response {
    let page = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>";
    (StatusCode::BAD_GATEWAY, Html(page)).into_response()
}

fn forbidden(system: System) -> Response {
    match system {
        System::Slack => Json(json!({"ok": false, "error": "missing_scope"})).into_response(),
        System::Gitlab => (StatusCode::FORBIDDEN, Json(json!({"message": "403 Forbidden"}))).into_response(),
        System::Github | System::Jira | System::Teams => {
            (StatusCode::FORBIDDEN, Json(json!({"message": "Resource not accessible by integration"}))).into_response()
        }
    }
}

fn rate_limited(system: System) -> Response {
    let body = match system {
        System::Slack => json!({"ok": false, "error": "ratelimited"}),
        System::Gitlab => json!({"message": "429 Too Many Requests"}),
        System::Teams => {
            json!({"error": {"code": "429", "message": "Rate limit is exceeded. Try again in 60 seconds."}})
        }
        System::Github | System::Jira => json!({"message": "API rate limit exceeded"}),
    };
    (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "60")], Json(body)).into_response()
}

fn secondary_limit() -> Response {
    let message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    (StatusCode::FORBIDDEN, Json(json!({"message": message}))).into_response()
}

/// Ends the connection's task, so that the peer sees it closed without an answer. No panic hook runs and nothing is printed.
fn hang_up() -> Response {
    std::panic::resume_unwind(Box::new("the scene closes this connection"))
}

#[cfg(test)]
mod tests;
