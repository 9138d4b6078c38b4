//! What became of each webhook. GitHub sends it once, keeps it for three days, and sends it again when it is told to.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::time_text;
use super::webhook::News;

/// How long they are kept, in milliseconds.
const KEPT: i64 = 3 * 24 * 3_600_000;

/// What became of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Nobody answered, or not in time.
    Unanswered,
    /// The answer has this status.
    Answered(u16),
}

/// One try to deliver a webhook.
#[derive(Debug, Clone)]
pub struct Delivered {
    /// The number of this try.
    pub id: u64,
    /// The name of the webhook, the same in every try.
    pub guid: String,
    /// When, in milliseconds since the epoch.
    pub at: i64,
    /// Whether it was tried before.
    pub again: bool,
    /// What became of it.
    pub fate: Fate,
    /// The webhook.
    pub news: News,
}

/// All of them, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Deliveries(Arc<Mutex<Vec<Delivered>>>);

impl Deliveries {
    /// Notes a try; nobody has answered yet. Gives back its number.
    pub fn note(&self, news: &News, (guid, at): (&str, i64)) -> u64 {
        let mut all = self.locked();
        let id = 7_000_000_001 + all.len() as u64;
        let again = all.iter().any(|one| one.guid == guid);
        let (guid, news) = (guid.to_owned(), news.clone());
        all.push(Delivered { id, guid, at, again, fate: Fate::Unanswered, news });
        id
    }

    /// Notes the answer.
    pub fn answered(&self, id: u64, status: u16) {
        if let Some(one) = self.locked().iter_mut().find(|one| one.id == id) {
            one.fate = Fate::Answered(status);
        }
    }

    /// Those that are kept, newest first.
    #[must_use]
    pub fn kept(&self, now: i64) -> Vec<Delivered> {
        self.locked().iter().rev().filter(|one| now - one.at <= KEPT).cloned().collect()
    }

    fn locked(&self) -> MutexGuard<'_, Vec<Delivered>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Delivered {
    /// As it stands in the list.
    #[must_use]
    pub fn item_json(&self) -> Value {
        let (status, code) = match self.fate {
            Fate::Unanswered => ("failed to connect to host".to_owned(), 502),
            Fate::Answered(code @ 200..=299) => ("OK".to_owned(), code),
            Fate::Answered(code) => (format!("Invalid HTTP Response: {code}"), code),
        };
        json!({
            "id": self.id,
            "guid": self.guid,
            "delivered_at": time_text(self.at),
            "redelivery": self.again,
            "duration": 0.03,
            "status": status,
            "status_code": code,
            "event": self.news.event,
            "action": self.news.body["action"],
            "installation_id": self.news.body["installation"]["id"],
            "repository_id": self.news.body["repository"]["id"],
            "throttled_at": null,
        })
    }

    /// With everything that was sent.
    #[must_use]
    pub fn whole_json(&self, url: &str) -> Value {
        let mut whole = self.item_json();
        whole["url"] = json!(url);
        whole["request"] = json!({
            "headers": { "X-GitHub-Event": self.news.event, "X-GitHub-Delivery": self.guid },
            "payload": self.news.body,
        });
        whole["response"] = json!({ "headers": {}, "payload": "" });
        whole
    }
}
