//! What the parts of one process tell each other: "look, there is work", and "this does not work".

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::model::Timestamp;

/// How long a worker sleeps when nobody wakes it.
const SLEEP: Duration = Duration::from_millis(500);

/// A nudge for workers that sleep. Only a hint: they also look by themselves.
#[derive(Debug, Clone, Default)]
pub struct Wake(Arc<Notify>);

impl Wake {
    /// There may be something to do.
    pub fn all(&self) {
        self.0.notify_waiters();
    }

    /// Ends with the next nudge from now on, or after a while. Asked for before a worker looks, it does not miss a nudge
    /// that comes while the worker finds nothing.
    pub fn next(&self) -> impl Future<Output = ()> {
        let nudge = self.0.notified();
        async move {
            let _ = tokio::time::timeout(SLEEP, nudge).await;
        }
    }
}

/// The name of the part that is what can be read of a repository.
#[must_use]
pub fn evidence_of(repository: &str) -> String {
    format!("evidence of {repository}")
}

/// How a part is, as far as this process has seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What is wrong and what to do, and since when.
    pub trouble: Option<(String, Timestamp)>,
    /// When it was looked at last.
    pub looked: Timestamp,
    /// When it was well last.
    pub well: Option<Timestamp>,
    rests: Rests,
}

/// What rests on a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rests {
    /// Decisions: without it nothing is approved.
    Decisions,
    /// Something else, that an operator should hear of.
    Other,
}

/// How the parts are that the work rests on, by name. Kept in memory: each process has seen its own.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<Mutex<BTreeMap<String, Part>>>);

impl Readiness {
    /// Notes how a part on which decisions rest is: nothing when it works, else a sentence that says what to do.
    pub fn note(&self, part: &str, trouble: Option<String>, at: Timestamp) {
        self.seen((part, Rests::Decisions), trouble, at);
    }

    /// Notes how a part is without which decisions are made all the same.
    pub fn note_beside(&self, part: &str, trouble: Option<String>, at: Timestamp) {
        self.seen((part, Rests::Other), trouble, at);
    }

    fn seen(&self, (name, rests): (&str, Rests), trouble: Option<String>, at: Timestamp) {
        let mut parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = parts.remove(name);
        let (was, well) = before.map_or((None, None), |part| (part.trouble, part.well));
        let since = was.map_or(at, |(_, since)| since);
        let well = if trouble.is_none() { Some(at) } else { well };
        let trouble = trouble.map(|trouble| (trouble, since));
        parts.insert(name.to_owned(), Part { trouble, looked: at, well, rests });
    }

    /// Every part that was looked at.
    #[must_use]
    pub fn parts(&self) -> BTreeMap<String, Part> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What stands in the way of decisions now. Empty when everything works.
    #[must_use]
    pub fn troubles(&self) -> BTreeMap<String, String> {
        let decisive = self.parts().into_iter().filter(|(_, part)| part.rests == Rests::Decisions);
        decisive.filter_map(|(name, part)| Some((name, part.trouble?.0))).collect()
    }
}
