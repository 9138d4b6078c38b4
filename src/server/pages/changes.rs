//! `GET /changes`: the newest decisions of cm-bot.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use maud::html;

use super::visitor::Visitor;
use super::{Failure, Pages, page};
use crate::policy::access::Right;

/// At most this many tickets are listed.
const MOST: i64 = 200;

/// The page.
pub(super) async fn changes(State(pages): State<Pages>, visitor: Visitor) -> Result<Response, Failure> {
    visitor.needs(Right::SeeChanges)?;
    let newest = pages.context.sources.store.newest_changes(MOST).await?;
    let content = html! {
        h1 { "Changes" }
        p class="soft" { "The newest decision about each ticket, newest first; at most " (MOST) "." }
        @if newest.is_empty() { p class="calm" { "No ticket was judged yet." } } @else {
            table {
                thead { tr {
                    th scope="col" { "Ticket" } th scope="col" { "What" } th scope="col" { "Verdict" } th scope="col" { "State in Jira" }
                    th scope="col" { "Judged" }
                } }
                tbody { @for one in &newest { tr {
                    th scope="row" { a href=(format!("/changes/{}", one.key)) { (one.key) } }
                    td { (one.scope.as_deref().unwrap_or("not registered")) }
                    td { (one.verdict.replace('-', " ")) }
                    td { (one.status) }
                    td { (one.at.day_and_clock()) }
                } } }
            }
        }
    };
    Ok(page(&visitor, ("Changes", "/changes"), &content).into_response())
}
