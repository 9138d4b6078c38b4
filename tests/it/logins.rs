//! How cm-bot logs in, and what an operator reads when it cannot.

use std::time::{Duration, Instant};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cm_bot::cli::demo::world::World;
use cm_bot::simulator::scene::Variant;

use crate::crash::{play, same_time};
use crate::support::process::Service;
use crate::support::{self, scene};

/// The one App of the simulated GitHub.
pub const APP: u64 = 900_001;

async fn world() -> World {
    support::world(scene("clean-change").parsed().variant(Variant::Scene), same_time()).await
}

/// Changes the settings of one section.
pub fn set(world: &World, section: &str, change: impl Fn(&mut toml::Table)) {
    let mut settings: toml::Table = std::fs::read_to_string(world.settings_file()).unwrap().parse().unwrap();
    change(settings[section].as_table_mut().unwrap());
    std::fs::write(world.settings_file(), toml::to_string(&settings).unwrap()).unwrap();
}

/// A private key as GitHub gives it out, made for this test.
pub fn private_key() -> String {
    let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&key).unwrap();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der.as_ref()))
}

/// What `/readyz` says about a part, once it says something.
pub async fn trouble(world: &World, part: &str) -> String {
    let since = Instant::now();
    loop {
        let answer = reqwest::get(format!("http://{}/readyz", world.service)).await.unwrap();
        let ready: serde_json::Value = answer.json().await.unwrap();
        if let Some(trouble) = ready["troubles"][part].as_str() {
            return trouble.to_owned();
        }
        assert!(since.elapsed() < Duration::from_secs(20), "{ready}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn as_a_github_app() {
    let world = world().await;
    let key = private_key();
    set(&world, "github", |github| {
        github.remove("token");
        github.insert("app_id".into(), APP.to_string().into());
        github.insert("private_key".into(), key.clone().into());
    });
    let service = Service::start(&world).await;
    play(&world, world.scene.timeline.iter()).await;
    let since = Instant::now();
    while world.simulator.jira.ticket("PRODCM-412").unwrap().status != "Approved" {
        assert!(since.elapsed() < Duration::from_secs(60), "the ticket was not approved");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let requests = world.simulator.shared.faults.requests();
    let tokens = requests.iter().filter(|request| request.path.ends_with("/access_tokens")).count();
    assert_eq!(tokens, 1, "one token is made and used again");
    service.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_is_one_line_that_says_what_to_do() {
    let world = world().await;
    for section in ["jira", "github"] {
        set(&world, section, |table| {
            table.insert("token".into(), "not the token".into());
        });
    }
    set(&world, "slack", |slack| {
        slack.insert("bot_token".into(), "not the token".into());
    });
    let service = Service::start(&world).await;
    let jira = trouble(&world, "jira").await;
    assert_eq!(jira, "Jira refuses the credentials (401): create a new API token for jira.account and set jira.token");
    let github = trouble(&world, "github").await;
    assert!(github.starts_with("GitHub refuses the credentials (401): correct github.token"), "{github}");
    let slack = trouble(&world, "slack").await;
    assert_eq!(slack, "Slack refuses the credentials (401): install the app again and set slack.bot_token");
    assert!(!format!("{jira}{github}{slack}").contains("not the token"));
    service.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_that_is_not_there_is_one_line_that_says_what_to_do() {
    let world = world().await;
    set(&world, "jira", |jira| {
        jira.insert("api_url".into(), "http://127.0.0.1:9".into());
    });
    let service = Service::start(&world).await;
    let jira = trouble(&world, "jira").await;
    let expected =
        "Jira does not answer (no connection): check jira.api_url and the network; cm-bot tries again by itself";
    assert_eq!(jira, expected);
    service.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_is_not_there_is_named() {
    let world = world().await;
    set(&world, "jira", |jira| {
        jira.insert("fields".into(), toml::Table::from_iter([("commit".to_owned(), "Comit".into())]).into());
    });
    let service = Service::start(&world).await;
    let jira = trouble(&world, "jira").await;
    assert_eq!(jira, "Jira has no field called \"Comit\"; correct jira.fields.commit");
    service.kill();
}
