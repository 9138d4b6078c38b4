//! O06: records that were put back from a backup do not know which approvals were used since.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cm_bot::app::App;
use cm_bot::audit::checkpoint::new_keys;
use cm_bot::audit::{Entry, Event};
use cm_bot::cli::demo::world::World;
use cm_bot::clock::Clock;
use cm_bot::settings::{Environment, load};
use cm_bot::simulator::clock::Clock as SceneClock;
use cm_bot::simulator::scene::Variant;
use sqlx::{Connection as _, SqliteConnection};

use crate::support::{scene, world};

/// A service with a key, and a checkpoint that is kept on another disk.
struct Company {
    world: World,
    folder: tempfile::TempDir,
    key: String,
}

impl Company {
    async fn new() -> Company {
        let world = world(scene("clean-change").parsed().variant(Variant::Scene), SceneClock::scripted()).await;
        drop(world.take_port());
        let (key, _) = new_keys("cm-bot.example");
        Company { world, folder: tempfile::tempdir().unwrap(), key }
    }

    fn kept(&self) -> PathBuf {
        self.folder.path().join("kept.txt")
    }

    fn records(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn with(&self, records: &Path) -> App {
        let set = [
            ("DATABASE__URL", format!("sqlite:{}", records.display())),
            ("AUDIT__SIGNING_KEY", self.key.clone()),
            ("AUDIT__KEPT_CHECKPOINT_FILE", self.kept().display().to_string()),
        ];
        let environment = Environment::from(set.map(|(key, value)| (format!("CM_BOT__{key}"), value)));
        App::build(load(Some(&self.world.settings_file()), &environment).unwrap(), Clock::System).await.unwrap()
    }

    /// Runs until another checkpoint is kept than before.
    async fn run_until_kept(&self, records: &Path) {
        let before = std::fs::read_to_string(self.kept()).ok();
        let app = self.with(records).await;
        app.context.sources.store.append(&something()).await.unwrap();
        let (running, since) = (app.start().await.unwrap(), Instant::now());
        while std::fs::read_to_string(self.kept()).ok() == before {
            assert!(since.elapsed() < Duration::from_secs(20), "no checkpoint was kept");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        running.stop().await;
    }

    /// Adds the kept checkpoint to records that did not make it.
    async fn add_kept_to(&self, records: &Path) {
        let note = std::fs::read_to_string(self.kept()).unwrap();
        let size: i64 = note.lines().nth(1).unwrap().parse().unwrap();
        let mut records = SqliteConnection::connect(&format!("sqlite:{}", records.display())).await.unwrap();
        let sql = "INSERT INTO audit_checkpoints (size, public_key, note, made_at) SELECT $1, public_key, $2, made_at \
                   FROM audit_checkpoints LIMIT 1";
        sqlx::query(sql).bind(size).bind(note).execute(&mut records).await.unwrap();
        records.close().await.unwrap();
    }

    async fn back_up(&self, from: &Path, to: &Path) {
        let mut records = SqliteConnection::connect(&format!("sqlite:{}", from.display())).await.unwrap();
        sqlx::query("VACUUM INTO $1").bind(to.display().to_string()).execute(&mut records).await.unwrap();
        records.close().await.unwrap();
    }
}

fn something() -> Entry {
    let event = Event::Inspected {
        month: "2026-10".into(),
        result: "sound".into(),
        note: "something that happened".into(),
        inspector: "Priya Nair".into(),
    };
    Entry { at: Clock::System.now(), ticket: None, event }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn o06_records_from_a_backup_are_not_used_before_two_people_answer_for_it() {
    let company = Company::new().await;
    let (records, backup) = (company.records("cm-bot.db"), company.records("backup.db"));
    company.run_until_kept(&records).await;
    company.back_up(&records, &backup).await;
    // The twin: the records themselves know the checkpoint.
    company.run_until_kept(&records).await;
    let app = company.with(&backup).await;
    let error = app.start().await.unwrap_err().to_string();
    assert!(error.starts_with("the records are older than the checkpoint in "), "{error}");
    assert!(error.contains("look at every ticket that Jira shows as approved since"), "{error}");
    let refused = |by: &[&str]| {
        let by = names(by);
        let app = &app;
        async move { app.acknowledge_rollback(&by).await.unwrap_err().to_string() }
    };
    assert!(refused(&["Priya Nair"]).await.ends_with("two different people have to answer for it"));
    assert!(refused(&["Priya Nair", "Priya Nair"]).await.ends_with("two different people have to answer for it"));
    assert!(refused(&["Priya Nair", "Nobody"]).await.ends_with("nobody in the people file has this name"));
    assert!(app.start().await.is_err(), "what was refused changes nothing");
    app.acknowledge_rollback(&names(&["Priya Nair", "Sam Okafor"])).await.unwrap();
    let running = app.start().await.unwrap();
    let trail = app.context.sources.store.trail_after(0, i64::MAX).await.unwrap();
    let said = trail.iter().find(|(_, body, _)| body.contains("rollback_acknowledged")).unwrap();
    assert!(said.1.contains("[\"Priya Nair\",\"Sam Okafor\"]"), "{}", said.1);
    running.stop().await;
}

/// Everybody can read the newest checkpoint, so whoever puts old records back can add it to them.
#[tokio::test(flavor = "multi_thread")]
async fn o06_a_checkpoint_that_was_added_to_old_records_does_not_make_them_new() {
    let company = Company::new().await;
    let (records, backup) = (company.records("cm-bot.db"), company.records("backup.db"));
    company.run_until_kept(&records).await;
    company.back_up(&records, &backup).await;
    company.run_until_kept(&records).await;
    company.add_kept_to(&backup).await;
    let app = company.with(&backup).await;
    let error = app.start().await.unwrap_err().to_string();
    assert!(error.starts_with("the records are older than the checkpoint in "), "{error}");
    assert!(error.contains("the database has made no such checkpoint of the "), "{error}");
    // As many entries as there were are not the same entries.
    while app.context.sources.store.trail_length().await.unwrap() < 20 {
        app.context.sources.store.append(&something()).await.unwrap();
    }
    let error = app.start().await.unwrap_err().to_string();
    assert!(error.starts_with("the records are others than those of which the checkpoint in "), "{error}");
    assert!(error.contains(" of the 20 entries of the audit trail in the database have another root"), "{error}");
    assert!(error.contains("look at every ticket that Jira shows as approved since"), "{error}");
    app.acknowledge_rollback(&names(&["Priya Nair", "Sam Okafor"])).await.unwrap();
    app.start().await.unwrap().stop().await;
}

/// The twin: the records themselves, with more entries than the checkpoint tells of.
#[tokio::test(flavor = "multi_thread")]
async fn o06_twin_records_that_went_on_after_the_checkpoint_are_started() {
    let company = Company::new().await;
    let records = company.records("cm-bot.db");
    company.run_until_kept(&records).await;
    let app = company.with(&records).await;
    for _ in 0..5 {
        app.context.sources.store.append(&something()).await.unwrap();
    }
    app.start().await.unwrap().stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn o06_a_kept_checkpoint_that_cannot_be_read_is_not_ignored() {
    let company = Company::new().await;
    let records = company.records("cm-bot.db");
    company.run_until_kept(&records).await;
    std::fs::write(company.kept(), "empty").unwrap();
    let error = company.with(&records).await.start().await.unwrap_err().to_string();
    assert!(error.ends_with("A checkpoint that was kept is never ignored"), "{error}");
}
