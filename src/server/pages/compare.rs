//! `GET /changes/KEY/compare?from=1&to=2`: what differs between two evaluations. `GET /changes/KEY/evaluations/N/….json`: what one
//! rests on, as it is stored.

use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use maud::html;
use serde::Deserialize;

use super::visitor::Visitor;
use super::{Failure, Pages, page};
use crate::model::TicketKey;
use crate::policy::access::Right;
use crate::policy::evaluate;
use crate::render::difference::{Side, between};
use crate::render::html as render;
use crate::store::StoredDecision;

/// Which evaluations.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    from: i64,
    to: i64,
}

/// The page of the difference.
pub(super) async fn compare(
    State(pages): State<Pages>,
    visitor: Visitor,
    Path(ticket): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    visitor.needs(Right::SeeChanges)?;
    let key = TicketKey::parse(&ticket).map_err(|_| Failure::NotFound)?;
    let (before, after) = (one(&pages, &key, asked.from).await?, one(&pages, &key, asked.to).await?);
    let (was, is) = (judged(&before), judged(&after));
    let (was, is) = (Side { facts: &before.facts, decision: &was }, Side { facts: &after.facts, decision: &is });
    let content = html! {
        h1 { "From evaluation " (asked.from) " to " (asked.to) }
        p class="soft" { a href=(format!("/changes/{key}")) { (key) } ": " (before.at.day_and_clock()) " and " (after.at.day_and_clock()) }
        (render::document(&between(was, is)))
    };
    Ok(page(&visitor, (&format!("{key}: {} to {}", asked.from, asked.to), ""), &content).into_response())
}

fn judged(stored: &StoredDecision) -> crate::policy::decision::Decision {
    evaluate(&stored.facts, &stored.criteria, stored.at)
}

async fn one(pages: &Pages, ticket: &TicketKey, number: i64) -> Result<StoredDecision, Failure> {
    let store = &pages.context.sources.store;
    let id = store.evaluation_of(ticket, number).await?.ok_or(Failure::NotFound)?;
    store.decision(id).await?.ok_or(Failure::NotFound)
}

/// Facts or decision, letter by letter.
pub(super) async fn record(
    State(pages): State<Pages>,
    visitor: Visitor,
    Path((ticket, number, file)): Path<(String, i64, String)>,
) -> Result<Response, Failure> {
    visitor.needs(Right::SeeChanges)?;
    let key = TicketKey::parse(&ticket).map_err(|_| Failure::NotFound)?;
    let store = &pages.context.sources.store;
    let id = store.evaluation_of(&key, number).await?.ok_or(Failure::NotFound)?;
    let (facts, decision) = store.texts_of(id).await?.ok_or(Failure::NotFound)?;
    let (name, text) = match file.as_str() {
        "facts.json" => ("facts", facts),
        "decision.json" => ("decision", decision),
        _ => return Err(Failure::NotFound),
    };
    let kept_as = format!("attachment; filename=\"{key}-{number}-{name}.json\"");
    let headers = [(header::CONTENT_TYPE, "application/json".to_owned()), (header::CONTENT_DISPOSITION, kept_as)];
    Ok((headers, text).into_response())
}
