//! What Slack sends to us: the signature first, over the body as it came; then it is stored, then answered, then done.
//!
//! Slack waits three seconds. A form is opened at once, because its trigger lives no longer.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::forms::form_for;
use super::webhooks::only;
use super::{MOST_SLACK, Server};
use crate::integrations::slack::interaction::{Command, Deed, EMERGENCY_CHANGE, Interaction, REQUEST_CHANGE, read};
use crate::integrations::slack::request::is_signed;
use crate::integrations::slack::to_view;
use crate::model::{Declaration, Person, Unclear, Wish};
use crate::render::form::{self, Form};
use crate::store::{Delivery, Job};

/// `POST /slack/interactions`: a button that was pressed, a form that was sent.
pub(super) async fn interaction(State(server): State<Server>, headers: HeaderMap, body: Body) -> StatusCode {
    let body = match from_slack(&server, &headers, body).await {
        Ok(body) => body,
        Err(status) => return status,
    };
    let Some(interaction) = read(&body) else { return StatusCode::OK };
    if let Deed::Press(press) = &interaction.deed {
        // A button that only opens a page sends this too, and wants a 200.
        if press.value.is_empty() {
            return StatusCode::OK;
        }
        if let Some(form) = form_for(&server, &interaction, press).await {
            return open(&server, &press.trigger, &form).await;
        }
    }
    store(&server, &body).await
}

/// `POST /slack/commands`.
pub(super) async fn command(State(server): State<Server>, headers: HeaderMap, body: Body) -> Response {
    let body = match from_slack(&server, &headers, body).await {
        Ok(body) => body,
        Err(status) => return status.into_response(),
    };
    match read(&body) {
        Some(Interaction { account, deed: Deed::Command(command), .. }) => {
            let person = server.policy.criteria.people.by_slack(&account);
            answer(&server, person, (&command, &body)).await
        }
        // Slack asks now and then whether the address is there.
        Some(_) | None => StatusCode::OK.into_response(),
    }
}

/// What can be said at once is said at once; the rest is stored and done.
async fn answer(server: &Server, person: Option<&Person>, (command, body): (&Command, &Bytes)) -> Response {
    match (command.name.as_str(), person) {
        (EMERGENCY_CHANGE, Some(person)) => declare(server, person, (command, body)).await,
        (REQUEST_CHANGE, Some(_)) => request(server, (command, body)).await,
        (EMERGENCY_CHANGE, None) => aside(
            "Nothing was recorded. Your Slack account is not in the people file. Make a ticket of the class emergency in Jira, or call a lead.",
        ),
        (REQUEST_CHANGE, None) => {
            aside("Nothing was recorded. Your Slack account is not in the people file. Make the ticket in Jira.")
        }
        _ => aside("Nothing was recorded. cm-bot knows no such command."),
    }
}

async fn declare(server: &Server, person: &Person, (command, body): (&Command, &Bytes)) -> Response {
    match Declaration::parse(&command.text, (&person.jira, &person.name), &server.services) {
        Err(Unclear::Empty) => {
            open_or_say(server, (command, DECLARATION), &form::declare(&server.services, &command.channel)).await
        }
        Err(unclear) => aside(&format!("Nothing was recorded: {unclear}. {DECLARATION}")),
        Ok(declaration) => match store(server, body).await {
            StatusCode::OK => aside(&format!(
                "Your emergency change of {} is declared. The leads are told now, and a ticket is made for you.",
                declaration.scope.map_or_else(String::new, |scope| scope.to_string())
            )),
            status => status.into_response(),
        },
    }
}

async fn request(server: &Server, (command, body): (&Command, &Bytes)) -> Response {
    let classes = server.policy.criteria.terms.change_class.without_code();
    if classes.is_empty() {
        return aside("Nothing was recorded. The criteria know no change without code; make the ticket in Jira.");
    }
    match Wish::parse(&command.text, &classes, &server.services) {
        Err(Unclear::Empty) => {
            open_or_say(server, (command, WISH), &form::request(&classes, &server.services, &command.channel)).await
        }
        Err(unclear) => aside(&format!("Nothing was recorded: {unclear}. {WISH}")),
        Ok(_) => match store(server, body).await {
            StatusCode::OK => {
                aside("Your request is recorded. Its ticket is made for you now; you are told here which one.")
            }
            status => status.into_response(),
        },
    }
}

const DECLARATION: &str =
    "Write: /emergency-change SERVICE ENVIRONMENT what you do | why it cannot wait | severity | incident";

const WISH: &str = "Write: /request-change CLASS SERVICE ENVIRONMENT what you need | why it is needed | links";

/// The form; where Slack opens none, how to write it in one line.
async fn open_or_say(server: &Server, (command, usage): (&Command, &str), form: &Form) -> Response {
    match open(server, &command.trigger, form).await {
        StatusCode::OK => StatusCode::OK.into_response(),
        _ => aside(&format!("Nothing was recorded: the form does not open. {usage}")),
    }
}

fn aside(text: &str) -> Response {
    Json(json!({"response_type": "ephemeral", "text": text})).into_response()
}

async fn open(server: &Server, trigger: &str, form: &Form) -> StatusCode {
    match server.slack.open_form(trigger, &to_view(form)).await {
        Ok(()) => StatusCode::OK,
        Err(error) => {
            tracing::warn!("Slack does not open a form: {error}");
            StatusCode::BAD_GATEWAY
        }
    }
}

/// Stores what was done, whole. A request that was sent before, by Slack or by somebody who overheard it, is done once.
async fn store(server: &Server, body: &Bytes) -> StatusCode {
    let id = hex::encode(Sha256::digest(body));
    let delivery = Delivery { source: "slack", id: &id, body, receipt: None };
    match server.store.receive(&delivery, Some(&Job::Slack(id.clone())), server.clock.now()).await {
        Ok(_) => {
            server.wake.all();
            StatusCode::OK
        }
        Err(error) => {
            tracing::error!(%error, "What somebody did in Slack could not be stored: {error}");
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

/// The body, if Slack signed it: the signature and the time, each exactly once, over the body as it came.
async fn from_slack(server: &Server, headers: &HeaderMap, body: Body) -> Result<Bytes, StatusCode> {
    let letter = server.intake.read(headers, body, MOST_SLACK).await?;
    let header = |name: &str| only(headers, name).unwrap_or("");
    let (signature, time) = (header("x-slack-signature"), header("x-slack-request-timestamp"));
    let signed = server
        .secrets
        .slack
        .as_ref()
        .is_some_and(|secret| is_signed(signature, time, &letter.body, (secret, server.clock.now())));
    if signed { Ok(letter.body.clone()) } else { Err(StatusCode::UNAUTHORIZED) }
}
