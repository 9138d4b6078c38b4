//! `cm-bot audit verify`.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::app::signer;
use crate::audit::checkpoint::{Checkpoint, CheckpointError, Verifier};
use crate::audit::{Fault, Verification};
use crate::cli::{Exit, SettingsFile};
use crate::store::{Store, StoreError, TrailEntry};

/// Entries that are read at once.
const PAGE: i64 = 1000;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A log that `audit export` wrote; without it, the database of the settings
    log: Option<PathBuf>,
    /// A checkpoint that was kept elsewhere: from a ticket's comment, from /audit/checkpoint, from an earlier export
    #[arg(long = "checkpoint", value_name = "FILE")]
    checkpoints: Vec<PathBuf>,
    /// The public key that checkpoints are signed with; several after a change of keys
    #[arg(long = "key", value_name = "NAME+ID+BASE64")]
    keys: Vec<String>,
    #[command(flatten)]
    settings: SettingsFile,
}

/// One line of an exported log.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogLine {
    pub(super) seq: i64,
    pub(super) body: String,
    pub(super) hash: String,
}

/// What is verified, and against what.
struct Task {
    source: Source,
    /// Each with the words that name it.
    checkpoints: Vec<(String, String)>,
    keys: Vec<Verifier>,
}

enum Source {
    Database(Box<Store>),
    Log(PathBuf),
}

/// Verifies.
///
/// # Errors
/// When the database or a file cannot be read.
pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    match prepare(arguments).await?.verify().await {
        Ok(line) => {
            println!("ok: {line}");
            Ok(Exit::Done)
        }
        Err(error) if error.is::<Fault>() || error.is::<CheckpointError>() => {
            println!("bad: {error:#}");
            Ok(Exit::Failed)
        }
        Err(error) => Err(error),
    }
}

async fn prepare(arguments: &Arguments) -> anyhow::Result<Task> {
    let keys = arguments.keys.iter().map(|key| Verifier::parse(key).with_context(|| format!("--key {key}")));
    let mut keys: Vec<Verifier> = keys.collect::<Result<_, _>>()?;
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok((path.display().to_string(), text))
    };
    let mut checkpoints = arguments.checkpoints.iter().map(read).collect::<anyhow::Result<Vec<_>>>()?;
    let source = if let Some(log) = &arguments.log {
        Source::Log(log.clone())
    } else {
        let settings = arguments.settings.load()?;
        if let Some(signer) = signer(&settings)? {
            keys.push(Verifier::parse(signer.public())?);
        }
        let store = Store::open(&settings.database_url).await?;
        let own = store.checkpoints().await?.into_iter();
        checkpoints.extend(own.map(|(key, note)| (format!("a checkpoint in the database, said to be by {key}"), note)));
        Source::Database(Box::new(store))
    };
    Ok(Task { source, checkpoints, keys })
}

impl Task {
    /// Says in a line what was verified.
    async fn verify(&self) -> anyhow::Result<String> {
        let read = |(name, text): &(String, String)| self.read(text).context(name.clone());
        let known = self.checkpoints.iter().map(read).collect::<anyhow::Result<Vec<_>>>()?;
        let mut verification = Verification::against(&known);
        match &self.source {
            Source::Log(path) => {
                for line in lines(path)? {
                    let LogLine { seq, body, hash } = line?;
                    verification.add(seq, &body, &hash)?;
                }
            }
            Source::Database(store) => {
                let mut last = 0;
                while let Some(page) = page(store, &mut last).await? {
                    for (number, body, hash) in &page {
                        verification.add(*number, body, hash)?;
                    }
                }
            }
        }
        let (size, root) = verification.end()?;
        Ok(self.words(size, &STANDARD.encode(root.0)))
    }

    /// A checkpoint whose signature fits one of the keys; without any key, what it says.
    fn read(&self, text: &str) -> Result<Checkpoint, CheckpointError> {
        if self.keys.is_empty() {
            return Checkpoint::unverified(text);
        }
        let mut result = Err(CheckpointError::NotSigned);
        for key in &self.keys {
            result = key.read(text);
            if result.is_ok() {
                break;
            }
        }
        result
    }

    fn words(&self, size: u64, root: &str) -> String {
        let signatures = match (self.checkpoints.len(), self.keys.is_empty()) {
            (0, _) => "no checkpoint to compare with: whether all of it was written again cannot be told".into(),
            (1, true) => "consistent with 1 checkpoint; its signature was not checked (--key)".into(),
            (1, false) => "consistent with 1 signed checkpoint".into(),
            (n, true) => format!("consistent with {n} checkpoints; their signatures were not checked (--key)"),
            (n, false) => format!("consistent with {n} signed checkpoints"),
        };
        format!("{size} entries, root {root}, {signatures}")
    }
}

/// The entries after the last one that was read, if there are any.
pub(in crate::cli) async fn page(store: &Store, last: &mut i64) -> Result<Option<Vec<TrailEntry>>, StoreError> {
    let page = store.trail_after(*last, PAGE).await?;
    let Some((number, _, _)) = page.last() else { return Ok(None) };
    *last = *number;
    Ok(Some(page))
}

/// The lines of an exported log.
pub(super) fn lines(path: &Path) -> anyhow::Result<impl Iterator<Item = anyhow::Result<LogLine>>> {
    let name = path.display().to_string();
    let file = File::open(path).with_context(|| format!("cannot read {name}"))?;
    Ok(BufReader::new(file).lines().zip(1..).map(move |(line, number): (_, u64)| {
        let place = || format!("{name}, line {number}");
        serde_json::from_str(&line.with_context(place)?).with_context(place)
    }))
}
