//! `GET /inspection` and `/inspection/MONTH`: what was drawn of each month, from what, and what the inspection found.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::forms::{Form, KEY};
use super::visitor::{Signed, Visitor};
use super::{Failure, Pages, page};
use crate::handlers::inspection as inspections;
use crate::handlers::page::inspected;
use crate::handlers::word::Refusal;
use crate::model::{Month, TicketKey, plural, shortened};
use crate::policy::access::{Right, may};
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
    let inspection = inspections::of(store, month).await?.ok_or(Failure::NotFound)?;
    let (population, draws) = (&inspection.population, &inspection.draws);
    let chosen = drawn(draws);
    let counting = |ticket: &TicketKey| inspection.result_of(ticket);
    let (inspected, deviating) = inspection.counted();
    let content = html! {
        h1 { "Inspection of " (month.title()) }
        p { "Drawn from " (plural(population.members().len(), "change")) ". The list was fixed, and its root published in the audit trail, before anybody knew what the lot would be." }
        dl { dt { "Root of the list" } dd { code class="long" { (population.root()) } } }
        @for draw in draws { (one_draw(draw)) }
        (items("Drawn by lot", chosen.iter().map(|ticket| (*ticket, "drawn".to_owned())), &counting))
        (items("Inspected in any case", population.always().map(|member| (&member.ticket, reasons(member))), &counting))
        p { (statement(inspected, deviating)) }
        @if let Some(signed) = visitor.signed().filter(|signed| may(&signed.roles, Right::Inspect)) {
            @let always = population.always().map(|member| &member.ticket);
            (result_form(signed, month, &chosen.iter().copied().chain(always).collect()))
        }
        p class="soft" { "The draw can be made again: " code { "cm-bot inspection verify " (month) } ". An inspector records results here, or with " code { "cm-bot inspection record " (month) } ". A finding counts until whoever recorded it corrects it." }
    };
    Ok(page(&visitor, (&format!("Inspection of {}", month.title()), ""), &content).into_response())
}

/// What an inspector says of one change.
fn result_form(signed: &Signed, month: Month, tickets: &BTreeSet<&TicketKey>) -> Markup {
    html! {
        @if !tickets.is_empty() {
            section class="decide" aria-labelledby="record" {
                h2 id="record" { "Record what you found" }
                form method="post" action=(format!("/inspection/{month}")) {
                    input type="hidden" name=(KEY) value=(signed.form_key());
                    label for="ticket" { "Change" }
                    select id="ticket" name="ticket" { @for ticket in tickets { option value=(ticket) { (ticket) } } }
                    label for="result" { "Result" }
                    select id="result" name="result" { option value="sound" { "sound: as it should be" } option value="finding" { "finding: not as it should be" } }
                    label for="note" { "What you looked at, and what you found" }
                    textarea id="note" name="note" rows="3" required maxlength="1000" {}
                    button type="submit" { "Record the result" }
                }
            }
        }
    }
}

/// `POST /inspection/MONTH`.
pub(super) async fn record(
    State(pages): State<Pages>,
    Path(month): Path<String>,
    form: Form,
) -> Result<Response, Failure> {
    if !may(&form.by.roles, Right::Inspect) {
        return Err(Failure::Forbidden(Right::Inspect));
    }
    let month = Month::parse(&month).map_err(|_| Failure::NotFound)?;
    let said = (form.said("ticket"), form.said("result"), form.said("note"));
    let answer = match said {
        (Some(ticket), Some(result @ ("sound" | "finding")), Some(note)) => {
            let ticket = TicketKey::parse(ticket).map_err(|_| Failure::NotFound)?;
            let (result, note) = (result.to_owned(), shortened(note, 1_000));
            let (inspector, at) = (form.by.person.name.clone(), pages.context.clock.now());
            let result = InspectionResult { ticket, result, note, inspector, at };
            inspected(&pages.context, month, result, &form.by.person).await?
        }
        _ => Err(Refusal::new("A result needs a change, what was found, and words.", "Please load the page again.")),
    };
    let content = html! {
        @match &answer {
            Ok(()) => { h1 { "Your result is recorded" } div class="panel good" role="status" { p { "It is in the audit trail, with your name." } } }
            Err(refusal) => { h1 { "Nothing was recorded" } div class="panel bad" role="alert" {
                p { strong { "Nothing was recorded. " } (refusal.reason) } p { (refusal.next) } } }
        }
        p { a href=(format!("/inspection/{month}")) { "The inspection of " (month.title()) } }
    };
    let status = if answer.is_ok() { StatusCode::OK } else { StatusCode::CONFLICT };
    Ok((status, page(&Visitor::Signed(form.by), ("Inspection", ""), &content)).into_response())
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
    counting: &impl Fn(&TicketKey) -> Option<&'a InspectionResult>,
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
                    (result(counting(ticket)))
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
