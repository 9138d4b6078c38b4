//! What people do on cm-bot's pages.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Somebody signs in, opens the page of a ticket, and sends a form that stands there.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendForm {
    /// Who.
    pub by: String,
    /// The ticket.
    pub ticket: String,
    /// What stands on the button.
    pub button: String,
    /// What is filled in, by the name of the input.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
}
