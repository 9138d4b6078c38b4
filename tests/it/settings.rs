//! A wrong or missing setting is one clear line that says what to do, and never shows a secret.

use std::path::Path;

use cm_bot::model::Field;
use cm_bot::settings::{DEFAULTS, Environment, load};
use secrecy::ExposeSecret;

const GOOD: &str = r#"
[jira]
api_url = "https://acme.example"
account = "cm-bot@acme.example"
token = "TOKEN-OF-JIRA"
webhook_secrets = ["a secret of some length"]
[github]
token = "TOKEN-OF-GITHUB"
[slack]
bot_token = "TOKEN-OF-SLACK"
channels = { changes = "C1", emergencies = "C2" }
[[services]]
name = "billing-api"
repository = "acme/billing-api"
branch = "main"
environments = ["prod-us"]
scanners = [{ tool = "CodeQL", category = "/language:rust" }, { check = "container-scan", app_id = 7 }]
"#;

/// The line that an operator reads.
fn fault(text: &str, environment: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cm-bot.toml");
    std::fs::write(&file, text).unwrap();
    let environment = environment.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let line = match load(Some(&file), &environment) {
        Ok(_) => "fine".to_owned(),
        Err(error) => error.to_string(),
    };
    for secret in ["TOKEN-OF-JIRA", "TOKEN-OF-GITHUB", "TOKEN-OF-SLACK", "a secret of some length"] {
        assert!(!line.contains(secret), "{line}");
    }
    line.replace(&file.display().to_string(), "FILE")
}

fn with(old: &str, new: &str) -> String {
    assert!(GOOD.contains(old));
    fault(&GOOD.replacen(old, new, 1), &[])
}

#[test]
fn good_settings_are_fine() {
    assert_eq!(fault(GOOD, &[]), "fine");
}

/// The same service at GitLab, which `change` may spoil.
fn at_gitlab(change: impl Fn(String) -> String) -> String {
    let service = GOOD.split("[[services]]").nth(1).unwrap();
    let scanners =
        "scanners = [{ tool = \"CodeQL\", category = \"/language:rust\" }, { check = \"container-scan\", app_id = 7 }]";
    let other = service
        .replace("name = \"billing-api\"", "name = \"payments\"\nforge = \"gitlab\"")
        .replace("acme/billing-api", "acme/shop/payments")
        .replace(scanners, "scanners = []");
    let gitlab = "[gitlab]\ntoken = \"TOKEN-OF-GITLAB\"\n";
    let line = fault(&change(format!("{gitlab}{GOOD}[[services]]{other}")), &[]);
    assert!(!line.contains("TOKEN-OF-GITLAB"), "{line}");
    line
}

#[test]
fn twin_a_service_may_be_at_gitlab() {
    assert_eq!(at_gitlab(|text| text), "fine");
    let own = "[gitlab]\napi_url = \"https://git.acme.example/below/api/v4\"\n";
    assert_eq!(at_gitlab(|text| text.replace("[gitlab]\n", own)), "fine");
}

#[test]
fn a_company_at_gitlab_alone_needs_nothing_of_github() {
    let without = |text: String| {
        let text = text.replace("[github]\ntoken = \"TOKEN-OF-GITHUB\"\n", "");
        let (before, rest) = text.split_once("[[services]]").unwrap();
        format!("{before}[[services]]{}", rest.split_once("[[services]]").unwrap().1)
    };
    assert_eq!(at_gitlab(without), "fine");
    let line = at_gitlab(|text| text.replace("[github]\ntoken = \"TOKEN-OF-GITHUB\"\n", ""));
    assert!(line.starts_with("`github.token` is not set"), "one service is still there: {line}");
}

#[test]
fn what_gitlab_does_not_have_is_refused_at_the_door() {
    let scanner = |text: &str| at_gitlab(|all| all.replace("scanners = []", &format!("scanners = [{text}]")));
    assert_eq!(
        scanner("{ check = \"scan\", app_id = 7 }"),
        "`services` cannot be used: `payments` expects the scan check scan of App 7, which cm-bot reads from GitHub alone; at \
         GitLab a scan is a SARIF file that the pipeline sends: { sarif = \"tool\" }"
    );
    assert!(scanner("{ tool = \"CodeQL\", category = \"/x\" }").contains("at GitLab a scan is a SARIF file"));
    assert!(scanner("{ status = \"ci/scan\", creator_id = 7 }").contains("at GitLab a scan is a SARIF file"));
    assert_eq!(
        at_gitlab(|text| text.replace("acme/shop/payments", "acme/billing-api")),
        "`services` cannot be used: `billing-api` and `payments` are in repositories of the same name, acme/billing-api, one \
         at GitHub and one at GitLab; cm-bot's records could not tell them apart"
    );
    assert_eq!(
        at_gitlab(|text| text.replace("[gitlab]\ntoken = \"TOKEN-OF-GITLAB\"\n", "")),
        "`services` cannot be used: `payments` is at GitLab, and gitlab.token is not set"
    );
    assert_eq!(
        with("acme/billing-api", "acme/shop/billing-api"),
        "`services` cannot be used: `acme/shop/billing-api` of `billing-api` has groups, which only GitLab has; write owner/name"
    );
}

#[test]
fn an_environment_of_githubs_is_not_watched_for_a_service_at_gitlab() {
    let watch = |place: &str| {
        let gate = format!(
            "scanners = []\n[services.gate]\nrollback_plan = \"Deploy the last one.\"\n\
             tokens = [{{ sha256 = \"{}\", job = \"x\" }}]\nwatch = [{{ environment = \"prod-us\", {place} }}]",
            "a".repeat(64)
        );
        at_gitlab(|text| text.replace("scanners = []", &gate))
    };
    assert_eq!(
        watch("github_environment = \"production\""),
        "`services` cannot be used: `payments` is at GitLab, and its `watch` names an environment of GitHub's; watch a job of \
         Jenkins"
    );
    assert!(watch("jenkins_job = \"x\"").starts_with("`jenkins.url` is not set"), "{}", watch("jenkins_job = \"x\""));
}

#[test]
fn an_address_of_gitlab_is_that_of_its_api_and_safe() {
    let at = |url: &str| at_gitlab(|text| text.replace("[gitlab]\n", &format!("[gitlab]\napi_url = \"{url}\"\n")));
    let expected = "`gitlab.api_url` cannot be used: an address that ends in /api/v4 is expected";
    assert_eq!(at("https://git.acme.example"), expected);
    assert_eq!(at("https://git.acme.example/api/v4?x=1"), expected);
    assert!(
        at("http://git.acme.example/api/v4").starts_with("`gitlab.api_url` cannot be used: an address that begins")
    );
    assert_eq!(
        at_gitlab(|text| text.replace("[gitlab]\n", "[gitlab]\nrequests_per_ticket = 0\n")),
        "`gitlab.requests_per_ticket` cannot be used: at least 1 is expected"
    );
}

#[test]
fn an_unknown_key_names_its_neighbour() {
    assert_eq!(
        with("token = \"TOKEN-OF-JIRA\"", "tokn = \"x\""),
        "unknown setting `jira.tokn` in FILE; did you mean `jira.token`?"
    );
    let line = fault(GOOD, &[("CM_BOT__JIRA__TOKN", "x")]);
    assert_eq!(line, "unknown setting `jira.tokn` in the environment (CM_BOT__JIRA__TOKN); did you mean `jira.token`?");
}

#[test]
fn what_is_missing_is_named_with_its_purpose() {
    assert_eq!(
        with("api_url = \"https://acme.example\"", ""),
        "`jira.api_url` is not set: the address of your Jira, such as https://SITE.atlassian.net"
    );
    assert_eq!(with("token = \"TOKEN-OF-JIRA\"", ""), "`jira.token` is not set: the API token of that account");
    assert!(
        with("webhook_secrets = [\"a secret of some length\"]", "").starts_with("`jira.webhook_secrets` is not set")
    );
    assert!(
        with("token = \"TOKEN-OF-GITHUB\"", "").starts_with("`github.token` is not set: set either a token, or both")
    );
    assert!(with("bot_token = \"TOKEN-OF-SLACK\"", "").starts_with("`slack.bot_token` is not set"));
    let line = fault(GOOD.split("[[services]]").next().unwrap(), &[]);
    assert!(line.starts_with("`services` is not set: add one [[services]] block"), "{line}");
}

#[test]
fn what_cannot_be_used_is_refused() {
    assert!(
        with("https://acme.example", "acme.example")
            .contains("`jira.api_url` cannot be used: an address that begins with")
    );
    assert!(with("a secret of some length", "short").contains("a secret of at least 16 characters is expected"));
    assert!(with("acme/billing-api", "../admin").contains("is not a repository as owner/name"));
    assert!(
        fault(&format!("{GOOD}\n[database]\nurl = \"mysql://db\""), &[])
            .contains("write `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/DATABASE`")
    );
    let line = fault(&format!("{GOOD}\n[criteria]\nsignature_file = \"x.sig\""), &[]);
    assert!(line.contains("`criteria.allowed_signers_file` is not set: it says whose signature counts"), "{line}");
    let twice = format!("{GOOD}\n[[services]]{}", GOOD.split("[[services]]").nth(1).unwrap());
    assert_eq!(fault(&twice, &[]), "`services` cannot be used: `billing-api` is registered twice");
}

#[test]
fn the_environment_comes_last() {
    let folder = tempfile::tempdir().unwrap();
    let (file, secret) = (folder.path().join("cm-bot.toml"), folder.path().join("secret"));
    std::fs::write(&file, GOOD.replace("token = \"TOKEN-OF-JIRA\"", "")).unwrap();
    std::fs::write(&secret, "from a file\n").unwrap();
    let environment = Environment::from([
        ("CM_BOT__SERVER__LISTEN".to_owned(), "127.0.0.1:9000".to_owned()),
        ("CM_BOT__JIRA__TOKEN_FILE".to_owned(), secret.display().to_string()),
        ("CM_BOT__JIRA__WEBHOOK_SECRETS".to_owned(), "one secret of a rotation,the other secret of it".to_owned()),
        ("UNRELATED".to_owned(), "x".to_owned()),
    ]);
    let settings = load(Some(&file), &environment).unwrap();
    assert_eq!(settings.server.listen.port(), 9000);
    assert_eq!(settings.jira.token.expose_secret(), "from a file");
    assert_eq!(settings.jira.webhook_secrets.len(), 2);
    assert_eq!(settings.services[0].scanners.len(), 2);
    assert!(!format!("{settings:?}").contains("from a file"), "secrets do not show in debug output");
}

#[test]
fn a_database_is_a_file_or_a_server_and_its_password_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let (file, secret) = (folder.path().join("cm-bot.toml"), folder.path().join("url"));
    std::fs::write(&file, GOOD).unwrap();
    std::fs::write(&secret, "postgresql://bot:PASSWORD@db.example/records\n").unwrap();
    let database = |key: &str, value: &str| {
        let environment = Environment::from([(format!("CM_BOT__DATABASE__{key}"), value.to_owned())]);
        let settings = load(Some(&file), &environment);
        assert!(!format!("{settings:?}").contains("PASSWORD"), "{settings:?}");
        settings.unwrap().database_url.expose_secret().to_owned()
    };
    assert_eq!(database("URL", "sqlite:other.db"), "sqlite:other.db");
    assert_eq!(database("URL", "postgres://bot:PASSWORD@db.example/x"), "postgres://bot:PASSWORD@db.example/x");
    assert_eq!(database("URL_FILE", secret.to_str().unwrap()), "postgresql://bot:PASSWORD@db.example/records");
    let both = format!("{GOOD}\n[database]\nurl = \"sqlite:other.db\"\nurl_file = \"/nowhere\"");
    assert_eq!(fault(&both, &[]), "`database.url` cannot be used: `database.url_file` is set too; set one of them");
    assert!(fault(&format!("{GOOD}\n[database]\nurl = \"\""), &[]).starts_with("`database.url` is not set"));
    let default: toml::Table = DEFAULTS.parse().unwrap();
    assert_eq!(default["database"]["url"].as_str(), Some("sqlite:cm-bot.db"), "what a file stands above");
}

#[test]
fn a_secret_and_its_file_are_one_too_many() {
    let line = with("token = \"TOKEN-OF-JIRA\"", "token = \"TOKEN-OF-JIRA\"\ntoken_file = \"/nowhere\"");
    assert_eq!(line, "`jira.token` cannot be used: `jira.token_file` is set too; set one of them");
    let line = with("token = \"TOKEN-OF-JIRA\"", "token_file = \"/nowhere/at/all\"");
    assert_eq!(
        line,
        "`jira.token_file` cannot be used: the path of a file is expected that cm-bot can read (No such file or directory \
         (os error 2))"
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let line = load(Some(Path::new("/nowhere/cm-bot.toml")), &Environment::new()).unwrap_err().to_string();
    assert!(line.starts_with("/nowhere/cm-bot.toml: No such file"), "{line}");
}

#[test]
fn the_reference_names_every_field_of_a_ticket() {
    let defaults: toml::Table = DEFAULTS.parse().unwrap();
    let names = defaults["jira"]["fields"].as_table().unwrap();
    for field in Field::ALL {
        let key = serde_json::to_string(&field).unwrap().replace('"', "");
        assert!(names.contains_key(&key), "{key}");
    }
    assert_eq!(names.len(), Field::ALL.len());
}

#[test]
fn a_scanner_is_of_one_kind() {
    let status = "{ status = \"ci/scan\", creator_id = 7 }";
    assert_eq!(with("{ check = \"container-scan\", app_id = 7 }", status), "fine");
    let odd = ["{ check = \"container-scan\" }", "{ status = \"ci/scan\", app_id = 7 }", "{}"];
    for scanner in odd {
        let line = with("{ check = \"container-scan\", app_id = 7 }", scanner);
        assert!(line.contains("a scanner is `tool` and `category`, or `check` and `app_id`"), "{line}");
    }
}

#[test]
fn a_service_that_gets_scans_has_a_token_of_its_own() {
    let sarif = "scanners = [{ sarif = \"Trivy\" }]";
    let scanners =
        "scanners = [{ tool = \"CodeQL\", category = \"/language:rust\" }, { check = \"container-scan\", app_id = 7 }]";
    let token = format!("scan_token_sha256 = \"{}\"", "a1".repeat(32));
    assert_eq!(with(scanners, &format!("{sarif}\n{token}")), "fine");
    assert_eq!(
        with(scanners, sarif),
        "`services` cannot be used: `billing-api` expects SARIF of its pipeline and has no scan_token_sha256"
    );
    assert_eq!(
        with(scanners, &format!("{scanners}\n{token}")),
        "`services` cannot be used: `billing-api` has a scan_token_sha256 and no scanner of the form { sarif = \"tool\" }"
    );
    let other = "[[services]]\nname = \"ledger\"\nrepository = \"acme/ledger\"\nbranch = \"main\"\nenvironments = []";
    assert_eq!(
        with(scanners, &format!("{sarif}\n{token}\n{other}\n{sarif}\n{token}")),
        "`services` cannot be used: `billing-api` and `ledger` share a scan token; each needs its own"
    );
    let line = with(scanners, &format!("{sarif}\nscan_token_sha256 = \"the token itself\""));
    let sentence = "scan_token_sha256 of `billing-api` is not the 64 hex digits that sha256sum prints of a token";
    assert_eq!(line, format!("`services` cannot be used: {sentence}"), "and the token is not shown");
}

#[test]
fn deciding_in_slack_needs_a_word_that_is_known_and_the_signing_secret() {
    let token = "bot_token = \"TOKEN-OF-SLACK\"";
    let slack = |more: &str| with(token, &format!("{token}\n{more}"));
    assert_eq!(slack("decisions = \"yes\""), "`slack.decisions` cannot be used: write link or interactive");
    assert_eq!(
        slack("decisions = \"interactive\""),
        "`slack.signing_secret` is not set: without it nobody can decide in Slack (slack.decisions)"
    );
    assert_eq!(slack("decisions = \"interactive\"\nsigning_secret = \"a secret of some length\""), "fine");
    assert_eq!(slack("auto_approved = \"weekly\""), "`slack.auto_approved` cannot be used: write each, digest or off");
    assert_eq!(slack("auto_approved = \"digest\""), "fine");
}

#[test]
fn a_data_center_has_a_token_and_no_account() {
    let account = "account = \"cm-bot@acme.example\"\n";
    let data_center = GOOD.replacen(account, "deployment = \"data-center\"\n", 1);
    assert_eq!(fault(&data_center, &[]), "fine");
    assert_eq!(
        fault(&GOOD.replacen("[jira]", "[jira]\ndeployment = \"data-center\"", 1), &[]),
        "`jira.account` cannot be used: a personal access token says whose it is; leave jira.account out"
    );
    let unsigned = data_center.replacen("webhook_secrets = [\"a secret of some length\"]\n", "", 1);
    assert_eq!(fault(&unsigned, &[]), "fine");
    assert_eq!(
        fault(&GOOD.replacen("[jira]", "[jira]\ndeployment = \"server\"", 1), &[]),
        "`jira.deployment` cannot be used: write cloud or data-center"
    );
}

/// Settings with another system's address, under a key that gets a token or from which evidence comes.
fn at(key: &str, address: &str) -> String {
    let jenkins = "[jenkins]\nuser = \"cm-bot\"\ntoken = \"x\"";
    let pages = "[pages]\nclient_id = \"cm-bot\"\nclient_secret = \"x\"";
    let beacon = format!("[inspection]\nbeacon_chain = \"{}\"", "a1".repeat(32));
    let identity = "system = \"jenkins\", audience = \"cm-bot\", subject = \"x\", job = \"x\"";
    let token = format!("tokens = [{{ sha256 = \"{}\", job = \"x\" }}]", "a1".repeat(32));
    let secret = format!("whsec_{}", base64::Engine::encode(&base64::engine::general_purpose::STANDARD, [7; 32]));
    let text = match key {
        "jira.api_url" => GOOD.replace("https://acme.example", address),
        "github.api_url" => GOOD.replace("[github]", &format!("[github]\napi_url = \"{address}\"")),
        "slack.api_url" => GOOD.replace("[slack]", &format!("[slack]\napi_url = \"{address}\"")),
        "jenkins.url" => format!("{GOOD}{jenkins}\nurl = \"{address}\""),
        "pages.issuer" => format!("{GOOD}{pages}\nissuer = \"{address}\""),
        "inspection.beacon_urls" => format!("{GOOD}{beacon}\nbeacon_urls = [\"https://a.example\", \"{address}\"]"),
        "identities" => format!("{GOOD}gate = {{ identities = [{{ {identity}, issuer = \"{address}\" }}] }}"),
        _ => format!(
            "{GOOD}gate = {{ {token}, callbacks = {{ addresses = [\"{address}\"], secrets = [\"{secret}\"] }} }}"
        ),
    };
    fault(&text, &[])
}

const ASKED: [&str; 6] =
    ["jira.api_url", "github.api_url", "slack.api_url", "jenkins.url", "pages.issuer", "inspection.beacon_urls"];

#[test]
fn nobody_is_asked_where_others_can_read_along() {
    for address in ["http://ci.example", "http://10.1.2.3:8080", "http://localhost.example", "http://127.0.0.1.example"]
    {
        for key in ASKED {
            assert_eq!(
                at(key, address),
                format!(
                    "`{key}` cannot be used: an address that begins with https:// is expected, because others can read and \
                     change on the way what goes over http://; a system that speaks only http:// needs a proxy with TLS in \
                     front of it, or has to be on this machine (127.0.0.1, [::1] or localhost)"
                )
            );
        }
        let said = "the issuer of a gate identity of `billing-api` begins with https://";
        assert_eq!(at("identities", address), format!("`services` cannot be used: {said}"));
        let said = "the callbacks of `billing-api` go to https:// addresses without a name, a query or a fragment";
        assert_eq!(at("callbacks", address), format!("`services` cannot be used: {said}"));
    }
    for odd in
        ["http://TOKEN@ci.example", "https://:TOKEN-OF-JIRA@ci.example", "https://a:b@ci.example", "ci.example", ""]
    {
        let line = at("jenkins.url", odd);
        assert!(odd.is_empty() || line.contains("an address that begins with https:// is expected"), "{odd}: {line}");
    }
}

#[test]
fn twin_whoever_is_on_this_machine_or_encrypts_is_asked() {
    for address in ["https://ci.example", "http://127.0.0.1:9101", "http://[::1]:9101", "http://localhost:9101"] {
        for key in ASKED.into_iter().chain(["identities", "callbacks"]) {
            assert_eq!(at(key, address), "fine", "{key}: {address}");
        }
    }
    for key in ["server.public_url", "jira.browse_url", "traces.collector"] {
        let (section, key) = key.split_once('.').unwrap();
        let line = format!("{key} = \"http://inside.example\"");
        let text = match GOOD.split_once(&format!("[{section}]\n")) {
            Some((before, after)) => format!("{before}[{section}]\n{line}\n{after}"),
            None => format!("{GOOD}[{section}]\n{line}\n"),
        };
        assert_eq!(fault(&text, &[]), "fine", "no token goes there, and no evidence comes from there: {key}");
    }
}

#[test]
fn a_service_may_be_at_bitbucket_where_that_is_set_up() {
    let with = |section: &str| {
        let scanners = "scanners = [{ tool = \"CodeQL\", category = \"/language:rust\" }, { check = \"container-scan\", app_id = 7 }]";
        let text = GOOD.replace("name = \"billing-api\"", "name = \"billing-api\"\nforge = \"bitbucket\"");
        fault(&format!("{section}{}", text.replace(scanners, "scanners = []")), &[])
    };
    assert_eq!(with("[bitbucket]\ntoken = \"TOKEN-OF-BITBUCKET\"\n"), "fine");
    assert_eq!(with(""), "`services` cannot be used: `billing-api` is at Bitbucket, and bitbucket.token is not set");
    for (more, expected) in [
        ("api_url = \"https://acme.example/1.0\"", "`bitbucket.api_url` cannot be used: an address that ends in /2.0"),
        ("api_url = \"http://acme.example/2.0\"", "`bitbucket.api_url` cannot be used: an address that begins"),
        ("web_url = \"http://acme.example\"", "`bitbucket.web_url` cannot be used: an address that begins"),
        ("requests_per_ticket = 0", "`bitbucket.requests_per_ticket` cannot be used: at least 1"),
    ] {
        let line = with(&format!("[bitbucket]\ntoken = \"TOKEN-OF-BITBUCKET\"\n{more}\n"));
        assert!(line.starts_with(expected) && !line.contains("TOKEN-OF"), "{line}");
    }
}
