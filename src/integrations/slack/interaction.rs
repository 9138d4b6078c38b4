//! What people do in Slack, in our words (<https://docs.slack.dev/interactivity>).
//!
//! Of a person only the account and its workspace are read; names are nobody's.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::Value;

use crate::model::SlackId;

/// The command with which an emergency is declared.
pub const EMERGENCY_CHANGE: &str = "/emergency-change";

/// The command with which a change that brings no code is asked for.
pub const REQUEST_CHANGE: &str = "/request-change";

/// Somebody did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interaction {
    /// Whose account.
    pub account: SlackId,
    /// The workspace of that account.
    pub team: String,
    /// What was done.
    pub deed: Deed,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// A button was pressed.
    Press(Press),
    /// A form was sent.
    Submit(Submit),
    /// A command was written.
    Command(Command),
}

/// A button that was pressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Press {
    /// Which.
    pub action: String,
    /// What it carries; empty when it only opens a page.
    pub value: String,
    /// The channel of its message.
    pub channel: String,
    /// Lets us open a form for three seconds.
    pub trigger: String,
}

/// A form that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submit {
    /// Which.
    pub form: String,
    /// What it was opened for, by us.
    pub about: String,
    /// What was filled in, by the names of its inputs; what was left empty is not there.
    pub said: BTreeMap<String, String>,
}

/// A command that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Which, with its slash.
    pub name: String,
    /// What was written after it.
    pub text: String,
    /// In which channel.
    pub channel: String,
    /// Lets us open a form for three seconds.
    pub trigger: String,
}

/// Reads the body of a signed request. Nothing when it asks for nothing that we know.
#[must_use]
pub fn read(body: &[u8]) -> Option<Interaction> {
    let mut form: HashMap<String, String> = url::form_urlencoded::parse(body).into_owned().collect();
    match form.remove("payload") {
        Some(payload) => payload_of(serde_json::from_str(&payload).ok()?),
        None => command(&form),
    }
}

fn command(form: &HashMap<String, String>) -> Option<Interaction> {
    let text = |name: &str| form.get(name).cloned();
    Some(Interaction {
        account: SlackId::parse(form.get("user_id")?).ok()?,
        team: text("team_id")?,
        deed: Deed::Command(Command {
            name: text("command")?,
            text: text("text")?,
            channel: text("channel_id")?,
            trigger: text("trigger_id")?,
        }),
    })
}

fn payload_of(payload: Payload) -> Option<Interaction> {
    let deed = match payload.kind.as_str() {
        "block_actions" => {
            let action = payload.actions?.into_iter().next()?;
            Deed::Press(Press {
                action: action.action_id,
                value: action.value.unwrap_or_else(String::new),
                channel: payload.channel.map_or_else(String::new, |channel| channel.id),
                trigger: payload.trigger_id?,
            })
        }
        "view_submission" => {
            let view = payload.view?;
            let inputs = view.state.values.into_iter().flat_map(|(name, inputs)| {
                inputs.into_values().filter_map(move |input| Some((name.clone(), said(&input)?)))
            });
            Deed::Submit(Submit { form: view.callback_id, about: view.private_metadata, said: inputs.collect() })
        }
        _ => return None,
    };
    let team = payload.user.team_id.or(payload.team.map(|team| team.id))?;
    Some(Interaction { account: SlackId::parse(&payload.user.id).ok()?, team, deed })
}

/// A text, or the choice among several.
fn said(input: &Value) -> Option<String> {
    let text = input["value"].as_str().or_else(|| input["selected_option"]["value"].as_str())?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[derive(Deserialize)]
struct Payload {
    #[serde(rename = "type")]
    kind: String,
    user: User,
    team: Option<Id>,
    channel: Option<Id>,
    trigger_id: Option<String>,
    actions: Option<Vec<Action>>,
    view: Option<View>,
}

#[derive(Deserialize)]
struct User {
    id: String,
    team_id: Option<String>,
}

#[derive(Deserialize)]
struct Id {
    id: String,
}

#[derive(Deserialize)]
struct Action {
    action_id: String,
    value: Option<String>,
}

#[derive(Deserialize)]
struct View {
    callback_id: String,
    private_metadata: String,
    state: ViewState,
}

#[derive(Deserialize)]
struct ViewState {
    values: BTreeMap<String, BTreeMap<String, Value>>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn form(payload: &Value) -> Vec<u8> {
        url::form_urlencoded::Serializer::new(String::new())
            .append_pair("payload", &payload.to_string())
            .finish()
            .into_bytes()
    }

    #[test]
    fn a_press_is_somebodys_account_and_what_the_button_carries() {
        let press = json!({"type": "block_actions", "user": {"id": "U0PRIYA", "name": "sam", "team_id": "T0ACME"},
            "team": {"id": "T0ACME"}, "channel": {"id": "C0EMERG"}, "trigger_id": "1.2.3",
            "actions": [{"action_id": "emergency.ack", "value": "one"}]});
        let read = read(&form(&press)).unwrap();
        assert_eq!((read.account.as_str(), read.team.as_str()), ("U0PRIYA", "T0ACME"));
        let Deed::Press(press) = read.deed else { panic!("{read:?}") };
        assert_eq!((press.action.as_str(), press.value.as_str()), ("emergency.ack", "one"));
    }

    #[test]
    fn an_empty_input_was_not_filled_in() {
        let values = json!({"reason": {"reason": {"value": " why "}}, "note": {"note": {"value": null}},
            "scope": {"scope": {"selected_option": {"value": "billing-api prod-us"}}}});
        let submit = json!({"type": "view_submission", "user": {"id": "U0ALEX"}, "team": {"id": "T0ACME"},
            "view": {"callback_id": "emergency.date", "private_metadata": "about", "state": {"values": values}}});
        let Some(Interaction { deed: Deed::Submit(submit), .. }) = read(&form(&submit)) else { panic!("unread") };
        let said: Vec<_> = submit.said.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        assert_eq!(said, [("reason", "why"), ("scope", "billing-api prod-us")]);
    }

    #[test]
    fn what_is_no_deed_asks_for_nothing() {
        assert_eq!(read(b"ssl_check=1&token=x"), None);
        assert_eq!(read(b"payload=no"), None);
        assert_eq!(read(&form(&json!({"type": "view_closed", "user": {"id": "U0A"}}))), None);
    }
}
