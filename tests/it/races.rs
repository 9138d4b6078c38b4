//! Races of two processes for two siblings, on a real PostgreSQL: never are both approved.
//!
//! A thousand are run at the records: two stores, each with connections of its own as two processes have them, judge and
//! approve two siblings step by step as `handlers/evaluation.rs` and `jobs/outbox/approve.rs` do, both let go at one moment.
//! All is real but Jira, which is a table of what is approved. The twin does the same without turns and finds both approved.
//!
//! Twenty more are run from end to end: two clean tickets in a scope of their own, the second a random moment after the first,
//! between at once and when the first is decided. Two whole services do the work: whichever of the eight workers and senders
//! comes first. `CM_BOT_TEST_RACES=1000` runs a thousand of these, in some minutes. In all of them Jira's search shows neither
//! ticket, and there is no settle time, so only our records and the turns of the scope keep siblings apart.
//!
//! These tests run on PostgreSQL only: `tests/with-postgres cargo nextest run --profile postgres`.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cm_bot::app::App;
use cm_bot::cli::demo::world::World;
use cm_bot::clock::Clock;
use cm_bot::model::{IssueId, Scope, Ticket, TicketKey};
use cm_bot::settings::{Environment, load};
use cm_bot::simulator::clock::Clock as SceneClock;
use cm_bot::simulator::jira::BOT_ACCOUNT;
use cm_bot::simulator::scene::{Step, Variant};
use cm_bot::store::Store;
use sqlx::{Connection, PgConnection};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::crash::PATIENCE;
use crate::support::database::{fresh, is_postgres, open};
use crate::support::facts::{NOW, passing};
use crate::support::{database_of, scene, world};

/// Races at the records.
const RACES: usize = 1_000;

/// Races from end to end, unless `CM_BOT_TEST_RACES` says otherwise.
const WHOLE_RACES: usize = 20;

/// Races at a time.
const AT_A_TIME: usize = 8;

/// Environments of a service: a search finds no more tickets than theirs.
const ENVIRONMENTS: usize = 10;

/// The second ticket comes at most so many times later as an answer took.
const APART: f64 = 1.5;

/// A worker that finds nothing to do waits so long.
const IDLE: Duration = Duration::from_millis(20);

/// After so many races an hour passes, so that GitHub's rate limit begins anew.
const AN_HOUR: usize = 50;

/// A world with a scope for each race, and a service that does not run yet.
async fn arena(races: usize) -> (World, SceneClock) {
    let environments: Vec<String> = (0..ENVIRONMENTS).map(|number| format!("prod-{number}")).collect();
    let service = |number| {
        format!(
            "[[services]]\nname = \"service-{number}\"\nrepository = \"acme/billing-api\"\nenvironments = {environments:?}\n"
        )
    };
    let services: String = (0..races.div_ceil(ENVIRONMENTS)).map(service).collect();
    let ticket = "[[timeline]]\ncreate_ticket = { key = \"PRODCM-412\", by = \"dana\", commit = \"merged\" }";
    let scene = scene("clean-change")
        .with(ticket, "")
        .with("[[timeline]]\ndeployed_before = { ticket = \"PRODCM-398\", commit = \"v1\" }\n", "")
        .with("[[commits]]\nid = \"v1\"", &format!("{services}\n[[commits]]\nid = \"v1\""));
    let clock = SceneClock::scripted();
    (world(scene.parsed().variant(Variant::Scene), clock.clone()).await, clock)
}

/// The same commit was approved in each scope before.
async fn approve_before(world: &World, races: usize) {
    let mut connection = PgConnection::connect(&database_of(world)).await.unwrap();
    let sql = "INSERT INTO approvals (issue_id, ticket_key, service, environment, commit_sha, approved_at) \
               SELECT (900000 + n)::text, 'PRODCM-' || (900000 + n), 'service-' || (n / $1), 'prod-' || (n % $1), $2, 0 \
               FROM generate_series(0, $3 - 1) AS n";
    let (environments, races) = (ENVIRONMENTS as i32, races as i32);
    let sql = sqlx::query(sql).bind(environments).bind(world.simulator.sha("v1").unwrap()).bind(races);
    sql.execute(&mut connection).await.unwrap();
}

/// A whole service with connections of its own, whose workers and senders look for work without a pause.
async fn replica(world: &World, clock: &SceneClock, work: &mut JoinSet<()>) -> App {
    let SceneClock::Scripted(time) = clock else { unreachable!("races are scripted") };
    let settings = load(Some(&world.settings_file()), &Environment::new()).unwrap();
    let app = App::build(settings, Clock::Scripted(Arc::clone(time))).await.unwrap();
    for _ in 0..2 {
        let (worker, outbox) = (app.worker(), app.outbox());
        work.spawn(async move {
            loop {
                if !worker.work_once().await.unwrap_or(false) {
                    sleep(IDLE).await;
                }
            }
        });
        work.spawn(async move {
            loop {
                if !outbox.work_once().await.unwrap_or(false) {
                    sleep(IDLE).await;
                }
            }
        });
    }
    app
}

/// What those share who run races.
struct Shared {
    world: World,
    next: AtomicUsize,
    /// How long an answer takes on this machine, as far as that is known.
    answer_takes: Mutex<Duration>,
    /// How many races ended with so many approved tickets.
    ends: Mutex<BTreeMap<usize, usize>>,
}

impl Shared {
    fn has_both_ends(&self) -> bool {
        let ends = self.ends.lock().unwrap();
        ends.contains_key(&0) && ends.contains_key(&1)
    }
}

/// Creates the two tickets of a race, and says how many of them are approved when both are answered.
async fn whole_race(world: &World, number: usize, answer_takes: &Mutex<Duration>) -> usize {
    let since = Instant::now();
    let keys = [1000 + 2 * number, 1001 + 2 * number].map(|key| format!("PRODCM-{key}"));
    let (service, environment) = (number / ENVIRONMENTS, number % ENVIRONMENTS);
    for key in &keys {
        let step = format!(
            "create_ticket = {{ key = \"{key}\", by = \"dana\", commit = \"merged\", service = \"service-{service}\", \
             fields = {{ environment = \"prod-{environment}\" }} }}"
        );
        world.simulator.play(&toml::from_str::<Step>(&step).unwrap()).await.unwrap();
        if *key == keys[0] {
            let apart = answer_takes.lock().unwrap().mul_f64(APART * fastrand::f64());
            sleep(apart).await;
        }
    }
    while !keys.iter().all(|key| is_answered(world, key)) {
        assert!(since.elapsed() < PATIENCE, "{keys:?} are not answered");
        sleep(Duration::from_millis(10)).await;
    }
    {
        let mut answer_takes = answer_takes.lock().unwrap();
        *answer_takes = (*answer_takes + since.elapsed()) / 2;
    }
    keys.iter().filter(|key| world.simulator.jira.ticket(key).unwrap().status == "Approved").count()
}

fn is_answered(world: &World, key: &str) -> bool {
    let ticket = world.simulator.jira.ticket(key).unwrap();
    ticket.status == "Approved" || ticket.comments.iter().any(|comment| comment.author_account == BOT_ACCOUNT)
}

#[tokio::test(flavor = "multi_thread")]
async fn f31_two_services_never_approve_two_siblings() {
    assert!(is_postgres(), "run this with tests/with-postgres");
    let races = std::env::var("CM_BOT_TEST_RACES").map_or(WHOLE_RACES, |races| races.parse().unwrap());
    // How far apart two tickets have to be to end differently is learned; a slow machine takes more races for that.
    let most = 5 * races;
    let (world, clock) = arena(most).await;
    let mut work = JoinSet::new();
    let first = replica(&world, &clock, &mut work).await;
    let _second = replica(&world, &clock, &mut work).await;
    drop(world.take_port());
    let listener = tokio::net::TcpListener::bind(world.service).await.unwrap();
    let running = first.serve_on(listener).await.unwrap();
    for step in world.scene.timeline.iter().flat_map(Step::parts) {
        world.simulator.play(&step).await.unwrap();
    }
    approve_before(&world, most).await;
    let shared = Arc::new(Shared {
        world,
        next: AtomicUsize::new(0),
        answer_takes: Mutex::new(Duration::from_millis(200)),
        ends: Mutex::default(),
    });
    let mut runners = JoinSet::new();
    for _ in 0..AT_A_TIME {
        let (shared, clock) = (Arc::clone(&shared), clock.clone());
        runners.spawn(async move {
            loop {
                let number = shared.next.fetch_add(1, Ordering::SeqCst);
                if number >= most || (number >= races && shared.has_both_ends()) {
                    return;
                }
                if number % AN_HOUR == AN_HOUR - 1 {
                    clock.pass(Duration::from_secs(3_600));
                }
                let approved = whole_race(&shared.world, number, &shared.answer_takes).await;
                *shared.ends.lock().unwrap().entry(approved).or_default() += 1;
            }
        });
    }
    runners.join_all().await;
    let ends = shared.ends.lock().unwrap().clone();
    println!("{ends:?}");
    running.stop().await;
    assert_eq!(ends.get(&2), None, "both were approved");
    assert!(ends.contains_key(&0) && ends.contains_key(&1), "only one kind of end proves nothing: {ends:?}");
}

/// Two siblings, and what Jira says of them.
struct Pair {
    scope: Scope,
    tickets: [Ticket; 2],
    approved: [AtomicBool; 2],
}

/// How siblings are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Turns,
    Nothing,
}

fn pair(number: usize) -> Pair {
    let scope = Scope::parse("billing-api", &format!("prod-{number}")).unwrap();
    let ticket = |place: usize| {
        let number = 1 + 2 * number + place;
        let id = IssueId::parse(&(10_000 + number).to_string()).unwrap();
        Ticket { id, key: TicketKey::parse(&format!("PRODCM-{number}")).unwrap(), ..passing().ticket }
    };
    Pair { scope, tickets: [ticket(0), ticket(1)], approved: Default::default() }
}

/// Whether our records know of another ticket of the scope that is not finished.
async fn is_alone(store: &Store, pair: &Pair, ticket: &Ticket) -> bool {
    let known = store.unfinished_of_scope(&pair.scope).await.unwrap();
    known.iter().all(|other| other.issue == ticket.id)
}

/// What one process does with one of the two tickets: it judges it, and if it is alone, looks again and approves it.
async fn judge_and_approve(store: &Store, pair: &Pair, place: usize, by: By) {
    let ticket = &pair.tickets[place];
    for is_approving in [false, true] {
        let mut turn = match by {
            By::Turns => Some(store.turn(&pair.scope).await.unwrap()),
            By::Nothing => None,
        };
        if by == By::Turns {
            store.note_ticket(ticket, Some(&pair.scope), NOW).await.unwrap();
        }
        if !is_alone(store, pair, ticket).await {
            return;
        }
        if is_approving {
            if let Some(turn) = &mut turn {
                turn.assure().await.unwrap();
            }
            pair.approved[place].store(true, Ordering::SeqCst);
            store.note_ticket(ticket, Some(&pair.scope), NOW).await.unwrap();
        }
    }
}

/// How many races ended with no, one or two approved tickets.
async fn run(races: usize, by: By) -> [usize; 3] {
    let url = fresh(std::path::Path::new("/nowhere")).await;
    let stores = [open(&url).await, open(&url).await];
    let mut ends = [0; 3];
    for first in (0..races).step_by(AT_A_TIME) {
        let mut all = JoinSet::new();
        for number in first..(first + AT_A_TIME).min(races) {
            let stores = stores.clone();
            all.spawn(async move {
                let pair = pair(number);
                let late = Duration::from_micros(fastrand::u64(0..10_000));
                tokio::join!(judge_and_approve(&stores[0], &pair, 0, by), async {
                    sleep(late).await;
                    judge_and_approve(&stores[1], &pair, 1, by).await;
                });
                pair.approved.iter().filter(|approved| approved.load(Ordering::SeqCst)).count()
            });
        }
        for approved in all.join_all().await {
            ends[approved] += 1;
        }
    }
    println!("kept apart by {by:?}, races that ended with none, one, two approved: {ends:?}");
    ends
}

#[tokio::test(flavor = "multi_thread")]
async fn f31_in_a_thousand_races_two_siblings_are_never_both_approved() {
    assert!(is_postgres(), "run this with tests/with-postgres");
    let [none, one, both] = run(RACES, By::Turns).await;
    assert_eq!(both, 0);
    assert!(none > 0 && one > 0, "only one kind of end proves nothing");
    let [.., both] = run(RACES / 10, By::Nothing).await;
    assert!(both > 0, "the twin: these are races");
}
