//! cm-bot's pages as people see them: signing in at a real provider over real HTTP, reading, deciding.

mod deciding;
mod evidence;
mod health;
mod reading;
mod rights;
mod sign_in;
mod tokens;

use std::path::Path;
use std::sync::Arc;

use cm_bot::cli::demo::compare::Outcome;
use cm_bot::cli::demo::play::{Played, settle, start_in};
use cm_bot::simulator::browser::{Browser, Shown};
use cm_bot::simulator::scene::{Step, Variant};
use reqwest::StatusCode;
use url::Url;

use crate::support::{TestScene, play_all, scene, start_with, verified};

/// The ticket of most scenes.
const KEY: &str = "PRODCM-412";

/// Everybody that the pages tell apart.
const CAST: &str = r#"
[[people]]
name = "dana"
full_name = "Dana Reyes"
[[people]]
name = "lee"
full_name = "Lee Wong"
[[people]]
name = "priya"
full_name = "Priya Nair"
roles = ["security-lead"]
[[people]]
name = "zoe"
full_name = "Zoe Hart"
roles = ["security-lead"]
[[people]]
name = "sam"
full_name = "Sam Okafor"
roles = ["engineering-lead"]
[[people]]
name = "ines"
full_name = "Ines Ruiz"
roles = ["inspector"]
[[people]]
name = "aldo"
full_name = "Aldo Conti"
roles = ["auditor"]
[[people]]
name = "olga"
full_name = "Olga Berg"
roles = ["operator"]
[[people]]
name = "max"
full_name = "Max Frei"
unmapped = true

[[commits]]"#;

/// A scene with everybody.
fn with_everybody(name: &str) -> TestScene {
    scene(name).with("[[commits]]", CAST)
}

/// A service whose pages have a provider, after the timeline of its scene.
async fn open(scene: &TestScene, change: impl FnOnce(&mut toml::Table)) -> Played {
    let mut scene = scene.parsed();
    scene.pages.insert("idle_minutes".into(), 60.into());
    let played = start_with(scene.variant(Variant::Scene), change).await;
    play_all(&played).await;
    played
}

/// The same in a company that decides on the pages too, with a ticket that waits for two people.
async fn deciding_in(scene: &TestScene) -> Played {
    open(scene, |settings| {
        settings["pages"].as_table_mut().unwrap().insert("decisions".into(), "interactive".into());
    })
    .await
}

/// Somebody's browser shows a page, after they have signed in if that was asked.
async fn opens(played: &Played, name: &str, path: &str) -> Shown {
    played.world.simulator.people.opens(name, path).await.unwrap()
}

fn browser(played: &Played, name: &str) -> Arc<Browser> {
    played.world.simulator.people.browser(name)
}

fn home(played: &Played) -> Url {
    Url::parse(&format!("http://{}", played.world.service)).unwrap()
}

async fn happens(played: &Played, verb: &str) {
    let step: Step = toml::from_str(verb).unwrap();
    played.world.simulator.play(&step).await.unwrap();
    settle(played).await.unwrap();
}

async fn verdict(played: &Played) -> String {
    Outcome::of(played, KEY).await.unwrap().verdict_words()
}

async fn count(played: &Played, event: &str) -> usize {
    let trail = verified(&played.app.context.sources.store).await;
    trail.iter().filter(|(_, body, _)| body.contains(&format!("\"event\":\"{event}\""))).count()
}

/// The service starts again after a file was changed.
async fn again(played: Played, file: &str, change: impl FnOnce(&mut toml::Table)) -> Played {
    let (name, world) = played.without_service().await;
    let path = Path::new(&world.settings_file()).with_file_name(file);
    let mut table: toml::Table = std::fs::read_to_string(&path).unwrap().parse().unwrap();
    change(&mut table);
    std::fs::write(&path, toml::to_string(&table).unwrap()).unwrap();
    world.sign().unwrap();
    let clock = world.simulator.shared.clock.clone();
    let played = start_in(&name, world, &clock).await.unwrap();
    settle(&played).await.unwrap();
    played
}

/// The block of a person in the people file.
fn block<'a>(people: &'a mut toml::Table, name: &str) -> &'a mut toml::Value {
    let blocks = people["people"].as_array_mut().unwrap();
    blocks.iter_mut().find(|one| one["name"].as_str() == Some(name)).unwrap()
}

fn says(page: &Shown, status: StatusCode, words: &str) {
    assert_eq!(page.status, status, "{}", page.text());
    assert!(page.text().contains(words), "{words}\n{}", page.text());
}
