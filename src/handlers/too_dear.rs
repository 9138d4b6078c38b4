//! Tickets that take more requests than one ticket may cost. The next look would cost the same again, and all tickets share
//! what GitHub allows, so they are left alone for a while, whoever asks for a look.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::model::{IssueId, Ticket, Timestamp};
use crate::policy::facts::Facts;

/// How long they are left alone, unless they are edited.
const REST: Duration = Duration::from_secs(60 * 60);

/// The tickets that are left alone by this process, as they were when they were found too dear.
#[derive(Debug, Clone, Default)]
pub struct TooDear(Arc<Mutex<HashMap<IssueId, Resting>>>);

#[derive(Debug)]
struct Resting {
    fingerprint: String,
    until: Timestamp,
}

impl TooDear {
    /// How long a ticket is still left alone; nothing when it may be looked at.
    pub(super) fn rest(&self, ticket: &Ticket, now: Timestamp) -> Option<Duration> {
        let tickets = self.locked();
        let resting = tickets.get(&ticket.id)?;
        let is_same = resting.fingerprint == ticket.fingerprint();
        (is_same && now < resting.until).then(|| resting.until.since(now))
    }

    /// Notes what a look at a ticket came to.
    pub(super) fn note(&self, facts: &Facts, now: Timestamp) {
        let mut tickets = self.locked();
        tickets.retain(|id, resting| *id != facts.ticket.id && now < resting.until);
        if facts.is_too_dear() {
            let resting = Resting { fingerprint: facts.ticket.fingerprint(), until: now.plus(REST) };
            tickets.insert(facts.ticket.id.clone(), resting);
        }
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<IssueId, Resting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
