//! Arguments of a Web API method: form fields with JSON in them, a JSON object, or query parameters.

use axum::http::{HeaderMap, header};
use serde_json::{Map, Value};

use super::api::Refusal;

/// The arguments of one call.
#[derive(Debug, Default)]
pub(super) struct Args(Map<String, Value>);

impl Args {
    /// Reads them from wherever they are.
    ///
    /// # Errors
    /// `invalid_json` or `invalid_form_data`.
    pub(super) fn read(headers: &HeaderMap, query: &str, body: &[u8]) -> Result<Args, Refusal> {
        let mut args = form(query.as_bytes());
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.starts_with("application/json") {
            let object = serde_json::from_slice::<Map<String, Value>>(body).map_err(|_| Refusal::of("invalid_json"))?;
            args.extend(object);
        } else if kind.starts_with("application/x-www-form-urlencoded") {
            args.extend(form(body));
        } else if !body.is_empty() {
            return Err(Refusal::of("invalid_post_type"));
        }
        Ok(Args(args))
    }

    /// A text that is not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// `invalid_arguments` when it is not.
    pub(super) fn needed(&self, name: &str) -> Result<&str, Refusal> {
        let missing =
            || Refusal { error: "invalid_arguments", details: vec![format!("[ERROR] missing required field: {name}")] };
        self.text(name).ok_or_else(missing)
    }

    /// A number, given as such or as a text.
    pub(super) fn number(&self, name: &str) -> Option<usize> {
        let value = self.0.get(name)?;
        value.as_u64().and_then(|number| usize::try_from(number).ok()).or_else(|| value.as_str()?.parse().ok())
    }

    /// A yes or no, given as such or as a text.
    pub(super) fn says_yes(&self, name: &str) -> bool {
        match self.0.get(name) {
            Some(Value::Bool(yes)) => *yes,
            Some(Value::String(text)) => text == "true" || text == "1",
            Some(Value::Number(number)) => number.as_u64() == Some(1),
            _ => false,
        }
    }

    /// A structure, given as such or as JSON in a text; `None` when it was not said.
    ///
    /// # Errors
    /// The text itself when it is no JSON.
    pub(super) fn structure(&self, name: &str) -> Result<Option<Value>, String> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text).map(Some).map_err(|_| text.clone()),
            Some(value) => Ok(Some(value.clone())),
        }
    }
}

fn form(encoded: &[u8]) -> Map<String, Value> {
    url::form_urlencoded::parse(encoded)
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect()
}
