//! The audit trail in an export.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::bundle::Bundle;
use crate::cli::audit::verify::{LogLine, page};
use crate::model::Timestamp;
use crate::store::Store;

/// Events that tell who set what.
const HISTORY: [&str; 4] = ["policy_activated", "deciding_changed", "checkpoint_key", "rollback_acknowledged"];

/// What an export needs to know of the trail.
#[derive(Debug, Default)]
pub(super) struct Trail {
    /// How many entries there were when the export began.
    pub length: i64,
    /// The times of the first and of the last entry.
    pub times: Option<(Timestamp, Timestamp)>,
    /// The numbers of the entries about each ticket.
    pub of_ticket: BTreeMap<String, Vec<i64>>,
    /// The deployments that are counted to an emergency, as `witness id`.
    pub emergencies: BTreeSet<String>,
    /// Entries that tell who set what: number and content.
    pub history: Vec<(i64, Value)>,
}

/// Reads the trail as it is now.
pub(super) async fn read_trail(store: &Store) -> anyhow::Result<Trail> {
    let (mut trail, mut last) = (Trail::default(), 0);
    while let Some(entries) = page(store, &mut last).await? {
        for (seq, body, _) in entries {
            trail.add(seq, serde_json::from_str(&body)?);
        }
    }
    Ok(trail)
}

impl Trail {
    fn add(&mut self, seq: i64, entry: Value) {
        self.length = seq;
        if let Some(at) = entry["at"].as_i64().map(Timestamp) {
            let (oldest, newest) = self.times.unwrap_or((at, at));
            self.times = Some((oldest.min(at), newest.max(at)));
        }
        if let Some(ticket) = entry["ticket"].as_str() {
            self.of_ticket.entry(ticket.to_owned()).or_default().push(seq);
        }
        let event = entry["event"].as_str().unwrap_or_default();
        if event == "orphan_deployment" && !entry["emergency"].is_null() {
            self.emergencies.extend(entry["source"].as_str().map(str::to_owned));
        }
        if HISTORY.contains(&event) {
            self.history.push((seq, entry));
        }
    }
}

/// Writes all of it; says how many entries there are.
pub(super) async fn write_trail(store: &Store, bundle: &mut Bundle) -> anyhow::Result<usize> {
    let mut file = bundle.lines("log.ndjson")?;
    let (mut last, mut count) = (0, 0);
    while let Some(entries) = page(store, &mut last).await? {
        count += entries.len();
        for (seq, body, hash) in entries {
            file.line(&serde_json::to_string(&LogLine { seq, body, hash })?)?;
        }
    }
    file.end()?;
    Ok(count)
}

/// Writes what was signed about it, and the keys; says how many checkpoints there are.
pub(super) async fn write_checkpoints(store: &Store, bundle: &mut Bundle) -> anyhow::Result<usize> {
    let (mut keys, mut count) = (Vec::<String>::new(), 0);
    for (key, note) in store.checkpoints().await? {
        let size = note.lines().nth(1).unwrap_or_default().to_owned();
        if !keys.contains(&key) {
            keys.push(key);
        }
        let name = if keys.len() == 1 { size } else { format!("{size}-key-{}", keys.len()) };
        bundle.write(&format!("checkpoints/{name}"), &note)?;
        count += 1;
    }
    bundle.write("keys.txt", &keys.iter().map(|key| format!("{key}\n")).collect::<String>())?;
    Ok(count)
}
