//! Plays one scene: a world, the real service on an embedded database in a temporary folder, and the timeline.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tempfile::TempDir;

use super::compare::differences;
use crate::app::{App, Running};
use crate::clock::Clock;
use crate::settings::{Environment, load};
use crate::simulator::clock::Clock as SceneClock;
use crate::simulator::scene::{Scanner, Scene, Service, Variant};
use crate::simulator::{Addresses, Simulator, slack};

/// The criteria that a scene starts from.
const CRITERIA: &str = include_str!("../../../config/criteria.toml");

/// How long the service may take to come to rest after one step.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often it is asked whether it is at rest.
const GLANCE: Duration = Duration::from_millis(10);

/// A scene after it was played. World and service still run, so that people can look at them.
#[derive(Debug)]
pub struct Played {
    /// The scene's name.
    pub name: String,
    /// The scene.
    pub scene: Scene,
    /// The world.
    pub simulator: Simulator,
    /// Where the world listens.
    pub addresses: Addresses,
    /// The service.
    pub app: App,
    /// In what it did not end as it says it must; empty when it did.
    pub differences: Vec<String>,
    /// Where the service listens.
    pub service: SocketAddr,
    running: Running,
    folder: TempDir,
}

impl Played {
    /// Stops the service and the world.
    pub async fn stop(self) {
        self.running.stop().await;
    }

    /// The folder of this play: settings and database.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}

/// Plays a scene, or its twin, and compares what came of it with what it says. A twin has nothing to compare with.
///
/// # Errors
/// When the scene is impossible, or the service does not come to rest.
pub async fn play(name: &str, scene: Scene, variant: Variant) -> anyhow::Result<Played> {
    let mut played = start(name, scene.variant(variant)).await.with_context(|| format!("scene {name}"))?;
    for step in played.scene.timeline.clone().iter().flat_map(|step| step.parts()) {
        played.simulator.play(&step).await.with_context(|| format!("scene {name}"))?;
        settle(&played).await.with_context(|| format!("scene {name}"))?;
    }
    if variant == Variant::Scene {
        played.differences = differences(&played).await?;
    }
    Ok(played)
}

/// Sets up the world and the service, before the timeline begins.
///
/// # Errors
/// When the scene contradicts itself or a port cannot be opened.
pub async fn start(name: &str, scene: Scene) -> anyhow::Result<Played> {
    let clock = SceneClock::scripted();
    let simulator = Simulator::new(scene.clone(), clock.clone())?;
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let addresses = simulator.listen(Addresses { jira: any, github: any, slack: any }).await?;
    let folder = tempfile::tempdir()?;
    let service = free_port()?;
    let secrets = Secrets::new();
    let world = World { scene: &scene, simulator: &simulator, addresses, service, secrets: &secrets };
    write_files(&world, folder.path())?;
    let settings = load(Some(&folder.path().join("cm-bot.toml")), &Environment::new())?;
    let app = App::build(settings, service_clock(&clock)).await?;
    let running = app.start().await?;
    simulator.jira.send_webhooks_to(format!("http://{service}/webhooks/jira"), secrets.jira.clone());
    simulator.github.send_webhooks_to(format!("http://{service}/webhooks/github"), secrets.github.clone());
    let name = name.to_owned();
    Ok(Played { name, scene, simulator, addresses, app, differences: Vec::new(), service, running, folder })
}

/// Waits until every webhook was answered and the service has nothing left to do.
///
/// # Errors
/// When that does not happen.
pub async fn settle(played: &Played) -> anyhow::Result<()> {
    let since = Instant::now();
    let mut quiet = 0;
    while quiet < 2 {
        played.app.wake.all();
        tokio::time::sleep(GLANCE).await;
        let at_rest = played.simulator.webhooks_under_way() == 0 && played.app.is_idle().await?;
        quiet = if at_rest { quiet + 1 } else { 0 };
        if since.elapsed() > PATIENCE {
            bail!("the service did not come to rest within {} s", PATIENCE.as_secs());
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

/// A port that was free a moment ago. The address has to be known before the service starts, because links are made of it.
fn free_port() -> std::io::Result<SocketAddr> {
    std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// Secrets of one play, made for it.
struct Secrets {
    jira: String,
    github: String,
}

impl Secrets {
    fn new() -> Secrets {
        let secret = || uuid::Uuid::new_v4().simple().to_string();
        Secrets { jira: secret(), github: secret() }
    }
}

struct World<'a> {
    scene: &'a Scene,
    simulator: &'a Simulator,
    addresses: Addresses,
    service: SocketAddr,
    secrets: &'a Secrets,
}

/// Settings, criteria and people, as an operator would write them.
fn write_files(world: &World<'_>, folder: &std::path::Path) -> anyhow::Result<()> {
    std::fs::write(folder.join("criteria.toml"), criteria(world.scene)?)?;
    std::fs::write(folder.join("people.toml"), people(world.scene)?)?;
    std::fs::write(folder.join("cm-bot.toml"), settings(world, folder)?)?;
    Ok(())
}

/// The shipped criteria with what the scene sets differently.
fn criteria(scene: &Scene) -> anyhow::Result<String> {
    if scene.criteria.is_empty() {
        return Ok(CRITERIA.to_owned());
    }
    let mut criteria: toml::Table = CRITERIA.parse()?;
    overlay(&mut criteria, &scene.criteria);
    Ok(toml::to_string(&criteria)?)
}

fn overlay(base: &mut toml::Table, over: &toml::Table) {
    for (key, value) in over {
        match (base.get_mut(key), value) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(more)) => overlay(inner, more),
            _ => {
                base.insert(key.clone(), value.clone());
            }
        }
    }
}

fn people(scene: &Scene) -> anyhow::Result<String> {
    let mapped = scene.people.iter().filter(|person| !person.bot && !person.unmapped);
    let person = |person: &crate::simulator::scene::Person| {
        let mut table = toml::Table::new();
        table.insert("name".into(), person.full_name.clone().into());
        table.insert("jira".into(), person.jira_account().into());
        table.insert("github".into(), vec![i64::try_from(person.github_id(scene))?].into());
        table.insert("slack".into(), person.slack_id().into());
        table.insert("roles".into(), person.roles.clone().into());
        Ok::<_, anyhow::Error>(toml::Value::Table(table))
    };
    let list = mapped.map(person).collect::<Result<Vec<_>, _>>()?;
    Ok(toml::to_string(&toml::Table::from_iter([("people".to_owned(), toml::Value::Array(list))]))?)
}

fn settings(world: &World<'_>, folder: &std::path::Path) -> anyhow::Result<String> {
    let (account, token) = world.simulator.jira.credentials();
    let Addresses { jira, github, slack: slack_at } = world.addresses;
    let path = |name: &str| toml::Value::String(folder.join(name).display().to_string());
    let mut text = format!(
        "[server]\nlisten = \"{service}\"\npublic_url = \"http://{service}\"\n\
         [database]\nurl = {database}\n\
         [jira]\napi_url = \"http://{jira}\"\naccount = \"{account}\"\ntoken = \"{token}\"\nwebhook_secrets = [\"{jira_secret}\"]\n\
         [github]\napi_url = \"http://{github}\"\ntoken = \"{github_token}\"\nwebhook_secrets = [\"{github_secret}\"]\n\
         [slack]\napi_url = \"http://{slack_at}/api\"\nbot_token = \"{slack_token}\"\n\
         [slack.channels]\nchanges = \"{changes}\"\nemergencies = \"{emergencies}\"\n\
         [criteria]\nfile = {criteria}\n[people]\nfile = {people}\n",
        service = world.service,
        database = toml::Value::String(format!("sqlite:{}", folder.join("cm-bot.db").display())),
        jira_secret = world.secrets.jira,
        github_token = world.simulator.github.token(),
        github_secret = world.secrets.github,
        slack_token = world.simulator.slack.token(),
        changes = slack::CHANGES,
        emergencies = slack::EMERGENCIES,
        criteria = path("criteria.toml"),
        people = path("people.toml"),
    );
    let services: Vec<toml::Value> = world.scene.services.iter().map(service).collect::<Result<_, _>>()?;
    let services = toml::Table::from_iter([("services".to_owned(), toml::Value::Array(services))]);
    text += &toml::to_string(&services)?;
    Ok(text)
}

fn service(service: &Service) -> anyhow::Result<toml::Value> {
    let scanners: Vec<toml::Value> = service.scanners.iter().map(scanner).collect::<Result<_, _>>()?;
    let environments: Vec<toml::Value> = service.environments.iter().map(|name| name.as_str().into()).collect();
    let mut table = toml::Table::new();
    table.insert("name".into(), service.name.as_str().into());
    table.insert("repository".into(), service.repository.as_str().into());
    table.insert("branch".into(), service.branch.as_str().into());
    table.insert("environments".into(), environments.into());
    table.insert("scanners".into(), scanners.into());
    Ok(toml::Value::Table(table))
}

fn scanner(scanner: &Scanner) -> anyhow::Result<toml::Value> {
    let mut table = toml::Table::new();
    match (&scanner.tool, &scanner.category, &scanner.check, scanner.app_id) {
        (Some(tool), Some(category), None, None) => {
            table.insert("tool".into(), tool.as_str().into());
            table.insert("category".into(), category.as_str().into());
        }
        (None, None, Some(check), Some(app_id)) => {
            table.insert("check".into(), check.as_str().into());
            table.insert("app_id".into(), i64::try_from(app_id)?.into());
        }
        _ => bail!("a scanner is either `tool` and `category`, or `check` and `app_id`"),
    }
    Ok(toml::Value::Table(table))
}
