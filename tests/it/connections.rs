//! Whoever only wants to keep the service busy: floods, slow senders, connections that nobody needs.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use cm_bot::cli::demo::play::Played;
use cm_bot::model::{IssueId, RepoName};
use cm_bot::simulator::scene::{Step, System, Variant};
use cm_bot::simulator::traffic::Latency;
use cm_bot::store::{Delivery, Job, Received, StoreError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::crash::{PATIENCE, play, same_time, seen};
use crate::support::database::{Other, fresh, open};
use crate::support::facts::NOW;
use crate::support::process::Service;
use crate::support::{scene, world};
use crate::webhooks::running;

/// How long somebody may keep a connection without a whole request.
const LONGEST: Duration = Duration::from_secs(20);

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

/// What the service says until it closes the connection, and how long that took from now.
async fn until_closed(stream: &mut TcpStream) -> (String, Duration) {
    let (since, mut said) = (Instant::now(), Vec::new());
    let closed = tokio::time::timeout(LONGEST * 2, stream.read_to_end(&mut said)).await;
    assert!(closed.is_ok(), "still open: {}", String::from_utf8_lossy(&said));
    (String::from_utf8_lossy(&said).into_owned(), since.elapsed())
}

/// Sends the start, then a byte from time to time, as long as the service lets us.
async fn dripped(played: &Played, start: &'static str, byte: &'static [u8]) -> (String, Duration) {
    let (mut reading, mut writing) = connect(played.world.service).await.into_split();
    let (since, mut said) = (Instant::now(), Vec::new());
    let drip = async {
        writing.write_all(start.as_bytes()).await.unwrap();
        while writing.write_all(byte).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    };
    tokio::select! {
        _ = reading.read_to_end(&mut said) => {}
        () = drip => {}
        () = tokio::time::sleep(LONGEST * 2) => {}
    }
    (String::from_utf8_lossy(&said).into_owned(), since.elapsed())
}

const WHOLE: &str = "GET /healthz HTTP/1.1\r\nhost: cm-bot\r\n\r\n";
const HEAD: &str = "POST /webhooks/jira HTTP/1.1\r\nhost: cm-bot\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn w08_a_slow_sender_is_left() {
    let played = running().await;
    let ((_, head), (said, body), (more, pieces)) = tokio::join!(
        dripped(&played, HEAD, b"a"),
        dripped(&played, "POST /webhooks/jira HTTP/1.1\r\nhost: cm-bot\r\ncontent-length: 1000\r\n\r\n", b"a"),
        dripped(
            &played,
            "POST /webhooks/jira HTTP/1.1\r\nhost: c\r\ntransfer-encoding: chunked\r\n\r\n",
            b"1\r\na\r\n"
        ),
    );
    assert!([head, body, pieces].iter().all(|time| *time <= LONGEST), "{head:?} {body:?} {pieces:?}");
    for answer in [said, more] {
        assert!(answer.starts_with("HTTP/1.1 408"), "Jira sends it again: {answer}");
    }
    let mut nobody = connect(played.world.service).await;
    assert!(until_closed(&mut nobody).await.1 <= LONGEST, "a connection without a request");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w08_a_sender_who_is_only_a_little_slow_is_heard() {
    let played = running().await;
    let mut stream = connect(played.world.service).await;
    for _ in 0..2 {
        for piece in WHOLE.as_bytes().chunks(12) {
            stream.write_all(piece).await.unwrap();
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let mut answer = vec![0; 4096];
        let length = stream.read(&mut answer).await.unwrap();
        assert!(String::from_utf8_lossy(&answer[..length]).starts_with("HTTP/1.1 200 OK"), "on the same connection");
    }
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w08_a_head_that_is_too_large_is_refused() {
    let played = running().await;
    let many = (0..100_000).map(|number| format!("x-{number}: y\r\n")).collect::<String>();
    let long = format!("x: {}\r\n", "y".repeat(100_000));
    for headers in [many, long] {
        let mut stream = connect(played.world.service).await;
        // It may be refused, and the connection closed, before all was written.
        let _ = stream.write_all(format!("{HEAD}{headers}\r\n").as_bytes()).await;
        let mut answer = vec![0; 4096];
        if let Ok(length) = stream.read(&mut answer).await {
            let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
        }
    }
    let few = (0..50).map(|number| format!("x-{number}: y\r\n")).collect::<String>();
    let mut stream = connect(played.world.service).await;
    stream.write_all(format!("GET /healthz HTTP/1.1\r\nconnection: close\r\n{few}\r\n").as_bytes()).await.unwrap();
    assert!(until_closed(&mut stream).await.0.starts_with("HTTP/1.1 200 OK"), "the twin");
    played.stop().await;
}

/// Nobody of them knows a secret. Half of them promise large bodies and bring most of them.
async fn flood(address: SocketAddr, until: Instant) {
    let mut all = tokio::task::JoinSet::new();
    let promised = 2_000_000;
    let body: std::sync::Arc<[u8]> = vec![b'x'; promised].into();
    for number in 0..300_u32 {
        let body = std::sync::Arc::clone(&body);
        all.spawn(async move {
            while Instant::now() < until {
                let Ok(mut stream) = TcpStream::connect(address).await else { continue };
                let head =
                    format!("{HEAD}x-hub-signature: sha256={}\r\ncontent-length: {promised}\r\n\r\n", "0".repeat(64));
                let _ = stream.write_all(head.as_bytes()).await;
                let sent = if number % 2 == 0 { promised } else { promised - 1 };
                let _ = tokio::time::timeout_at(until.into(), stream.write_all(&body[..sent])).await;
                let mut answer = [0; 64];
                let _ = tokio::time::timeout_at(until.into(), stream.read(&mut answer)).await;
            }
        });
    }
    all.join_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w07_a_flood_costs_little_memory_and_a_ticket_after_it_is_decided() {
    let scene = scene("clean-change").parsed().variant(Variant::Scene);
    let world = world(scene.clone(), same_time()).await;
    let service = Service::start(&world).await;
    let (last, before) = scene.timeline.split_last().unwrap();
    play(&world, before.iter()).await;
    let calm = service.most_memory();
    flood(world.service, Instant::now() + Duration::from_secs(4)).await;
    let more = service.most_memory().saturating_sub(calm) / 1024 / 1024;
    assert!(more < 250, "{more} MiB more than without, for 600 MB that were promised at once");
    decides(&world, last).await;
    assert!(service.stop().success());
}

/// The ticket is created, and answered once.
async fn decides(world: &cm_bot::cli::demo::world::World, ticket: &Step) {
    world.simulator.play(ticket).await.unwrap();
    let since = Instant::now();
    while seen(world, "PRODCM-412") != (1, 1, 1) {
        assert!(since.elapsed() < PATIENCE, "{:?}", seen(world, "PRODCM-412"));
        // Had the webhook been turned away, Jira would send it again after some minutes.
        world.simulator.shared.clock.pass(Duration::from_secs(1));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn w07_when_too_much_is_to_be_done_jira_is_asked_to_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let url = fresh(folder.path()).await;
    let (store, mut other) = (open(&url).await, Other::connect(&url).await);
    let receive = async |id: &str, job: Job| {
        let delivery = Delivery { source: "jira", id, body: id.as_bytes(), receipt: None };
        store.receive(&delivery, Some(&job), NOW).await
    };
    let ticket = || Job::Ticket(IssueId::parse("7").unwrap());
    let repository = || Job::Repository(RepoName::parse("acme/billing-api").unwrap());
    let many = "INSERT INTO jobs (kind, subject, state, run_at, attempts, lease_until, lease_token) \
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) \
                SELECT 'ticket', 'n' || CAST(i AS TEXT), 'ready', 0, 0, 0, 0 FROM n";
    other.run(many).await.unwrap();
    assert!(matches!(receive("1", ticket()).await, Err(StoreError::Full)));
    assert_eq!(receive("2", repository()).await.unwrap(), Received::Kept, "GitHub would not send it again");
    other.run("DELETE FROM jobs WHERE subject = 'n1'").await.unwrap();
    other.run("DELETE FROM jobs WHERE subject = 'n2'").await.unwrap();
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(receive("1", ticket()).await.unwrap(), Received::New, "the twin");
}

#[tokio::test(flavor = "multi_thread")]
async fn f36_without_a_free_file_the_service_waits_and_goes_on() {
    let scene = scene("clean-change").parsed().variant(Variant::Scene);
    let world = world(scene.clone(), same_time()).await;
    let service = Service::with_few_files(&world, 64).await;
    let (last, before) = scene.timeline.split_last().unwrap();
    play(&world, before.iter()).await;
    let mut idle = Vec::new();
    for _ in 0..60 {
        idle.push(TcpStream::connect(world.service).await.unwrap());
    }
    let client = reqwest::Client::builder().timeout(Duration::from_millis(500)).build().unwrap();
    let health = || client.get(format!("http://{}/healthz", world.service)).send();
    let since = Instant::now();
    while health().await.is_ok() {
        assert!(since.elapsed() < Duration::from_millis(4_500), "there is a file left");
    }
    while health().await.is_err() {
        assert!(since.elapsed() < Duration::from_secs(60), "it does not come back");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    drop(idle);
    decides(&world, last).await;
    assert!(service.stop().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn f35_asked_to_stop_while_others_do_not_answer_it_stops_and_another_goes_on() {
    let scene = scene("clean-change").parsed().variant(Variant::Scene);
    let world = world(scene.clone(), same_time()).await;
    let service = Service::start(&world).await;
    let (last, before) = scene.timeline.split_last().unwrap();
    play(&world, before.iter()).await;
    let slow = Latency { per_answer: Duration::from_secs(28), per_node: Duration::ZERO };
    world.simulator.set_latency(System::Github, slow);
    let asked = world.simulator.traffic();
    world.simulator.play(last).await.unwrap();
    while world.simulator.traffic().github_rest == asked.github_rest {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let since = Instant::now();
    assert!(service.stop().success());
    assert!(since.elapsed() < slow.per_answer, "{:?}", since.elapsed());
    assert_eq!(seen(&world, "PRODCM-412"), (0, 0, 0));
    world.simulator.set_latency(System::Github, Latency::default());
    let service = Service::start(&world).await;
    while seen(&world, "PRODCM-412") != (1, 1, 1) {
        assert!(since.elapsed() < PATIENCE * 2, "{:?}", seen(&world, "PRODCM-412"));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let since = Instant::now();
    assert!(service.stop().success());
    assert!(since.elapsed() < Duration::from_secs(12), "the twin: nothing is under way, {:?}", since.elapsed());
}
