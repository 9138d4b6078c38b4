//! The pages of the simulated Jira: the list of tickets, and a ticket as people see it.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use maud::{Markup, html};

use super::super::page::{avatar, moment, outside_link, page};
use super::Jira;
use super::adf_html;
use super::fields::{FIELDS, Field, Kind};
use super::shapes::BOT;
use super::state::{Change, Comment, Item, RemoteLink, Ticket};
use super::workflow::Status;

const STYLE: &str = "
dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1rem;margin:.75rem 0}dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}dd p:first-child{margin-top:0}
.comment{display:flex;gap:.75rem;margin:1.25rem 0}.comment>div{min-width:0;flex:1}
.panel{display:flex;gap:.6rem;padding:.5rem .75rem;border-radius:4px;margin:.5rem 0}.panel>div{min-width:0;flex:1}
.sign{font-weight:700;margin-top:.35rem}dd p:last-child{margin-bottom:0}
details{border:1px solid var(--line);border-radius:4px;padding:.35rem .75rem;margin:.5rem 0}
summary{cursor:pointer;font-weight:600}.tasks{list-style:none;padding-left:.25rem}.list{width:100%}
";

/// The pages.
pub(super) fn router(jira: Arc<Jira>) -> Router {
    Router::new().route("/", get(list)).route("/browse", get(list)).route("/browse/{key}", get(issue)).with_state(jira)
}

async fn list(State(jira): State<Arc<Jira>>) -> Response {
    let state = jira.locked();
    let body = html! {
        h1 { "Production changes" }
        p .soft { "A simulated Jira. The newest ticket comes first." }
        table .list {
            tr { th { "Key" } th { "Summary" } th { "Status" } th { "Reporter" } th { "Created" } }
            @for ticket in state.tickets.iter().rev().map(|tracked| &tracked.ticket) {
                tr {
                    td { a href={ "/browse/" (ticket.key) } { (ticket.key) } }
                    td { (ticket.summary) }
                    td { (lozenge(ticket.status)) }
                    td { (jira.name(&ticket.reporter)) }
                    td { (moment(ticket.created)) }
                }
            }
        }
        @if state.tickets.is_empty() { p { "There are no tickets yet." } }
    };
    page("Production changes", STYLE, &body).into_response()
}

async fn issue(State(jira): State<Arc<Jira>>, Path(key): Path<String>) -> Response {
    let state = jira.locked();
    let Some(ticket) = state.find(&key) else {
        let body = html! { h1 { "There is no such ticket" } p { a href="/browse" { "All tickets" } } };
        return (StatusCode::NOT_FOUND, page("No ticket", STYLE, &body)).into_response();
    };
    let body = html! {
        p .soft { a href="/browse" { "Production changes" } " / " (ticket.key) }
        h1 { (ticket.summary) }
        p { (lozenge(ticket.status)) }
        (jira.fields(ticket))
        @if let Some(description) = &ticket.description {
            h2 { "Description" }
            (adf_html::render(description))
        }
        @if !ticket.links.is_empty() { (links(&ticket.links)) }
        h2 { "Comments" }
        @for comment in &ticket.comments { (jira.comment_html(comment)) }
        @if ticket.comments.is_empty() { p .soft { "Nobody has commented yet." } }
        h2 { "History" }
        (jira.history(ticket))
    };
    page(&format!("{} {}", ticket.key, ticket.summary), STYLE, &body).into_response()
}

impl Jira {
    fn name(&self, account: &str) -> String {
        let person = self.shared.scene.people.iter().find(|person| person.jira_account() == account);
        match person {
            Some(person) => person.full_name.clone(),
            None if account == BOT => "cm-bot".to_owned(),
            None => "Former user".to_owned(),
        }
    }

    fn fields(&self, ticket: &Ticket) -> Markup {
        html! {
            dl {
                dt { "Component" }
                dd { (ticket.components.join(", ")) }
                @for field in &FIELDS { dt { (field.name) } dd { (value(field, ticket)) } }
                @if !ticket.labels.is_empty() { dt { "Labels" } dd { (ticket.labels.join(" ")) } }
                dt { "Reporter" }
                dd { (self.name(&ticket.reporter)) }
                dt { "Created" }
                dd { (moment(ticket.created)) }
            }
        }
    }

    fn comment_html(&self, comment: &Comment) -> Markup {
        let name = self.name(&comment.author);
        html! {
            article .comment id={ "comment-" (comment.id) } {
                (avatar(&name))
                div {
                    strong { (name) } " "
                    span .soft {
                        (moment(comment.created))
                        @if comment.edits > 0 { " · edited " (moment(comment.updated)) }
                    }
                    (adf_html::render(&comment.body))
                }
            }
        }
    }

    fn history(&self, ticket: &Ticket) -> Markup {
        html! {
            ul {
                li { (self.name(&ticket.reporter)) " created the ticket " span .soft { (moment(ticket.created)) } }
                @for change in &ticket.history { li { (self.change(change)) } }
            }
        }
    }

    fn change(&self, change: &Change) -> Markup {
        html! {
            (self.name(&change.author)) " "
            @if let Some(name) = change.transition { "pressed “" (name) "”: " } @else { "changed " }
            @for (place, item) in change.items.iter().enumerate() {
                @if place > 0 { "; " }
                (what(item))
            }
            " " span .soft { (moment(change.at)) }
        }
    }
}

fn what(item: &Item) -> Markup {
    let text = |side: &Option<String>| side.clone().unwrap_or_else(|| "nothing".into());
    html! { (item.field) " from “" (text(&item.from.text)) "” to “" (text(&item.to.text)) "”" }
}

fn value(field: &Field, ticket: &Ticket) -> Markup {
    match (field.kind, ticket.values.get(field.id)) {
        (_, None) => html! { span .soft { "none" } },
        (Kind::Area, Some(body)) => adf_html::render(body),
        (Kind::Line | Kind::Choice, Some(stored)) => {
            let text = field.text(stored);
            outside_link(&text, &html! { (text) })
        }
    }
}

/// Colours as in Jira: green for what is done well, red for what was declined.
fn lozenge(status: &Status) -> Markup {
    let colour = match status.name {
        "Approved" => "green",
        "Declined" => "red",
        "Closed" => "grey",
        _ => "blue",
    };
    html! { span class={ "lozenge " (colour) } { (status.name) } }
}

fn links(links: &[RemoteLink]) -> Markup {
    let text = |link: &RemoteLink, name: &str| link.parts["object"][name].as_str().unwrap_or_default().to_owned();
    html! {
        h2 { "Links" }
        ul {
            @for link in links {
                li {
                    (outside_link(&text(link, "url"), &html! { (text(link, "title")) }))
                    " " span .soft { (text(link, "summary")) }
                }
            }
        }
    }
}
