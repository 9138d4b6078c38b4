//! Pages for people: what was decided lately, and the evidence of one change.

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse};
use maud::html;

use super::Server;
use crate::handlers::approvals::shown;
use crate::model::{TicketKey, Timestamp, shortened};
use crate::policy::approvers::Approvals;
use crate::policy::criteria::Criteria;
use crate::policy::decision::Decision;
use crate::policy::evaluate;
use crate::render::view::View;
use crate::render::{html as render, jira};
use crate::store::StoredDecision;

/// At most this many tickets are listed.
const MOST: i64 = 200;

/// `GET /`: the newest decisions.
pub(super) async fn overview(State(server): State<Server>) -> Result<Html<String>, StatusCode> {
    let recent = server.store.recent_decisions(MOST).await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let content = html! {
        h1 { "Changes" }
        p class="soft" { "The newest decisions of cm-bot, newest first." }
        @if recent.is_empty() { p { "No ticket was judged yet." } }
        table {
            thead { tr { th scope="col" { "Ticket" } th scope="col" { "Verdict" } th scope="col" { "Decided" } } }
            tbody {
                @for (key, verdict, at) in &recent {
                    tr {
                        td { a href=(format!("/changes/{key}")) { (key) } }
                        td { (verdict.replace('-', " ")) }
                        td { (Timestamp(*at).day_and_clock()) }
                    }
                }
            }
        }
    };
    Ok(Html(render::page("Changes · cm-bot", &content)))
}

impl Server {
    /// A stored decision as people see it, judged anew under these criteria.
    pub(super) fn view<'a>(
        &'a self,
        stored: &'a StoredDecision,
        (decision, approvals, criteria): (&'a Decision, &'a Approvals, &'a Criteria),
    ) -> View<'a> {
        View {
            facts: &stored.facts,
            decision,
            approvals,
            record: stored.id,
            evaluation: stored.evaluation,
            at: stored.at,
            people: &criteria.people,
            terms: &criteria.terms,
            links: &self.links,
            troubles: &[],
        }
    }
}

/// `GET /changes/KEY`: everything that the newest decision about a ticket rests on, judged again from the stored facts.
pub(super) async fn change(
    State(server): State<Server>,
    Path(ticket): Path<String>,
) -> Result<Html<String>, StatusCode> {
    let ticket = TicketKey::parse(&ticket).map_err(|_| StatusCode::NOT_FOUND)?;
    let stored = server.store.newest_decision(&ticket).await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let stored = stored.ok_or(StatusCode::NOT_FOUND)?;
    let decision = evaluate(&stored.facts, &stored.criteria, stored.at);
    let approvals = shown((&server.store, server.links.decisions), &stored.criteria, (&stored.facts, &decision)).await;
    let approvals = approvals.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let view = server.view(&stored, (&decision, &approvals, &stored.criteria));
    let content = html! {
        h1 { a href=(server.links.ticket(&stored.facts.ticket)) { (ticket) } " " (shortened(&stored.facts.ticket.summary, 200)) }
        p class="soft" { "Requested by " (view.requester_name()) ". Evidence of evaluation " (stored.evaluation) "." }
        (render::document(&jira::findings(&view)))
        p class="soft" { "Decision " code { (stored.id) } ", made under criteria and people with digest " code { (stored.criteria.digest) } "." }
    };
    Ok(Html(render::page(&format!("{ticket} · cm-bot"), &content)))
}

/// `GET /audit/checkpoint`: the newest checkpoint of the audit trail, for whoever wants to keep it.
pub(super) async fn checkpoint(State(server): State<Server>) -> Result<String, (StatusCode, &'static str)> {
    let note = server.store.newest_checkpoint().await;
    let note = note.map_err(|_| (StatusCode::SERVICE_UNAVAILABLE, "The database does not answer.\n"))?;
    note.ok_or((StatusCode::NOT_FOUND, "No checkpoint was made yet. They need audit.signing_key.\n"))
}

/// `GET /style.css`.
pub(super) async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], render::STYLE)
}
