//! What an auditor's list needs to know of the audit trail.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::model::Timestamp;
use crate::store::{Store, StoreError};

/// Entries that are read at once.
const PAGE: i64 = 1000;

/// Events that tell who set what.
const HISTORY: [&str; 5] =
    ["policy_activated", "deciding_changed", "drawing_changed", "checkpoint_key", "rollback_acknowledged"];

/// What was read of it.
#[derive(Debug, Default)]
pub struct Trail {
    /// How many entries there were when everything else had been read.
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
///
/// # Errors
/// When it cannot be read.
pub(super) async fn read(store: &Store) -> Result<Trail, StoreError> {
    let mut trail = Trail::default();
    trail.read_on(store).await?;
    Ok(trail)
}

impl Trail {
    /// Reads what has come since; gives the tickets of which it tells, and nothing when there is nothing new.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) async fn read_on(&mut self, store: &Store) -> Result<Option<BTreeSet<String>>, StoreError> {
        let mut tickets = None;
        loop {
            let entries = store.trail_after(self.length, PAGE).await?;
            if entries.is_empty() {
                return Ok(tickets);
            }
            let tickets = tickets.get_or_insert_with(BTreeSet::new);
            for (seq, body, _) in entries {
                let damaged = |why: String| StoreError::Damaged(format!("entry {seq} of the trail: {why}"));
                let entry: Value = serde_json::from_str(&body).map_err(|error| damaged(error.to_string()))?;
                tickets.extend(entry["ticket"].as_str().map(str::to_owned));
                self.add(seq, entry).map_err(|why| damaged(why.to_owned()))?;
            }
        }
    }

    fn add(&mut self, seq: i64, entry: Value) -> Result<(), &'static str> {
        self.length = seq;
        if let Some(at) = entry["at"].as_i64().map(Timestamp) {
            let (oldest, newest) = self.times.unwrap_or((at, at));
            self.times = Some((oldest.min(at), newest.max(at)));
        }
        if let Some(ticket) = entry["ticket"].as_str() {
            self.of_ticket.entry(ticket.to_owned()).or_default().push(seq);
        }
        let event = entry["event"].as_str().ok_or("it does not say what happened")?;
        if event == "orphan_deployment" && !entry["emergency"].is_null() {
            self.emergencies.extend(entry["source"].as_str().map(str::to_owned));
        }
        if HISTORY.contains(&event) {
            self.history.push((seq, entry));
        }
        Ok(())
    }
}
