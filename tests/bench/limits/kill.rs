//! A process that is killed with webhooks acknowledged and nothing decided: what the next one still knows.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use cm_bot::cli::demo::world::World;
use cm_bot::simulator::clock::Clock;
use cm_bot::simulator::scene::{CreateTicket, Scene, System};
use cm_bot::simulator::traffic::Latency;
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use crate::load::{self, Until};
use crate::servers::{Server, records, secret};
use crate::{Effort, Report};

/// Webhooks that were acknowledged when it is killed.
const ACKNOWLEDGED: u64 = 10_000;

/// Tickets that they tell of, each in an environment of its own.
const TICKETS: usize = 40;

const CONNECTIONS: usize = 32;

/// Tries of which the slowest counts.
const TRIES: usize = 3;

/// Jira answers this slowly before the kill, so that nothing is decided by then.
const SLOW: Latency = Latency { per_answer: Duration::from_secs(60), per_node: Duration::ZERO };

const PATIENCE: Duration = Duration::from_secs(300);

/// What one try found.
struct Try {
    acknowledged: usize,
    lost: usize,
    twice: usize,
    first: Duration,
    last: Duration,
}

/// Kills some services.
pub async fn measure(effort: Effort) -> anyhow::Result<Report> {
    let tries = if effort == Effort::Quick { 1 } else { TRIES };
    let mut report = Report::default();
    writeln!(report.text, "Killed at the {ACKNOWLEDGED}th acknowledged webhook, {TICKETS} tickets to decide:\n")?;
    writeln!(report.text, "| acknowledged | lost | decided twice | first verdict | last verdict |")?;
    writeln!(report.text, "|---:|---:|---:|---:|---:|")?;
    for _ in 0..tries {
        let Try { acknowledged, lost, twice, first, last } = one().await?;
        let times = format!("{:.2} s | {:.2} s", first.as_secs_f64(), last.as_secs_f64());
        writeln!(report.text, "| {acknowledged} | {lost} | {twice} | {times} |")?;
        report.expect(lost == 0, "no acknowledged webhook is lost");
        report.expect(twice == 0, "no ticket is decided twice");
        report.expect(first <= Duration::from_secs(2), "the first verdict comes within 2 s of the restart");
    }
    Ok(report)
}

async fn one() -> anyhow::Result<Try> {
    let world = World::new(scene()?, Clock::Real).await?;
    let tickets = tickets(&world).await?;
    world.simulator.set_latency(System::Jira, SLOW);
    let service = Server::cm_bot(&world).await?;
    let issues = tickets.iter().map(|(key, id)| (id.clone(), key.clone())).collect();
    let until = Until { answers: ACKNOWLEDGED, time: PATIENCE };
    let sent = load::send(service.address, CONNECTIONS, load::jira(&secret(&world, "jira")?, issues), until).await?;
    service.kill()?;
    world.simulator.set_latency(System::Jira, Latency::default());
    ensure!(commented(&world, &tickets) == 0, "something was decided before the kill");
    let lost = lost(&world, &sent.acknowledged).await?;
    let start = Instant::now();
    let service = Server::cm_bot(&world).await?;
    let first = wait(&world, &tickets, (1, start)).await?;
    let last = wait(&world, &tickets, (tickets.len(), start)).await?;
    // Whatever would be decided again has begun by now.
    tokio::time::sleep(Duration::from_secs(2)).await;
    drop(service);
    let twice = decided_twice(&world).await?;
    Ok(Try { acknowledged: sent.acknowledged.len(), lost, twice, first, last })
}

/// One service with an environment for each ticket, and a commit to deploy.
fn scene() -> anyhow::Result<Scene> {
    let environments: Vec<String> = (0..TICKETS).map(|number| format!("prod-{number}")).collect();
    let service = format!("name = \"billing-api\"\nrepository = \"acme/billing-api\"\nenvironments = {environments:?}");
    Ok(Scene::parse(&format!(
        "title = \"Many tickets\"\nabout = \"Webhooks for all of them, and a process that dies.\"\n[[services]]\n{service}\n[[commits]]\nid = \"v1\"\nauthor = \"dana\"\nmessage = \"Begin\"\n\
         files = {{ \"README.md\" = \"Billing.\\n\" }}\n[[timeline]]\npush = {{ branch = \"main\", commit = \"v1\" }}\n\
         [[expect]]\nticket = \"PRODCM-1\"\nverdict = \"not played\"\n"
    ))?)
}

/// Tickets that Jira has, and nobody was told of: key and id.
async fn tickets(world: &World) -> anyhow::Result<Vec<(String, String)>> {
    for step in world.scene.timeline.iter().flat_map(|step| step.parts()) {
        world.simulator.play(&step).await?;
    }
    let (sha, mut tickets) = (world.simulator.sha("v1")?, Vec::new());
    for number in 0..TICKETS {
        let create = CreateTicket {
            key: format!("PRODCM-{}", 500 + number),
            by: "dana".into(),
            commit: "v1".into(),
            reporter: None,
            service: None,
            summary: None,
            fields: BTreeMap::from([("environment".to_owned(), format!("prod-{number}"))]),
        };
        world.simulator.jira.create_ticket(&create, &sha)?;
        tickets.push((create.key.clone(), id(world, &create.key).await?));
    }
    Ok(tickets)
}

/// Jira's number of a ticket.
async fn id(world: &World, key: &str) -> anyhow::Result<String> {
    let (account, token) = world.simulator.jira.credentials();
    let url = format!("http://{}/rest/api/3/issue/{key}?fields=status", world.addresses.jira);
    let answer = reqwest::Client::new().get(url).basic_auth(account, Some(token)).send().await?;
    let issue: serde_json::Value = answer.error_for_status()?.json().await?;
    Ok(issue.get("id").and_then(|id| id.as_str()).context("a ticket without an id")?.to_owned())
}

fn commented(world: &World, tickets: &[(String, String)]) -> usize {
    let has_comment = |key: &str| world.simulator.jira.ticket(key).is_some_and(|ticket| !ticket.comments.is_empty());
    tickets.iter().filter(|(key, _)| has_comment(key)).count()
}

async fn wait(
    world: &World,
    tickets: &[(String, String)],
    (decided, start): (usize, Instant),
) -> anyhow::Result<Duration> {
    while commented(world, tickets) < decided {
        ensure!(start.elapsed() < PATIENCE, "{decided} tickets were not decided");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Ok(start.elapsed())
}

/// Acknowledged webhooks of which the records know nothing.
async fn lost(world: &World, acknowledged: &[u64]) -> anyhow::Result<usize> {
    let mut records = open(world).await?;
    let kept: Vec<String> =
        sqlx::query_scalar("SELECT delivery_id FROM deliveries WHERE source = 'jira'").fetch_all(&mut records).await?;
    let kept: std::collections::HashSet<String> = kept.into_iter().collect();
    Ok(acknowledged.iter().filter(|number| !kept.contains(&number.to_string())).count())
}

async fn decided_twice(world: &World) -> anyhow::Result<usize> {
    let mut records = open(world).await?;
    let twice = "SELECT COUNT(*) FROM (SELECT issue_id FROM decisions GROUP BY issue_id HAVING COUNT(*) > 1)";
    let decided: i64 = sqlx::query_scalar(twice).fetch_one(&mut records).await?;
    Ok(usize::try_from(decided)?)
}

async fn open(world: &World) -> anyhow::Result<SqliteConnection> {
    Ok(SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(records(world))).await?)
}
