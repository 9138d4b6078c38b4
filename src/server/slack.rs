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
use crate::integrations::slack::interaction::{Command, Deed, Interaction, read};
use crate::integrations::slack::request::is_signed;
use crate::integrations::slack::to_view;
use crate::model::{Declaration, Person, Unclear};
use crate::render::form::{self, Form};
use crate::store::{Delivery, Job};

/// The command with which an emergency is declared.
const EMERGENCY: &str = "/emergency-change";

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
            declare(&server, person, (&command, &body)).await
        }
        // Slack asks now and then whether the address is there.
        Some(_) | None => StatusCode::OK.into_response(),
    }
}

/// What can be said at once is said at once; the rest is stored and done.
async fn declare(server: &Server, person: Option<&Person>, (command, body): (&Command, &Bytes)) -> Response {
    if command.name != EMERGENCY {
        return aside("Nothing was recorded. cm-bot knows no such command.");
    }
    let Some(person) = person else {
        return aside(
            "Nothing was recorded. Your Slack account is not in the people file. Make a ticket of the class emergency in Jira, or call a lead.",
        );
    };
    match Declaration::parse(&command.text, (&person.jira, &person.name), &server.services) {
        Err(Unclear::Empty) => {
            let form = form::declare(&server.services, &command.channel);
            match open(server, &command.trigger, &form).await {
                StatusCode::OK => StatusCode::OK.into_response(),
                _ => aside(&format!("Nothing was recorded: the form does not open. {USAGE}")),
            }
        }
        Err(unclear) => aside(&format!("Nothing was recorded: {unclear}. {USAGE}")),
        Ok(declaration) => match store(server, body).await {
            StatusCode::OK => aside(&format!(
                "Your emergency change of {} is declared. The leads are told now, and a ticket is made for you.",
                declaration.scope.map_or_else(String::new, |scope| scope.to_string())
            )),
            status => status.into_response(),
        },
    }
}

const USAGE: &str =
    "Write: /emergency-change SERVICE ENVIRONMENT what you do | why it cannot wait | severity | incident";

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
