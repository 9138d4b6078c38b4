//! What the parts of one process tell each other: "look, there is work", and "this does not work".

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

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

/// What stands in the way of the work, by the name of the part. Empty when everything works.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<Mutex<BTreeMap<String, String>>>);

impl Readiness {
    /// Notes how a part is: nothing when it works, else a sentence that says what to do.
    pub fn note(&self, part: &str, trouble: Option<String>) {
        let mut parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match trouble {
            Some(trouble) => parts.insert(part.to_owned(), trouble),
            None => parts.remove(part),
        };
    }

    /// Everything that stands in the way now.
    #[must_use]
    pub fn troubles(&self) -> BTreeMap<String, String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
