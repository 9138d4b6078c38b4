//! `kill -9` before and after everything that the service asks of others, and at everything that it puts on the disk. After
//! a restart there is one approval, one comment, one message, one record of each, and nothing left to do.
//!
//! The steps are those of a ticket's life: what it is judged by, the transition, the comment, the link, the message.

use std::future::Future;
use std::time::{Duration, Instant};

use cm_bot::cli::demo::world::World;
use cm_bot::model::Timestamp;
use cm_bot::simulator::faults::Side;
use cm_bot::simulator::scene::{Scene, Step, Variant};
use serde_json::Value;
use tokio::time::timeout;

use crate::crash::{PATIENCE, same_time, seen};
use crate::support::database::{is_postgres, open};
use crate::support::process::Service;
use crate::support::{database_of, scene, verified, world};

/// Tickets for which there is an environment.
const MOST: usize = 80;

/// A world with an environment for each kill: every ticket is the first change after an approved one.
struct Stage {
    world: World,
    tickets: usize,
}

impl Stage {
    async fn new() -> (Stage, Service) {
        let environments: Vec<String> = (0..MOST).map(|number| format!("prod-{number}")).collect();
        let service = format!(
            "[[services]]\nname = \"billing-api\"\nrepository = \"acme/billing-api\"\nenvironments = {environments:?}\n\n"
        );
        let commits = "[[commits]]\nid = \"v1\"";
        let ticket = "[[timeline]]\ncreate_ticket = { key = \"PRODCM-412\", by = \"dana\", commit = \"merged\" }";
        let before = "[[timeline]]\ndeployed_before = { ticket = \"PRODCM-398\", commit = \"v1\" }\n";
        let scene =
            scene("clean-change").with(commits, &format!("{service}{commits}")).with(ticket, "").with(before, "");
        let scene: Scene = scene.parsed().variant(Variant::Scene);
        let world = world(scene.clone(), same_time()).await;
        let file = world.settings_file();
        let settings = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, format!("{settings}\n[jobs]\nretry_seconds = 1\n")).unwrap();
        let service = Service::start(&world).await;
        let stage = Stage { world, tickets: 0 };
        for step in &scene.timeline {
            stage.step(step).await;
        }
        (stage, service)
    }

    async fn step(&self, step: &Step) {
        self.world.simulator.play(step).await.unwrap();
        while self.world.simulator.webhooks_under_way() > 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    async fn happens(&self, verb: &str) {
        self.step(&toml::from_str(verb).unwrap()).await;
    }

    /// An earlier change in the next environment, and the key of the ticket that is to come.
    async fn prepare(&mut self) -> String {
        let earlier = format!("PRODCM-{}", 1_000 + self.tickets);
        self.create(&earlier, "v1").await;
        self.until(|world| seen(world, &earlier).1 == 1).await;
        self.happens(&format!("comment = {{ ticket = \"{earlier}\", by = \"sam\", text = \"/cm approve\" }}")).await;
        self.happens(&format!("move_ticket = {{ ticket = \"{earlier}\", by = \"priya\", to = \"Approved\" }}")).await;
        self.until(|world| seen(world, &earlier).1 == 2).await;
        self.close(&earlier).await;
        self.tickets += 1;
        format!("PRODCM-{}", 1_999 + self.tickets)
    }

    async fn create(&self, key: &str, commit: &str) {
        let number: usize = key.trim_start_matches("PRODCM-").parse().unwrap();
        let ticket = format!("key = \"{key}\", by = \"dana\", commit = \"{commit}\"");
        let fields = format!("fields = {{ environment = \"prod-{}\" }}", number % 1_000);
        let step = format!("create_ticket = {{ {ticket}, {fields} }}");
        self.world.simulator.play(&toml::from_str(&step).unwrap()).await.unwrap();
    }

    async fn close(&self, key: &str) {
        self.happens(&format!("move_ticket = {{ ticket = \"{key}\", by = \"priya\", to = \"Closed\" }}")).await;
        self.idle().await;
    }

    async fn until(&self, is_so: impl Fn(&World) -> bool) {
        let since = Instant::now();
        while !is_so(&self.world) {
            assert!(since.elapsed() < PATIENCE, "it did not come to pass");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn idle(&self) {
        let store = open(&database_of(&self.world)).await;
        let since = Instant::now();
        let now = || Timestamp(self.world.simulator.shared.clock.now_ms());
        while self.world.simulator.webhooks_under_way() > 0 || !store.is_idle(now()).await.unwrap() {
            assert!(since.elapsed() < PATIENCE, "there is always something left to do");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until a page of the service says this.
    async fn until_says(&self, address: &str, words: &str) {
        let since = Instant::now();
        loop {
            let text = reqwest::get(address).await.unwrap().text().await.unwrap();
            if text.contains(words) {
                return;
            }
            assert!(since.elapsed() < PATIENCE, "{text}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// After the kill: a new process brings everything to its end, once.
    async fn ends_well(&self, key: &str, what: &str) -> Service {
        let service = Service::start(&self.world).await;
        self.ended_well(key, what).await;
        service
    }

    async fn ended_well(&self, key: &str, what: &str) {
        let since = Instant::now();
        for tick in 0_u32.. {
            // Had the webhook not been answered, Jira would send it again some minutes after the answer that never came.
            if tick.is_multiple_of(1_000) {
                self.world.simulator.shared.clock.pass(Duration::from_secs(360));
            }
            if seen(&self.world, key) == (1, 1, 1) {
                break;
            }
            assert!(since.elapsed() < PATIENCE, "{what}: {:?}", seen(&self.world, key));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.idle().await;
        assert_eq!(seen(&self.world, key), (1, 1, 1), "{what}");
        let trail = verified(&open(&database_of(&self.world)).await).await;
        let entries = trail.iter().map(|(_, body, _)| serde_json::from_str::<Value>(body).unwrap());
        let of_ticket = entries.filter(|entry| entry["ticket"] == key);
        let events: Vec<String> = of_ticket.map(|entry| entry["event"].as_str().unwrap().to_owned()).collect();
        let count = |event: &str| events.iter().filter(|one| *one == event).count();
        assert_eq!((count("decided"), count("approved_automatically")), (1, 1), "{what}: {events:?}");
        self.close(key).await;
    }
}

/// What the service asks of others in a ticket's life, in the order of attacks.md 3.3.
const REQUESTS: [&str; 9] = [
    "GET /rest/api/3/issue/",
    "POST /rest/api/3/search/jql",
    "POST /graphql",
    "/code-scanning/",
    "GET /rest/api/3/issue/KEY/transitions",
    "POST /rest/api/3/issue/KEY/transitions",
    "POST /rest/api/3/issue/KEY/comment",
    "POST /rest/api/3/issue/KEY/remotelink",
    "POST /api/chat.postMessage",
];

async fn killed_at_each_request(side: Side) {
    let (mut stage, mut service) = Stage::new().await;
    for request in REQUESTS {
        let key = stage.prepare().await;
        let faults = &stage.world.simulator.shared.faults;
        let halted = faults.halt_at((&request.replace("KEY", &key), 1), side);
        stage.create(&key, "merged").await;
        halted.reached().await;
        service.kill();
        faults.go_on();
        service = stage.ends_well(&key, &format!("killed {side:?} {request}")).await;
    }
    assert!(service.stop().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_each_request() {
    killed_at_each_request(Side::Before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_each_request() {
    killed_at_each_request(Side::After).await;
}

/// On PostgreSQL it is the server that puts things on the disk.
#[tokio::test(flavor = "multi_thread")]
async fn f28_killed_at_each_fsync() {
    if is_postgres() {
        return;
    }
    let (mut stage, mut service) = Stage::new().await;
    for number in 1.. {
        let key = stage.prepare().await;
        let tracer = service.tamper(&format!("inject=fsync,fdatasync:signal=SIGKILL:when={number}")).await;
        stage.create(&key, "merged").await;
        let died = tokio::select! {
            _ = service.ended() => true,
            () = stage.until(|world| seen(world, &key) == (1, 1, 1)) => false,
        };
        service.kill();
        drop(tracer);
        service = stage.ends_well(&key, &format!("killed at fsync {number}")).await;
        if !died {
            assert!(number > 10, "only {number} times was anything put on the disk");
            break;
        }
    }
    assert!(service.stop().success());
}

/// An fsync that failed is not asked for again: the process ends, and the next one begins with what is there.
#[tokio::test(flavor = "multi_thread")]
async fn f27_a_disk_that_loses_what_was_written_ends_the_process() {
    if is_postgres() {
        return;
    }
    let (mut stage, mut service) = Stage::new().await;
    for number in [1, 2, 3, 5, 8] {
        let key = stage.prepare().await;
        let tracer = service.tamper(&format!("inject=fsync,fdatasync:error=EIO:when={number}")).await;
        stage.create(&key, "merged").await;
        let exit = timeout(PATIENCE, service.ended()).await.unwrap_or_else(|_| panic!("fsync {number}"));
        assert_eq!(exit.code(), Some(1), "fsync {number}");
        drop(tracer);
        service = stage.ends_well(&key, &format!("fsync {number} failed")).await;
    }
    assert!(service.stop().success());
}

/// A full disk refuses webhooks, which come again, and says so; nothing is decided, nothing lost, and nobody has to start
/// anything again when there is room.
#[tokio::test(flavor = "multi_thread")]
async fn f25_a_full_disk_loses_nothing_and_decides_nothing() {
    if is_postgres() {
        return;
    }
    let (mut stage, service) = Stage::new().await;
    for on in ["the receipt", "POST /graphql"] {
        let key = stage.prepare().await;
        let faults = &stage.world.simulator.shared.faults;
        let halted = faults.halt_at((on, 1), Side::Before);
        if on != "the receipt" {
            stage.create(&key, "merged").await;
            halted.reached().await;
        }
        let tracer = service.tamper("inject=pwrite64:error=ENOSPC").await;
        if on == "the receipt" {
            stage.create(&key, "merged").await;
        }
        faults.go_on();
        halted.release();
        let readyz = format!("http://{}/readyz", stage.world.service);
        stage.until_says(&readyz, "the disk of the database is full: make room").await;
        // Room is not made in a moment.
        tokio::time::sleep(Duration::from_secs(6)).await;
        assert_eq!(seen(&stage.world, &key), (0, 0, 0), "full at {on}");
        drop(tracer);
        stage.ended_well(&key, &format!("the disk was full at {on}")).await;
        stage.until_says(&readyz, "\"ready\":true").await;
    }
    assert!(service.stop().success());
}

/// A pipeline's question to the gate: the status and the answer.
async fn ask(address: String, token: String, body: Option<Value>) -> Option<(u16, Value)> {
    let request = reqwest::Client::new().post(address).bearer_auth(token);
    let request = body.iter().fold(request, |request, body| request.json(body));
    let answer = request.send().await.ok()?;
    let status = answer.status().as_u16();
    Some((status, answer.json().await.ok()?))
}

impl Stage {
    fn question(&self, path: &str, body: Option<Value>) -> impl Future<Output = Option<(u16, Value)>> + use<> {
        let address = format!("http://{}/api/v1/changes{path}", self.world.service);
        ask(address, self.world.gate_token("billing-api"), body)
    }

    /// The id of the request of a ticket's build.
    async fn requested(&self, key: &str) -> String {
        let number: usize = key.trim_start_matches("PRODCM-").parse().unwrap();
        let asked = serde_json::json!({
            "system": "jenkins", "job": "billing-api/release", "build": "1871", "attempt": 1,
            "service": "billing-api", "environment": format!("prod-{}", number % 1_000),
            "repository": "acme/billing-api", "ref": "refs/heads/main",
            "commit": self.world.simulator.sha("merged").unwrap(), "artifact": "billing-api:1871", "ticket": key,
        });
        let (status, change) = self.question("", Some(asked)).await.unwrap();
        assert_eq!(status, 201, "{change}");
        change["id"].as_str().unwrap().to_owned()
    }
}

/// Rows 10 and 11: the gate lets a build through once, and the ticket is closed once, whenever the process dies.
#[tokio::test(flavor = "multi_thread")]
async fn killed_while_the_gate_answers_and_while_the_ticket_is_closed() {
    let (mut stage, mut service) = Stage::new().await;
    for side in [Side::Before, Side::After] {
        let key = stage.prepare().await;
        stage.create(&key, "merged").await;
        stage.until(|world| seen(world, &key) == (1, 1, 1)).await;
        stage.idle().await;
        let id = stage.requested(&key).await;
        stage.idle().await;
        let halted = stage.world.simulator.shared.faults.halt_at(("/git/ref/heads/main", 1), side);
        let asked = tokio::spawn(stage.question(&format!("/{id}/consume"), None));
        halted.reached().await;
        service.kill();
        stage.world.simulator.shared.faults.go_on();
        assert_eq!(asked.await.unwrap(), None, "nobody was told anything");
        service = Service::start(&stage.world).await;
        let first = stage.question(&format!("/{id}/consume"), None).await.unwrap();
        assert_eq!((first.0, first.1["answer"].as_str()), (200, Some("allow")), "{first:?}");
        service.kill();
        service = Service::start(&stage.world).await;
        let again = stage.question(&format!("/{id}/consume"), None).await.unwrap();
        assert_eq!(again, first, "the answer was lost, and is the same again");

        let close = format!("POST /rest/api/3/issue/{key}/transitions");
        let halted = stage.world.simulator.shared.faults.halt_at((&close, 1), side);
        let report = serde_json::json!({"outcome": "succeeded"});
        assert_eq!(stage.question(&format!("/{id}/finish"), Some(report)).await.unwrap().0, 200);
        halted.reached().await;
        service.kill();
        stage.world.simulator.shared.faults.go_on();
        service = Service::start(&stage.world).await;
        stage.until(|world| world.simulator.jira.ticket(&key).unwrap().status == "Closed").await;
        stage.idle().await;
        let transitions = stage.world.simulator.jira.ticket(&key).unwrap().transitions;
        assert_eq!(transitions.iter().filter(|transition| transition.name == "Close").count(), 1, "{side:?}");
        let trail = verified(&open(&database_of(&stage.world)).await).await;
        let told = |event: &str| {
            let mark = format!("\"event\":\"{event}\"");
            trail.iter().filter(|(_, body, _)| body.contains(&mark) && body.contains(&id)).count()
        };
        assert_eq!((told("gate_allowed"), told("deployment_ended")), (1, 1), "{side:?}");
    }
    assert!(service.stop().success());
}
