//! `cm-bot doctor`: with everything in order it says so and ends with 0; each single fault is one failing line that says what to
//! do, and the others go on. And what `setup` prints.

use std::process::Command;

use cm_bot::cli::demo::play::{Played, settle};
use cm_bot::simulator::scene::{Step, Variant};
use cm_bot::simulator::slack;
use serde_json::Value;

use crate::logins::{APP, private_key};
use crate::support::process::program;
use crate::support::{TestScene, play_all, scene, start_with};

/// A line of the answer.
#[derive(Debug)]
struct Line {
    state: String,
    part: String,
    said: String,
    todo: String,
}

/// An installation in which everything is as it must be: an App at GitHub, a signed trail, and a change that waits.
async fn healthy() -> Played {
    healthy_in(scene("first-deployment")).await
}

async fn healthy_in(scene: TestScene) -> Played {
    let key = private_key();
    let (private, _) = cm_bot::audit::checkpoint::new_keys("cm-bot.example");
    let change = |settings: &mut toml::Table| {
        let github = settings["github"].as_table_mut().unwrap();
        github.remove("token");
        github.insert("app_id".into(), APP.to_string().into());
        github.insert("private_key".into(), key.into());
        let audit = toml::Table::from_iter([("signing_key".to_owned(), private.into())]);
        settings.insert("audit".into(), audit.into());
    };
    let played = start_with(scene.parsed().variant(Variant::Scene), change).await;
    play_all(&played).await;
    // Jira's search shows the ticket a moment later.
    happens(&played, "pass = \"1h\"").await;
    // What the doctor compares with the clock of the machine.
    played.world.simulator.shared.dates.follow_the_machine();
    played
}

fn examine(played: &Played) -> (i32, Vec<Line>) {
    examine_with(played, &[])
}

fn examine_with(played: &Played, variables: &[(&str, &str)]) -> (i32, Vec<Line>) {
    let mut command = Command::new(program());
    command.args(["doctor", "--json", "--config"]).arg(played.world.settings_file()).envs(variables.iter().copied());
    let output = command.output().unwrap();
    let line = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        Line { state: text("state"), part: text("part"), said: text("said"), todo: text("todo") }
    };
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), text.lines().map(line).collect())
}

/// Exactly one line fails: its part, and words that people read in it.
fn only_failure(played: &Played, (part, said, todo): (&str, &str, &str)) {
    let (code, lines) = examine(played);
    let failed: Vec<&Line> = lines.iter().filter(|line| line.state == "fail").collect();
    let [line] = failed.as_slice() else { panic!("{lines:#?}") };
    assert_eq!((code, line.part.as_str()), (1, part), "{lines:#?}");
    assert!(line.said.contains(said), "nobody reads {said:?} in: {line:?}");
    assert!(line.todo.contains(todo), "nobody reads {todo:?} in: {line:?}");
}

async fn happens(played: &Played, step: &str) {
    played.world.simulator.play(&toml::from_str::<Step>(step).unwrap()).await.unwrap();
    settle(played).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn twin_where_everything_is_in_order_every_line_is_ok() {
    let played = healthy().await;
    let (code, lines) = examine(&played);
    assert!(lines.iter().all(|line| line.state == "ok"), "{lines:#?}");
    assert_eq!(code, 0);
    for (part, words) in [
        ("settings", "1 services"),
        ("criteria", "signed by Alex Silva"),
        ("audit key", "checkpoints of the audit trail are signed"),
        ("webhooks", "the newest of jira came 2026-11-02"),
        ("webhooks", "the newest of github came 2026-11-02"),
        ("jira rights", "the account may what it needs, and no more"),
        ("jira flow", "project, statuses and transitions are there"),
        ("github", "acme/billing-api: the App may read what it needs, and no more"),
        ("clock", "as GitHub's"),
        ("slack", "the app may what it needs, and no more"),
        ("address", "cm-bot answers at "),
    ] {
        assert!(lines.iter().any(|line| line.part == part && line.said.contains(words)), "{part}: {words}: {lines:#?}");
    }
    let output =
        Command::new(program()).args(["doctor", "--config"]).arg(played.world.settings_file()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.ends_with("0 failed, 0 to look at, 0 skipped\n"), "{text}");
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "Asking Jira\nAsking GitHub\nAsking Slack\nAsking the rest\n"
    );
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_jira_does_not_give_or_gives_too_much() {
    let played = healthy().await;
    played.world.simulator.jira.permit("LINK_ISSUES", false);
    only_failure(
        &played,
        ("jira rights", "the account lacks Link Issues in PRODCM", "in the project's permission scheme"),
    );
    played.world.simulator.jira.permit("LINK_ISSUES", true);
    played.world.simulator.jira.permit("DELETE_ISSUES", true);
    only_failure(&played, ("jira rights", "the account may more than it needs: Delete Issues", "take these away"));
    played.world.simulator.jira.permit("DELETE_ISSUES", false);
    happens(&played, "fail = { system = \"jira\", how = \"token_revoked\" }").await;
    only_failure(&played, ("jira", "the credentials are refused (401)", "create a new API token for jira.account"));
    played.stop().await;
}

/// The lines about webhooks of a Jira Data Center.
fn hooks(played: &Played) -> (i32, Vec<Line>) {
    let (code, lines) = examine(played);
    assert!(lines.iter().all(|line| line.state == "ok" || line.part == "jira hooks"), "{lines:#?}");
    (code, lines.into_iter().filter(|line| line.part == "jira hooks").collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_a_jira_data_center_can_send_webhooks() {
    let played = healthy_in(scene("first-deployment").on_data_center()).await;
    let (code, lines) = hooks(&played);
    let [line] = lines.as_slice() else { panic!("{lines:#?}") };
    assert_eq!((code, line.state.as_str()), (0, "ok"), "{line:?}");
    assert_eq!(line.said, "Jira can sign them, and the secret is set");
    played.world.simulator.jira.be_of_version([9, 12, 4]);
    let (code, lines) = hooks(&played);
    let [line] = lines.as_slice() else { panic!("{lines:#?}") };
    assert_eq!((code, line.state.as_str()), (0, "warn"), "it works without them: {line:?}");
    let instead = "unsigned webhooks are refused, so cm-bot asks Jira every 60 seconds instead";
    assert_eq!(line.said, format!("Jira 9.12.4 cannot sign webhooks; {instead}"));
    assert_eq!(line.todo, "nothing, if that is soon enough; Jira 10.0 and newer sign them");
    played.world.simulator.jira.be_of_version([10, 3, 1]);
    let file = played.world.settings_file();
    let mut settings: toml::Table = std::fs::read_to_string(&file).unwrap().parse().unwrap();
    settings["jira"].as_table_mut().unwrap().remove("webhook_secrets");
    std::fs::write(&file, toml::to_string(&settings).unwrap()).unwrap();
    let (_, lines) = hooks(&played);
    let [line] = lines.as_slice() else { panic!("{lines:#?}") };
    assert_eq!(line.said, format!("jira.webhook_secrets is not set; {instead}"));
    assert_eq!(line.todo, "give the webhook in Jira a secret, and put it into jira.webhook_secrets");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jira_data_center_that_is_too_old_or_none() {
    let played = healthy_in(scene("first-deployment").on_data_center()).await;
    played.world.simulator.jira.be_of_version([8, 13, 9]);
    let (code, lines) = examine(&played);
    assert_eq!(code, 1);
    let said = "Jira 8.13.9 has no personal access tokens";
    assert!(lines.iter().any(|line| line.state == "fail" && line.said.contains(said)), "{lines:#?}");
    let (code, lines) = examine_with(&played, &[("CM_BOT__JIRA__ACCOUNT", "cm-bot@acme.example")]);
    let said = "`jira.account` cannot be used: a personal access token says whose it is; leave jira.account out";
    assert_eq!((code, lines[0].state.as_str(), lines[0].said.as_str()), (1, "fail", said), "{lines:#?}");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_that_every_workflow_can_report_is_something_to_look_at() {
    let played = healthy().await;
    let file = played.world.settings_file();
    for (app, expected) in [(15_368, 1), (4242, 0)] {
        let mut settings: toml::Table = std::fs::read_to_string(&file).unwrap().parse().unwrap();
        let scanner: toml::Table = format!("check = \"container-scan\"\napp_id = {app}").parse().unwrap();
        settings["services"][0].as_table_mut().unwrap().insert("scanners".into(), vec![scanner].into());
        std::fs::write(&file, toml::to_string(&settings).unwrap()).unwrap();
        let (code, lines) = examine(&played);
        let warned: Vec<&Line> = lines.iter().filter(|line| line.state == "warn").collect();
        assert_eq!((code, warned.len()), (0, expected), "{lines:#?}");
        let said = "billing-api: every workflow with checks: write can report the scan container-scan";
        assert!(warned.iter().all(|line| line.part == "github" && line.said == said), "{lines:#?}");
    }
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_in_the_settings_that_jira_does_not_know() {
    let played = healthy().await;
    let (code, lines) = examine_with(&played, &[("CM_BOT__JIRA__FIELDS__COMMIT", "Komit")]);
    let failed: Vec<&Line> = lines.iter().filter(|line| line.state == "fail").collect();
    assert!(
        failed
            .iter()
            .any(|line| line.part == "jira fields" && line.said.contains("Jira has no field called \"Komit\""))
    );
    assert_eq!(code, 1, "{failed:?}");
    let (_, lines) = examine_with(&played, &[("CM_BOT__JIRA__WORKFLOW__APPROVED", "Genehmigt")]);
    let failed: Vec<&Line> = lines.iter().filter(|line| line.state == "fail").collect();
    assert_eq!(failed.len(), 1, "{lines:#?}");
    assert!(
        failed[0].part == "jira flow" && failed[0].said.contains("The value 'Genehmigt' does not exist"),
        "{failed:?}"
    );
    let (_, lines) = examine_with(&played, &[("CM_BOT__JIRA__WORKFLOW__DECLINE", "Say no")]);
    let failed: Vec<&Line> = lines.iter().filter(|line| line.state == "fail").collect();
    assert_eq!(failed.len(), 1, "{lines:#?}");
    assert!(failed[0].said.contains("a ticket that waits does not offer Say no (to Declined)"), "{failed:?}");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_github_does_not_give_or_gives_too_much() {
    let played = healthy().await;
    let github = &played.world.simulator.github;
    github.grant("administration", "read");
    only_failure(
        &played,
        ("github", "the App may more than it needs: administration: read", "take these permissions away"),
    );
    github.grant("administration", "");
    github.grant("contents", "write");
    only_failure(&played, ("github", "the App may more than it needs: contents: write", "take these permissions away"));
    github.grant("contents", "");
    only_failure(&played, ("github", "the App may not read contents", "add these permissions to the App"));
    github.grant("contents", "read");
    happens(&played, "fail = { system = \"github\", how = \"forbidden\", on = \"check-runs\" }").await;
    only_failure(
        &played,
        ("github", "acme/billing-api: the checks cannot be read", "give cm-bot's account the rights"),
    );
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wrong() {
    let played = healthy().await;
    happens(&played, "fail = { system = \"github\", how = \"clock_ahead\" }").await;
    only_failure(&played, ("clock", "", "set the clock of this machine"));
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_slack_does_not_give_or_gives_too_much() {
    let played = healthy().await;
    let slack = &played.world.simulator.slack;
    slack.install_with("chat:write,users:read,commands,channels:history");
    only_failure(&played, ("slack", "the app lacks the scopes im:write", "cm-bot setup slack"));
    slack.install_with("chat:write,im:write,users:read,commands,channels:history,files:read");
    only_failure(&played, ("slack", "the app may more than it needs: files:read", "take these scopes away"));
    slack.install_with("chat:write,im:write,users:read,commands,channels:history");
    slack.remove_from(slack::EMERGENCIES);
    let words = format!("the app is not in {} (not_in_channel)", slack::EMERGENCIES);
    only_failure(&played, ("slack", &words, "invite the app to "));
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn criteria_that_nobody_signed_and_an_address_at_which_nobody_answers() {
    let played = healthy().await;
    let signature = played.world.settings_file().with_file_name("criteria.toml.sig");
    let signed = std::fs::read(&signature).unwrap();
    std::fs::remove_file(&signature).unwrap();
    only_failure(
        &played,
        ("criteria", "cm-bot approves nothing, because there is no signature", "have both files signed"),
    );
    std::fs::write(&signature, signed).unwrap();
    let (_, world) = played.without_service().await;
    let output = Command::new(program()).args(["doctor", "--config"]).arg(world.settings_file()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("fail  address      nobody answers at http://") && text.contains("1 failed"), "{text}");
}

#[test]
fn without_settings_that_can_be_read_the_rest_is_not_looked_at() {
    let output = Command::new(program()).args(["doctor", "--config", "/nowhere.toml"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("fail  settings     /nowhere.toml: No such file or directory"), "{text}");
    assert!(text.contains("skip  the rest     needs settings that can be read"), "{text}");
}

#[test]
fn what_has_to_be_made_is_printed_to_be_pasted() {
    let setup = |system: &str| {
        let output =
            Command::new(program()).args(["setup", system, "--url", "https://cm.acme.example/"]).output().unwrap();
        assert!(output.status.success());
        let values = serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>();
        values.collect::<Result<Vec<Value>, _>>().unwrap()
    };
    let jira = setup("jira");
    assert_eq!(jira.len(), 3);
    assert!(
        jira[0]
            .as_array()
            .unwrap()
            .iter()
            .any(|field| field["name"] == "Rollback plan" && field["setting"] == "jira.fields.rollback_plan")
    );
    assert_eq!(
        jira[1]["transitions"][0],
        serde_json::json!({"name": "Approve", "from": "Awaiting approval", "to": "Approved"})
    );
    assert_eq!(jira[2]["url"], "https://cm.acme.example/webhooks/jira");
    let github = setup("github");
    assert_eq!(github[0]["hook_attributes"]["url"], "https://cm.acme.example/webhooks/github");
    assert!(github[0]["default_permissions"].as_object().unwrap().values().all(|access| access == "read"));
    let slack = setup("slack");
    assert_eq!(slack[0]["settings"]["interactivity"]["request_url"], "https://cm.acme.example/slack/interactions");
    assert_eq!(slack[0]["features"]["slash_commands"][0]["url"], "https://cm.acme.example/slack/commands");
}

/// What `setup jira` prints with these arguments and variables: the values, and what to do with them.
fn setup_jira(arguments: &[&str], variables: &[(&str, &str)]) -> (Vec<Value>, String) {
    let mut command = Command::new(program());
    command.args(["setup", "jira"]).args(arguments).envs(variables.iter().copied());
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    let values = serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>();
    (values.collect::<Result<_, _>>().unwrap(), said)
}

#[test]
fn what_has_to_be_made_in_a_jira_data_center_is_said_where_the_settings_name_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cm-bot.toml");
    std::fs::write(&file, "[jira]\ndeployment = \"data-center\"\n").unwrap();
    let variable = [("CM_BOT__JIRA__DEPLOYMENT", "data-center")];
    for (values, said) in [setup_jira(&["--config", file.to_str().unwrap()], &[]), setup_jira(&[], &variable)] {
        for words in [
            "Administration → Issues → Custom fields",
            "the Wiki Style Renderer",
            "Before 10.0 it cannot sign webhooks, and unsigned ones are refused: make none",
            "a personal access token, which goes into jira.token; leave jira.account out",
            "It also needs Browse Users",
            "People in the people file are the keys of their accounts",
        ] {
            assert!(said.contains(words), "{words}: {said}");
        }
        assert_eq!(values.len(), 3);
        assert_eq!(values[2]["excludeBody"], Value::Null, "that is a word of Cloud");
    }
    std::fs::write(&file, "[jira]\ndeployment = \"server\"\n").unwrap();
    let output = Command::new(program()).args(["setup", "jira", "--config"]).arg(&file).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, "cm-bot: `jira.deployment` cannot be used: write cloud or data-center\n");
}

#[test]
fn twin_what_has_to_be_made_in_jira_cloud_says_nothing_of_a_data_center() {
    let (values, said) = setup_jira(&[], &[]);
    assert!(said.contains("(Settings → Issues → Custom fields)") && said.contains("jira.webhook_secrets"), "{said}");
    assert!(!said.contains("Data Center") && !said.contains("personal access token"), "{said}");
    assert_eq!(values[2]["excludeBody"], false);
}

#[test]
fn a_shell_learns_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let output = Command::new(program()).args(["completions", shell]).output().unwrap();
        let script = String::from_utf8(output.stdout).unwrap();
        for command in ["doctor", "setup", "audit", "verify-decision", "inspection", "gate"] {
            assert!(script.contains(command), "{shell} does not know {command}");
        }
    }
}
