//! `GET /`: what waits for whoever looks, then everything that waits, then how it went over the months.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::visitor::{Signed, Visitor};
use super::waiting::{self, Waiting};
use super::{Failure, Pages, page};
use crate::model::{Month, Person, TicketKey, Timestamp};
use crate::policy::access::Right;
use crate::policy::follow_up::emergency::objection_to_acknowledging;
use crate::render::html::lozenge;
use crate::render::months::{self, Approved};
use crate::render::verdict::Verdict;
use crate::store::EmergencyRecord;

/// Something that needs somebody.
struct Need {
    /// Where it is dealt with.
    to: String,
    /// What it is about.
    about: String,
    /// What to do, as an order.
    todo: String,
}

/// The page.
pub(super) async fn overview(State(pages): State<Pages>, visitor: Visitor) -> Result<Response, Failure> {
    visitor.needs(Right::SeeChanges)?;
    let (waiting, more) = waiting::of(&pages).await?;
    let own = match visitor.signed() {
        Some(signed) => Some(needs(&pages, signed, &waiting).await?),
        None => None,
    };
    let now = pages.context.clock.now();
    let content = html! {
        @if let Some(own) = &own { (needs_you(own)) }
        section aria-labelledby="waiting" {
            @if own.is_some() { h2 id="waiting" { "Everything that waits" } } @else { h1 id="waiting" { "Everything that waits" } }
            (list(&pages, &waiting, more))
        }
        (history(&pages, now).await?)
    };
    Ok(page(&visitor, ("Needs you", "/"), &content).into_response())
}

fn needs_you(needs: &[Need]) -> Markup {
    html! {
        h1 { "Needs you" }
        @if needs.is_empty() { p class="calm" { "Nothing needs you." } } @else {
            ul class="needs" { @for need in needs {
                li { a href=(need.to) { (need.about) } p { (need.todo) } }
            } }
        }
    }
}

/// What waits for somebody: approvals, own tickets that are blocked, emergencies, inspections.
async fn needs(pages: &Pages, signed: &Signed, waiting: &[Waiting]) -> Result<Vec<Need>, Failure> {
    let person = &signed.person;
    let mut needs = Vec::new();
    for record in pages.context.sources.store.newest_emergencies(50).await? {
        needs.extend(of_emergency(pages, &record, person).await?);
    }
    needs.extend(waiting.iter().filter(|one| one.wants(&person.name)).map(|one| Need {
        to: format!("/changes/{}", one.stored.ticket),
        about: about(pages, one),
        todo: format!("Approve or decline it. {}.", one.title(pages)),
    }));
    let is_own = |one: &&Waiting| one.view(pages).requester().is_some_and(|requester| requester.name == person.name);
    let blocked = waiting.iter().filter(is_own).filter(|one| one.verdict() == Verdict::Blocked);
    needs.extend(blocked.map(|one| Need {
        to: format!("/changes/{}", one.stored.ticket),
        about: about(pages, one),
        todo: format!("Fix what stands in the way of your change. {}.", one.title(pages)),
    }));
    if crate::policy::access::may(&signed.roles, Right::Inspect) {
        needs.extend(of_inspection(pages).await?);
    }
    Ok(needs)
}

fn about(pages: &Pages, one: &Waiting) -> String {
    let view = one.view(pages);
    format!("{}: {}, {}", one.stored.ticket, view.subject(), view.build())
}

async fn of_emergency(pages: &Pages, record: &EmergencyRecord, person: &Person) -> Result<Option<Need>, Failure> {
    if record.state.ended.is_some() {
        return Ok(None);
    }
    let context = &pages.context;
    let leads = &context.policy.criteria.terms.notify.emergency;
    let due = record.state.due(&context.reminders).day_and_clock();
    let acknowledged = record.state.acknowledged.iter().any(|(name, _)| *name == person.name);
    let is_owner = record.declaration.owner.as_ref() == Some(&person.jira);
    let calls = !record.state.is_confirmed() && objection_to_acknowledging(&record.state, person, leads).is_none();
    let todo = if is_owner {
        format!("Document your emergency change by {due}.")
    } else if calls && !acknowledged {
        "Acknowledge this emergency change in Slack.".to_owned()
    } else {
        return Ok(None);
    };
    let subject = record.declaration.scope.as_ref().map_or_else(|| "An emergency".to_owned(), ToString::to_string);
    Ok(Some(Need { to: "/emergencies".into(), about: format!("Emergency: {subject}"), todo }))
}

/// The newest month whose draw is not inspected to the end.
async fn of_inspection(pages: &Pages) -> Result<Option<Need>, Failure> {
    let store = &pages.context.sources.store;
    for (month, _) in store.populations().await?.into_iter().rev().take(3) {
        let Ok(month) = Month::parse(&month) else { continue };
        let done: BTreeSet<TicketKey> = store.results(month).await?.into_iter().map(|result| result.ticket).collect();
        let draws = store.draws(month).await?;
        let open = draws.iter().flat_map(|draw| &draw.tickets).filter(|ticket| !done.contains(*ticket)).count();
        if open > 0 {
            let todo = format!("Inspect what was drawn: {open} left.");
            return Ok(Some(Need {
                to: format!("/inspection/{month}"),
                about: format!("Inspection of {}", month.title()),
                todo,
            }));
        }
    }
    Ok(None)
}

fn list(pages: &Pages, waiting: &[Waiting], more: i64) -> Markup {
    html! {
        @if waiting.is_empty() { p class="calm" { "No ticket waits for a decision." } } @else {
            table {
                thead { tr {
                    th scope="col" { "Ticket" } th scope="col" { "What" } th scope="col" { "Verdict" } th scope="col" { "Who can act" }
                    th scope="col" { "Judged" }
                } }
                tbody { @for one in waiting { (row(pages, one)) } }
            }
        }
        @if more > 0 { p class="soft" { "And " (more) " more that wait for less long." } }
        p { a href="/changes" { "All changes" } }
    }
}

fn row(pages: &Pages, one: &Waiting) -> Markup {
    let view = one.view(pages);
    let who: Vec<String> = match one.verdict() {
        Verdict::Blocked => vec![view.requester_name()],
        Verdict::CouldNotBeChecked => vec!["nobody; it is tried again".into()],
        _ => view.approvers().iter().map(|person| person.name.clone()).collect(),
    };
    html! {
        tr {
            th scope="row" { a href=(format!("/changes/{}", one.stored.ticket)) { (one.stored.ticket) } }
            td { (view.subject()) br; span class="soft" { (view.build()) } }
            td { (lozenge(one.verdict().tone(), &one.title(pages))) }
            td { (who.join(", ")) }
            td { (one.stored.at.day_and_clock()) }
        }
    }
}

async fn history(pages: &Pages, now: Timestamp) -> Result<Markup, Failure> {
    let times = pages.context.sources.store.lead_times(months::since(now)).await?;
    let approved: Vec<Approved> =
        times.iter().map(|one| Approved { at: one.at, waited: one.waited, by_people: one.by_people }).collect();
    let figure = months::figure(&months::by_month(&approved, now));
    Ok(html! {
        @if let Some(figure) = figure {
            section aria-labelledby="history" { h2 id="history" { "Approvals by month" } (figure) }
        }
    })
}
