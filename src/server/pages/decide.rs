//! `POST /changes/KEY/approve` and `/decline`: somebody who has signed in says yes or no. The word counts like a comment in Jira:
//! for the decision that the form showed, and for the same people (`handlers/word.rs`).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::forms::{Form, KEY};
use super::visitor::{Signed, Visitor};
use super::{Failure, Pages, page};
use crate::handlers::approvals::{roles_for, shown};
use crate::handlers::page::{Sent, decide as say};
use crate::handlers::word::Refusal;
use crate::model::{Decisions, TicketKey, plural, shortened};
use crate::policy::access::{Right, may};
use crate::policy::approvers::{Accounts, Deed};
use crate::policy::evaluate;
use crate::render::approvals::who_can;
use crate::render::form::REASON;
use crate::render::view::{build, subject};
use crate::store::StoredDecision;

/// The longest note or reason that is kept, in characters.
const MOST_WORDS: usize = 1_000;

/// The forms, for whoever may decide; for others who have signed in, why they may not.
pub(super) async fn section(pages: &Pages, visitor: &Visitor, stored: &StoredDecision) -> Result<Markup, Failure> {
    let context = &pages.context;
    let (store, criteria) = (&context.sources.store, &context.policy.criteria);
    let known = store.known_ticket(&stored.facts.ticket.id).await?;
    let waits = known.is_some_and(|known| known.status == "pending" && known.decision == Some(stored.id));
    let Some(signed) = visitor.signed().filter(|_| waits) else { return Ok(html! {}) };
    if context.links.deciding.pages == Decisions::Link {
        return Ok(in_jira(pages, stored));
    }
    let decision = evaluate(&stored.facts, criteria, context.clock.now());
    let about = (&stored.facts, &decision);
    let in_the_way = decision.problems().len();
    let roles = |deed| roles_for(store, criteria, about, (deed, &signed.person, &Accounts::NotAsked));
    let (yes, no) = (Deed::Approve { note: String::new() }, Deed::Decline { reason: String::new() });
    let (approve, decline) = (Box::pin(roles(&yes)).await?, Box::pin(roles(&no)).await?);
    let next = match &approve {
        Ok(_) => None,
        Err(_) => who_can(&shown((store, context.links.deciding), criteria, about).await?),
    };
    Ok(html! {
        section class="decide" aria-labelledby="decide" {
            h2 id="decide" { "Decide" }
            @match &approve {
                Ok(roles) => (approve_form(signed, (stored, in_the_way), roles)),
                Err(why) => { p { "You cannot approve it: " (why) } @if let Some(next) = next { p { (next) } } }
            }
            @if let Ok(roles) = &decline { (decline_form(signed, stored, roles)) }
        }
    })
}

fn in_jira(pages: &Pages, stored: &StoredDecision) -> Markup {
    let ticket = &stored.facts.ticket;
    html! {
        p class="calm" { "People approve and decline in Jira: by the status of " a href=(pages.context.links.ticket(ticket)) { (ticket.key) }
            ", or with the comment " code { "/cm approve" } " or " code { "/cm decline" } " and the reason." }
    }
}

/// As whom, and what exactly.
fn approve_form(signed: &Signed, (stored, in_the_way): (&StoredDecision, usize), roles: &str) -> Markup {
    let key = &stored.ticket;
    let stands = if in_the_way == 1 { "stands" } else { "stand" };
    html! {
        form method="post" action=(format!("/changes/{key}/approve")) {
            p { strong { "You decide as " (signed.person.name) ", " (roles) "." } }
            p { "What you approve: " (subject(&stored.facts)) ", " (build(&stored.facts)) ". Another build, or an edit of the ticket, needs a new approval." }
            @if in_the_way > 0 {
                p { (plural(in_the_way, "point")) " " (stands) " in the way, see above. Whoever approves it all the same answers for that." }
            }
            (hidden(signed, stored))
            label for="note" { "A note for the record (may be left out)" }
            textarea id="note" name="note" rows="2" maxlength=(MOST_WORDS) {}
            button type="submit" { "Approve " (key) }
        }
    }
}

fn decline_form(signed: &Signed, stored: &StoredDecision, roles: &str) -> Markup {
    let key = &stored.ticket;
    html! {
        form method="post" action=(format!("/changes/{key}/decline")) {
            p { "As " (signed.person.name) ", " (roles) ", you can decline it. That ends the ticket; the requester reads your reason word for word." }
            (hidden(signed, stored))
            label for="reason" { "Why is it declined? At least " (REASON) " characters" }
            textarea id="reason" name="reason" rows="2" required minlength=(REASON) maxlength=(MOST_WORDS) {}
            button class="no" type="submit" { "Decline " (key) }
        }
    }
}

/// What comes back with a form: whose page it is, which decision it shows, and a number so that it counts once.
fn hidden(signed: &Signed, stored: &StoredDecision) -> Markup {
    html! {
        input type="hidden" name=(KEY) value=(signed.form_key());
        input type="hidden" name="decision" value=(stored.id);
        input type="hidden" name="once" value=(Uuid::new_v4().simple());
    }
}

/// `POST /changes/KEY/approve`.
pub(super) async fn approve(
    State(pages): State<Pages>,
    Path(ticket): Path<String>,
    form: Form,
) -> Result<Response, Failure> {
    let note = form.said("note").map_or_else(String::new, |note| shortened(note, MOST_WORDS));
    said(&pages, &ticket, (form, Deed::Approve { note })).await
}

/// `POST /changes/KEY/decline`.
pub(super) async fn decline(
    State(pages): State<Pages>,
    Path(ticket): Path<String>,
    form: Form,
) -> Result<Response, Failure> {
    let key = TicketKey::parse(&ticket).map_err(|_| Failure::NotFound)?;
    let reason = form.said("reason").map(|reason| shortened(reason, MOST_WORDS));
    match reason.filter(|reason| reason.chars().count() >= REASON) {
        Some(reason) => said(&pages, &ticket, (form, Deed::Decline { reason })).await,
        None => {
            let why = format!("A decline needs a reason of at least {REASON} characters.");
            let visitor = Visitor::Signed(form.by);
            Ok(refused(&visitor, &key, &Refusal::new(&why, "Please write why.")))
        }
    }
}

async fn said(pages: &Pages, ticket: &str, (form, deed): (Form, Deed)) -> Result<Response, Failure> {
    if !may(&form.by.roles, Right::Decide) {
        return Err(Failure::Forbidden(Right::Decide));
    }
    let key = TicketKey::parse(ticket).map_err(|_| Failure::NotFound)?;
    let is_approval = matches!(deed, Deed::Approve { .. });
    let (once, decision) = (form.said("once").unwrap_or(""), form.said("decision").unwrap_or("").to_owned());
    // The number is the browser's, so it is joined with the session: nobody can use up somebody else's.
    let once = Sha256::new().chain_update("cm-bot word\n").chain_update(form.by.form_key()).chain_update(once);
    let delivery = hex::encode(once.finalize());
    let sent = Sent { delivery: &delivery, ticket: &key, decision: &decision, deed, person: &form.by.person };
    let answer = say(&pages.context, sent).await?;
    pages.wake.all();
    let visitor = Visitor::Signed(form.by);
    Ok(match answer {
        Ok(()) => recorded(&visitor, &key, is_approval),
        Err(refusal) => refused(&visitor, &key, &refusal),
    })
}

fn recorded(visitor: &Visitor, key: &TicketKey, is_approval: bool) -> Response {
    let what = if is_approval { "Your approval is recorded" } else { "Your decline is recorded" };
    let content = html! {
        h1 { (what) }
        div class="panel good" role="status" {
            p { "cm-bot looks at " (key) " now, and counts your word as it would count a comment in Jira. An edit of the ticket voids an approval." }
        }
        p { a href=(format!("/changes/{key}")) { "See how " (key) " stands" } }
    };
    page(visitor, (what, ""), &content).into_response()
}

fn refused(visitor: &Visitor, key: &TicketKey, refusal: &Refusal) -> Response {
    let content = html! {
        h1 { "Nothing was recorded" }
        div class="panel bad" role="alert" {
            p { strong { "Nothing was recorded. " } (refusal.reason) }
            p { (refusal.next) }
        }
        p { a href=(format!("/changes/{key}")) { "See how " (key) " stands" } }
    };
    (StatusCode::CONFLICT, page(visitor, ("Nothing was recorded", ""), &content)).into_response()
}
