//! `GET /emergencies`: what was declared, how long is left to document it, and what is missing.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::visitor::Visitor;
use super::{Failure, Pages, page};
use crate::model::{Timestamp, shortened};
use crate::policy::access::Right;
use crate::policy::follow_up::emergency::Ending;
use crate::policy::follow_up::parts::Part;
use crate::render::document::Tone;
use crate::render::html::lozenge;
use crate::render::months::in_words;
use crate::store::EmergencyRecord;

/// At most this many are listed.
const MOST: i64 = 50;

/// The page.
pub(super) async fn emergencies(State(pages): State<Pages>, visitor: Visitor) -> Result<Response, Failure> {
    visitor.needs(Right::SeeChanges)?;
    let all = pages.context.sources.store.newest_emergencies(MOST).await?;
    let (over, open): (Vec<_>, Vec<_>) = all.into_iter().partition(|record| record.state.ended.is_some());
    let content = html! {
        h1 { "Emergencies" }
        @if open.is_empty() { p class="calm" { "No emergency is open." } }
        @for record in &open { (one(&pages, record).await?) }
        @if !over.is_empty() {
            h2 { "Over" }
            @for record in &over { (one(&pages, record).await?) }
        }
    };
    Ok(page(&visitor, ("Emergencies", "/emergencies"), &content).into_response())
}

async fn one(pages: &Pages, record: &EmergencyRecord) -> Result<Markup, Failure> {
    let context = &pages.context;
    let known = match &record.issue {
        Some(issue) => context.sources.store.known_ticket(issue).await?,
        None => None,
    };
    let (declaration, now) = (&record.declaration, context.clock.now());
    let subject =
        declaration.scope.as_ref().map_or_else(|| "A service that is not registered".to_owned(), ToString::to_string);
    Ok(html! {
        article class="card" {
            @if record.state.ended.is_some() { h3 { (subject) " " (clock(pages, record, now)) } }
            @else { h2 { (subject) " " (clock(pages, record, now)) } }
            p { (shortened(&declaration.summary, 200)) }
            dl {
                dt { "Ticket" }
                dd { @match &known {
                    Some(known) => { a href=(format!("/changes/{}", known.key)) { (known.key) } " · "
                        a href=(context.links.ticket_of(&known.key)) { "in Jira" } }
                    None => "is being made",
                } }
                dt { "Who changes production" } dd { (shortened(&declaration.owner_name, 60)) }
                dt { "What" } dd { (shortened(&declaration.what, 300)) }
                dt { "Why it cannot wait" } dd { (shortened(&declaration.why, 300)) }
                dt { "Declared" } dd { (record.state.declared.day_and_clock()) }
                dt { "Acknowledged" } dd { (acknowledged(record)) }
                dt { "Documentation" } dd { (parts(record)) }
            }
            @if record.state.was_overdue { p { strong { "A date was missed. That stays in the record." } } }
        }
    })
}

/// What the clock says, in words.
fn clock(pages: &Pages, record: &EmergencyRecord, now: Timestamp) -> Markup {
    let due = record.state.due(&pages.context.reminders);
    match record.state.ended {
        Some(Ending::Documented) => lozenge(Tone::Good, "Documented"),
        Some(Ending::CalledOff) => lozenge(Tone::Neutral, "Called off"),
        None if due <= now => lozenge(Tone::Bad, &format!("Overdue for {}", in_words(now.since(due)))),
        None => lozenge(Tone::Waiting, &format!("{} left, due {}", in_words(due.since(now)), due.day_and_clock())),
    }
}

fn acknowledged(record: &EmergencyRecord) -> String {
    let by: Vec<String> =
        record.state.acknowledged.iter().map(|(name, at)| format!("{name}, {}", at.day_and_clock())).collect();
    let wanted = record.state.leads_needed;
    if by.is_empty() {
        format!("by nobody yet; {wanted} wanted")
    } else {
        format!("{} ({} of {wanted})", by.join("; "), by.len())
    }
}

fn parts(record: &EmergencyRecord) -> Markup {
    html! {
        ul class="parts" { @for part in Part::ALL {
            li { @if record.missing.contains(&part) { strong { "missing: " } } @else { "there: " } (part.title()) }
        } }
    }
}
