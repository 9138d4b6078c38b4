//! Webhooks: the signature first, over the body as it came; then stored; then 202.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use sha2::{Digest, Sha256};

use super::{MOST_GITHUB, MOST_JIRA, Server};
use crate::integrations::signature::is_signed;
use crate::integrations::{github, jira};
use crate::model::{Receipt, shortened};
use crate::store::{Delivery, Job, Received};

/// What a webhook asks for and tells.
struct Told {
    job: Option<Job>,
    receipt: Option<Receipt>,
}

/// `POST /webhooks/jira`.
pub(super) async fn jira(State(server): State<Server>, headers: HeaderMap, body: Body) -> StatusCode {
    let letter = match server.intake.read(&headers, body, MOST_JIRA).await {
        Ok(letter) => letter,
        Err(status) => return turned_away("jira", status),
    };
    let (signature, body) = (only(&headers, "x-hub-signature"), &letter.body);
    if !signature.is_some_and(|signature| is_signed(signature, body, &server.secrets.jira)) {
        return refused(&server, "jira");
    }
    let hint = jira::webhook::read(body).unwrap_or_else(|why| not_understood("jira", &why));
    if hint.as_ref().is_some_and(|hint| hint.contradicts_itself) {
        tracing::warn!(source = "jira", "A signed webhook of jira names two tickets; only its id is looked at");
        count("jira", "contradictory");
    }
    let told = Told { job: hint.map(|hint| Job::Ticket(hint.issue)), receipt: None };
    store(&server, ("jira", only(&headers, "x-atlassian-webhook-identifier")), body, told).await
}

/// `POST /webhooks/github`.
pub(super) async fn github(State(server): State<Server>, headers: HeaderMap, body: Body) -> StatusCode {
    let letter = match server.intake.read(&headers, body, MOST_GITHUB).await {
        Ok(letter) => letter,
        Err(status) => return turned_away("github", status),
    };
    let (signature, body) = (only(&headers, "x-hub-signature-256"), &letter.body);
    if !signature.is_some_and(|signature| is_signed(signature, body, &server.secrets.github)) {
        return refused(&server, "github");
    }
    let event = only(&headers, "x-github-event").unwrap_or("");
    let told = github::webhook::told(&server.services, event, body);
    for why in &told.odd {
        let _: Option<()> = not_understood("github", why);
    }
    let job = told.held.map(Job::Protected).or(told.repository.map(Job::Repository));
    let told = Told { job, receipt: told.receipt };
    store(&server, ("github", only(&headers, "x-github-delivery")), body, told).await
}

/// The value of a header that stands exactly once.
pub(super) fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        (None, _) | (Some(_), Some(_)) => None,
    }
}

async fn store(server: &Server, (source, id): (&'static str, Option<&str>), body: &[u8], told: Told) -> StatusCode {
    let from_body = || hex::encode(Sha256::digest(body));
    let id = id.filter(|id| !id.is_empty() && id.len() <= 200).map_or_else(from_body, str::to_owned);
    let delivery = Delivery { source, id: &id, body, receipt: told.receipt.as_ref() };
    match server.store.receive(&delivery, told.job.as_ref(), server.clock.now()).await {
        Ok(received) => {
            count(source, came(received));
            tell(&delivery, told.job.as_ref(), came(received));
            if received == Received::New {
                server.wake.all();
            }
            StatusCode::ACCEPTED
        }
        Err(error) => {
            // 503 and never 4xx: Jira sends it again, and a 4xx would be the last we hear of it.
            tracing::error!(source, %error, "A webhook of {source} could not be stored: {error}");
            count(source, "failed");
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

fn refused(server: &Server, source: &'static str) -> StatusCode {
    if let Some(times) = server.refusals.turn() {
        tracing::warn!(
            source,
            times,
            "Refused a webhook that claims to be from {source}: its signature is missing or wrong"
        );
    }
    count(source, "refused");
    StatusCode::UNAUTHORIZED
}

/// A body that was not read to its end; whose it is was never asked.
fn turned_away(source: &'static str, status: StatusCode) -> StatusCode {
    count(
        source,
        match status {
            StatusCode::PAYLOAD_TOO_LARGE => "too_large",
            StatusCode::REQUEST_TIMEOUT => "too_slow",
            StatusCode::SERVICE_UNAVAILABLE => "no_room",
            _ => "broken_off",
        },
    );
    status
}

/// A line of the life of a ticket; nothing of the body.
fn tell(delivery: &Delivery<'_>, job: Option<&Job>, outcome: &'static str) {
    let (source, id) = (delivery.source, delivery.id);
    match job {
        Some(Job::Ticket(issue)) => {
            tracing::debug!(source, delivery.id = id, ticket.id = %issue, outcome, "A webhook of {source}: {outcome}");
        }
        Some(Job::Repository(repository)) => {
            tracing::debug!(source, delivery.id = id, %repository, outcome, "A webhook of {source}: {outcome}");
        }
        Some(Job::FollowUp(_) | Job::Declaration(_) | Job::Slack(_) | Job::Protected(_)) | None => {
            tracing::debug!(source, delivery.id = id, outcome, "A webhook of {source}: {outcome}");
        }
    }
}

fn came(received: Received) -> &'static str {
    match received {
        Received::New | Received::Kept => "stored",
        Received::Duplicate => "duplicate",
        Received::DuplicateBody => "duplicate_body",
    }
}

fn count(source: &'static str, outcome: &'static str) {
    metrics::counter!("cm_bot_webhooks_total", "source" => source, "outcome" => outcome).increment(1);
}

/// Signed, but not of a form that we know: it is kept, and nothing is taken from it.
fn not_understood<T>(source: &'static str, why: &str) -> Option<T> {
    tracing::warn!(source, "A signed webhook of {source} could not be understood: {}", shortened(why, 120));
    count(source, "not_understood");
    None
}
