//! `cm-bot demo`: plays scenes with the real service against the simulated world, and shows what happened.

pub mod compare;
mod files;
mod index;
pub mod play;
mod report;
pub mod world;

use std::io::IsTerminal;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{Exit, told_to_stop};
use crate::simulator::scene::Variant;
use crate::telemetry;
use files::SceneFile;
use play::{Played, play};

/// Scenes that are played at a time.
const AT_A_TIME: usize = 4;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Stop after the scenes; exit 0 only if every scene ended as it says it must
    #[arg(long)]
    once: bool,
    /// Print one JSON object per scene
    #[arg(long)]
    json: bool,
    /// Play only this scene: a name from config/scenes, or a file
    #[arg(long = "scene", value_name = "NAME")]
    scenes: Vec<String>,
}

/// Plays the scenes.
///
/// # Errors
/// When a scene cannot be read, or the world cannot be set up.
pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    telemetry::start("error", None);
    let scenes = files::choose(&arguments.scenes)?;
    if std::io::stderr().is_terminal() && !arguments.json {
        eprintln!(
            "Playing {} scenes with the real service against a simulated Jira, GitHub and Slack …\n",
            scenes.len()
        );
    }
    let played = play_all(scenes).await?;
    let all_well = played.iter().all(|played| played.differences.is_empty());
    for played in &played {
        if arguments.json {
            println!("{}", report::json(played).await?);
        } else {
            print!("{}", report::line(played).await?);
        }
    }
    if !arguments.json {
        print!("{}", report::summary(&played));
    }
    if !arguments.once {
        let address = index::serve(&played).await?;
        eprintln!("\nLook at what happened: http://{address}/\nStop with Ctrl-C.");
        told_to_stop().await?;
    }
    for played in played {
        played.stop().await;
    }
    Ok(if all_well { Exit::Done } else { Exit::Failed })
}

/// Plays some scenes at a time, each in a world of its own, and gives them back in their order.
async fn play_all(scenes: Vec<SceneFile>) -> anyhow::Result<Vec<Played>> {
    let places = Arc::new(Semaphore::new(AT_A_TIME));
    let mut playing = JoinSet::new();
    for (number, file) in scenes.into_iter().enumerate() {
        let places = Arc::clone(&places);
        playing.spawn(async move {
            let _place = places.acquire_owned().await?;
            Ok::<_, anyhow::Error>((number, play(&file.name, file.scene, Variant::Scene).await?))
        });
    }
    let mut played = Vec::new();
    while let Some(result) = playing.join_next().await {
        played.push(result??);
    }
    played.sort_by_key(|(number, _)| *number);
    Ok(played.into_iter().map(|(_, played)| played).collect())
}
