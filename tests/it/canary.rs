//! X13: whole runs with secrets that are easy to find, and nothing that is kept or shown contains one of them.

use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cm_bot::audit::checkpoint::new_keys;
use cm_bot::cli::demo::play::Played;
use cm_bot::cli::demo::world::World;
use cm_bot::simulator::scene::{Scene, Variant};
use cm_bot::telemetry;
use secrecy::SecretString;
use toml::{Table, Value};

use crate::crash::{PATIENCE, play, same_time, seen};
use crate::logins::{APP, private_key};
use crate::support::database::{Other, is_postgres};
use crate::support::log::Log;
use crate::support::process::{Service, program};
use crate::support::{database_of, page, play_all, scene, start_with, world};

/// Words that a ticket may show: whoever looks for secrets finds these.
const SHOWN: &str = "billing-api to prod-us";

/// Every way in which another system can fail.
const FAULTS: [&str; 8] =
    ["down", "login_page", "rate_limited", "token_revoked", "forbidden", "bad_gateway", "loses_answers", "reset"];

/// A place where something could be left behind, and what is there.
type Place = (String, String);

/// Adds the secrets that a world does not need by itself.
fn fill(settings: &mut Table) {
    let section = |settings: &mut Table, name: &str, key: &str, value: Value| {
        let table = settings.entry(name).or_insert_with(|| Table::new().into());
        table.as_table_mut().unwrap().insert(key.into(), value);
    };
    let (signing_key, _) = new_keys("cm-bot.example");
    section(settings, "audit", "signing_key", signing_key.into());
    section(settings, "slack", "signing_secret", format!("canary-{}", uuid::Uuid::new_v4().simple()).into());
}

/// With a key instead of a token for GitHub.
fn as_an_app(settings: &mut Table) {
    let github = settings["github"].as_table_mut().unwrap();
    github.remove("token");
    github.insert("app_id".into(), APP.to_string().into());
    github.insert("private_key".into(), private_key().into());
}

/// Every secret of a settings file, also as it is sent.
fn secrets(world: &World) -> Vec<String> {
    let settings: Table = std::fs::read_to_string(world.settings_file()).unwrap().parse().unwrap();
    let mut found = vec![world.scan_token("billing-api"), world.simulator.github.token()];
    for section in ["jira", "github", "slack", "audit"] {
        for (key, value) in settings[section].as_table().unwrap() {
            match (key.as_str(), value) {
                ("token" | "bot_token" | "signing_secret" | "signing_key", Value::String(secret)) => {
                    found.push(secret.clone());
                }
                ("private_key", Value::String(key)) => found.push(key.lines().nth(1).unwrap()[..60].to_owned()),
                ("webhook_secrets", Value::Array(list)) => {
                    found.extend(list.iter().map(|secret| secret.as_str().unwrap().to_owned()));
                }
                _ => {}
            }
        }
    }
    let (account, token) = world.simulator.jira.credentials();
    found.push(STANDARD.encode(format!("{account}:{token}")));
    let url = url::Url::parse(settings["database"]["url"].as_str().unwrap()).unwrap();
    found.extend(url.password().map(str::to_owned));
    assert!(found.len() >= 9 && found.iter().all(|secret| secret.len() >= 16), "{}", found.len());
    found
}

/// Everything that the database holds.
async fn database(world: &World) -> Vec<Place> {
    let url = database_of(world);
    if is_postgres() {
        let rows = "SELECT convert_to(query_to_xml('SELECT * FROM ' || quote_ident(table_name), true, false, '')::text, 'UTF8') \
                    FROM information_schema.tables WHERE table_schema = 'public'";
        let tables = Other::connect(&url).await.bytes(rows).await;
        assert!(tables.len() > 10);
        return tables.into_iter().map(|rows| ("a table".into(), String::from_utf8(rows).unwrap())).collect();
    }
    let file = url.strip_prefix("sqlite:").unwrap();
    let parts = ["", "-wal", "-shm"].map(|end| format!("{file}{end}"));
    let read = |part: &String| Some((part.clone(), String::from_utf8_lossy(&std::fs::read(part).ok()?).into_owned()));
    parts.iter().filter_map(read).collect()
}

/// Everything that people and other systems were shown.
fn said(world: &World) -> Vec<Place> {
    let tickets = world.simulator.jira.tickets().into_iter().filter_map(|key| world.simulator.jira.ticket(&key));
    let messages = world.simulator.slack.messages();
    vec![
        ("Jira".into(), tickets.map(|ticket| format!("{ticket:?}")).collect()),
        ("Slack".into(), messages.iter().map(|message| format!("{message:?}")).collect()),
        ("addresses".into(), format!("{:?}", world.simulator.shared.faults.requests())),
    ]
}

async fn pages(played: &Played) -> Vec<Place> {
    let mut pages = Vec::new();
    for path in ["/", "/changes/PRODCM-412", "/metrics", "/readyz", "/healthz", "/audit/checkpoint"] {
        pages.push((path.to_owned(), page(played, path).await));
    }
    pages
}

/// What commands print about the same world.
fn commands(world: &World) -> Vec<Place> {
    let run = |arguments: &[&str]| {
        let mut command = Command::new(program());
        command.args(arguments).arg("--config").arg(world.settings_file()).env("RUST_LOG", "debug");
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (format!("cm-bot {arguments:?}"), text)
    };
    let folder = tempfile::tempdir().unwrap();
    let export = folder.path().join("export");
    let mut printed = vec![run(&["explain", "PRODCM-412"]), run(&["check-config"])];
    printed.push(run(&["audit", "export", export.to_str().unwrap()]));
    printed.push(("the export".into(), read(&export.join("log.ndjson"))));
    printed
}

/// None of the places has one of the words in it.
fn are_nowhere(words: &[String], places: &[Place]) {
    for (name, text) in places {
        for (number, word) in words.iter().enumerate() {
            if let Some(at) = text.find(word) {
                let before = text[..at].chars().rev().take(80).collect::<Vec<_>>();
                panic!("secret {number} is in {name} after: {}", before.into_iter().rev().collect::<String>());
            }
        }
    }
}

/// People's addresses stand in the bodies of webhooks, and those are kept as they came. Nothing else has them.
fn addresses(world: &World) -> Vec<String> {
    let addresses = world.scene.people.iter().map(|person| format!("{}@", person.name));
    addresses.chain(["acme.example>".into()]).collect()
}

fn with_faults(how: &str) -> Scene {
    let fail =
        |system: &str| format!("[[timeline]]\nfail = {{ system = \"{system}\", how = \"{how}\", times = 3 }}\n\n");
    let faults: String = ["jira", "github", "slack"].map(fail).concat();
    let later = "\n\n[[timeline]]\npass = \"10m\"\n\n[[timeline]]\npass = \"1h\"\n\n[[expect]]";
    let text = scene("clean-change").with("\n\n[[expect]]", later);
    text.with("[[timeline]]\ncreate_ticket", &format!("{faults}[[timeline]]\ncreate_ticket")).parsed()
}

async fn leaves_nothing(scene: Scene, log: &Log, more: fn(&mut Table)) {
    let played = start_with(scene.variant(Variant::Scene), |settings| {
        fill(settings);
        more(settings);
    })
    .await;
    play_all(&played).await;
    let (secrets, addresses) = (secrets(&played.world), addresses(&played.world));
    let mut places = [said(&played.world), pages(&played).await].concat();
    places.push(("the log".into(), log.text()));
    are_nowhere(&addresses, &places[1..]);
    places.extend(database(&played.world).await);
    are_nowhere(&secrets, &places);
    let shown = |name: &str| places.iter().any(|(place, text)| place.contains(name) && text.contains(SHOWN));
    assert!(shown("Jira"), "the twin: what may be seen is found");
    assert!(played.world.simulator.shared.faults.requests().len() > 5);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn x13_no_secret_is_left_behind_by_any_decision() {
    let log = Log::of_all("debug,sqlx=debug");
    for name in ["clean-change", "no-pull-request", "no-rollback-plan", "emergency"] {
        leaves_nothing(scene(name).parsed(), &log, |_| {}).await;
    }
    leaves_nothing(scene("clean-change").parsed(), &log, as_an_app).await;
    assert!(log.text().contains("Decided PRODCM-412"), "the twin: the log was read");
}

#[tokio::test(flavor = "multi_thread")]
async fn x13_no_secret_is_left_behind_when_others_fail() {
    let log = Log::of_all("debug");
    for how in FAULTS {
        leaves_nothing(with_faults(how), &log, |_| {}).await;
    }
    leaves_nothing(with_faults("token_revoked"), &log, as_an_app).await;
    assert!(log.text().contains("is tried again"), "the twin: they did fail");
}

#[tokio::test(flavor = "multi_thread")]
async fn x13_no_secret_is_in_the_log_of_the_service_or_in_what_commands_print() {
    let scene = scene("clean-change").parsed().variant(Variant::Scene);
    let world = world(scene.clone(), same_time()).await;
    let mut settings: Table = std::fs::read_to_string(world.settings_file()).unwrap().parse().unwrap();
    fill(&mut settings);
    as_an_app(&mut settings);
    std::fs::write(world.settings_file(), toml::to_string(&settings).unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log");
    let service = Service::with_log(&world, "debug", &file).await;
    play(&world, scene.timeline.iter()).await;
    let since = std::time::Instant::now();
    while seen(&world, "PRODCM-412") != (1, 1, 1) {
        assert!(since.elapsed() < PATIENCE, "{:?}", seen(&world, "PRODCM-412"));
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(service.stop().success());
    let log = read(&file);
    assert!(log.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "every line is JSON");
    assert!(log.contains("Decided PRODCM-412") && log.contains("Stopping"), "the twin: the log was read");
    let printed = commands(&world);
    assert!(printed[0].1.contains(SHOWN), "the twin: they did speak");
    let places = [vec![("the log".into(), log)], printed].concat();
    are_nowhere(&secrets(&world), &places);
    are_nowhere(&addresses(&world), &places);
}

fn read(file: &Path) -> String {
    String::from_utf8(std::fs::read(file).unwrap()).unwrap()
}

#[test]
fn x13_a_panic_does_not_print_a_secret() {
    std::panic::set_hook(Box::new(telemetry::panicked));
    let secret: SecretString = "canary-in-a-panic".into();
    let log = Log::of(|| {
        let fault = std::panic::catch_unwind(|| panic!("{secret:?} and words that may be seen"));
        assert!(fault.is_err());
    });
    let _ = std::panic::take_hook();
    assert!(log.text().contains("words that may be seen"), "the twin");
    assert!(!log.text().contains("canary-in-a-panic"), "{}", log.text());
}
