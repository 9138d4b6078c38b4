//! Pages for people: what waits for them, the evidence of one change, what is owed, and how cm-bot does.
//!
//! With an OpenID Connect provider everybody signs in who wants to see anything, and what somebody may see and do follows from
//! the signed people file at each request. Without one the pages are for whoever sits at the machine, and only to read.

mod change;
mod changes;
mod compare;
mod decide;
mod emergencies;
mod evidence;
mod forms;
mod health;
mod inspection;
mod overview;
mod sign_in;
mod visitor;
mod waiting;
mod what_if;

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use maud::{Markup, html};
use tower_http::timeout::TimeoutLayer;

use super::TIME;
use super::intake::Intake;
use super::seldom::Seldom;
use crate::handlers::{Context, HandlerError};
use crate::integrations::oidc::SignIn;
use crate::policy::access::Right;
use crate::policy::approvers::Approvals;
use crate::policy::criteria::Criteria;
use crate::policy::decision::Decision;
use crate::render::html::{self as render, Frame, Place};
use crate::render::view::View;
use crate::signals::Wake;
use crate::store::{StoreError, StoredDecision};
use visitor::Visitor;

pub use evidence::Previews;

/// What the pages work with.
#[derive(Debug, Clone)]
pub struct Pages {
    /// What handlers work with.
    pub context: Context,
    /// Wakes the workers after something was stored.
    pub wake: Wake,
    /// The room for forms.
    pub intake: Intake,
    /// Who signs people in.
    pub provider: Option<SignIn>,
    /// How long somebody stays signed in: at most, and without using the pages.
    pub session: (Duration, Duration),
    /// Where the service listens.
    pub listen: SocketAddr,
    /// When a refused sign-in was logged last.
    pub refusals: Seldom,
    /// What was collected of periods.
    pub previews: Previews,
}

/// Why there is no page.
#[derive(Debug)]
pub(super) enum Failure {
    /// Our records do not answer.
    Unavailable,
    /// There is no such thing.
    NotFound,
    /// It is not for whoever asks.
    Forbidden(Right),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        tracing::error!(%error, "A page could not be made: {error}");
        Failure::Unavailable
    }
}

impl From<HandlerError> for Failure {
    fn from(error: HandlerError) -> Failure {
        tracing::error!(%error, "A page could not be made: {error}");
        Failure::Unavailable
    }
}

/// The pages.
pub fn router(pages: Pages) -> Router {
    Router::new()
        .route("/", get(overview::overview))
        .route("/changes", get(changes::changes))
        .route("/changes/{ticket}", get(change::change))
        .route("/changes/{ticket}/approve", post(decide::approve))
        .route("/changes/{ticket}/decline", post(decide::decline))
        .route("/changes/{ticket}/compare", get(compare::compare))
        .route("/changes/{ticket}/evaluations/{number}/{file}", get(compare::record))
        .route("/changes/{ticket}/what-if", get(what_if::ask).post(what_if::under))
        .route("/emergencies", get(emergencies::emergencies))
        .route("/inspection", get(inspection::months))
        .route("/inspection/{month}", get(inspection::month).post(inspection::record))
        .route("/evidence", get(evidence::evidence))
        .route("/health", get(health::health))
        .route("/sign-in", get(sign_in::begin))
        .route("/sign-in/callback", get(sign_in::come_back))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/audit/checkpoint", get(checkpoint))
        .route("/style.css", get(style))
        .route("/icon.svg", get(icon))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, TIME))
        .with_state(pages)
}

impl Pages {
    /// A stored decision as people see it, judged anew under these criteria.
    fn view<'a>(&'a self, stored: &'a StoredDecision, judged: (&'a Decision, &'a Approvals, &'a Criteria)) -> View<'a> {
        super::view(&self.context.links, stored, judged)
    }
}

/// A page in its frame, with the places that its visitor may go to.
fn page(visitor: &Visitor, (title, here): (&str, &str), content: &Markup) -> Html<String> {
    let all = [
        ("/", "Needs you", Right::SeeChanges),
        ("/changes", "Changes", Right::SeeChanges),
        ("/emergencies", "Emergencies", Right::SeeChanges),
        ("/inspection", "Inspection", Right::SeeInspections),
        ("/evidence", "Evidence", Right::SeeEvidence),
        ("/health", "Health", Right::SeeHealth),
    ];
    let places = all.into_iter().filter(|(.., right)| visitor.may(*right));
    let places: Vec<Place<'_>> = places.map(|(path, name, _)| Place { path, name, is_here: path == here }).collect();
    let who = visitor.signed().map(|signed| signed.badge());
    Html(render::framed(&Frame { title, places: &places, who: who.as_ref() }, content))
}

/// A page that only says something.
fn notice(status: StatusCode, title: &str, content: &Markup) -> Response {
    let content = html! { h1 { (title) } (content) };
    (status, Html(render::framed(&Frame { title, places: &[], who: None }, &content))).into_response()
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Failure::Unavailable => notice(
                StatusCode::SERVICE_UNAVAILABLE,
                "This page cannot be shown now",
                &html! { p { "cm-bot's records, or Jira, do not answer. This may be temporary: wait 30 seconds and load the page again." } },
            ),
            Failure::NotFound => notice(
                StatusCode::NOT_FOUND,
                "There is no such page",
                &html! { p { "Nothing is known under this address. Loading it again does not help. " a href="/" { "Go to what needs you" } "." } },
            ),
            Failure::Forbidden(right) => notice(StatusCode::FORBIDDEN, "This page is not for you", &not_for_you(right)),
        }
    }
}

fn not_for_you(right: Right) -> Markup {
    let whose = match right {
        Right::SeeChanges => "people of the people file",
        Right::Decide => "those who may approve changes",
        Right::SeeInspections | Right::SeeEvidence => "inspectors and auditors",
        Right::Inspect => "inspectors",
        Right::SeeHealth => "operators",
    };
    html! {
        p { "It is for " (whose) ". Who is what stands in the people file, which the Security Officer signs." }
        p { a href="/" { "Go to what needs you" } "." }
    }
}

/// `GET /audit/checkpoint`: the newest checkpoint of the audit trail, for whoever wants to keep it.
async fn checkpoint(State(pages): State<Pages>) -> Result<String, (StatusCode, &'static str)> {
    let note = pages.context.sources.store.newest_checkpoint().await;
    let note = note.map_err(|_| (StatusCode::SERVICE_UNAVAILABLE, "The database does not answer.\n"))?;
    note.ok_or((StatusCode::NOT_FOUND, "No checkpoint was made yet. They need audit.signing_key.\n"))
}

/// `GET /style.css`.
async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], render::STYLE)
}

/// `GET /icon.svg`.
async fn icon() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "image/svg+xml")], render::ICON)
}
