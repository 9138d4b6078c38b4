//! A slip in the settings names the file, the line and the key, and never shows what stands there: it may be a secret, and what is
//! said of it is kept in logs.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::Command;

use cm_bot::settings::{DEFAULTS, Environment, load};
use uuid::Uuid;

use crate::support::process::program;

/// Settings without any secret and without services.
const BEGINNING: &str = "[jira]\napi_url = \"https://acme.example\"\naccount = \"cm-bot@acme.example\"\n\
     [slack]\nchannels = { changes = \"C1\", emergencies = \"C2\" }\n";

/// A service whose pipelines ask the gate.
const SERVICE: &str = "[[services]]\nname = \"billing-api\"\nrepository = \"acme/billing-api\"\nbranch = \"main\"\n\
     environments = [\"prod-us\"]\nscanners = [{ sarif = \"Trivy\" }]\n";

/// How a slip may look: what is written, with KEY and SECRET in it, and whether the sentence can name the key.
const SLIPS: &[(&str, bool)] = &[
    ("KEY = SECRET", true),
    ("KEY = \"SECRET", true),
    ("KEY = \u{201c}SECRET\u{201d}", true),
    ("KEY = \"SECRET\" \"SECRET\"", true),
    ("KEY = \"SECRET\\q\"", true),
    ("KEY = \"\"SECRET\"\"", true),
    ("KEY = \"SECRET\"\nKEY = \"SECRET\"", true),
    ("KEY = NUMBER", true),
    ("KEY = { value = \"SECRET\" }", true),
    ("KEY = { SECRET = 1 }", true),
    ("KEY = { SECRET }", true),
    ("KEY = [SECRET]", true),
    ("KEY = [[\"SECRET\"]]", true),
    ("KEY = 2026-11-02SECRET", true),
    ("KEY = -----BEGIN KEY-----\nSECRET\n-----END KEY-----", true),
    ("KEY = \"-----BEGIN KEY-----\nSECRET\n-----END KEY-----\"", true),
    ("KEY \"SECRET\"", false),
    ("KEY: SECRET", false),
    ("SECRET", false),
];

/// Something that nobody else has written.
fn secret() -> String {
    format!("c{}", Uuid::new_v4().simple())
}

/// A number that is too large to be one.
fn number() -> String {
    format!("9{:039}", Uuid::new_v4().as_u128())
}

/// Every setting of the reference that can be given as a file, too: those are the secrets.
fn secrets() -> BTreeSet<(String, String)> {
    let defaults: toml::Table = DEFAULTS.parse().unwrap();
    let sections = defaults.iter().filter_map(|(name, section)| Some((name, section.as_table()?)));
    let keys = sections.flat_map(|(name, section)| {
        let is_secret = |key: &&String| section.contains_key(&format!("{key}_file"));
        section.keys().filter(is_secret).map(|key| (name.clone(), key.clone())).collect::<Vec<_>>()
    });
    let keys: BTreeSet<_> = keys.filter(|(name, _)| name != "criteria" && name != "people").collect();
    assert!(keys.len() >= 10, "{keys:?}");
    keys
}

/// What is said of these settings, or that they are fine.
fn said(text: &str, environment: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cm-bot.toml");
    std::fs::write(&file, text).unwrap();
    let environment: Environment =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    match load(Some(&file), &environment) {
        Ok(_) => "fine".to_owned(),
        Err(error) => {
            let shown = format!("{error}\n{error:?}");
            assert_eq!(error.to_string().lines().count(), 1, "{error}");
            shown.replace(&file.display().to_string(), "FILE")
        }
    }
}

/// The same text with one slip in a section, and the line on which it stands.
fn with_slip(section: &str, slip: &str) -> (String, usize) {
    let text = format!("{BEGINNING}{SERVICE}");
    let header = format!("[{section}]\n");
    let (before, after) = match text.split_once(&header) {
        Some((before, after)) => (format!("{before}{header}"), after.to_owned()),
        None => (format!("{text}{header}"), String::new()),
    };
    let line = before.lines().count() + 1;
    (format!("{before}{slip}\n{after}"), line)
}

#[test]
fn no_slip_in_the_file_shows_a_secret() {
    for (section, key) in secrets() {
        for (slip, names_key) in SLIPS {
            let (secret, number) = (secret(), number());
            let slip = slip.replace("KEY =", &format!("{key} =")).replace("KEY ", &format!("{key} "));
            let slip = slip.replace("KEY:", &format!("{key}:")).replace("SECRET", &secret).replace("NUMBER", &number);
            let (text, line) = with_slip(&section, &slip);
            let said = said(&text, &[]);
            assert!(!said.contains(&secret) && !said.contains(&number), "{slip}: {said}");
            assert!(said.contains("FILE, line "), "{slip}: {said}");
            let at = said.split("FILE, line ").nth(1).unwrap().split(',').next().unwrap();
            let lines = line..=line + slip.lines().count();
            assert!(lines.contains(&at.parse::<usize>().unwrap()), "{slip} on {line}: {said}");
            assert!(!names_key || said.contains(&format!("`{section}.{key}")), "{slip}: {said}");
        }
    }
}

#[test]
fn a_secret_without_quotes_is_told_by_its_place() {
    let secret = secret();
    let (text, _) = with_slip("jira", &format!("token = {secret}"));
    let line = said(&text, &[]);
    let expected =
        "FILE, line 2, column 9 (`jira.token`): string values must be quoted, expected literal string\n".to_owned();
    assert!(line.starts_with(&expected), "{line}");
    let (text, _) = with_slip("jira", &format!("webhook_secrets = \"{secret}\""));
    let expected = "`jira.webhook_secrets` cannot be used: a list such as [\"…\", \"…\"] is expected; look at FILE, line 2, \
                    column 19\n";
    assert!(said(&text, &[]).starts_with(expected), "{}", said(&text, &[]));
    let (text, _) = with_slip("github", &format!("token = [\"{secret}\"]"));
    let expected = "`github.token` cannot be used: a text in quotes is expected; look at FILE, line 13, column 9\n";
    assert!(said(&text, &[]).starts_with(expected), "{}", said(&text, &[]));
    let (text, _) = with_slip("jira", &format!("token = {}", number()));
    let expected =
        "FILE, line 2, column 9 (`jira.token`): this number is too large; if it is a text, it stands in quotes\n";
    assert!(said(&text, &[]).starts_with(expected), "{}", said(&text, &[]));
}

/// What is written as it must be is read, so that the slips above are slips.
#[test]
fn twin_secrets_that_are_written_as_they_must_be_are_read() {
    let good = |text: &str| {
        let digest = "a1".repeat(32);
        let text = text.replace("[jira]\n", "[jira]\ntoken = \"SECRET\"\nwebhook_secrets = [\"SECRET\"]\n");
        let text = text.replace("[slack]\n", "[slack]\nbot_token = \"SECRET\"\n");
        format!("{text}scan_token_sha256 = \"{digest}\"\n[github]\ntoken = \"SECRET\"\n").replace("SECRET", &secret())
    };
    assert_eq!(said(&good(&format!("{BEGINNING}{SERVICE}")), &[]), "fine");
    let (private_key, jenkins) = ("CM_BOT__JENKINS__TOKEN", "CM_BOT__JENKINS__URL");
    let environment = [(private_key, "x"), (jenkins, "https://ci.example"), ("CM_BOT__JENKINS__USER", "cm-bot")];
    assert_eq!(said(&good(&format!("{BEGINNING}{SERVICE}")), &environment), "fine");
}

#[test]
fn no_slip_in_a_service_shows_a_secret() {
    let callbacks = "addresses = [\"https://ci.example/\"]";
    for (slip, key) in [
        ("gate = \"SECRET\"".to_owned(), "services[0].gate"),
        ("scan_token_sha256 = [\"SECRET\"]".to_owned(), "services[0].scan_token_sha256"),
        ("scan_token_sha256 = \"SECRET\"".to_owned(), "services"),
        ("gate = { tokens = \"SECRET\" }".to_owned(), "services[0].gate.tokens"),
        ("gate = { tokens = [\"SECRET\"] }".to_owned(), "services[0].gate.tokens[0]"),
        ("gate = { tokens = [{ sha256 = \"SECRET\", job = \"deploy\" }] }".to_owned(), "services"),
        (
            "gate = { tokens = [{ sha256 = \"x\", job = \"SECRETSECRETSECRETSECRETSECRETSECRETSECRET\" }] }".to_owned(),
            "services[0].gate.tokens[0].job",
        ),
        (
            format!(
                "gate = {{ tokens = [{{ sha256 = \"{}\", job = \"deploy\", addresses = [\"SECRET\"] }}] }}",
                "a1".repeat(32)
            ),
            "services",
        ),
        (
            format!("gate = {{ callbacks = {{ {callbacks}, secrets = \"SECRET\" }} }}"),
            "services[0].gate.callbacks.secrets",
        ),
        ("gate = { callbacks = \"SECRET\" }".to_owned(), "services[0].gate.callbacks"),
        ("gate = { callbacks = [\"SECRET\"] }".to_owned(), "services[0].gate.callbacks[0]"),
        ("gate = { identities = [{ system = \"SECRET\" }] }".to_owned(), "services[0].gate.identities[0].system"),
        ("gate = { terraform = \"SECRET\" }".to_owned(), "services[0].gate.terraform"),
        ("gate = SECRET".to_owned(), ""),
    ] {
        let secret = secret();
        let said = said(&format!("{BEGINNING}{SERVICE}{}\n", slip.replace("SECRET", &secret)), &[]);
        assert!(!said.contains(&secret) && said != "fine", "{slip}: {said}");
        assert!(key.is_empty() || said.contains(&format!("`{key}`")), "{slip}: {said}");
        assert!(key == "services" || said.contains("FILE, line 12, column "), "{slip}: {said}");
    }
    let callbacks = |more: &str| {
        let gate = format!(
            "gate = {{ tokens = [{{ sha256 = \"{}\", job = \"x\" }}], callbacks = {{ {callbacks}, {more} }} }}",
            "a1".repeat(32)
        );
        said(&format!("{BEGINNING}{SERVICE}{gate}\n"), &[])
    };
    let secret = secret();
    for more in [format!("secrets = [\"{secret}\"]"), format!("secrets_file = \"{secret}\"")] {
        let said = callbacks(&more);
        assert!(!said.contains(&secret) && said.contains("services"), "{said}");
    }
}

/// Whoever writes a setting that does not exist, or leaves one out, hears which and where.
#[test]
fn what_is_no_secret_is_named_with_its_place() {
    let starts = |text: &str, expected: &str| {
        let said = said(text, &[]);
        assert!(said.starts_with(expected), "{said}");
    };
    starts(
        &format!("{BEGINNING}{SERVICE}brnch = \"main\"\n"),
        "`services[0].brnch` cannot be used: there is no such setting; one of `name`, `forge`, `repository`, ",
    );
    starts(
        &format!("{BEGINNING}{SERVICE}").replace("branch = \"main\"\n", ""),
        "`services[0]` cannot be used: `branch` is missing in it; look at FILE, line 6, column 1\n",
    );
    starts(
        &format!("{BEGINNING}{SERVICE}").replace("acme/billing-api", "acme"),
        "`services[0].repository` cannot be used: it is not a repository as owner/name; look at FILE, line 8, column 14\n",
    );
    starts(
        &format!("{BEGINNING}{SERVICE}gate = {{ identities = [{{ system = \"bamboo\" }}] }}\n"),
        "`services[0].gate.identities[0].system` cannot be used: a word that is known there is expected; \
         config/default.toml shows them; look at FILE, line 12, column ",
    );
    starts(
        &format!("{BEGINNING}{SERVICE}[jobs]\nretry_seconds = -1\n"),
        "`jobs.retry_seconds` cannot be used: a whole number that is not below zero is expected; look at FILE, line 13, ",
    );
}

#[test]
fn no_variable_of_the_environment_shows_a_secret() {
    let text = format!("{BEGINNING}{SERVICE}");
    for (name, expected) in [
        ("CM_BOT__JIRA__SETTLE_SECONDS", "`jira.settle_seconds` cannot be used: a whole number is expected"),
        (
            "CM_BOT__JIRA__APPROVALS__SERVICE_DESK",
            "`jira.approvals.service_desk` cannot be used: true or false is expected",
        ),
        (
            "CM_BOT__INSPECTION__BEACON_URLS",
            "`inspection.beacon_urls` cannot be used: a list such as [\"…\", \"…\"] is expected",
        ),
        ("CM_BOT__REMINDERS__CALL_AGAIN_MINUTES", "`reminders.call_again_minutes` cannot be used: a list such as "),
    ] {
        let secret = secret();
        let said = said(&text, &[(name, &secret)]);
        assert!(!said.contains(&secret), "{said}");
        assert!(said.starts_with(expected), "{said}");
        assert!(said.contains(&format!("; look at the environment ({name})\n")), "{said}");
    }
}

/// Whoever puts the secret where the path of its file belongs hears of the key, and nobody else of the secret.
#[test]
fn a_secret_in_place_of_its_file_is_not_shown() {
    for (section, key) in secrets() {
        let secret = secret();
        let (text, _) = with_slip(&section, &format!("{key}_file = \"{secret}\""));
        let name = format!("CM_BOT__{}__{}_FILE", section.to_uppercase(), key.to_uppercase());
        for said in [said(&text, &[]), said(&format!("{BEGINNING}{SERVICE}"), &[(&name, &secret)])] {
            assert!(!said.contains(&secret) && said != "fine", "{said}");
        }
    }
    let (text, _) = with_slip("jira", &format!("webhook_secrets_file = \"{}\"", secret()));
    let expected = "`jira.webhook_secrets_file` cannot be used: the path of a file is expected that cm-bot can read (No such \
                    file or directory (os error 2))\n";
    let text = format!("{text}scan_token_sha256 = \"{}\"\n", "a1".repeat(32));
    assert!(said(&text, &[]).starts_with(expected), "{}", said(&text, &[]));
}

/// What the program itself prints, to whatever keeps it.
fn printed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    format!("{}{}", String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

fn with_settings(command: &str, file: &Path) -> Command {
    let mut program = Command::new(program());
    program.args([command, "--config"]).arg(file);
    program
}

#[test]
fn the_program_prints_no_secret_of_a_slip() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cm-bot.toml");
    for slip in
        ["token = SECRET", "webhook_secrets = \"SECRET\"", "token_file = \"SECRET\"\nwebhook_secrets = [\"SECRET\"]"]
    {
        let secret = secret();
        let (text, _) = with_slip("jira", &slip.replace("SECRET", &secret));
        let text = format!("{text}scan_token_sha256 = \"{}\"\n", "a1".repeat(32));
        std::fs::write(&file, text).unwrap();
        for command in ["check-config", "serve", "doctor", "migrate"] {
            let said = printed(&mut with_settings(command, &file));
            assert!(!said.contains(&secret), "{command}: {said}");
            assert!(said.contains("`jira."), "{command}: {said}");
        }
    }
}

#[test]
fn a_variable_that_is_no_text_ends_nothing_and_is_not_shown() {
    let secret = secret();
    let broken: Vec<u8> = [secret.as_bytes(), b"\xff"].concat();
    let mut command = Command::new(program());
    command.arg("check-config").env("CM_BOT__JIRA__TOKEN", OsStr::from_bytes(&broken));
    assert_eq!(printed(&mut command), "cm-bot: `CM_BOT__JIRA__TOKEN` cannot be used: a text in UTF-8 is expected\n");
    let mut command = Command::new(program());
    command.arg("check-config").env("SOMETHING_ELSE", OsStr::from_bytes(&broken));
    let said = printed(&mut command);
    assert!(said.starts_with("cm-bot: `services` is not set"), "what is not ours is left alone: {said}");
}
