//! `GET /changes/KEY/what-if`: what would be said of a change if somebody approved one of its pull requests; and, sent as a form, under
//! other criteria. It writes nothing, asks nobody, and there is no way from it to an approval (`policy::hypothesis`).

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::change::newest;
use super::forms::{Form, KEY};
use super::visitor::Visitor;
use super::{Failure, Pages, page};
use crate::model::{Person, shortened};
use crate::policy::access::Right;
use crate::policy::criteria::Criteria;
use crate::policy::decision::{Judged, Kind};
use crate::policy::facts::Facts;
use crate::policy::hypothesis::{Hypothesis, as_if_signed, if_approved};
use crate::render::document::Tone;
use crate::render::html::lozenge;
use crate::store::StoredDecision;

/// What is supposed.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Supposed {
    pull_request: Option<u64>,
    by: Option<String>,
}

/// The page, with what was supposed in its address.
pub(super) async fn ask(
    State(pages): State<Pages>,
    visitor: Visitor,
    Path(ticket): Path<String>,
    Query(supposed): Query<Supposed>,
) -> Result<Response, Failure> {
    visitor.needs(Right::SeeChanges)?;
    let stored = newest(&pages, &ticket).await?;
    let criteria = &pages.context.policy.criteria;
    let answer = match (supposed.pull_request, &supposed.by) {
        (Some(number), Some(name)) => Some(if_somebody_approves((&stored, criteria), number, name)),
        _ => None,
    };
    Ok(shown(&pages, &visitor, &stored, (&supposed, answer, "")))
}

/// The same page after other criteria were sent.
pub(super) async fn under(
    State(pages): State<Pages>,
    Path(ticket): Path<String>,
    form: Form,
) -> Result<Response, Failure> {
    let stored = newest(&pages, &ticket).await?;
    let text = form.said("criteria").unwrap_or("").to_owned();
    let visitor = Visitor::Signed(form.by);
    visitor.needs(Right::SeeChanges)?;
    let answer = match Criteria::parse(&text, &pages.context.policy.texts.people) {
        Err(error) => {
            html! { div class="panel bad" role="alert" { p { strong { "These criteria cannot be used. " } (error.to_string()) } } }
        }
        Ok(criteria) => {
            let now = as_if_signed(&stored.facts, &pages.context.policy.criteria);
            difference(
                &format!("under these criteria ({})", criteria.terms.version),
                &now,
                &as_if_signed(&stored.facts, &criteria),
            )
        }
    };
    Ok(shown(&pages, &visitor, &stored, (&Supposed::default(), Some(answer), &text)))
}

fn if_somebody_approves((stored, criteria): (&StoredDecision, &Criteria), number: u64, name: &str) -> Markup {
    let person = criteria.people.everybody().iter().find(|person| person.name == name);
    let supposed = person.and_then(|person| if_approved(&stored.facts, number, person));
    match supposed {
        Some(facts) => {
            let what = format!("if {name} approved pull request {number} now, at its last commit");
            difference(&what, &as_if_signed(&stored.facts, criteria), &as_if_signed(&facts, criteria))
        }
        None => {
            html! { div class="panel neutral" role="status" { p { "The change has no such pull request, or the people file knows no such person with an account there." } } }
        }
    }
}

/// How it stands, how it would stand, and what that changes.
fn difference(what: &str, now: &Hypothesis, then: &Hypothesis) -> Markup {
    let headlines = |one: &Hypothesis| one.problems().into_iter().cloned().collect::<Vec<Judged>>();
    let (before, after) = (headlines(now), headlines(then));
    let is_in =
        |list: &[Judged], one: &Judged| list.iter().any(|other| other.rule == one.rule && other.finding == one.finding);
    let gone: Vec<&Judged> = before.iter().filter(|one| !is_in(&after, one)).collect();
    let new: Vec<&Judged> = after.iter().filter(|one| !is_in(&before, one)).collect();
    html! {
        section aria-labelledby="answer" {
            h2 id="answer" { "What would be " (what) }
            p { "Now: " (word(now.kind)) " Then: " (word(then.kind)) }
            @if gone.is_empty() && new.is_empty() { p { "That changes nothing." } }
            (list("No longer in the way", &gone))
            (list("In the way then", &new))
            @if !after.is_empty() { details { summary { "Everything that would stand in the way" } (list("", &after.iter().collect::<Vec<_>>())) } }
            p class="soft" { "Nothing was recorded, and nobody was asked. It is judged as if the criteria were signed, from the facts of the newest evaluation." }
        }
    }
}

fn word(kind: Kind) -> Markup {
    match kind {
        Kind::Approve => lozenge(Tone::Good, "approved automatically"),
        Kind::Hold => lozenge(Tone::Waiting, "held for a human"),
        Kind::Block => lozenge(Tone::Bad, "blocked"),
        Kind::CouldNotCheck => lozenge(Tone::Neutral, "could not be checked"),
    }
}

fn list(title: &str, judged: &[&Judged]) -> Markup {
    html! {
        @if !judged.is_empty() {
            @if !title.is_empty() { h3 { (title) } }
            ul { @for one in judged { li {
                strong { (one.title) } " " (shortened(&one.finding.headline, 300))
                @for detail in one.finding.details.iter().take(10) { br; span class="soft" { (shortened(&detail.plain(), 300)) } }
            } } }
        }
    }
}

fn shown(
    pages: &Pages,
    visitor: &Visitor,
    stored: &StoredDecision,
    (supposed, answer, criteria): (&Supposed, Option<Markup>, &str),
) -> Response {
    let key = &stored.ticket;
    let content = html! {
        h1 { "What if …?" }
        p class="soft" { a href=(format!("/changes/{key}")) { (key) } " " (shortened(&stored.facts.ticket.summary, 200)) }
        @if let Some(answer) = answer { (answer) }
        (approval_form(&stored.facts, (pages.context.policy.criteria.people.everybody(), supposed)))
        @if let Some(signed) = visitor.signed() { (criteria_form(&to(&stored.facts), (&signed.form_key(), criteria))) }
    };
    page(visitor, (&format!("What if: {key}"), ""), &content).into_response()
}

fn approval_form(facts: &Facts, (people, supposed): (&[Person], &Supposed)) -> Markup {
    let numbers: Vec<u64> =
        facts.pull_requests.known().map_or_else(|_| Vec::new(), |known| known.by_number.keys().copied().collect());
    let reviewers: Vec<&Person> = people.iter().filter(|person| !person.github.is_empty()).collect();
    html! {
        section aria-labelledby="review" {
            h2 id="review" { "If somebody approved a pull request" }
            @if numbers.is_empty() { p { "The change has no pull request that is known." } } @else {
                form method="get" class="row" action=(to(facts)) {
                    label for="by" { "Who" }
                    select id="by" name="by" { @for person in reviewers {
                        option value=(person.name) selected[supposed.by.as_deref() == Some(person.name.as_str())] { (person.name) }
                    } }
                    label for="pull_request" { "Pull request" }
                    select id="pull_request" name="pull_request" { @for number in numbers {
                        option value=(number) selected[supposed.pull_request == Some(number)] { (number) }
                    } }
                    button type="submit" { "Suppose it" }
                }
            }
        }
    }
}

/// Where this page is.
fn to(facts: &Facts) -> String {
    format!("/changes/{}/what-if", facts.ticket.key)
}

fn criteria_form(to: &str, (form_key, criteria): (&str, &str)) -> Markup {
    html! {
        section aria-labelledby="criteria-section" {
            h2 id="criteria-section" { "Under other criteria" }
            form method="post" action=(to) {
                input type="hidden" name=(KEY) value=(form_key);
                label for="criteria" { "The text of criteria.toml" }
                textarea id="criteria" name="criteria" rows="8" spellcheck="false" required { (criteria) }
                button type="submit" { "Suppose these" }
            }
        }
    }
}
