//! `GET /changes/KEY`: everything that the newest decision about a ticket rests on, judged again from the stored facts; who has
//! approved it and who could; how it was judged before; and the forms for whoever may decide.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::visitor::Visitor;
use super::{Failure, Pages, decide, page};
use crate::handlers::approvals::shown;
use crate::model::{TicketKey, shortened};
use crate::policy::access::Right;
use crate::policy::approvers::Approvals;
use crate::policy::evaluate;
use crate::policy::facts::Facts;
use crate::policy::plan::PlanRisk;
use crate::render::view::View;
use crate::render::{graph, html as render, jira, plan as plan_page};
use crate::store::{PastEvaluation, StoredDecision};

/// At most this many evaluations are listed.
const MOST: i64 = 100;

/// The page of a change.
pub(super) async fn change(
    State(pages): State<Pages>,
    visitor: Visitor,
    Path(ticket): Path<String>,
) -> Result<Response, Failure> {
    visitor.needs(Right::SeeChanges)?;
    let (store, links) = (&pages.context.sources.store, &pages.context.links);
    let stored = newest(&pages, &ticket).await?;
    let decision = evaluate(&stored.facts, &stored.criteria, stored.at);
    let approvals = shown((store, links.deciding), &stored.criteria, (&stored.facts, &decision)).await?;
    let view = pages.view(&stored, (&decision, &approvals, &stored.criteria));
    let evaluations = store.evaluations(&stored.ticket, MOST).await?;
    let content = html! {
        (heading(&view))
        (render::document(&jira::findings(&view)))
        (decide::section(&pages, &visitor, &stored).await?)
        (plan(&stored, store.plan_for(&stored.facts.ticket.id).await?.as_ref()))
        (who(&approvals))
        (commits(&stored.facts, &view))
        (timeline(&stored.ticket, &evaluations))
        (downloads(&stored))
    };
    Ok(page(&visitor, (stored.ticket.as_str(), ""), &content).into_response())
}

/// The newest decision about the ticket of an address.
pub(super) async fn newest(pages: &Pages, ticket: &str) -> Result<StoredDecision, Failure> {
    let ticket = TicketKey::parse(ticket).map_err(|_| Failure::NotFound)?;
    pages.context.sources.store.newest_decision(&ticket).await?.ok_or(Failure::NotFound)
}

fn heading(view: &View<'_>) -> Markup {
    let ticket = view.ticket();
    html! {
        h1 { a href=(view.links.ticket(ticket)) { (ticket.key) } " " (shortened(&ticket.summary, 200)) }
        p class="soft" { "Requested by " (view.requester_name()) ". Evidence of evaluation " (view.evaluation) ". "
            a href=(format!("/changes/{}/what-if", ticket.key)) { "What if …?" } }
    }
}

/// The plan that a pipeline sent last, and which of its risky changes this evaluation was not made from.
fn plan(stored: &StoredDecision, newest: Option<&PlanRisk>) -> Markup {
    let judged = stored.facts.plan.iter().flat_map(|plan| &plan.items).map(|item| item.id.clone()).collect();
    let is_newer = newest.is_some_and(PlanRisk::is_risky) && newest != stored.facts.plan.as_ref();
    html! {
        @if let Some(newest) = newest {
            section aria-labelledby="plan" {
                h2 id="plan" { "Terraform plan" }
                @if is_newer { p { strong { "It was sent after evaluation " (stored.evaluation) "." } " An approval covers the risky changes of that evaluation, and no other." } }
                (render::document(&plan_page::document(newest, &judged)))
            }
        }
    }
}

/// Who has approved, who is missing, who could, and which approvals do not count.
fn who(approvals: &Approvals) -> Markup {
    html! {
        section aria-labelledby="who" {
            h2 id="who" { "Who approves" }
            table {
                thead { tr { th scope="col" { "Role" } th scope="col" { "Approved by" } th scope="col" { "Who could" } } }
                tbody { @for place in approvals.places() { tr {
                    th scope="row" { (place.seat.title()) }
                    td { @match &place.by {
                        Some(given) => { (given.name) ", " (given.at.day_and_clock()) " " (given.way.words())
                            @if !given.note.is_empty() { br; q { (shortened(&given.note, 300)) } } }
                        None => "nobody yet",
                    } }
                    td { (could(place.could.iter().map(|person| person.name.as_str()).collect(), place.by.is_some())) }
                } } }
            }
            @if !approvals.not_counted().is_empty() {
                h3 { "Approvals that do not count" }
                ul { @for why in approvals.not_counted() { li { (shortened(why, 400)) } } }
            }
            @if let Some(declined) = approvals.declined() {
                p { strong { "Declined by " (declined.name) ": " } (shortened(&declined.reason, 1_000)) }
            }
        }
    }
}

fn could(names: Vec<&str>, is_filled: bool) -> String {
    match (is_filled, names.as_slice()) {
        (true, _) => "is filled".into(),
        (false, []) => "nobody".into(),
        (false, names) => names.join(", "),
    }
}

fn commits(facts: &Facts, view: &View<'_>) -> Markup {
    let picture = facts.range.known().ok().and_then(|range| graph::picture(&range.commits, view.decision.commits()));
    html! {
        @if let Some(picture) = picture {
            section aria-labelledby="commits" { h2 id="commits" { "Commits since the last approved change" } (picture) }
        }
    }
}

/// Every evaluation, and what each changed.
fn timeline(ticket: &TicketKey, evaluations: &[PastEvaluation]) -> Markup {
    let before = |one: &PastEvaluation| one.number > 1;
    html! {
        section aria-labelledby="timeline" {
            h2 id="timeline" { "How it was judged" }
            table {
                thead { tr {
                    th scope="col" { "Evaluation" } th scope="col" { "When" } th scope="col" { "Verdict" } th scope="col" { "Record" }
                    th scope="col" { "Difference" }
                } }
                tbody { @for one in evaluations { tr {
                    th scope="row" { (one.number) }
                    td { (one.at.day_and_clock()) }
                    td { (one.verdict.replace('-', " ")) }
                    td { code { (one.id.short()) } }
                    td { @if before(one) {
                        a href=(format!("/changes/{ticket}/compare?from={}&to={}", one.number - 1, one.number)) {
                            "from evaluation " (one.number - 1) " to " (one.number)
                        }
                    } @else { "the first" } }
                } } }
            }
        }
    }
}

fn downloads(stored: &StoredDecision) -> Markup {
    let to = |what: &str| format!("/changes/{}/evaluations/{}/{what}.json", stored.ticket, stored.evaluation);
    html! {
        section aria-labelledby="downloads" {
            h2 id="downloads" { "Records" }
            ul {
                li { a href=(to("facts")) download { "Facts of evaluation " (stored.evaluation) " as JSON" } }
                li { a href=(to("decision")) download { "Decision of evaluation " (stored.evaluation) " as JSON" } }
            }
            p class="soft" { "Decision " code { (stored.id) } ", made under criteria and people with digest " code class="long" { (stored.criteria.digest) }
                ". The audit trail holds the SHA-256 of both files." }
        }
    }
}
