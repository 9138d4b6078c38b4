//! cm-bot in front of a played world: as a running service, or only its gathering and judging.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use cm_bot::app::App;
use cm_bot::cli::demo::world::World;
use cm_bot::clock::Clock;
use cm_bot::gather;
use cm_bot::model::TicketKey;
use cm_bot::policy::decision::Kind;
use cm_bot::policy::evaluate;
use cm_bot::policy::facts::Facts;
use cm_bot::settings::{Environment, load};
use cm_bot::simulator::clock::Clock as SceneClock;
use cm_bot::simulator::scene::System;
use cm_bot::simulator::traffic::{Latency, Traffic};
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tokio::net::TcpListener;

use super::world::{self, Workload, ticket};

/// How long the service may take to come to rest.
const PATIENCE: Duration = Duration::from_secs(300);

/// A world in which everything happened, and the records of a service that watched. No service runs.
pub struct Played {
    /// The world.
    pub world: World,
    /// The workload.
    pub workload: Workload,
    clock: SceneClock,
    copies: usize,
    tickets: usize,
}

/// What one look at a ticket took.
pub struct Looked {
    /// What was gathered.
    pub facts: Facts,
    /// How long gathering and judging took.
    pub took: Duration,
    /// What was asked meanwhile.
    pub traffic: Traffic,
}

impl Played {
    /// Plays a workload with a service that receives every webhook, and stops the service.
    pub async fn new(workload: Workload) -> anyhow::Result<Played> {
        let clock = SceneClock::scripted();
        let world = World::new(workload.scene()?, clock.clone()).await?;
        let app = App::build(load(Some(&world.settings_file()), &Environment::new())?, service_clock(&clock)).await?;
        let port = world.take_port().context("the port is taken")?;
        port.set_nonblocking(true)?;
        let running = app.start_on(TcpListener::from_std(port)?).await?;
        for step in world.scene.timeline.clone().iter().flat_map(|step| step.parts()) {
            world.simulator.play(&step).await?;
            // The records need every state of a ticket; of the repository they need only the deliveries.
            if step.create_ticket.is_some() || step.move_ticket.is_some() {
                settle(&world, &app).await?;
            }
        }
        settle(&world, &app).await?;
        running.stop().await;
        Ok(Played { world, workload, clock, copies: 0, tickets: 200 })
    }

    /// Lets all three systems answer this slowly.
    pub fn slow_down(&self, latency: Latency) {
        for system in [System::Jira, System::Github, System::Slack] {
            self.world.simulator.set_latency(system, latency);
        }
    }

    /// A new ticket for the newest commit, which no service hears of.
    pub async fn new_ticket(&mut self) -> anyhow::Result<TicketKey> {
        self.tickets += 1;
        let key = format!("PRODCM-{}", self.tickets);
        self.world.simulator.play(&ticket(&key)).await?;
        Ok(TicketKey::parse(&key)?)
    }

    /// Gathers and judges with a cold client and a copy of the records as they were before any ticket.
    pub async fn look(&mut self, key: &TicketKey) -> anyhow::Result<Looked> {
        let app = self.build().await?;
        let (sources, criteria) = (&app.context.sources, &app.context.policy.criteria);
        let ticket = sources.jira.ticket_by_key(key).await?;
        self.world.simulator.forget_traffic();
        let start = Instant::now();
        let facts = gather::for_ticket(sources, (ticket, app.context.clock.now()), criteria).await?;
        let decision = evaluate(&facts, criteria, app.context.clock.now());
        let took = start.elapsed();
        let findings = serde_json::to_string(&decision)?;
        ensure!(decision.kind() == Kind::Approve, "a clean change was not approved: {}", shorten(&findings));
        Ok(Looked { facts, took, traffic: self.world.simulator.traffic() })
    }

    /// The criteria and people of this world.
    pub async fn app(&mut self) -> anyhow::Result<App> {
        self.build().await
    }

    /// From the ticket's webhook until Jira has the transition and the comment; the service ran already.
    pub async fn approve(&mut self, latency: Latency) -> anyhow::Result<Duration> {
        let app = self.build().await?;
        self.slow_down(Latency::default());
        app.context.sources.jira.check().await?;
        app.context.sources.github.check(&app.context.sources.services[0].repository).await?;
        let running = app.start().await?;
        self.slow_down(latency);
        let start = Instant::now();
        let key = self.new_ticket().await?;
        let took = self.wait_for_approval(key.as_str(), start).await;
        self.slow_down(Latency::default());
        settle(&self.world, &app).await?;
        self.close(key.as_str()).await?;
        settle(&self.world, &app).await?;
        running.stop().await;
        took
    }

    /// The last approved commit.
    pub fn base(&self) -> anyhow::Result<String> {
        Ok(self.world.simulator.sha(&world::base())?)
    }

    /// The commit to deploy.
    pub fn head(&self) -> anyhow::Result<String> {
        Ok(self.world.simulator.sha(world::HEAD)?)
    }

    /// Rate limits begin anew.
    pub fn an_hour_later(&self) {
        self.clock.pass(Duration::from_secs(3_600));
    }

    async fn wait_for_approval(&self, key: &str, start: Instant) -> anyhow::Result<Duration> {
        while !self.is_approved(key) {
            ensure!(start.elapsed() < PATIENCE, "{key} was not approved");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(start.elapsed())
    }

    /// Whether Jira has transition and comment.
    pub fn is_approved(&self, key: &str) -> bool {
        let ticket = self.world.simulator.jira.ticket(key);
        ticket.is_some_and(|ticket| !ticket.transitions.is_empty() && !ticket.comments.is_empty())
    }

    /// Closes a ticket, so that the next one has no sibling.
    pub async fn close(&self, key: &str) -> anyhow::Result<()> {
        let close = format!("move_ticket = {{ ticket = '{key}', by = 'priya', to = 'Closed' }}");
        Ok(self.world.simulator.play(&toml::from_str(&close)?).await?)
    }

    /// A service on its own copy of the records.
    async fn build(&mut self) -> anyhow::Result<App> {
        self.copies += 1;
        let copy = format!("sqlite:{}", self.copy().await?);
        let environment = Environment::from([("CM_BOT__DATABASE__URL".into(), copy)]);
        App::build(load(Some(&self.world.settings_file()), &environment)?, service_clock(&self.clock)).await
    }

    /// The records as they were before any ticket that is measured.
    pub fn records(&self) -> PathBuf {
        self.world.settings_file().with_file_name("cm-bot.db")
    }

    /// Made by SQLite itself: the connections of the service that stopped may still be closing.
    async fn copy(&self) -> anyhow::Result<String> {
        let copy = self.records().with_file_name(format!("copy-{}.db", self.copies)).display().to_string();
        let records = SqliteConnectOptions::new().filename(self.records());
        let mut records = SqliteConnection::connect_with(&records).await?;
        sqlx::query("VACUUM INTO $1").bind(&copy).execute(&mut records).await?;
        records.close().await?;
        // Else the service that is measured waits for the disk to take the copy.
        std::fs::File::open(&copy)?.sync_all()?;
        Ok(copy)
    }
}

async fn settle(world: &World, app: &App) -> anyhow::Result<()> {
    let since = Instant::now();
    let mut quiet = 0;
    while quiet < 2 {
        app.wake.all();
        tokio::time::sleep(Duration::from_millis(5)).await;
        let at_rest = world.simulator.webhooks_under_way() == 0 && app.is_idle().await?;
        quiet = if at_rest { quiet + 1 } else { 0 };
        if since.elapsed() > PATIENCE {
            bail!("the service did not come to rest");
        }
    }
    Ok(())
}

fn service_clock(clock: &SceneClock) -> Clock {
    match clock {
        SceneClock::Real => Clock::System,
        SceneClock::Scripted(time) => Clock::Scripted(std::sync::Arc::clone(time)),
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(4_000).collect()
}
