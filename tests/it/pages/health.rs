//! How the parts of cm-bot do, for whoever runs it.

use std::path::Path;
use std::time::{Duration, Instant};

use cm_bot::audit::checkpoint::new_keys;
use cm_bot::cli::demo::play::Played;
use reqwest::StatusCode;
use toml::{Table, Value};

use super::{CAST, KEY, happens, open, opens, says, with_everybody};
use crate::support::{TestScene, page, scene};

/// After the timeline of the clean change.
async fn well() -> Played {
    open(&with_everybody("clean-change"), |_| {}).await
}

async fn health_says(played: &Played, words: &str) {
    says(&opens(played, "olga", "/health").await, StatusCode::OK, words);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_works_only_when_it_was_looked_at() {
    let played = well().await;
    health_says(&played, "database works 2026-11-02 ").await;
    health_says(&played, "jira not looked at yet not since this process started nothing: cm-bot looks by itself").await;
    let mut probe = played.app.probe();
    probe.once().await;
    let now = played.app.context.clock.now().day_and_clock();
    for part in ["jira", "github", "slack", "clock", "criteria", "evidence of acme/billing-api"] {
        health_says(&played, &format!("{part} works {now}, 0 s ago nothing")).await;
    }
    health_says(&played, "jenkins not used never nothing, unless deployments run in Jenkins").await;
    health_says(&played, "checkpoints not used never set audit.signing_key").await;
    health_says(&played, "webhooks of jira arrive 2026-11-02 ").await;
    happens(&played, "pass = \"1h\"").await;
    let stopped =
        format!("jira not looked at lately {now}, 61 min ago start this process again: it has not looked for");
    health_says(&played, &stopped).await;
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_reads_since_when_a_part_fails_when_it_was_well_last_and_what_to_do() {
    let played = well().await;
    let mut probe = played.app.probe();
    probe.once().await;
    let well = played.app.context.clock.now().day_and_clock();
    happens(&played, "pass = \"3m\"").await;
    happens(&played, "fail = { system = \"jira\", how = \"token_revoked\" }").await;
    probe.once().await;
    let failed = played.app.context.clock.now().day_and_clock();
    happens(&played, "pass = \"2m\"").await;
    probe.once().await;
    let todo = "Jira refuses the credentials (401): create a new API token for jira.account and set jira.token";
    health_says(&played, &format!("jira does not work {well}, 8 min ago {todo} (since {failed})")).await;
    health_says(&played, "github works ").await;
    happens(&played, "recover = { system = \"jira\" }").await;
    probe.once().await;
    health_says(&played, "jira works ").await;
    played.stop().await;
}

/// The clean change, of a service whose jobs are watched in Jenkins.
fn with_jenkins() -> TestScene {
    let service = "[[services]]\nname = \"billing-api\"\nrepository = \"acme/billing-api\"\nenvironments = [\"prod-us\"]\n\
                   watch = [{ environment = \"prod-us\", jenkins_job = \"billing-api/release\" }]\n\n";
    scene("clean-change").with("[[commits]]", &format!("{service}{CAST}"))
}

/// No decision rests on Jenkins: an operator hears of it, and nobody else does.
#[tokio::test(flavor = "multi_thread")]
async fn a_jenkins_that_refuses_us_is_named_and_holds_no_decision_up() {
    for (token, said) in [
        (None, "jenkins works "),
        (
            Some("another"),
            "jenkins does not work not since this process started Jenkins refuses the credentials (401): create a new API \
             token for jenkins.user and set jenkins.token",
        ),
    ] {
        let played = open(&with_jenkins(), |settings| {
            if let Some(token) = token {
                settings["jenkins"]["token"] = token.into();
            }
        })
        .await;
        played.app.probe().once().await;
        health_says(&played, said).await;
        assert!(!page(&played, "/readyz").await.contains("jenkins"));
        assert_eq!(super::verdict(&played).await, "Approved automatically");
        played.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_and_is_tried_again_stands_there_with_the_reason() {
    let created = "[[timeline]]\ncreate_ticket =";
    let fails = format!("[[timeline]]\nfail = {{ system = \"slack\", how = \"down\" }}\n{created}");
    let played = open(&with_everybody("clean-change").with(created, &fails), |_| {}).await;
    health_says(
        &played,
        &format!("Failed, and tried again Ticket What Tries Next try Why it failed {KEY} message 1 in "),
    )
    .await;
    happens(&played, "recover = { system = \"slack\" }").await;
    happens(&played, "pass = \"10m\"").await;
    let page = opens(&played, "olga", "/health").await;
    assert!(!page.text().contains("tried again"), "{}", page.text());
    played.stop().await;
}

/// A checkpoint that is not kept elsewhere binds nobody who can write here.
#[tokio::test(flavor = "multi_thread")]
async fn checkpoints_that_cannot_be_kept_elsewhere_are_named() {
    let folder = tempfile::tempdir().unwrap();
    for (file, said) in [
        ("kept.txt", "checkpoints works "),
        (
            "nowhere/kept.txt",
            "checkpoints does not work not since this process started The checkpoint could not be kept",
        ),
    ] {
        let file = folder.path().join(file);
        let played = open(&with_everybody("clean-change"), |settings| keeps(settings, &file)).await;
        is_signed(&played).await;
        health_says(&played, said).await;
        played.stop().await;
    }
}

/// Nothing new to sign is no reason to say that all is well.
#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_that_was_not_kept_is_kept_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let (place, file) = (folder.path().join("later"), folder.path().join("later/kept.txt"));
    let played = open(&with_everybody("clean-change"), |settings| keeps(settings, &file)).await;
    is_signed(&played).await;
    // Whoever signs in leaves something that is new.
    opens(&played, "olga", "/health").await;
    let mut checkpoints = played.app.checkpoints().unwrap();
    checkpoints.once().await;
    checkpoints.once().await;
    health_says(&played, "checkpoints does not work ").await;
    std::fs::create_dir(&place).unwrap();
    checkpoints.once().await;
    health_says(&played, "checkpoints works ").await;
    let newest = played.app.context.sources.store.newest_checkpoint().await.unwrap();
    assert_eq!(std::fs::read_to_string(&file).ok(), newest);
    played.stop().await;
}

/// The settings of a company that signs, and keeps what was signed in this file.
fn keeps(settings: &mut Table, file: &Path) {
    let audit = settings.entry("audit").or_insert_with(|| Value::Table(Table::new())).as_table_mut().unwrap();
    audit.insert("signing_key".into(), new_keys("cm-bot.example").0.into());
    audit.insert("kept_checkpoint_file".into(), file.display().to_string().into());
}

/// Once the service has signed for the first time.
async fn is_signed(played: &Played) {
    let since = Instant::now();
    while !played.app.context.readiness.parts().contains_key("checkpoints") {
        assert!(since.elapsed() < Duration::from_secs(20), "nobody signs");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
