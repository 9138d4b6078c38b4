//! Forms (<https://docs.slack.dev/reference/methods/views.open>).

use serde_json::{Value, json};

use super::Slack;
use super::api::{Answer, Refusal};
use super::args::Args;
use super::limits;
use super::state::View;

/// The longest metadata of a form.
const METADATA: usize = 3000;

impl Slack {
    /// A trigger opens one form, for whoever caused it.
    pub(super) fn open_view(&self, args: &Args) -> Answer {
        let trigger = args.needed("trigger_id")?.to_owned();
        let view = args.structure("view").map_err(|_| Refusal::of("invalid_arguments"))?;
        let view = view.ok_or_else(|| Refusal::of("invalid_arguments"))?;
        check(&view)?;
        let mut state = self.locked();
        let place = state.triggers.iter().position(|(known, _)| *known == trigger);
        let (_, user) = state.triggers.swap_remove(place.ok_or_else(|| Refusal::of("invalid_trigger_id"))?);
        let id = format!("V0{}", state.views.len() + 1);
        state.views.push(View { id: id.clone(), user, view: view.clone() });
        Ok(json!({ "view": { "id": id, "type": view["type"], "callback_id": view["callback_id"] } }))
    }
}

/// The limits of a form.
fn check(view: &Value) -> Result<(), Refusal> {
    let mut faults = Vec::new();
    if view["type"] != "modal" {
        faults.push("type must be modal".to_owned());
    }
    for (name, most) in [("title", 24), ("submit", 24), ("close", 24)] {
        let length = view[name]["text"].as_str().map_or(0, |text| text.chars().count());
        if view[name]["type"] != "plain_text" || length == 0 || length > most {
            faults.push(format!("{name} must be a plain text of 1 to {most} characters"));
        }
    }
    if view["private_metadata"].as_str().is_some_and(|text| text.len() > METADATA) {
        faults.push("private_metadata is too long".to_owned());
    }
    let empty = Vec::new();
    let blocks = view["blocks"].as_array().unwrap_or(&empty);
    if blocks.is_empty() || blocks.len() > 100 {
        faults.push("1 to 100 blocks are expected".to_owned());
    }
    let (inputs, others): (Vec<&Value>, Vec<&Value>) = blocks.iter().partition(|block| block["type"] == "input");
    for input in inputs {
        faults.extend(input_faults(input));
    }
    if !faults.is_empty() {
        return Err(Refusal { error: "invalid_arguments", details: faults });
    }
    limits::check(&json!(others))
}

fn input_faults(input: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    if input["label"]["type"] != "plain_text" || input["label"]["text"].as_str().is_none_or(str::is_empty) {
        faults.push("an input needs a label".to_owned());
    }
    let element = &input["element"];
    match element["type"].as_str() {
        Some("plain_text_input") => {
            let too_long = |name: &str| element[name].as_u64().is_some_and(|length| length > 3000);
            if too_long("min_length") || too_long("max_length") {
                faults.push("a text has at most 3000 characters".to_owned());
            }
        }
        Some("static_select") => {
            let options = element["options"].as_array().map_or(0, Vec::len);
            if options == 0 || options > 100 {
                faults.push("1 to 100 options are expected".to_owned());
            }
        }
        other => faults.push(format!("unsupported element: {}", other.unwrap_or_default())),
    }
    faults
}
