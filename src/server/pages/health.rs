//! `GET /health`: how the parts of cm-bot do, for whoever runs it.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::visitor::Visitor;
use super::{Failure, Pages, page};
use crate::policy::access::Right;
use crate::render::document::Tone;
use crate::render::html::lozenge;
use crate::render::months::in_words;
use crate::signals::evidence_of;
use crate::store::Backlog;

/// The page.
pub(super) async fn health(State(pages): State<Pages>, visitor: Visitor) -> Result<Response, Failure> {
    visitor.needs(Right::SeeHealth)?;
    let (context, now) = (&pages.context, pages.context.clock.now());
    let store = &context.sources.store;
    let mut troubles = context.readiness.troubles();
    if let Err(error) = store.check().await {
        troubles.insert("database".into(), error.to_string());
    }
    let (jobs, actions) = (store.backlog_of_jobs(now).await?, store.backlog_of_actions(now).await?);
    let (entries, checkpoint) = store.audit_numbers().await?;
    let content = html! {
        h1 { "Health" }
        (parts(&pages, &troubles))
        h2 { "Work" }
        table {
            thead { tr { th scope="col" { "What" } th scope="col" class="number" { "Waiting" } th scope="col" { "The oldest since" } } }
            tbody {
                (backlog("Tickets and repositories to look at", jobs))
                (backlog("Comments, approvals and messages to send", actions))
            }
        }
        @let dead = store.dead_jobs().await?;
        @if dead > 0 { p { strong { "Left to people: " (dead) ". " } "cm-bot failed at them again and again; the log says why." } }
        h2 { "Audit trail" }
        p { (entries) " entries. " @match checkpoint {
            Some(at) => { "Newest checkpoint: " (at.day_and_clock()) ". " a href="/audit/checkpoint" { "Keep it" } }
            None => { "No checkpoint was made yet; they need " code { "audit.signing_key" } "." }
        } }
        (criteria(&pages))
    };
    Ok(page(&visitor, ("Health", "/health"), &content).into_response())
}

/// Every part, with what to do where something stands in the way.
fn parts(pages: &Pages, troubles: &BTreeMap<String, String>) -> Markup {
    let repositories = pages.context.sources.services.iter().map(|service| evidence_of(service.repository.as_str()));
    let mut names: Vec<String> =
        ["database", "jira", "github", "slack", "clock", "criteria", "workflow"].map(str::to_owned).to_vec();
    for name in repositories.chain(troubles.keys().cloned()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    html! {
        table {
            thead { tr { th scope="col" { "Part" } th scope="col" { "State" } th scope="col" { "What to do" } } }
            tbody { @for name in &names { tr {
                th scope="row" { (name) }
                @match troubles.get(name) {
                    Some(trouble) => { td { (lozenge(Tone::Bad, "does not work")) } td { (trouble) } }
                    None => { td { (lozenge(Tone::Good, "nothing known against it")) } td { "nothing" } }
                }
            } } }
        }
        p class="soft" { "Jira, GitHub and Slack are asked every minute." }
    }
}

fn backlog(what: &str, backlog: Backlog) -> Markup {
    let oldest = if backlog.oldest.is_zero() { "nothing is late".to_owned() } else { in_words(backlog.oldest) };
    html! { tr { th scope="row" { (what) } td class="number" { (backlog.waiting) } td { (oldest) } } }
}

fn criteria(pages: &Pages) -> Markup {
    let (criteria, now) = (&pages.context.policy.criteria, pages.context.clock.now());
    html! {
        h2 { "Criteria in force" }
        p { (criteria.terms.version) ", " @match criteria.standing_at(now) {
            Ok(signed) => { (signed.to_string()) ", until " (signed.until()) "." }
            Err(why) => { strong { "not signed: " } (why.to_string()) },
        } }
        dl { dt { "Digest" } dd { code class="long" { (criteria.digest) } } }
    }
}
