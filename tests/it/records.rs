//! Records: append-only, complete, and good enough to decide again.

use std::os::unix::fs::FileExt as _;

use cm_bot::audit::checkpoint::{Signer, new_keys};
use cm_bot::model::Timestamp;
use cm_bot::policy::evaluate;
use cm_bot::simulator::scene::Variant;
use cm_bot::store::Store;
use sqlx::{Connection as _, SqliteConnection};

use crate::support::database::{self, Other, is_postgres};
use crate::support::{database_of, scene, verified};

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_decision_comes_out_the_same_again() {
    for name in ["clean-change", "fake-version-bump", "blocking-finding", "rollback", "emergency"] {
        let played = scene(name).play(Variant::Scene).await;
        let store = &played.app.context.sources.store;
        for key in played.world.simulator.jira.tickets() {
            let stored = store.newest_decision(&cm_bot::model::TicketKey::parse(&key).unwrap()).await.unwrap().unwrap();
            let again = evaluate(&stored.facts, &stored.criteria, stored.at);
            assert_eq!(serde_json::to_string(&again).unwrap(), stored.decision, "{name} {key}");
        }
        played.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_trail_is_whole_and_tells_of_every_step() {
    let played = scene("pending-sibling").play(Variant::Scene).await;
    let trail = verified(&played.app.context.sources.store).await;
    let events: Vec<String> = trail
        .iter()
        .map(|(_, body, _)| serde_json::from_str::<serde_json::Value>(body).unwrap())
        .filter(|entry| entry["ticket"] == "PRODCM-412")
        .map(|entry| entry["event"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(events.iter().filter(|event| *event == "decided").count(), 2, "{events:?}");
    assert_eq!(events.iter().filter(|event| *event == "approved_automatically").count(), 1, "{events:?}");
    let place = |wanted: &str| events.iter().position(|event| event == wanted).unwrap();
    assert!(place("decided") < place("approved_automatically"), "the record comes before the effect");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l06_nobody_changes_what_was_recorded() {
    let played = scene("clean-change").play(Variant::Scene).await;
    let (private, _) = new_keys("cm-bot.example");
    let signer = Signer::parse(&private).unwrap();
    played.app.context.sources.store.checkpoint(&signer, Timestamp(1)).await.unwrap().unwrap();
    let mut other = Other::connect(&database_of(&played.world)).await;
    let emptied = if is_postgres() { "TRUNCATE audit_entries" } else { "DELETE FROM audit_entries" };
    for statement in [
        emptied,
        "UPDATE audit_entries SET body = '{}' WHERE seq = 1",
        "DELETE FROM audit_entries",
        "UPDATE decisions SET verdict = 'approved'",
        "DELETE FROM decisions",
        "UPDATE approvals SET commit_sha = ''",
        "DELETE FROM approvals",
        "UPDATE seen_reviews SET commit_sha = ''",
        "DELETE FROM seen_reviews",
        "UPDATE seen_pushes SET received_at = 0",
        "DELETE FROM seen_pushes",
        "UPDATE seen_commits SET account_id = 0",
        "DELETE FROM seen_commits",
        "UPDATE audit_hashes SET hash = ''",
        "DELETE FROM audit_hashes",
        "UPDATE audit_checkpoints SET note = ''",
        "DELETE FROM audit_checkpoints",
    ] {
        let error = other.run(statement).await.unwrap_err().to_string();
        assert!(error.contains("only appended to") || error.contains("never changed"), "{statement}: {error}");
    }
    played.stop().await;
}

#[tokio::test]
async fn opening_twice_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let url = database::fresh(folder.path()).await;
    database::open(&url).await;
    database::open(&url).await.check().await.unwrap();
}

#[tokio::test]
async fn a_database_that_cannot_be_opened_is_one_line() {
    let error = Store::open(&"sqlite:/nowhere/at/all/cm-bot.db".into()).await.unwrap_err().to_string();
    assert!(error.starts_with("the database sqlite:/nowhere/at/all/cm-bot.db cannot be opened: "), "{error}");
    assert_eq!(error.lines().count(), 1);
}

/// Why a database is not opened, in one line.
async fn refused(url: &str) -> String {
    let error = Store::open(&url.into()).await.unwrap_err().to_string();
    assert_eq!(error.lines().count(), 1, "{error}");
    error
}

#[tokio::test]
async fn f29_what_a_power_cut_could_take_back_is_not_used() {
    let error = refused("sqlite::memory:").await;
    assert!(error.contains("allows journal_mode=memory and synchronous=2 only; use a local disk"), "{error}");
}

#[tokio::test]
async fn f30_a_damaged_file_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let (file, damaged) = (folder.path().join("cm-bot.db"), folder.path().join("damaged.db"));
    let url = format!("sqlite:{}", file.display());
    drop(database::open(&url).await);
    let mut whole = SqliteConnection::connect(&url).await.unwrap();
    sqlx::query("VACUUM INTO $1").bind(damaged.display().to_string()).execute(&mut whole).await.unwrap();
    let url = format!("sqlite:{}", damaged.display());
    database::open(&url).await.check().await.unwrap();
    let file = std::fs::OpenOptions::new().write(true).open(&damaged).unwrap();
    // The second page: the first holds the header, without which it is no database at all.
    file.write_all_at(&[0xff; 64], 4096).unwrap();
    let error = refused(&url).await;
    assert!(error.contains("put the last backup in its place") || error.contains("malformed"), "{error}");
}

#[tokio::test]
async fn f30_a_database_of_a_newer_version_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let url = database::fresh(folder.path()).await;
    drop(database::open(&url).await);
    let insert = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                  SELECT 9999, 'of tomorrow', success, checksum, 0 FROM _sqlx_migrations WHERE version = 1";
    Other::connect(&url).await.run(insert).await.unwrap();
    let error = refused(&url).await;
    assert!(
        error.contains("a newer version of cm-bot has changed its tables (change 9999); start that version"),
        "{error}"
    );
}

/// Every webhook, decision and message of one approved ticket, and none twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_costs_few_requests() {
    let played = scene("same-webhook-three-times").play(Variant::Scene).await;
    let requests = played.world.simulator.shared.faults.requests();
    let count = |method: &str, part: &str| {
        requests.iter().filter(|request| request.method == method && request.path.contains(part)).count()
    };
    assert_eq!(count("POST", "/PRODCM-412/comment"), 1);
    assert_eq!(count("POST", "/PRODCM-412/transitions"), 1);
    assert_eq!(
        count("POST", "/api/chat.postMessage"),
        3,
        "one for each of the two tickets, and that the first was approved"
    );
    played.stop().await;
}
