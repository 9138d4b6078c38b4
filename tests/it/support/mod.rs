//! What the tests stand on: scenes, facts that pass, a database, and a service as a process of its own.

pub mod database;
pub mod facts;
pub mod log;
pub mod process;

use std::path::Path;

use cm_bot::audit::Verification;
use cm_bot::cli::demo::play::{Played, play_in, settle, start_in};
use cm_bot::cli::demo::world::World;
use cm_bot::model::TicketKey;
use cm_bot::simulator::clock::Clock;
use cm_bot::simulator::scene::{JiraKind, Scene, Step, Variant};

use cm_bot::store::{Store, TrailEntry};
use facts::{Recorded, said};
use sha2::{Digest, Sha256};

/// Names a folder into which every decision of a played scene is written, for `tests/mutants/run`.
const RECORD: &str = "CM_BOT_TEST_RECORD";

/// `data-center` here plays every scene with a Jira Data Center, in the tests that do not look at what only Cloud has.
const JIRA: &str = "CM_BOT_TEST_JIRA";

/// A scene that a test may change before it is played.
#[derive(Clone)]
pub struct TestScene {
    name: String,
    text: String,
}

/// The shipped scene of this name.
pub fn scene(name: &str) -> TestScene {
    let text = std::fs::read_to_string(format!("config/scenes/{name}.toml")).unwrap();
    TestScene { name: name.to_owned(), text }
}

/// A scene of a test's own.
pub fn scene_of(text: &str) -> TestScene {
    TestScene { name: "a scene of a test".into(), text: text.to_owned() }
}

/// The names of all shipped scenes, sorted.
pub fn scene_names() -> Vec<String> {
    let files = std::fs::read_dir("config/scenes").unwrap().map(|entry| entry.unwrap().path());
    let scenes = files.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    let mut names: Vec<String> = scenes.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

impl TestScene {
    /// The same with a Jira Data Center.
    pub fn on_data_center(mut self) -> TestScene {
        self.text = format!("jira = \"data-center\"\n{}", self.text);
        self
    }

    /// The difference that the test is about: the first `old` becomes `new`.
    pub fn with(mut self, old: &str, new: &str) -> TestScene {
        assert!(self.text.contains(old), "scene {} does not contain {old:?}", self.name);
        self.text = self.text.replacen(old, new, 1);
        self
    }

    /// The scene, read.
    pub fn parsed(&self) -> Scene {
        Scene::parse(&self.text).unwrap()
    }

    /// Plays it.
    pub async fn play(self, variant: Variant) -> Played {
        let (name, scene) = (self.name.as_str(), self.parsed().variant(variant));
        let clock = Clock::scripted();
        let played = play_in(name, world(scene, clock.clone()).await, &clock, variant).await.unwrap();
        if let Some(folder) = std::env::var_os(RECORD) {
            record(&played, Path::new(&folder)).await;
        }
        played
    }
}

/// Writes down the decisions that a scene ended with; decisions are the same when all that they were made from is.
async fn record(played: &Played, folder: &Path) {
    for expected in &played.world.scene.expect {
        let Ok(key) = TicketKey::parse(&expected.ticket) else { continue };
        let context = &played.app.context;
        let Some(decision) = context.sources.store.newest_decision(&key).await.unwrap() else { continue };
        let recorded = Recorded {
            said: said(&decision.facts, &decision.criteria, decision.at),
            facts: decision.facts,
            texts: context.policy.texts.clone(),
            at: decision.at,
        };
        let text = serde_json::to_string(&recorded).unwrap();
        std::fs::write(folder.join(hex::encode(Sha256::digest(&text))), text).unwrap();
    }
}

/// A world whose service works on the database of these tests.
pub async fn world(mut scene: Scene, clock: Clock) -> World {
    if std::env::var(JIRA).is_ok_and(|kind| kind == "data-center") {
        scene.jira = JiraKind::DataCenter;
    }
    let world = World::new(scene, clock).await.unwrap();
    let file = world.settings_file();
    let url = database::fresh(file.parent().unwrap()).await;
    let mut settings: toml::Table = std::fs::read_to_string(&file).unwrap().parse().unwrap();
    settings["database"]["url"] = url.into();
    std::fs::write(&file, toml::to_string(&settings).unwrap()).unwrap();
    world
}

/// The audit trail, verified.
pub async fn verified(store: &Store) -> Vec<TrailEntry> {
    let trail = store.trail_after(0, i64::MAX).await.unwrap();
    let mut verification = Verification::default();
    for (number, body, hash) in &trail {
        verification.add(*number, body, hash).unwrap();
    }
    trail
}

/// The address of a world's database.
pub fn database_of(world: &World) -> String {
    let settings: toml::Table = std::fs::read_to_string(world.settings_file()).unwrap().parse().unwrap();
    settings["database"]["url"].as_str().unwrap().to_owned()
}

/// A service in a world of its own, before the timeline begins.
pub async fn start(name: &str, scene: Scene) -> Played {
    let clock = Clock::scripted();
    start_in(name, world(scene, clock.clone()).await, &clock).await.unwrap()
}

/// A service whose settings a test has changed, in a world of its own, before the timeline begins.
pub async fn start_with(scene: Scene, change: impl FnOnce(&mut toml::Table)) -> Played {
    let clock = Clock::scripted();
    let world = world(scene, clock.clone()).await;
    let file = world.settings_file();
    let mut settings: toml::Table = std::fs::read_to_string(&file).unwrap().parse().unwrap();
    change(&mut settings);
    std::fs::write(&file, toml::to_string(&settings).unwrap()).unwrap();
    start_in("a changed service", world, &clock).await.unwrap()
}

/// The service stops, time passes, and it starts again.
pub async fn restarted(played: Played, pause: std::time::Duration) -> Played {
    let (name, world) = played.without_service().await;
    let clock = world.simulator.shared.clock.clone();
    clock.pass(pause);
    let played = start_in(&name, world, &clock).await.unwrap();
    settle(&played).await.unwrap();
    played
}

/// Plays the whole timeline of a started service's scene.
pub async fn play_all(played: &Played) {
    for step in played.world.scene.timeline.iter().flat_map(Step::parts) {
        played.world.simulator.play(&step).await.unwrap();
        settle(played).await.unwrap();
    }
}

/// What the service answers to a GET.
pub async fn page(played: &Played, path: &str) -> String {
    reqwest::get(format!("http://{}{path}", played.world.service)).await.unwrap().text().await.unwrap()
}
