//! The database.

use super::Findings;
use crate::app::App;
use crate::settings::Settings;
use crate::store::Store;

/// Says whether the database can be opened.
pub(super) async fn can_be_opened(settings: &Settings, findings: &mut Findings) -> bool {
    match Store::open(&settings.database_url).await {
        Ok(store) => {
            findings.ok("database", store.place());
            true
        }
        Err(error) => {
            findings.fail("database", error.to_string(), "correct database.url, and see that cm-bot may write there");
            false
        }
    }
}

/// Whether it takes what is new, and whether webhooks have come.
pub(super) async fn examine(settings: &Settings, app: &App, findings: &mut Findings) {
    let store = &app.context.sources.store;
    if let Err(error) = store.check().await {
        findings.fail("database", error.to_string(), "make room, or look at the server's log");
    }
    let expected = [("jira", true), ("github", !settings.github.webhook_secrets.is_empty())];
    for (system, is_expected) in expected {
        let last = match store.last_received(system).await {
            Ok(last) => last,
            Err(error) => return findings.fail("database", error.to_string(), "look at the server's log"),
        };
        match (last, is_expected) {
            (Some(at), _) => findings.ok("webhooks", format!("the newest of {system} came {}", at.day_and_clock())),
            (None, true) => findings.warn(
                "webhooks",
                format!("none of {system} has ever arrived"),
                format!("add the webhook with its secret: `cm-bot setup {system}` prints it"),
            ),
            (None, false) => findings.warn(
                "webhooks",
                format!("{system} has no secret, so its webhooks are refused"),
                format!("set {system}.webhook_secrets; until then tickets are looked at by the clock"),
            ),
        }
    }
}
