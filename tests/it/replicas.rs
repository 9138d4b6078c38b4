//! Several processes on one PostgreSQL: nothing lost, nothing twice, nobody trusted who may have lost the thread.
//!
//! These tests run on PostgreSQL only: `tests/with-postgres cargo nextest run --profile postgres`.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use cm_bot::cli::demo::play::start_in;
use cm_bot::cli::demo::world::World;
use cm_bot::model::{DecisionId, IssueId, Scope};
use cm_bot::simulator::clock::Clock;
use cm_bot::simulator::scene::{Click, Comment, Scene, Step, Submit, Variant};
use cm_bot::store::{Evaluation, Job, Policy, Store, StoreError, Turn};
use sqlx::{Connection, PgConnection};
use tokio::time::{sleep, timeout};

use crate::crash::{PATIENCE, play, same_time, seen};
use crate::support::database::{empty, fresh, is_postgres, open};
use crate::support::facts::{NOW, criteria, judge, passing, texts_with};
use crate::support::process::Service;
use crate::support::{database_of, scene, world};

fn on_postgres() {
    assert!(is_postgres(), "run this with tests/with-postgres");
}

/// A database that nobody else uses.
async fn database() -> String {
    on_postgres();
    fresh(std::path::Path::new("/nowhere")).await
}

/// What an administrator does who ends every connection of others to a database; those that `state` is about.
pub async fn cut_off(url: &str, state: &'static str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE $1",
    )
    .bind(state)
    .execute(&mut connection)
    .await
    .unwrap();
}

/// How many jobs somebody has.
async fn running(url: &str) -> i64 {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let sql = "SELECT count(*) FROM jobs WHERE state = 'running'";
    sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
}

pub fn scope() -> Scope {
    passing().placement.scope().unwrap()
}

fn job() -> Job {
    Job::Ticket(IssueId::parse("10001").unwrap())
}

pub async fn record(store: &Store, number: i64, turn: &mut Turn) -> Result<(), StoreError> {
    let facts = passing();
    let decision = judge(&facts);
    let policy = Policy::of_files(texts_with("", ""), criteria());
    let evaluation = Evaluation {
        facts: &facts,
        decision: &decision,
        id: DecisionId(uuid::Uuid::now_v7()),
        number,
        verdict: "approved",
        policy: &policy,
        at: NOW,
        actions: &[],
    };
    store.record(&evaluation, Some(&scope()), Some(turn)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_judges_in_a_scope_at_a_time() {
    let url = database().await;
    let (one, other) = (open(&url).await, open(&url).await);
    let turn = one.turn(&scope()).await.unwrap();
    let waiting = tokio::spawn(async move { other.turn(&scope()).await.map(drop) });
    sleep(Duration::from_millis(300)).await;
    assert!(!waiting.is_finished(), "both have the turn");
    drop(turn);
    timeout(Duration::from_secs(5), waiting).await.unwrap().unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_lost_the_turn_records_nothing() {
    let url = database().await;
    let (one, other) = (open(&url).await, open(&url).await);
    let mut lost = one.turn(&scope()).await.unwrap();
    cut_off(&url, "idle in transaction").await;
    let mut turn = timeout(Duration::from_secs(5), other.turn(&scope())).await.unwrap().unwrap();
    assert!(record(&one, 1, &mut lost).await.is_err());
    assert!(one.trail_after(0, i64::MAX).await.unwrap().is_empty(), "nothing of it is stored");
    record(&other, 1, &mut turn).await.unwrap();
    assert_eq!(other.trail_after(0, i64::MAX).await.unwrap().len(), 1);
    drop(lost);
    drop(turn);
    let mut again = one.turn(&scope()).await.unwrap();
    assert!(record(&one, 1, &mut again).await.is_err(), "there is an evaluation of this number");
    record(&one, 2, &mut again).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_process_had_begun_is_taken_over_at_once_and_what_a_living_one_has_is_not() {
    let url = database().await;
    let (one, other) = (open(&url).await, open(&url).await);
    one.reclaim().await.unwrap();
    other.reclaim().await.unwrap();
    other.enqueue(&job(), NOW).await.unwrap();
    let claimed = one.claim_job(NOW).await.unwrap().unwrap();
    assert_eq!(other.take_over().await.unwrap(), 0);
    assert!(other.claim_job(NOW).await.unwrap().is_none(), "it lives");
    let watcher = one.clone();
    drop(one);
    assert_eq!(other.take_over().await.unwrap(), 0, "it lives as long as anybody in it does");
    drop(watcher);
    let since = Instant::now();
    while other.take_over().await.unwrap() == 0 {
        assert!(since.elapsed() < PATIENCE, "the server does not notice that it is dead");
        sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(other.take_over().await.unwrap(), 0, "once");
    let again = other.claim_job(NOW).await.unwrap().unwrap();
    assert_eq!(again.attempts, 2);
    assert!(matches!(open(&url).await.finish_job(&claimed).await, Err(StoreError::LeaseLost)), "the first is too late");
    other.finish_job(&again).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_was_cut_off_says_again_that_it_lives() {
    let url = database().await;
    let (one, other) = (open(&url).await, open(&url).await);
    one.reclaim().await.unwrap();
    other.enqueue(&job(), NOW).await.unwrap();
    one.claim_job(NOW).await.unwrap().unwrap();
    cut_off(&url, "idle").await;
    // The first answers may be those of connections that are gone.
    for _ in 0..20 {
        let _ = one.take_over().await;
        assert_eq!(other.take_over().await.unwrap_or(0), 0, "it lives");
        sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(open(&url).await.take_over().await.unwrap(), 0, "everybody can see that it lives");
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_made_once_when_many_start_at_once() {
    on_postgres();
    let url = empty().await;
    let starts = (0..6).map(|_| {
        tokio::spawn({
            let url = url.clone();
            async move { open(&url).await.check().await }
        })
    });
    for start in starts.collect::<Vec<_>>() {
        start.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_password_is_never_shown() {
    let shown = |url: &'static str| async move { Store::open(&url.into()).await.unwrap_err().to_string() };
    let error = shown("postgres://bot:SECRET@127.0.0.1:9/records").await;
    assert!(error.starts_with("the database postgres://127.0.0.1:9/records cannot be opened: "), "{error}");
    assert!(!error.contains("SECRET") && !error.contains("bot"), "{error}");
    let error = shown("postgres://bot:SEC:RET@@127.0.0.1:records").await;
    assert!(error.ends_with("write postgres://USER:PASSWORD@HOST:PORT/DATABASE (database.url)"), "{error}");
    let store = open(&database().await).await;
    assert!(!format!("{store:?}").contains("options: Pg"), "{store:?}");
}

/// A world in which many tickets are created, one after the other and without a pause.
async fn many(tickets: usize) -> (World, Scene) {
    let one = "[[timeline]]\ncreate_ticket = { key = \"PRODCM-412\", by = \"dana\", commit = \"merged\" }";
    let all: Vec<String> =
        (0..tickets).map(|number| one.replace("PRODCM-412", &format!("PRODCM-{}", 500 + number))).collect();
    let scene =
        scene("clean-change").with(one, &all.join("\n")).with("ticket = \"PRODCM-412\"", "ticket = \"PRODCM-500\"");
    let scene = scene.parsed().variant(Variant::Scene);
    (world(scene.clone(), same_time()).await, scene)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_work_on_many_tickets_and_one_is_killed() {
    on_postgres();
    let tickets = 10;
    let (world, scene) = many(tickets).await;
    let first = Service::start(&world).await;
    let second = Service::beside(&world).await;
    let (news, before) = scene.timeline.split_at(scene.timeline.len() - tickets);
    play(&world, news.iter()).await;
    for step in before.iter().flat_map(Step::parts) {
        world.simulator.play(&step).await.unwrap();
    }
    while world.simulator.webhooks_under_way() > 0 {
        sleep(Duration::from_millis(5)).await;
    }
    first.kill();
    let keys: Vec<String> = (500..500 + tickets).map(|number| format!("PRODCM-{number}")).collect();
    let since = std::time::Instant::now();
    while keys.iter().any(|key| seen(&world, key).1 == 0 || seen(&world, key).2 == 0) {
        let all: Vec<_> = keys.iter().map(|key| seen(&world, key)).collect();
        assert!(since.elapsed() < 2 * PATIENCE, "{all:?}");
        sleep(Duration::from_millis(50)).await;
    }
    sleep(Duration::from_secs(1)).await;
    for key in &keys {
        let (approvals, _, messages) = seen(&world, key);
        assert_eq!((approvals, messages), (0, 1), "{key}: each has siblings, and one message");
        let ticket = world.simulator.jira.ticket(key).unwrap();
        let mut bodies: Vec<String> = ticket.comments.iter().map(|comment| comment.body.to_string()).collect();
        bodies.sort();
        bodies.dedup();
        assert_eq!(bodies.len(), ticket.comments.len(), "{key}: nothing is said twice");
    }
    assert!(second.stop().success());
}

#[tokio::test]
async fn a_claim_that_nobody_heard_of_is_given_back_at_once() {
    let url = database().await;
    let (store, other) = (open(&url).await, open(&url).await);
    store.reclaim().await.unwrap();
    store.enqueue(&job(), NOW).await.unwrap();
    // Given up too soon, it does not reach the server; too late, we have heard of it.
    let mut patience = (1..).map(|tenths: u64| Duration::from_micros(100 * (1 + tenths % 60)));
    while running(&url).await == 0 {
        let given_up = timeout(patience.next().unwrap(), store.claim_job(NOW)).await;
        if let Ok(Ok(Some(claimed))) = given_up {
            store.retry_job(&claimed, NOW, "").await.unwrap();
        }
        sleep(Duration::from_millis(5)).await;
    }
    assert!(store.claim_job(NOW).await.unwrap().is_none());
    assert_eq!(other.take_over().await.unwrap(), 0, "the process that has it lives");
    assert_eq!(store.take_over().await.unwrap(), 1);
    assert_eq!(store.claim_job(NOW).await.unwrap().unwrap().job, job());
    assert_eq!(store.take_over().await.unwrap(), 0, "of this claim we have heard");
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_off_again_and_again_a_clean_ticket_is_approved_once() {
    on_postgres();
    let scene = scene("clean-change").parsed().variant(Variant::Scene);
    let world = world(scene.clone(), Clock::Real).await;
    let file = world.settings_file();
    let settings = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{settings}\n[jobs]\nretry_seconds = 1\n")).unwrap();
    let url = database_of(&world);
    let played = start_in("cut", world, &Clock::Real).await.unwrap();
    let (last, before) = scene.timeline.split_last().unwrap();
    play(&played.world, before.iter()).await;
    played.world.simulator.play(last).await.unwrap();
    for _ in 0..10 {
        cut_off(&url, "%").await;
        sleep(Duration::from_millis(60)).await;
    }
    let since = std::time::Instant::now();
    while seen(&played.world, "PRODCM-412") != (1, 1, 1) {
        assert!(since.elapsed() < PATIENCE, "{:?}", seen(&played.world, "PRODCM-412"));
        sleep(Duration::from_millis(50)).await;
    }
    sleep(Duration::from_millis(700)).await;
    assert_eq!(seen(&played.world, "PRODCM-412"), (1, 1, 1));
    played.stop().await;
}

/// Both approve in the same second, and two processes see it: the ticket is approved once, by both.
#[tokio::test(flavor = "multi_thread")]
async fn two_approvers_in_the_same_second_and_two_processes() {
    on_postgres();
    let scene: Scene = scene("first-deployment").parsed().variant(Variant::Scene);
    let world = world(scene.clone(), same_time()).await;
    let first = Service::start(&world).await;
    let second = Service::beside(&world).await;
    play(&world, scene.timeline.iter()).await;
    until(&world, |world| seen(world, "PRODCM-412").1 == 1).await;
    for by in ["priya", "sam"] {
        let (ticket, text) = ("PRODCM-412".to_owned(), "/cm approve".to_owned());
        world.simulator.jira.comment(&Comment { ticket, by: by.into(), text }).unwrap();
    }
    is_approved_once_by_both(&world).await;
    assert!(first.stop().success() && second.stop().success());
}

/// The same in Slack: both send their forms at once.
#[tokio::test(flavor = "multi_thread")]
async fn two_approvers_in_slack_in_the_same_second_and_two_processes() {
    on_postgres();
    let scene: Scene = scene("approved-in-slack").parsed().variant(Variant::Scene);
    let clock = same_time();
    let world = world(scene.clone(), clock.clone()).await;
    let first = Service::start(&world).await;
    let second = Service::beside(&world).await;
    let of_jira = scene.timeline.iter().filter(|step| step.click.is_none() && step.submit.is_none());
    play(&world, of_jira).await;
    // A minute passes with each step, and the service takes nothing from Slack that is five minutes off.
    let Clock::Scripted(time) = &clock else { panic!("scripted") };
    time.store(Clock::Real.now_ms(), Ordering::SeqCst);
    let slack = &world.simulator.slack;
    until(&world, |_| slack.messages().iter().any(|message| message.text.contains("PRODCM-412"))).await;
    for by in ["priya", "sam"] {
        let (button, about) = ("Review and approve".to_owned(), "PRODCM-412".to_owned());
        slack.click(&Click { by: by.into(), button, about, times: 1 }).await.unwrap();
    }
    assert_eq!(slack.forms().len(), 2);
    let form = |by: &str| Submit { by: by.into(), ..Submit::default() };
    let (one, other) = (form("priya"), form("sam"));
    let (one, other) = tokio::join!(slack.submit(&one), slack.submit(&other));
    one.and(other).unwrap();
    is_approved_once_by_both(&world).await;
    assert!(first.stop().success() && second.stop().success());
}

async fn is_approved_once_by_both(world: &World) {
    let said = |world: &World| (seen(world, "PRODCM-412").0, seen(world, "PRODCM-412").1);
    until(world, |world| said(world) == (1, 2)).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(said(world), (1, 2), "approved once, and said once");
    let trail = open(&database_of(world)).await.trail_after(0, i64::MAX).await.unwrap();
    let approved: Vec<_> = trail.iter().filter(|(_, body, _)| body.contains("\"approved_by_human\"")).collect();
    assert_eq!(approved.len(), 1, "{approved:?}");
    assert!(approved[0].1.contains("Priya Nair and Sam Okafor"), "{approved:?}");
    assert_eq!(trail.iter().filter(|(_, body, _)| body.contains("\"approval_act\"")).count(), 2);
}

async fn until(world: &World, is_so: impl Fn(&World) -> bool) {
    let since = std::time::Instant::now();
    while !is_so(world) {
        assert!(since.elapsed() < PATIENCE, "{:?}", seen(world, "PRODCM-412"));
        sleep(Duration::from_millis(20)).await;
    }
}
