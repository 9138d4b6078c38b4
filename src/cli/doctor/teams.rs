//! Teams: whether its addresses look like those of workflows. They cannot be asked: whatever they are sent, they post.

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::Findings;
use crate::settings::Settings;

/// How the path of every workflow ends that a request starts, and what its address is signed with.
const PATH: &str = "/triggers/manual/paths/invoke";
const SIGNATURE: &str = "sig";

/// Says how Teams is, if the settings name one. No word of an address is shown.
pub(super) fn examine(settings: &Settings, findings: &mut Findings) {
    let Some(teams) = &settings.teams else { return };
    let mut addresses = vec![("teams.webhook_url", &teams.changes)];
    if teams.emergencies.expose_secret() != teams.changes.expose_secret() {
        addresses.push(("teams.emergencies_webhook_url", &teams.emergencies));
    }
    for (key, address) in addresses {
        if is_workflow(address) {
            let said = format!("{key} has the form of a workflow's address; nothing was sent");
            findings.ok("teams", said);
        } else {
            let said = format!("{key} does not look like the address of a workflow");
            let todo = "copy the whole address from the trigger \"When a Teams webhook request is received\", with all that follows \
                        the question mark; connectors of Microsoft 365 (webhook.office.com) are no longer made";
            findings.warn("teams", said, todo);
        }
    }
}

fn is_workflow(address: &SecretString) -> bool {
    let Ok(url) = Url::parse(address.expose_secret()) else { return false };
    url.path().ends_with(PATH) && url.query_pairs().any(|(name, value)| name == SIGNATURE && !value.is_empty())
}
