//! Slack: what the app may, and whether it is in its channels.

use std::collections::BTreeSet;

use super::Findings;
use crate::app::App;
use crate::integrations::advice::{SLACK_CREDENTIALS, advice};
use crate::integrations::slack::SlackError;
use crate::settings::Settings;

/// What the app needs.
const NEEDED: [&str; 3] = ["chat:write", "im:write", "users:read"];

/// One of them lets it find a message whose answer was lost.
const HISTORY: [&str; 2] = ["channels:history", "groups:history"];

/// What it may have besides.
const USEFUL: [&str; 1] = ["commands"];

/// Says how Slack is.
pub(super) async fn examine(settings: &Settings, app: &App, findings: &mut Findings) {
    match app.context.slack.scopes().await {
        Ok(Some(scopes)) => granted(&scopes, findings),
        Ok(None) => findings.warn("slack", "Slack does not say what the app may", "look at its scopes by hand"),
        Err(error) => {
            findings.fail("slack", error.to_string(), told(&error));
            return findings.skip("slack", "the channels need Slack");
        }
    }
    let channels = BTreeSet::from([&settings.slack.changes, &settings.slack.emergencies]);
    for channel in channels {
        match app.context.slack.is_in(channel).await {
            Ok(()) => findings.ok("slack", format!("the app is in {channel}")),
            Err(SlackError::Refused(word)) if word == "not_in_channel" || word == "channel_not_found" => {
                let todo = format!("invite the app to {channel} (/invite), or correct slack.channels");
                findings.fail("slack", format!("the app is not in {channel} ({word})"), todo);
            }
            Err(error) => findings.fail("slack", format!("{channel}: {error}"), told(&error)),
        }
    }
    if settings.slack.signing_secret.is_none() {
        let todo = "set slack.signing_secret, if people use buttons or /emergency-change";
        findings.warn("slack", "slack.signing_secret is not set: clicks and commands are refused", todo);
    }
}

fn told(error: &SlackError) -> String {
    match error {
        SlackError::Source(error) => advice("Slack", error, (SLACK_CREDENTIALS, "slack.api_url")),
        SlackError::Refused(_) | SlackError::Gone(_) => "check slack.bot_token and the app's scopes".into(),
    }
}

fn granted(scopes: &BTreeSet<String>, findings: &mut Findings) {
    let has = |scope: &&str| scopes.contains(*scope);
    let missing: Vec<&str> = NEEDED.into_iter().filter(|scope| !has(scope)).collect();
    let known = |scope: &&String| [&NEEDED[..], &HISTORY, &USEFUL].iter().any(|list| list.contains(&scope.as_str()));
    let too_much: Vec<&str> = scopes.iter().filter(|scope| !known(scope)).map(String::as_str).collect();
    if !missing.is_empty() {
        let said = format!("the app lacks the scopes {}", missing.join(", "));
        findings.fail(
            "slack",
            said,
            "add them to the app and install it again: `cm-bot setup slack` prints the manifest",
        );
    }
    if !too_much.is_empty() {
        let said = format!("the app may more than it needs: {}", too_much.join(", "));
        findings.fail("slack", said, "take these scopes away and install the app again");
    }
    if missing.is_empty() && !HISTORY.iter().any(has) {
        let said = "without channels:history a message whose answer was lost may be posted twice";
        findings.warn("slack", said, "add channels:history (groups:history for private channels)");
    }
    if missing.is_empty() && too_much.is_empty() {
        findings.ok("slack", "the app may what it needs, and no more");
    }
}
