//! `cm-bot serve`.

use anyhow::Context as _;

use super::{Exit, SettingsFile, service_manager, told_to_stop};
use crate::app::App;
use crate::clock::Clock;
use crate::server::metrics;
use crate::store::disk_lost;
use crate::telemetry::{self, Traces};

/// Arguments of the command.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A person who answers for it that the database was put back from a backup; given twice, once, at the first start
    /// after that
    #[arg(long, value_name = "NAME")]
    acknowledge_rollback: Vec<String>,
    #[command(flatten)]
    settings: SettingsFile,
}

/// Runs the service until it is told to stop.
///
/// # Errors
/// When a setting is wrong, the database cannot be opened, or the port is taken.
pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let settings = arguments.settings.load()?;
    let traces = settings.traces.as_ref().map(Traces::to).transpose().context("traces.collector")?;
    telemetry::start("info", traces.as_ref());
    metrics::start();
    let app = App::build(settings, Clock::System).await?;
    if !arguments.acknowledge_rollback.is_empty() {
        app.acknowledge_rollback(&arguments.acknowledge_rollback).await?;
    }
    let running = app.start().await?;
    app.watch(&running);
    let alive = tokio::spawn(service_manager::watched());
    let criteria = &app.context.policy.criteria;
    let version = &criteria.terms.version;
    match criteria.standing_at(app.context.clock.now()) {
        Ok(signed) => {
            tracing::info!(address = %running.address, "Listening on {}, criteria {version}, {signed}", running.address);
        }
        Err(why) => {
            let address = running.address;
            tracing::warn!(%address, "Listening on {address}, criteria {version}; nothing is approved automatically, because {why}");
        }
    }
    tokio::select! {
        told = told_to_stop() => told?,
        () = disk_lost() => {
            tracing::error!("The disk has lost what was written: check it. cm-bot ends at once, and begins anew with what is there");
            // Whoever stops in order writes once more.
            std::process::exit(Exit::Failed as i32);
        }
    }
    tracing::info!("Stopping: no new work, what has begun is finished");
    alive.abort();
    service_manager::stopping();
    running.stop().await;
    if let Some(traces) = traces {
        // It waits for its own thread, so it must not hold up ours.
        tokio::task::spawn_blocking(move || traces.end()).await?;
    }
    Ok(Exit::Done)
}
