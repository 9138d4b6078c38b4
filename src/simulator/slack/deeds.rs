//! What people do in Slack: Slack signs it and sends it to the app
//! (<https://docs.slack.dev/interactivity/handling-user-interaction>).

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::super::scene::{Click, Person, SceneError, SlackCommand, Submit};
use super::people::{APP_ID, TEAM};
use super::state::{MessageView, View};
use super::{EMERGENCIES, Slack};

/// How long is waited for the app. Slack waits three seconds; a scene that fails because the machine was busy says nothing.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// Where the app wants to hear of what people do.
#[derive(Debug, Clone)]
pub(super) struct App {
    /// Up to the path.
    pub url: String,
    /// Signs every request.
    pub secret: String,
}

/// A request that Slack made, so that it can be made again.
#[derive(Debug, Clone)]
pub struct Request {
    /// The whole address.
    pub url: String,
    /// The form.
    pub body: String,
    /// The headers that bear the time and the signature.
    pub headers: [(&'static str, String); 2],
}

impl Slack {
    /// Has whatever people do sent to an app.
    pub fn send_deeds_to(&self, url: String, secret: String) {
        self.locked().app = Some(App { url, secret });
    }

    /// What only one person saw, with that person's account, oldest first.
    #[must_use]
    pub fn whispers(&self) -> Vec<(String, MessageView)> {
        self.locked().whispers.clone()
    }

    /// The forms that are open, with the account on whose screen each is, oldest first.
    #[must_use]
    pub fn forms(&self) -> Vec<(String, Value)> {
        self.locked().views.iter().map(|view| (view.user.clone(), view.view.clone())).collect()
    }

    /// The last request that was made.
    #[must_use]
    pub fn last_request(&self) -> Option<Request> {
        self.locked().requests.last().cloned()
    }

    /// Somebody presses a button.
    ///
    /// # Errors
    /// When no message has it.
    pub async fn click(&self, click: &Click) -> Result<(), SceneError> {
        let person = self.shared.scene.person(&click.by)?;
        let found = self.locked().messages.iter().rev().find_map(|message| {
            let speaks = message.text.contains(&click.about);
            Some((message.clone(), button(message, &click.button).filter(|_| speaks)?))
        });
        let (message, pressed) = found
            .ok_or_else(|| SceneError(format!("no message about {} has a button `{}`", click.about, click.button)))?;
        let mut deeds = Vec::new();
        for _ in 0..click.times {
            deeds.push(self.press(person, (&message, &pressed)));
        }
        // All of them at once.
        let sent = deeds.into_iter().map(|payload| self.send("/slack/interactions", form(&[("payload", payload)])));
        let mut all = tokio::task::JoinSet::new();
        for request in sent {
            all.spawn(post(request?));
        }
        while let Some(answer) = all.join_next().await {
            answer.map_err(|error| SceneError(error.to_string()))??;
        }
        Ok(())
    }

    fn press(&self, person: &Person, (message, pressed): (&MessageView, &Value)) -> String {
        let mut state = self.locked();
        let (trigger, now) = (state.trigger(&person.slack_id()), state.next_ts(self.shared.clock.now_ms()));
        json!({
            "type": "block_actions", "api_app_id": APP_ID, "team": {"id": TEAM, "domain": "acme"},
            "user": who(person), "trigger_id": trigger,
            "channel": {"id": message.channel, "name": message.channel},
            "container": {"type": "message", "message_ts": message.ts, "channel_id": message.channel},
            "message": {"ts": message.ts, "text": message.text},
            "response_url": "https://hooks.slack.com/actions/nowhere",
            "actions": [{
                "type": "button", "action_id": pressed["action_id"], "block_id": "block", "action_ts": now,
                "text": pressed["text"], "value": pressed["value"],
            }],
        })
        .to_string()
    }

    /// Somebody sends the newest form that was opened for them.
    ///
    /// # Errors
    /// When none was opened, or something is missing that the form asks for.
    pub async fn submit(&self, submit: &Submit) -> Result<(), SceneError> {
        let person = self.shared.scene.person(&submit.by)?;
        let view = self.locked().views.iter().rev().find(|view| view.user == person.slack_id()).cloned();
        let view = view.ok_or_else(|| SceneError(format!("no form was opened for {}", submit.by)))?;
        let values = filled(&view, submit)?;
        let payload = json!({
            "type": "view_submission", "api_app_id": APP_ID, "team": {"id": TEAM, "domain": "acme"},
            "user": who(person),
            "view": {
                "id": view.id, "type": "modal", "callback_id": view.view["callback_id"],
                "private_metadata": view.view["private_metadata"], "state": {"values": values},
            },
        });
        self.locked().views.retain(|open| open.id != view.id);
        post(self.send("/slack/interactions", form(&[("payload", payload.to_string())]))?).await.map(drop)
    }

    /// Somebody writes a command. What the app answers at once is a whisper.
    ///
    /// # Errors
    /// When the app does not answer.
    pub async fn command(&self, command: &SlackCommand) -> Result<(), SceneError> {
        let person = self.shared.scene.person(&command.by)?;
        let user = person.slack_id();
        let trigger = self.locked().trigger(&user);
        let body = form(&[
            ("team_id", team(person).to_owned()),
            ("team_domain", "acme".to_owned()),
            ("channel_id", EMERGENCIES.to_owned()),
            ("channel_name", "prod-emergencies".to_owned()),
            ("user_id", user.clone()),
            ("user_name", person.name.clone()),
            ("command", command.command.clone()),
            ("text", command.text.clone()),
            ("api_app_id", APP_ID.to_owned()),
            ("trigger_id", trigger),
            ("response_url", "https://hooks.slack.com/commands/nowhere".to_owned()),
        ]);
        let answer = post(self.send("/slack/commands", body)?).await?;
        if let Ok(Value::Object(said)) = serde_json::from_str::<Value>(&answer) {
            let text = said.get("text").and_then(Value::as_str).unwrap_or_default().to_owned();
            let ts = self.locked().next_ts(self.shared.clock.now_ms());
            let whisper = MessageView::aside(EMERGENCIES, ts, (text, json!([])));
            self.locked().whispers.push((user, whisper));
        }
        Ok(())
    }

    /// Signs a request and remembers it.
    fn send(&self, path: &str, body: String) -> Result<Request, SceneError> {
        let mut state = self.locked();
        let app = state.app.clone().ok_or_else(|| SceneError("no app listens to Slack".into()))?;
        let time = (self.shared.clock.now_ms() / 1000).to_string();
        let mut mac =
            Hmac::<Sha256>::new_from_slice(app.secret.as_bytes()).map_err(|error| SceneError(error.to_string()))?;
        mac.update(format!("v0:{time}:{body}").as_bytes());
        let signature = format!("v0={}", hex::encode(mac.finalize().into_bytes()));
        let headers = [("x-slack-request-timestamp", time), ("x-slack-signature", signature)];
        let request = Request { url: format!("{}{path}", app.url), body, headers };
        state.requests.push(request.clone());
        Ok(request)
    }
}

/// Makes a request. Whoever pressed a button sees a warning when the app does not answer well.
async fn post(request: Request) -> Result<String, SceneError> {
    let client = reqwest::Client::builder().no_proxy().timeout(ANSWER_WITHIN).build().unwrap_or_default();
    let [time, signature] = &request.headers;
    let sent = client
        .post(&request.url)
        .header("content-type", "application/x-www-form-urlencoded")
        .header(time.0, &time.1)
        .header(signature.0, &signature.1)
        .body(request.body);
    let failed = |why: String| SceneError(format!("the app did not answer Slack: {why}"));
    let answer = sent.send().await.map_err(|error| failed(error.to_string()))?;
    if !answer.status().is_success() {
        return Err(failed(answer.status().to_string()));
    }
    answer.text().await.map_err(|error| failed(error.to_string()))
}

fn form(pairs: &[(&str, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn who(person: &Person) -> Value {
    json!({"id": person.slack_id(), "username": person.name, "name": person.name, "team_id": team(person)})
}

/// Somebody of another company, in a channel that both share, has that company's workspace.
pub(super) fn team(person: &Person) -> &'static str {
    if person.slack == "stranger" { "T0OTHER" } else { TEAM }
}

/// The button of a message with this label that tells the app something.
fn button(message: &MessageView, label: &str) -> Option<Value> {
    let blocks = message.blocks.as_array()?;
    let mut elements = blocks.iter().filter_map(|block| block["elements"].as_array()).flatten();
    elements.find(|element| element["type"] == "button" && element["text"]["text"] == label).cloned()
}

/// What is filled in, as Slack sends it; a form that lacks something is not sent.
fn filled(view: &View, submit: &Submit) -> Result<Value, SceneError> {
    let mut values = json!({});
    let inputs = view.view["blocks"].as_array().into_iter().flatten().filter(|block| block["type"] == "input");
    for input in inputs {
        let name = input["block_id"].as_str().unwrap_or_default();
        let said = submit.values.get(name);
        let least = input["element"]["min_length"].as_u64().unwrap_or(0);
        let is_short = said.map_or(0, |text| text.chars().count() as u64) < least;
        if input["optional"] != true && (said.is_none() || is_short) {
            return Err(SceneError(format!("the form is not sent: `{name}` is missing or too short")));
        }
        let action = input["element"]["action_id"].as_str().unwrap_or_default();
        values[name][action] = match (input["element"]["type"].as_str(), said) {
            (Some("static_select"), Some(choice)) => json!({"selected_option": {"value": choice}}),
            (_, said) => json!({"value": said}),
        };
    }
    Ok(values)
}
