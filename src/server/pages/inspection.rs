//! `GET /inspection` and `/inspection/MONTH`: what was drawn of each month, from what, and what the inspection found.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::visitor::Visitor;
use super::{Failure, Pages, page};
use crate::model::{Month, TicketKey, plural, shortened};
use crate::policy::access::Right;
use crate::policy::follow_up::inspection::{Member, statement};
use crate::render::document::Tone;
use crate::render::html::lozenge;
use crate::store::{InspectionResult, RecordedDraw};

/// The months.
pub(super) async fn months(State(pages): State<Pages>, visitor: Visitor) -> Result<Response, Failure> {
    visitor.needs(Right::SeeInspections)?;
    let store = &pages.context.sources.store;
    let mut rows = Vec::new();
    for (month, _) in store.populations().await?.into_iter().rev() {
        let Ok(month) = Month::parse(&month) else { continue };
        rows.push((month, store.draws(month).await?, store.results(month).await?));
    }
    let content = html! {
        h1 { "Inspection" }
        p { "Each month some of what cm-bot approved by itself is drawn by lot and looked at by a human, and all of what was out of the ordinary." }
        @if rows.is_empty() { p class="calm" { "No month was closed yet: " code { "cm-bot inspection close MONTH" } " fixes what there is to draw from." } } @else {
            table {
                thead { tr { th scope="col" { "Month" } th scope="col" class="number" { "Drawn" } th scope="col" class="number" { "Inspected" } } }
                tbody { @for (month, draws, results) in &rows { tr {
                    th scope="row" { a href=(format!("/inspection/{month}")) { (month.title()) } }
                    td class="number" { (drawn(draws).len()) }
                    td class="number" { (results.iter().map(|result| &result.ticket).collect::<BTreeSet<_>>().len()) }
                } } }
            }
        }
    };
    Ok(page(&visitor, ("Inspection", "/inspection"), &content).into_response())
}

/// One month.
pub(super) async fn month(
    State(pages): State<Pages>,
    visitor: Visitor,
    Path(month): Path<String>,
) -> Result<Response, Failure> {
    visitor.needs(Right::SeeInspections)?;
    let store = &pages.context.sources.store;
    let month = Month::parse(&month).map_err(|_| Failure::NotFound)?;
    let population = store.population(month).await?.ok_or(Failure::NotFound)?;
    let (draws, results) = (store.draws(month).await?, store.results(month).await?);
    let chosen = drawn(&draws);
    let newest = |ticket: &TicketKey| results.iter().rev().find(|result| result.ticket == *ticket);
    let inspected: Vec<&InspectionResult> = chosen.iter().filter_map(|ticket| newest(ticket)).collect();
    let deviating = inspected.iter().filter(|result| result.result == "finding").count();
    let content = html! {
        h1 { "Inspection of " (month.title()) }
        p { "Drawn from " (plural(population.members().len(), "change")) ". The list was fixed, and its root published in the audit trail, before anybody knew what the lot would be." }
        dl { dt { "Root of the list" } dd { code class="long" { (population.root()) } } }
        @for draw in &draws { (one_draw(draw)) }
        (items("Drawn by lot", chosen.iter().map(|ticket| (*ticket, "drawn".to_owned())), &newest))
        (items("Inspected in any case", population.always().map(|member| (&member.ticket, reasons(member))), &newest))
        p { (statement(inspected.len(), deviating)) }
        p class="soft" { "The draw can be made again: " code { "cm-bot inspection verify " (month) } ". Results are recorded with " code { "cm-bot inspection record " (month) } "." }
    };
    Ok(page(&visitor, (&format!("Inspection of {}", month.title()), ""), &content).into_response())
}

fn drawn(draws: &[RecordedDraw]) -> BTreeSet<&TicketKey> {
    draws.iter().flat_map(|draw| &draw.tickets).collect()
}

fn reasons(member: &Member) -> String {
    member.strata.iter().map(|stratum| stratum.title()).collect::<Vec<_>>().join(", ")
}

fn one_draw(draw: &RecordedDraw) -> Markup {
    html! {
        p { "Draw " (draw.number) ": " (draw.tickets.len()) " of the wanted " (draw.size) ", with " code class="long" { (shortened(&draw.entropy, 120)) } ", brought by " (shortened(&draw.brought_by, 60)) "."
            @if let Some(reason) = &draw.reason { " Drawn once more because: " (shortened(reason, 300)) } }
    }
}

fn items<'a>(
    title: &str,
    tickets: impl Iterator<Item = (&'a TicketKey, String)>,
    newest: &impl Fn(&TicketKey) -> Option<&'a InspectionResult>,
) -> Markup {
    let rows: Vec<(&TicketKey, String)> = tickets.collect();
    html! {
        @if !rows.is_empty() {
            h2 { (title) }
            table {
                thead { tr { th scope="col" { "Ticket" } th scope="col" { "Why" } th scope="col" { "Result" } th scope="col" { "What was found" } } }
                tbody { @for (ticket, why) in &rows { tr {
                    th scope="row" { a href=(format!("/changes/{ticket}")) { (ticket) } }
                    td { (why) }
                    (result(newest(ticket)))
                } } }
            }
        }
    }
}

fn result(result: Option<&InspectionResult>) -> Markup {
    html! {
        @match result {
            Some(result) => {
                td { (lozenge(if result.result == "sound" { Tone::Good } else { Tone::Bad }, &result.result)) }
                td { (shortened(&result.note, 300)) br; span class="soft" { (shortened(&result.inspector, 60)) ", " (result.at.day_and_clock()) } }
            }
            None => { td { (lozenge(Tone::Waiting, "to inspect")) } td {} }
        }
    }
}
