//! Plays one scene: a world, the real service on an embedded database in a temporary folder, and the timeline.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use super::compare::differences;
use super::world::World;
use crate::app::{App, Running};
use crate::clock::Clock;
use crate::settings::{Environment, load};
use crate::simulator::clock::Clock as SceneClock;
use crate::simulator::scene::{Scene, Variant};

/// How long the service may take to come to rest after one step; a thousand commits on a busy machine without optimisation.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often it is asked whether it is at rest.
const GLANCE: Duration = Duration::from_millis(4);

/// A scene after it was played. World and service still run, so that people can look at them.
#[derive(Debug)]
pub struct Played {
    /// The scene's name.
    pub name: String,
    /// The world.
    pub world: World,
    /// The service.
    pub app: App,
    /// In what it did not end as it says it must; empty when it did.
    pub differences: Vec<String>,
    running: Running,
}

impl Played {
    /// Stops the service and leaves the world as it is, for another one to start in.
    pub async fn without_service(self) -> (String, World) {
        self.running.stop().await;
        (self.name, self.world)
    }

    /// Stops the service and the world.
    pub async fn stop(self) {
        self.running.stop().await;
    }
}

/// Plays a scene, or its twin, and compares what came of it with what it says. A twin has nothing to compare with.
///
/// # Errors
/// When the scene is impossible, or the service does not come to rest.
pub async fn play(name: &str, scene: Scene, variant: Variant) -> anyhow::Result<Played> {
    let clock = SceneClock::scripted();
    let world = World::new(scene.variant(variant), clock.clone()).await.with_context(|| format!("scene {name}"))?;
    play_in(name, world, &clock, variant).await
}

/// Plays in a world that is there already, with the settings that it holds.
///
/// # Errors
/// As [`play`].
pub async fn play_in(name: &str, world: World, clock: &SceneClock, variant: Variant) -> anyhow::Result<Played> {
    let mut played = start_in(name, world, clock).await.with_context(|| format!("scene {name}"))?;
    // What the service does every minute while it runs, is done when it starts and when time has passed.
    played.app.schedule().once().await?;
    for step in played.world.scene.timeline.clone().iter().flat_map(|step| step.parts()) {
        played.world.simulator.play(&step).await.with_context(|| format!("scene {name}"))?;
        settle(&played).await.with_context(|| format!("scene {name}"))?;
        if step.pass.is_some() && played.app.schedule().once().await? > 0 {
            settle(&played).await.with_context(|| format!("scene {name}"))?;
        }
    }
    if variant == Variant::Scene {
        played.differences = differences(&played).await?;
    }
    Ok(played)
}

/// Starts the service in a world that is there already, with the settings that it holds.
///
/// # Errors
/// When the settings are wrong or a port cannot be opened.
pub async fn start_in(name: &str, world: World, clock: &SceneClock) -> anyhow::Result<Played> {
    let settings = load(Some(&world.settings_file()), &Environment::new())?;
    let app = App::build(settings, service_clock(clock)).await?;
    let running = match world.take_port() {
        Some(port) => app.start_on(listener(port)?).await?,
        None => app.start().await?,
    };
    Ok(Played { name: name.to_owned(), world, app, differences: Vec::new(), running })
}

/// Waits until every webhook was answered and the service has nothing left to do.
///
/// # Errors
/// When that does not happen.
pub async fn settle(played: &Played) -> anyhow::Result<()> {
    let since = Instant::now();
    let (mut quiet, mut looks) = (0, 0_u32);
    while quiet < 2 {
        let at_rest = played.world.simulator.webhooks_under_way() == 0 && played.app.is_idle().await?;
        quiet = if at_rest { quiet + 1 } else { 0 };
        // The clock of a scene wakes nobody for what has become due. Who works needs no waking, and nobody else should ask the
        // database at each look.
        if !at_rest && looks.is_multiple_of(5) {
            played.app.wake.all();
        }
        looks += 1;
        tokio::time::sleep(GLANCE).await;
        if since.elapsed() > PATIENCE {
            bail!("the service did not come to rest within {} s", PATIENCE.as_secs());
        }
    }
    Ok(())
}

fn listener(port: std::net::TcpListener) -> std::io::Result<tokio::net::TcpListener> {
    port.set_nonblocking(true)?;
    tokio::net::TcpListener::from_std(port)
}

fn service_clock(clock: &SceneClock) -> Clock {
    match clock {
        SceneClock::Real => Clock::System,
        SceneClock::Scripted(time) => Clock::Scripted(std::sync::Arc::clone(time)),
    }
}
