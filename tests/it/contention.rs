//! A database that others use too: locked by somebody else, changed by a newer version while an older one runs.

use std::time::{Duration, Instant};

use cm_bot::cli::demo::compare::Outcome;
use cm_bot::cli::demo::play::{Played, settle};
use cm_bot::simulator::scene::{Step, Variant};
use reqwest::StatusCode;
use tokio::time::sleep;

use crate::support::database::{Other, is_postgres};
use crate::support::{database_of, scene, start};
use crate::webhooks::{post, running, secret, sign, status, stored};

/// Somebody who lets nobody else write deliveries.
async fn lock(played: &Played) -> Other {
    let mut other = Other::connect(&database_of(&played.world)).await;
    let statements: &[&'static str] =
        if is_postgres() { &["BEGIN", "LOCK TABLE deliveries IN EXCLUSIVE MODE"] } else { &["BEGIN IMMEDIATE"] };
    for statement in statements {
        other.run(statement).await.unwrap();
    }
    other
}

fn webhook(played: &Played, number: u32) -> reqwest::RequestBuilder {
    let body = format!("{{\"timestamp\": {number}}}");
    post(played, "/webhooks/jira").header("x-hub-signature", sign(&body, &secret(played, "jira"))).body(body)
}

#[tokio::test(flavor = "multi_thread")]
async fn f26_a_webhook_waits_for_whoever_else_writes() {
    let played = running().await;
    let mut other = lock(&played).await;
    let waiting = tokio::spawn(status(webhook(&played, 1)));
    sleep(Duration::from_millis(700)).await;
    assert!(!waiting.is_finished());
    other.run("COMMIT").await.unwrap();
    assert_eq!(waiting.await.unwrap(), StatusCode::ACCEPTED);
    assert_eq!(stored(&played).await, 1);
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f26_when_the_wait_is_too_long_jira_is_asked_to_come_back() {
    let played = running().await;
    let mut other = lock(&played).await;
    let since = Instant::now();
    assert_eq!(status(webhook(&played, 1)).await, StatusCode::SERVICE_UNAVAILABLE);
    assert!(since.elapsed() < Duration::from_secs(25), "{:?}", since.elapsed());
    other.run("COMMIT").await.unwrap();
    sleep(Duration::from_millis(200)).await;
    assert_eq!(status(webhook(&played, 1)).await, StatusCode::ACCEPTED, "the twin: nobody is in the way");
    assert_eq!(stored(&played).await, 1);
    played.stop().await;
}

/// The running process is the old one; what a newer one does to the tables is an addition to each.
#[tokio::test(flavor = "multi_thread")]
async fn f34_an_old_process_goes_on_while_a_newer_one_adds_to_the_tables() {
    let scene = scene("clean-change").parsed().variant(Variant::Scene);
    let played = start("f34", scene.clone()).await;
    let (last, before) = scene.timeline.split_last().unwrap();
    for step in before.iter().flat_map(Step::parts) {
        played.world.simulator.play(&step).await.unwrap();
        settle(&played).await.unwrap();
    }
    let mut newer = Other::connect(&database_of(&played.world)).await;
    for statement in [
        "ALTER TABLE tickets ADD COLUMN of_tomorrow TEXT",
        "ALTER TABLE jobs ADD COLUMN of_tomorrow BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE actions ADD COLUMN of_tomorrow TEXT",
        "ALTER TABLE deliveries ADD COLUMN of_tomorrow TEXT",
        "ALTER TABLE decisions ADD COLUMN of_tomorrow TEXT",
        "ALTER TABLE approvals ADD COLUMN of_tomorrow TEXT",
        "ALTER TABLE approval_marks ADD COLUMN of_tomorrow TEXT",
        "ALTER TABLE audit_entries ADD COLUMN of_tomorrow TEXT",
        "CREATE TABLE of_tomorrow (number BIGINT)",
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         SELECT 9999, 'of tomorrow', success, checksum, 0 FROM _sqlx_migrations WHERE version = 1",
    ] {
        newer.run(statement).await.unwrap();
    }
    played.world.simulator.play(last).await.unwrap();
    settle(&played).await.unwrap();
    let outcome = Outcome::of(&played, "PRODCM-412").await.unwrap();
    assert_eq!((outcome.transitions.len(), outcome.comments.len()), (1, 1), "{}", outcome.why());
    played.stop().await;
}

/// So that what the old process knows stays as it knows it.
#[test]
fn f34_a_change_of_the_tables_only_adds() {
    for folder in ["sqlite", "postgres"] {
        let mut files = 0;
        for file in std::fs::read_dir(format!("src/store/migrations/{folder}")).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap().to_uppercase();
            files += 1;
            for statement in text.split(';') {
                for takes_away in ["DROP ", "RENAME ", "ALTER COLUMN", "ADD CONSTRAINT", "DELETE FROM", "\nUPDATE "] {
                    assert!(!statement.trim_start().starts_with(takes_away.trim_start()), "{statement}");
                }
                let is_addition = statement.contains("ALTER TABLE");
                let fits_old_rows = !statement.contains("NOT NULL") || statement.contains("DEFAULT");
                assert!(!is_addition || (statement.contains("ADD COLUMN") && fits_old_rows), "{statement}");
            }
        }
        assert!(files >= 6, "{folder}");
    }
}
