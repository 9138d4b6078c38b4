//! `GET /health`: how the parts of cm-bot do, for whoever runs it.

use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::visitor::Visitor;
use super::{Failure, Pages, page};
use crate::model::{Timestamp, shortened};
use crate::policy::access::Right;
use crate::render::document::Tone;
use crate::render::html::lozenge;
use crate::render::months::in_words;
use crate::signals::{Part, evidence_of};
use crate::store::{Backlog, Retried, Store, StoreError};

/// After how long whoever looks every minute has stopped looking.
const PROBED: Duration = Duration::from_secs(10 * 60);

/// After how long whoever looks for rights has.
const RIGHTS: Duration = Duration::from_secs(60 * 60);

/// Most failed actions that are listed.
const MOST: i64 = 20;

/// The page.
pub(super) async fn health(State(pages): State<Pages>, visitor: Visitor) -> Result<Response, Failure> {
    visitor.needs(Right::SeeHealth)?;
    let (context, now) = (&pages.context, pages.context.clock.now());
    let store = &context.sources.store;
    let (jobs, actions) = (store.backlog_of_jobs(now).await?, store.backlog_of_actions(now).await?);
    let (entries, checkpoint) = store.audit_numbers().await?;
    let content = html! {
        h1 { "Health" }
        (parts(&pages, now).await?)
        h2 { "Work" }
        table {
            thead { tr { th scope="col" { "What" } th scope="col" class="number" { "Waiting" } th scope="col" { "The oldest since" } } }
            tbody {
                (backlog("Tickets and repositories to look at", jobs))
                (backlog("Comments, approvals and messages to send", actions))
            }
        }
        (retried(&store.retried(MOST).await?, now))
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

/// A part as the page shows it.
struct Row {
    name: String,
    state: (Tone, &'static str),
    well: String,
    todo: String,
}

/// How a part comes to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pace {
    /// By the clock: who has not looked for so long has stopped looking.
    Within(Duration),
    /// When there is something to do with it.
    AsItComes,
}

/// Every part: how it is, when it was well last, and what to do where something stands in the way.
async fn parts(pages: &Pages, now: Timestamp) -> Result<Markup, StoreError> {
    let context = &pages.context;
    let mut seen = context.readiness.parts();
    let mut rows = vec![database(&context.sources.store, now).await];
    for name in ["jira", "github", "slack", "clock", "criteria"] {
        rows.push(row(name, seen.remove(name), (Pace::Within(PROBED), now)));
    }
    rows.push(match (&context.jenkins, seen.remove("jenkins")) {
        (None, _) => unused("jenkins", "nothing, unless deployments run in Jenkins: then set [jenkins]"),
        (Some(_), part) => row("jenkins", part, (Pace::Within(PROBED), now)),
    });
    rows.push(row("workflow", seen.remove("workflow"), (Pace::AsItComes, now)));
    for service in context.sources.services.iter() {
        let name = evidence_of(service.repository.as_str());
        if !rows.iter().any(|row| row.name == name) {
            rows.push(row(&name, seen.remove(&name), (Pace::Within(RIGHTS), now)));
        }
    }
    rows.push(match seen.remove("checkpoints") {
        None => unused("checkpoints", "set audit.signing_key, so that nobody can write the audit trail again"),
        part => row("checkpoints", part, (Pace::AsItComes, now)),
    });
    rows.extend(seen.into_iter().map(|(name, part)| row(&name, Some(part), (Pace::AsItComes, now))));
    for system in ["jira", "github"] {
        rows.push(webhooks(system, context.sources.store.last_received(system).await?, now));
    }
    Ok(html! {
        table {
            thead { tr { th scope="col" { "Part" } th scope="col" { "State" } th scope="col" { "Well last" } th scope="col" { "What to do" } } }
            tbody { @for row in &rows { tr {
                th scope="row" { (row.name) }
                td { (lozenge(row.state.0, row.state.1)) }
                td { (row.well) }
                td { (row.todo) }
            } } }
        }
        p class="soft" { "Jira, GitHub, GitLab, Slack and Jenkins are asked every minute, and every ten minutes for everything that decisions need. "
            "What this process has seen is kept in its memory: after a start, and on another replica, it stands here anew." }
    })
}

async fn database(store: &Store, now: Timestamp) -> Row {
    let name = "database".to_owned();
    match store.check().await {
        Ok(()) => Row { name, state: (Tone::Good, "works"), well: ago(now, now), todo: "nothing".into() },
        Err(error) => {
            Row { name, state: (Tone::Bad, "does not work"), well: "not now".into(), todo: error.to_string() }
        }
    }
}

fn unused(name: &str, todo: &str) -> Row {
    Row { name: name.into(), state: (Tone::Neutral, "not used"), well: "never".into(), todo: todo.into() }
}

fn row(name: &str, part: Option<Part>, (pace, now): (Pace, Timestamp)) -> Row {
    let name = name.to_owned();
    let Some(part) = part else {
        let todo = "nothing: cm-bot looks by itself".into();
        let well = "not since this process started".into();
        return Row { name, state: (Tone::Neutral, "not looked at yet"), well, todo };
    };
    let well = part.well.map_or_else(|| "not since this process started".into(), |at| ago(at, now));
    let has_stopped = matches!(pace, Pace::Within(most) if now.since(part.looked) > most);
    let (state, todo) = match part.trouble {
        Some((trouble, since)) => {
            ((Tone::Bad, "does not work"), format!("{trouble} (since {})", since.day_and_clock()))
        }
        None if has_stopped => (
            (Tone::Waiting, "not looked at lately"),
            format!("start this process again: it has not looked for {}", in_words(now.since(part.looked))),
        ),
        None => ((Tone::Good, "works"), "nothing".into()),
    };
    Row { name, state, well, todo }
}

/// Whether webhooks arrive is known from the newest one alone: nobody knows how many there should be.
fn webhooks(system: &str, newest: Option<Timestamp>, now: Timestamp) -> Row {
    let name = format!("webhooks of {system}");
    match newest {
        Some(at) => Row { name, state: (Tone::Good, "arrive"), well: ago(at, now), todo: "nothing".into() },
        None => Row {
            name,
            state: (Tone::Waiting, "none came yet"),
            well: "never".into(),
            todo: format!("add the webhook with its secret: `cm-bot setup {system}` prints it"),
        },
    }
}

/// `2026-11-02 09:10 UTC, 12 s ago`.
fn ago(at: Timestamp, now: Timestamp) -> String {
    format!("{}, {} ago", at.day_and_clock(), in_words(now.since(at)))
}

/// What failed and is tried again by itself.
fn retried(retried: &[Retried], now: Timestamp) -> Markup {
    html! {
        @if !retried.is_empty() {
            h3 { "Failed, and tried again" }
            table {
                thead { tr { th scope="col" { "Ticket" } th scope="col" { "What" } th scope="col" class="number" { "Tries" } th scope="col" { "Next try" } th scope="col" { "Why it failed" } } }
                tbody { @for one in retried { tr {
                    th scope="row" { a href=(format!("/changes/{}", one.ticket)) { (one.ticket) } }
                    td { (one.kind.replace('-', " ")) }
                    td class="number" { (one.attempts) }
                    td { @if one.next > now { "in " (in_words(one.next.since(now))) } @else { "now" } }
                    td { (shortened(&one.why, 200)) }
                } } }
            }
        }
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
