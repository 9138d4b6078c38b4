//! Processes on one PostgreSQL that lose the thread: asleep past their lease, cut off at a commit, chosen in a deadlock.
//!
//! These tests run on PostgreSQL only: `tests/with-postgres cargo nextest run --profile postgres`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cm_bot::model::IssueId;
use cm_bot::simulator::faults::Side;
use cm_bot::simulator::scene::Variant;
use cm_bot::store::{Delivery, Job, Received};
use sqlx::{Connection, PgConnection};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::time::sleep;
use url::Url;

use crate::crash::{PATIENCE, play, same_time, seen};
use crate::replicas::cut_off;
use crate::support::database::{fresh, is_postgres, open};
use crate::support::facts::NOW;
use crate::support::process::Service;
use crate::support::{database_of, scene, verified, world};

async fn database() -> String {
    assert!(is_postgres(), "run this with tests/with-postgres");
    fresh(Path::new("/nowhere")).await
}

async fn run(connection: &mut PgConnection, sql: &'static str) {
    sqlx::query(sql).execute(connection).await.unwrap();
}

/// What becomes of a process that sleeps: it only sleeps, or so long that the server takes away what it has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sleep {
    Short,
    PastTheLease,
}

/// A process falls asleep while it waits for the answer to this search, and another one is there. Its lease is two minutes;
/// instead of waiting for it, the test does to turn and claims what their end does.
async fn asleep_at(search: usize, how: Sleep) {
    assert!(is_postgres(), "run this with tests/with-postgres");
    let scene = scene("clean-change").parsed().variant(Variant::Scene);
    let world = world(scene.clone(), same_time()).await;
    let url = database_of(&world);
    let first = Service::start(&world).await;
    let (last, before) = scene.timeline.split_last().unwrap();
    play(&world, before.iter()).await;
    let halted = world.simulator.shared.faults.halt_at(("/search/jql", search), Side::Before);
    world.simulator.play(last).await.unwrap();
    halted.reached().await;
    first.signal("STOP");
    halted.release();
    if how == Sleep::PastTheLease {
        cut_off(&url, "idle in transaction").await;
        let mut connection = PgConnection::connect(&url).await.unwrap();
        run(&mut connection, "UPDATE jobs SET lease_until = 0 WHERE state = 'running'").await;
        run(&mut connection, "UPDATE actions SET lease_until = 0 WHERE state = 'running'").await;
    }
    let second = Service::beside(&world).await;
    let since = Instant::now();
    if how == Sleep::Short {
        sleep(Duration::from_secs(1)).await;
        assert_eq!(seen(&world, "PRODCM-412").0, 0, "nobody goes on without the one who has the turn");
        first.signal("CONT");
    }
    while seen(&world, "PRODCM-412") != (1, 1, 1) {
        assert!(since.elapsed() < PATIENCE, "{:?}", seen(&world, "PRODCM-412"));
        sleep(Duration::from_millis(20)).await;
    }
    first.signal("CONT");
    sleep(Duration::from_secs(2)).await;
    assert_eq!(seen(&world, "PRODCM-412"), (1, 1, 1), "who comes late does nothing");
    let trail = verified(&open(&url).await).await;
    let count = |event: &str| {
        let is = |body: &str| body.contains("\"PRODCM-412\"") && body.contains(&format!("\"{event}\""));
        trail.iter().filter(|(_, body, _)| is(body)).count()
    };
    assert_eq!((count("decided"), count("approved_automatically")), (1, 1));
    assert!(first.stop().success() && second.stop().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn f32_who_slept_past_the_lease_while_judging_records_nothing() {
    asleep_at(1, Sleep::PastTheLease).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f32_who_slept_past_the_lease_before_an_approval_does_not_approve() {
    asleep_at(2, Sleep::PastTheLease).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f32_who_only_slept_a_little_goes_on() {
    asleep_at(2, Sleep::Short).await;
}

/// A way to a database on which an answer to a commit can be lost.
struct Way {
    url: String,
    cuts: Arc<AtomicBool>,
}

async fn way_to(url: &str) -> Way {
    let mut url = Url::parse(url).unwrap();
    let (_, folder) = url.query_pairs().find(|(name, _)| name == "host").unwrap();
    let socket = format!("{folder}/.s.PGSQL.5432");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
    url.set_query(Some("sslmode=disable"));
    let cuts = Arc::new(AtomicBool::new(false));
    let cutting = Arc::clone(&cuts);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(carry(client, UnixStream::connect(socket.clone()).await.unwrap(), Arc::clone(&cutting)));
        }
    });
    Way { url: url.into(), cuts }
}

/// Carries everything until, once it is told to cut, a commit was sent and has been answered; nobody hears the answer.
async fn carry(mut client: TcpStream, mut server: UnixStream, cuts: Arc<AtomicBool>) {
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        let done = tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(length @ 1..) = read else { return };
                let is_commit = asked[..length].windows(7).any(|bytes| bytes == b"COMMIT\0");
                let sent = server.write_all(&asked[..length]).await;
                if is_commit && cuts.swap(false, Ordering::SeqCst) {
                    let _ = server.read(&mut answered).await;
                    return;
                }
                sent
            }
            read = server.read(&mut answered) => {
                let Ok(length @ 1..) = read else { return };
                client.write_all(&answered[..length]).await
            }
        };
        if done.is_err() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f33_a_decision_whose_commit_was_not_answered_is_there_and_is_not_recorded_again() {
    let url = database().await;
    let way = way_to(&url).await;
    let (store, other) = (open(&way.url).await, open(&url).await);
    let scope = crate::replicas::scope();
    let mut turn = store.turn(&scope).await.unwrap();
    way.cuts.store(true, Ordering::SeqCst);
    assert!(crate::replicas::record(&store, 1, &mut turn).await.is_err(), "nobody heard of it");
    let issue = IssueId::parse("10412").unwrap();
    let recorded = other.known_ticket(&issue).await.unwrap().unwrap();
    assert!(recorded.decision.is_some() && recorded.evaluation == 1, "who reads again finds it: {recorded:?}");
    assert!(crate::replicas::record(&store, 1, &mut turn).await.is_err(), "there is an evaluation of this number");
    assert_eq!(other.known_ticket(&issue).await.unwrap().unwrap(), recorded);
    assert_eq!(verified(&other).await.len(), 1);
    crate::replicas::record(&store, 2, &mut turn).await.unwrap();
    assert_eq!(verified(&other).await.len(), 2, "the twin: a commit that is answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn f33_a_webhook_whose_commit_was_not_answered_is_stored_once() {
    let url = database().await;
    let way = way_to(&url).await;
    let (store, mut other) = (open(&way.url).await, PgConnection::connect(&url).await.unwrap());
    let delivery = Delivery { source: "jira", id: "1", body: b"1", receipt: None };
    way.cuts.store(true, Ordering::SeqCst);
    let received = store.receive(&delivery, None, NOW).await.unwrap();
    assert_eq!(received, Received::Duplicate, "it looks again by itself, and finds it");
    let stored: i64 = sqlx::query_scalar("SELECT count(*) FROM deliveries").fetch_one(&mut other).await.unwrap();
    assert_eq!(stored, 1);
}

/// Says that a ticket is to be looked at, as a webhook does, and does not commit.
const SAME_JOB: &str = "INSERT INTO jobs (kind, subject, state, run_at, attempts, lease_until, lease_token) \
    VALUES ('ticket', '10001', 'ready', 0, 0, 0, 0)";
const SAME_DELIVERY: &str = "INSERT INTO deliveries (source, delivery_id, body_sha256, body, received_at) \
    VALUES ('jira', '1', '', '', 0)";

/// Somebody else's transaction, which is never the one to be given up.
async fn other_transaction(url: &str) -> PgConnection {
    let mut other = PgConnection::connect(url).await.unwrap();
    run(&mut other, "SET deadlock_timeout = '60s'").await;
    run(&mut other, "BEGIN").await;
    other
}

/// Until so many transactions wait for another.
async fn until_waiting(watcher: &mut PgConnection, expected: i64) {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let since = Instant::now();
    while sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut *watcher).await.unwrap() != expected {
        assert!(since.elapsed() < PATIENCE, "{expected} are to wait for each other");
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f26_a_webhook_that_the_server_gives_up_in_two_deadlocks_is_written_in_the_end() {
    let url = database().await;
    let mut watcher = PgConnection::connect(&url).await.unwrap();
    // Time enough for all to meet, however slow the machine is.
    run(
        &mut watcher,
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = 3000', current_database()); END $$",
    )
    .await;
    let (store, mut first) = (open(&url).await, other_transaction(&url).await);
    let mut second = other_transaction(&url).await;
    run(&mut first, SAME_JOB).await;
    let second = tokio::spawn(async move {
        run(&mut second, SAME_JOB).await; // Waits for the first, and has it before the store.
        second
    });
    until_waiting(&mut watcher, 1).await;
    let receiving = tokio::spawn(async move {
        let delivery = Delivery { source: "jira", id: "1", body: b"1", receipt: None };
        store.receive(&delivery, Some(&Job::Ticket(IssueId::parse("10001").unwrap())), NOW).await
    });
    until_waiting(&mut watcher, 2).await;
    run(&mut first, SAME_DELIVERY).await; // Each waits for the other, until the server gives the store up.
    run(&mut first, "ROLLBACK").await;
    let mut second = second.await.unwrap();
    until_waiting(&mut watcher, 1).await;
    run(&mut second, SAME_DELIVERY).await; // And once more.
    run(&mut second, "ROLLBACK").await;
    assert_eq!(receiving.await.unwrap().unwrap(), Received::New);
    let jobs: i64 = sqlx::query_scalar("SELECT count(*) FROM jobs").fetch_one(&mut watcher).await.unwrap();
    assert_eq!(jobs, 1, "with its job");
}
