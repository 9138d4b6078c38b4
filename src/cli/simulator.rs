//! `cm-bot simulator`: only the outside world, for trying one's own settings.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpStream;

use super::demo::world::World;
use super::{Exit, told_to_stop};
use crate::simulator::clock::Clock;
use crate::simulator::scene::{Scene, Step, Variant};
use crate::simulator::{Addresses, Simulator};

/// What the simulator plays when no scene is given.
const EMPTY: &str = include_str!("../../config/scenes/clean-change.toml");

/// How long nothing is asked of the world before the next thing happens in it, so that a service has seen everything before.
const PAUSE: Duration = Duration::from_secs(2);

/// Arguments of the command.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Address of the simulated Jira; GitHub and Slack take the next two ports
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9101")]
    listen: SocketAddr,
    /// A scene whose timeline is played at once; without one, the scene of a clean change
    #[arg(long = "scene", value_name = "FILE")]
    scenes: Vec<PathBuf>,
    /// Where to send Jira's and GitHub's webhooks: the address of a running `cm-bot serve`
    #[arg(long, value_name = "URL")]
    webhooks: Option<String>,
    /// A new folder for everything that a service of this world needs: settings, criteria and people, signed. The scene
    /// is played as soon as that service runs
    #[arg(long = "write", value_name = "FOLDER", conflicts_with_all = ["listen", "webhooks"])]
    folder: Option<PathBuf>,
}

/// Runs it until it is told to stop.
///
/// # Errors
/// When a scene cannot be read or played, or a port is taken.
pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let scene = merged(&arguments.scenes)?;
    if let Some(folder) = &arguments.folder {
        return with_a_service(scene, folder).await;
    }
    let simulator = Simulator::new(scene.clone(), Clock::Real)?;
    let addresses = simulator.listen(addresses(arguments.listen)?).await?;
    if let Some(url) = &arguments.webhooks {
        let secret = std::env::var("CM_BOT_SIMULATOR_WEBHOOK_SECRET")
            .context("set CM_BOT_SIMULATOR_WEBHOOK_SECRET to the secret in your settings")?;
        let url = url.trim_end_matches('/');
        simulator.openid.send_people_back_to(format!("{url}/sign-in/callback"));
        simulator.jira.send_webhooks_to(format!("{url}/webhooks/jira"), secret.clone());
        simulator.github.send_webhooks_to(format!("{url}/webhooks/github"), secret);
    }
    let openid = simulator.openid.listen().await?;
    print_settings(&simulator, addresses);
    let (client, secret) = simulator.openid.credentials();
    println!("[pages]\nissuer = \"http://{openid}\"\nclient_id = \"{client}\"\nclient_secret = \"{secret}\"");
    for step in scene.timeline.iter().flat_map(Step::parts) {
        simulator.play(&step).await?;
    }
    eprintln!(
        "The scene was played. Jira: http://{}/  Slack: http://{}/  Stop with Ctrl-C.",
        addresses.jira, addresses.slack
    );
    told_to_stop().await?;
    Ok(Exit::Done)
}

/// Writes the files of a service, waits until it runs, and plays the scene.
async fn with_a_service(scene: Scene, folder: &Path) -> anyhow::Result<Exit> {
    let world = World::written_to(scene.variant(Variant::Scene), Clock::Real, folder).await?;
    // Now the service can have it.
    drop(world.take_port());
    println!(
        "{} has everything that a service of this world needs. Start it in another terminal:\n\n    cm-bot serve --config {}\n",
        folder.display(),
        folder.join("cm-bot.toml").display()
    );
    tokio::select! {
        () = listens(world.service) => {}
        told = told_to_stop() => return told.map(|()| Exit::Done),
    }
    println!("The service runs. What happens in the scene takes about half a minute.");
    for step in world.scene.timeline.iter().flat_map(Step::parts) {
        world.simulator.play(&step).await?;
        comes_to_rest(&world.simulator).await;
    }
    let Addresses { jira, slack, .. } = world.addresses;
    println!(
        "The scene was played. Its tickets as Jira shows them: http://{jira}/  Slack: http://{slack}/  cm-bot's pages: http://{}/  \
         Stop with Ctrl-C.",
        world.service
    );
    told_to_stop().await?;
    Ok(Exit::Done)
}

/// Waits until every webhook was answered, and nobody has asked for anything for a while.
async fn comes_to_rest(simulator: &Simulator) {
    let asked = || simulator.shared.faults.requests().len();
    loop {
        let before = asked();
        tokio::time::sleep(PAUSE).await;
        if simulator.webhooks_under_way() == 0 && asked() == before {
            return;
        }
    }
}

/// Waits until somebody listens there.
async fn listens(address: SocketAddr) {
    while TcpStream::connect(address).await.is_err() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// One world out of all scenes: what they bring must not collide.
fn merged(files: &[PathBuf]) -> anyhow::Result<Scene> {
    let mut scenes = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        scenes.push(Scene::parse(&text).with_context(|| format!("in {}", file.display()))?);
    }
    let mut scenes = scenes.into_iter();
    let mut world = match scenes.next() {
        Some(first) => first,
        None => Scene::parse(EMPTY)?,
    };
    for other in scenes {
        world.add(other);
    }
    Ok(world)
}

fn addresses(first: SocketAddr) -> anyhow::Result<Addresses> {
    let at = |offset: u16| {
        let port = if first.port() == 0 { Some(0) } else { first.port().checked_add(offset) };
        Ok::<_, anyhow::Error>(SocketAddr::new(first.ip(), port.context("there are no two more ports after this one")?))
    };
    Ok(Addresses { jira: at(0)?, github: at(1)?, slack: at(2)? })
}

/// The settings with which a service reaches this world, ready to paste. The tokens were made for this run.
fn print_settings(simulator: &Simulator, addresses: Addresses) {
    let (account, token) = simulator.jira.credentials();
    println!("[jira]\napi_url = \"http://{}\"\naccount = \"{account}\"\ntoken = \"{token}\"", addresses.jira);
    println!("[github]\napi_url = \"http://{}\"\ntoken = \"{}\"", addresses.github, simulator.github.token());
    println!("[slack]\napi_url = \"http://{}/api\"\nbot_token = \"{}\"", addresses.slack, simulator.slack.token());
    println!(
        "channels = {{ changes = \"{}\", emergencies = \"{}\" }}",
        crate::simulator::slack::CHANGES,
        crate::simulator::slack::EMERGENCIES
    );
}
