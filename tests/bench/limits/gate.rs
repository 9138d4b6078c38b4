//! Answers of the gate, alone and beside webhooks: how a change stands, and the yes to a run that asks again.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use cm_bot::cli::demo::world::World;
use cm_bot::simulator::clock::Clock;
use cm_bot::simulator::jira::BOT_ACCOUNT;
use cm_bot::simulator::scene::{Scene, Step};
use serde_json::{Value, json};

use crate::load::{self, Make, Outcome, Until};
use crate::servers::{Server, secret};
use crate::{Effort, Report};

/// Pipelines that ask at a time, and connections of webhooks beside them.
const PIPELINES: usize = 4;
const CONNECTIONS: usize = 32;

/// How long each question is asked.
const TIME: Duration = Duration::from_secs(6);

/// No round sends more.
const MOST: u64 = 100_000;

/// How long a ticket may take until it is approved: less than a connection lives, so that the last answer can be read.
const PATIENCE: Duration = Duration::from_secs(30);

/// Asks each question without webhooks and with them.
pub async fn measure(effort: Effort) -> anyhow::Result<Report> {
    let mut scene = Scene::parse(include_str!("../../../config/scenes/clean-change.toml"))?;
    let timeline = std::mem::take(&mut scene.timeline);
    let clock = Clock::Scripted(Arc::new(AtomicI64::new(Clock::Real.now_ms())));
    let world = World::new(scene, clock).await?;
    world.simulator.shared.dates.follow_the_machine();
    let server = Server::cm_bot(&world).await?;
    for step in timeline.iter().flat_map(Step::parts) {
        world.simulator.play(&step).await?;
        settle(&world).await?;
    }
    let token = world.gate_token("billing-api");
    let id = allowed(&world, &token).await?;
    let time = if effort == Effort::Quick { TIME / 4 } else { TIME };
    let mut report = Report::default();
    writeln!(
        report.text,
        "Answers of the gate, {PIPELINES} at a time, beside webhooks over {CONNECTIONS} connections:\n"
    )?;
    writeln!(report.text, "| question | webhooks | a second | p50 | p99 |\n|---|---:|---:|---:|---:|")?;
    for (what, make) in
        [("how it stands", asked(&id, &token, "GET", "")), ("may it deploy", asked(&id, &token, "POST", "/consume"))]
    {
        let mut alone = load::send(server.address, PIPELINES, make.clone(), Until { answers: MOST, time }).await?;
        row(&mut report, (what, 0.0), &mut alone)?;
        let webhooks = load::github("/webhooks/github", &secret(&world, "github")?);
        let webhooks = load::send(server.address, CONNECTIONS, once(webhooks), Until { answers: MOST, time });
        let asked = load::send(server.address, PIPELINES, make, Until { answers: MOST, time });
        let (webhooks, asked) = tokio::join!(webhooks, asked);
        row(&mut report, (what, webhooks?.per_second()), &mut asked?)?;
    }
    Ok(report)
}

/// Until every webhook was answered, and the earlier change as well: its approval is where the range begins.
async fn settle(world: &World) -> anyhow::Result<()> {
    let since = Instant::now();
    while world.simulator.webhooks_under_way() > 0 || !earlier_is_answered(world) {
        ensure!(since.elapsed() < PATIENCE, "the earlier change is not answered");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

fn earlier_is_answered(world: &World) -> bool {
    let Some(ticket) = world.simulator.jira.ticket("PRODCM-398") else { return true };
    let said = ticket.comments.iter().filter(|comment| comment.author_account == BOT_ACCOUNT).count();
    said >= if ticket.status == "Awaiting approval" { 1 } else { 2 }
}

fn row(report: &mut Report, (what, webhooks): (&str, f64), outcome: &mut Outcome) -> anyhow::Result<()> {
    report.expect(outcome.refused == 0, &format!("every question is answered: {what}"));
    let [half, most] = [50, 99].map(|percent| outcome.percentile(percent).as_secs_f64() * 1e3);
    let rate = outcome.per_second();
    writeln!(report.text, "| {what} | {webhooks:.0} a second | {rate:.0} | {half:.1} ms | {most:.1} ms |")?;
    Ok(())
}

/// A change that was let through.
async fn allowed(world: &World, token: &str) -> anyhow::Result<String> {
    let base = format!("http://{}/api/v1/changes", world.service);
    let http = reqwest::Client::new();
    let asked = json!({
        "system": "other", "job": "billing-api/release", "build": "1871", "attempt": 1, "service": "billing-api",
        "environment": "prod-us", "repository": "acme/billing-api", "ref": "refs/heads/main",
        "commit": world.simulator.sha("merged")?, "artifact": "billing-api:1871",
    });
    let since = Instant::now();
    let change: Value = http.post(&base).bearer_auth(token).json(&asked).send().await?.json().await?;
    let id = change["id"].as_str().with_context(|| change.to_string())?.to_owned();
    loop {
        let answer = http.post(format!("{base}/{id}/consume")).bearer_auth(token).send().await?;
        if answer.status().is_success() {
            return Ok(id);
        }
        ensure!(since.elapsed() < PATIENCE, "the change is not approved: {}", answer.text().await?);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn asked(id: &str, token: &str, method: &str, rest: &str) -> Make {
    let head = format!(
        "{method} /api/v1/changes/{id}{rest} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Content-Length: 0\r\n\r\n"
    );
    Arc::new(move |_| head.clone().into_bytes())
}

/// Numbers that no other round has used.
fn once(make: Make) -> Make {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    Arc::new(move |_| make(NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)))
}
