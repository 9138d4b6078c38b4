//! Slack does not take a message: Teams gets it, once, with the same words; and nothing there while Slack takes messages.

use cm_bot::cli::demo::play::{Played, settle};
use cm_bot::simulator::scene::{Step, Variant};
use cm_bot::simulator::slack::{CHANGES, EMERGENCIES};
use cm_bot::simulator::teams::CardView;

use crate::support::log::Log;
use crate::support::process::program;
use crate::support::{TestScene, page, play_all, scene, start, verified};

const NOTE: &str = "This is here because Slack does not take it. What is answered here is read by nobody: whoever approves or \
                    declines does it in Jira.";

const APPROVED: &str = "✅ Approved automatically · PRODCM-412 billing-api to prod-us\n15 of 15 checks passed · 2 new commits · build 1871 of commit";

/// A scene with a Teams, in which Slack fails like this before its ticket comes.
fn with_teams(name: &str, slack: &str) -> TestScene {
    let scene = scene(name).with("about = ", "teams = { fallback_after_seconds = 300 }\nabout = ");
    if slack.is_empty() {
        return scene;
    }
    let only = if name == "emergency" { "only = \"scene\"\n" } else { "" };
    let ticket = format!("[[timeline]]\n{only}create_ticket =");
    let fails = format!("[[timeline]]\nfail = {{ system = \"slack\", how = \"{slack}\" }}\n{ticket}");
    scene.with(&ticket, &fails)
}

async fn begun(scene: TestScene) -> Played {
    let played = start("with a Teams", scene.parsed().variant(Variant::Scene)).await;
    play_all(&played).await;
    played
}

async fn happens(played: &Played, verb: &str) {
    played.world.simulator.play(&toml::from_str::<Step>(verb).unwrap()).await.unwrap();
    settle(played).await.unwrap();
    if verb.starts_with("pass") && played.app.schedule().once().await.unwrap() > 0 {
        settle(played).await.unwrap();
    }
}

fn cards(played: &Played) -> Vec<CardView> {
    assert!(played.world.simulator.teams.lost().is_empty(), "{:?}", played.world.simulator.teams.lost());
    played.world.simulator.teams.cards()
}

/// Those about the ticket of the scene; there was another one before.
fn of_ticket(played: &Played) -> Vec<CardView> {
    cards(played).into_iter().filter(|card| card.text.contains("PRODCM-412")).collect()
}

/// How many messages about the ticket of the scene are in Slack.
fn posted(played: &Played) -> usize {
    let about = |text: &str| text.contains("PRODCM-412") || text.contains("PRODCM-420");
    played.world.simulator.slack.messages().iter().filter(|message| about(&message.text)).count()
}

/// How often the leads of an emergency were called in Jira.
fn called_in_jira(played: &Played) -> usize {
    let comments = played.world.simulator.jira.ticket("PRODCM-420").unwrap().comments;
    let is_call = |text: String| text.contains("Slack does not take the announcement");
    comments.into_iter().filter(|comment| is_call(comment.body.to_string())).count()
}

/// The twin of all.
#[tokio::test(flavor = "multi_thread")]
async fn while_slack_takes_messages_nothing_goes_to_teams() {
    for name in ["clean-change", "emergency", "no-pull-request"] {
        let played = begun(with_teams(name, "")).await;
        happens(&played, "pass = \"1h\"").await;
        assert_eq!((cards(&played).len(), posted(&played) > 0), (0, true), "{name}");
        played.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn slack_is_away_for_long_and_teams_gets_the_message_once() {
    let played = begun(with_teams("clean-change", "down")).await;
    happens(&played, "pass = \"2m\"").await;
    assert_eq!(cards(&played).len(), 0, "Slack may come back");
    happens(&played, "pass = \"2m\"").await;
    happens(&played, "pass = \"6h\"").await;
    let found = cards(&played);
    let [card] = found.as_slice() else { panic!("{found:#?}") };
    assert!(card.text.starts_with(APPROVED) && card.text.ends_with(NOTE), "{}", card.text);
    assert_eq!(card.channel, "changes");
    let leads_to = |end: &str| card.links.iter().any(|(_, url)| url.ends_with(end));
    assert!(leads_to("/browse/PRODCM-412") && leads_to("/changes/PRODCM-412"), "{:?}", card.links);
    happens(&played, "recover = { system = \"slack\" }").await;
    happens(&played, "pass = \"1h\"").await;
    assert_eq!((cards(&played).len(), posted(&played)), (1, 1), "Slack gets it too, and nobody anything twice");
    let trail = verified(&played.app.context.sources.store).await;
    assert_eq!(trail.iter().filter(|(_, body, _)| body.contains("card in Teams instead of")).count(), 1);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slack_comes_back_in_time_and_teams_gets_nothing() {
    let played = begun(with_teams("clean-change", "down")).await;
    happens(&played, "pass = \"2m\"").await;
    happens(&played, "recover = { system = \"slack\" }").await;
    happens(&played, "pass = \"3h\"").await;
    assert_eq!((cards(&played).len(), posted(&played)), (0, 1));
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_revoked_is_no_silence() {
    let played = begun(with_teams("clean-change", "token_revoked")).await;
    assert_eq!(cards(&played).len(), 1, "at once");
    assert!(cards(&played)[0].text.starts_with(APPROVED));
    happens(&played, "pass = \"6h\"").await;
    assert_eq!(cards(&played).len(), 1, "and once");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_was_archived_is_no_silence() {
    for (archived, count) in [(CHANGES, 1), (EMERGENCIES, 0)] {
        let played = start("archived", with_teams("clean-change", "").parsed().variant(Variant::Scene)).await;
        played.world.simulator.slack.archive(archived);
        play_all(&played).await;
        assert_eq!(of_ticket(&played).len(), count, "at once, if it is the channel of the message");
        happens(&played, "pass = \"6h\"").await;
        assert_eq!((of_ticket(&played).len(), posted(&played)), (count, 1 - count), "Slack will never take it");
        played.stop().await;
    }
}

/// What is true by then is told, and not what was true when Slack went away.
#[tokio::test(flavor = "multi_thread")]
async fn teams_hears_the_newest_of_a_ticket() {
    let played = begun(with_teams("no-scan", "down")).await;
    assert_eq!(cards(&played).len(), 0);
    happens(&played, "scan = { commit = \"merged\" }").await;
    happens(&played, "pass = \"1h\"").await;
    happens(&played, "pass = \"1h\"").await;
    let texts: Vec<String> = cards(&played).into_iter().map(|card| card.text).collect();
    let newest = texts.last().cloned().unwrap_or_default();
    assert!(newest.starts_with("✅ Approved automatically"), "{texts:#?}");
    assert_eq!(texts.iter().filter(|text| text.starts_with("✅ Approved automatically")).count(), 1, "{texts:#?}");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn words_from_outside_stay_words_in_a_card() {
    let hostile = "[pay](https://evil.example) <at>Lee Wong</at> ![x](https://evil.example/x.png) {{DATE(2026-01-01T00:00:00Z)}} **now**";
    let summary = "summary = \"Checkout returns errors to all customers\"";
    let change = format!("summary = '{hostile}'");
    let played = begun(with_teams("emergency", "down").with(summary, &change)).await;
    happens(&played, "pass = \"6m\"").await;
    happens(&played, "pass = \"6m\"").await;
    let found = cards(&played);
    let card = found.first().unwrap();
    let shown = hostile.replace("{{", "{ {");
    assert!(card.channel == "emergencies" && card.text.contains(&shown), "{}", card.text);
    assert!(card.links.iter().all(|(_, url)| url.starts_with("http://127.0.0.1")), "{:?}", card.links);
    assert!(!card.card.to_string().contains("\"TextBlock\""), "the one element that reads Markdown");
    let twin = begun(with_teams("emergency", "down")).await;
    happens(&twin, "pass = \"6m\"").await;
    happens(&twin, "pass = \"6m\"").await;
    assert!(cards(&twin)[0].text.contains("Checkout returns errors to all customers"));
    twin.stop().await;
    played.stop().await;
}

/// A card calls nobody, so the leads are called in Jira whether Teams took it or not.
#[tokio::test(flavor = "multi_thread")]
async fn teams_is_away_too_and_the_leads_are_called_in_jira() {
    for (teams, count) in [("down", 0), ("", 1)] {
        let played = start("an emergency", with_teams("emergency", "down").parsed().variant(Variant::Scene)).await;
        if !teams.is_empty() {
            happens(&played, &format!("fail = {{ system = \"teams\", how = \"{teams}\" }}")).await;
        }
        play_all(&played).await;
        for _ in 0..13 {
            happens(&played, "pass = \"1m\"").await;
        }
        let announced = cards(&played).into_iter().filter(|card| card.text.contains("Emergency change declared"));
        assert_eq!((announced.count() >= count, called_in_jira(&played)), (true, 1), "teams {teams}");
        assert!(teams.is_empty() || cards(&played).is_empty());
        played.stop().await;
    }
}

/// What was not answered may have been taken; Teams cannot be asked, so it is sent again, and a card may be there twice.
#[tokio::test(flavor = "multi_thread")]
async fn what_teams_did_not_take_is_sent_again() {
    for (how, count) in [("down", 1), ("rate_limited", 1), ("loses_answers", 2)] {
        let played = begun(with_teams("clean-change", "token_revoked").with(
            "[[timeline]]\ncreate_ticket",
            &format!(
                "[[timeline]]\nfail = {{ system = \"teams\", how = \"{how}\", times = 1 }}\n[[timeline]]\ncreate_ticket"
            ),
        ))
        .await;
        happens(&played, "pass = \"10m\"").await;
        assert_eq!(cards(&played).len(), count, "{how}");
        happens(&played, "pass = \"6h\"").await;
        assert_eq!(cards(&played).len(), count, "{how}: it is sent until it is taken, and no longer");
        played.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_of_a_workflow_is_seen_nowhere() {
    let log = Log::of_all("debug");
    for how in ["down", "token_revoked", "forbidden", "not_found", "loses_answers", "login_page"] {
        let played = begun(with_teams("clean-change", "token_revoked").with(
            "[[timeline]]\ncreate_ticket",
            &format!(
                "[[timeline]]\nfail = {{ system = \"teams\", how = \"{how}\", times = 1 }}\n[[timeline]]\ncreate_ticket"
            ),
        ))
        .await;
        happens(&played, "pass = \"1h\"").await;
        let mut seen = vec![log.text(), format!("{:?}", played.world.simulator.jira.ticket("PRODCM-412"))];
        for path in ["/", "/changes/PRODCM-412", "/health", "/readyz", "/metrics"] {
            seen.push(page(&played, path).await);
        }
        let trail = verified(&played.app.context.sources.store).await;
        seen.extend(trail.into_iter().map(|(_, body, _)| body));
        for command in ["doctor", "check-config"] {
            let mut run = std::process::Command::new(program());
            let output = run.args([command, "--config"]).arg(played.world.settings_file()).output().unwrap();
            seen.push(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned());
        }
        let doctor = "teams.webhook_url has the form of a workflow's address; nothing was sent";
        assert!(seen.iter().any(|text| text.contains(doctor)), "the twin: the doctor was read");
        for secret in played.world.simulator.teams.secrets() {
            assert!(!seen.iter().any(|text| text.contains(&secret)), "{how}");
        }
        played.stop().await;
    }
}

/// What an operator reads who has set `[teams]` like this.
fn settings(teams: &str) -> String {
    let base = "[jira]\napi_url = \"https://acme.example\"\naccount = \"a@acme.example\"\ntoken = \"t\"\n\
                webhook_secrets = [\"a secret of some length\"]\n[github]\ntoken = \"t\"\n[slack]\nbot_token = \"t\"\n\
                channels = { changes = \"C1\", emergencies = \"C2\" }\n[[services]]\nname = \"billing-api\"\n\
                repository = \"acme/billing-api\"\nbranch = \"main\"\nenvironments = [\"prod-us\"]\n\
                scanners = [{ tool = \"CodeQL\", category = \"/language:rust\" }]\n";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cm-bot.toml");
    std::fs::write(&file, format!("{base}[teams]\n{teams}")).unwrap();
    match cm_bot::settings::load(Some(&file), &cm_bot::settings::Environment::new()) {
        Ok(settings) => {
            assert!(!format!("{settings:?}").contains("SECRET"));
            "fine".into()
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn an_address_that_cannot_be_meant_is_refused_and_not_shown() {
    let good = "https://prod-1.westeurope.logic.azure.com:443/workflows/SECRET/triggers/manual/paths/invoke?sig=SECRET";
    let url = format!("webhook_url = \"{good}\"\n");
    assert_eq!(settings(&url), "fine");
    assert_eq!(settings(""), "fine");
    for (odd, why) in [
        (url.replace("https", "http"), "`teams.webhook_url` cannot be used: an address that begins with https://"),
        (url.replace("https://", "SECRET"), "`teams.webhook_url` cannot be used: an address that begins with https://"),
        (format!("emergencies_{url}"), "`teams.webhook_url` is not set: teams.emergencies_webhook_url is set"),
        (
            format!("{url}fallback_after_seconds = 601"),
            "`teams.fallback_after_seconds` cannot be used: at least 1 is expected",
        ),
        (
            format!("{url}fallback_after_seconds = 0"),
            "`teams.fallback_after_seconds` cannot be used: at least 1 is expected",
        ),
        (
            format!("{url}webhook_url_file = \"/nowhere\""),
            "`teams.webhook_url` cannot be used: `teams.webhook_url_file` is set too",
        ),
    ] {
        let line = settings(&odd);
        assert!(line.starts_with(why) && !line.contains("SECRET"), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_looks_at_the_form_of_an_address() {
    let played = start("doctor", with_teams("clean-change", "").parsed().variant(Variant::Scene)).await;
    let examined = || {
        let mut run = std::process::Command::new(program());
        let output = run.args(["doctor", "--config"]).arg(played.world.settings_file()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(examined().contains("ok    teams        teams.webhook_url has the form of a workflow's address"));
    let text = std::fs::read_to_string(played.world.settings_file()).unwrap();
    std::fs::write(played.world.settings_file(), text.replace("&sig=", "&cut=")).unwrap();
    assert!(examined().contains("warn  teams        teams.webhook_url does not look like the address of a workflow"));
    assert!(cards(&played).is_empty(), "it sends nothing");
    played.stop().await;
}
