//! What is written out, and what an operator writes: messages, pages, settings, criteria.

use cm_bot::audit::checkpoint::Checkpoint;
use cm_bot::integrations::jira::adf;
use cm_bot::policy::criteria::Criteria;
use cm_bot::render::slack::Mrkdwn;
use cm_bot::render::{html, terminal};
use cm_bot::settings::{Environment, load};

use super::bears_texts;
use crate::escaping::{everywhere, only_our_markup, only_texts_hold, without_tags};

const HOSTILE: [&str; 6] = [
    "<!channel> <https://evil.example|PRODCM-1> & <script>alert(1)</script>",
    "`code` *bold* _it_ ~no~ ```block``` > quote",
    "{panel} [~ana] {code} !image! javascript:alert(1)",
    "\u{202e}\u{200b}\u{0}\u{1b}[31mred\u{9b}2J",
    "\" onclick=\"alert(1)\" x='",
    "Round invoice totals to cents",
];

#[test]
fn messages_for_slack() {
    bears_texts(&HOSTILE, |text| {
        let shown = Mrkdwn::new().words(text).bold(text);
        assert!(!shown.as_str().contains(['<', '>']), "{}", shown.as_str());
        let linked = Mrkdwn::new().link(text, "https://acme.example/x");
        assert!(linked.as_str().starts_with("<https://acme.example/x|") && linked.as_str().ends_with('>'));
        assert_eq!((linked.as_str().matches('<').count(), linked.as_str().matches('|').count()), (1, 1));
    });
}

#[test]
fn comments_for_jira_and_pages() {
    bears_texts(&HOSTILE, |text| {
        let document = everywhere(text);
        only_texts_hold(&adf::document(&document), text);
        only_our_markup(text);
        let rest = without_tags(&html::document(&document).into_string());
        assert!(!rest.contains(['<', '>', '"']), "{rest}");
        let _ = terminal::document(&document);
    });
}

const SETTINGS: &str = r#"
[jira]
api_url = "https://acme.example"
account = "cm-bot@acme.example"
token = "a token of Jira"
webhook_secrets = ["a secret of some length"]
[github]
token = "a token of GitHub"
webhook_secrets = ["another secret of some length"]
[slack]
bot_token = "a token of Slack"
channels = { changes = "C1", emergencies = "C2" }
[[services]]
name = "billing-api"
repository = "acme/billing-api"
branch = "main"
environments = ["prod-us"]
scanners = [{ tool = "CodeQL", category = "/language:rust" }, { check = "container-scan", app_id = 7 }]
"#;

#[test]
fn settings() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cm-bot.toml");
    bears_texts(&[SETTINGS], |text| {
        std::fs::write(&file, text).unwrap();
        match load(Some(&file), &Environment::new()) {
            Ok(settings) => assert!(settings.services.iter().all(|service| !service.environments.is_empty())),
            Err(error) => assert!(!error.to_string().trim().is_empty()),
        }
    });
}

#[test]
fn criteria_and_people() {
    let criteria = std::fs::read_to_string("config/criteria.toml").unwrap();
    let people = std::fs::read_to_string("config/people.toml").unwrap();
    assert!(Criteria::parse(&criteria, &people).is_ok());
    bears_texts(&[&criteria], |text| drop(Criteria::parse(text, &people)));
    bears_texts(&[&people], |text| drop(Criteria::parse(&criteria, text)));
}

#[test]
fn checkpoints() {
    let note = "cm-bot.example\n7\nq5DnPfcEFpYAW0KlBmMlYNKlvtzrMxDNsVNnhKDGvXA=\n\n— cm-bot.example fwI3sQ==\n";
    bears_texts(&[note], |text| drop(Checkpoint::unverified(text)));
}
