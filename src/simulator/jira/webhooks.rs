//! Sending webhooks as Jira Cloud does: signed over the raw body, at least once, in no certain order.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

use super::super::clock::Clock;
use super::super::faults::Faults;
use super::super::scene::System;
use super::jql::Query;
use super::state::{State, Ticket};
use super::webhook_body::Event;

/// How often a delivery is tried again.
const RETRIES: u32 = 5;
/// Simulated time between two tries. Real Jira waits five to fifteen minutes.
const BETWEEN_TRIES_MS: i64 = 5 * 60 * 1000;
/// How often a waiting delivery looks at the scripted clock.
const POLL: Duration = Duration::from_millis(10);
/// How long Jira waits for an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// Answers after which Jira tries again; all other refusals lose the event.
const TRY_AGAIN: [u16; 4] = [408, 409, 425, 429];
/// Whoever signs with this does not know the real secret.
const WRONG_SECRET: &str = "not the secret of this webhook";

/// The registered webhooks and their deliveries.
#[derive(Debug, Clone)]
pub(super) struct Hooks(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Clock,
    faults: Faults,
    client: reqwest::Client,
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    hooks: Vec<Hook>,
    sent: u64,
    in_flight: usize,
    /// When the deliveries that failed are due again.
    waiting: Vec<i64>,
    refused: usize,
    newest: BTreeMap<String, Newest>,
}

/// The newest deliveries about one ticket.
#[derive(Debug, Default)]
struct Newest {
    by_person: Vec<Delivery>,
    by_bot: Vec<Delivery>,
}

/// A registered webhook.
#[derive(Debug, Clone)]
pub(super) struct Hook {
    /// What its owner calls it.
    pub name: String,
    /// Where it goes.
    pub url: String,
    /// Signs the bodies; without one they are not signed.
    pub secret: Option<String>,
    /// Which events; all when empty.
    pub events: Vec<String>,
    /// Which tickets; all without one.
    pub filter: Option<Query>,
}

/// One delivery. A retry has the same identifier and the same body.
#[derive(Debug, Clone)]
struct Delivery {
    url: String,
    identifier: String,
    body: String,
    signature: Option<String>,
}

/// What the receiver said.
enum Answer {
    Taken,
    Refused,
    Again,
}

impl Hooks {
    /// No webhooks yet.
    pub(super) fn new(clock: Clock, faults: Faults) -> Hooks {
        // The receiver is on this machine: a proxy of the surrounding network must not come between.
        let client = reqwest::Client::builder().no_proxy().timeout(ANSWER_WITHIN).build();
        Hooks(Arc::new(Inner { clock, faults, client: client.unwrap_or_default(), book: Mutex::default() }))
    }

    /// Adds a webhook; one with the same address is replaced. Answers its number.
    pub(super) fn register(&self, hook: Hook) -> usize {
        let mut book = self.0.locked();
        book.hooks.retain(|known| known.url != hook.url);
        book.hooks.push(hook);
        book.hooks.len()
    }

    /// Every webhook.
    pub(super) fn all(&self) -> Vec<Hook> {
        self.0.locked().hooks.clone()
    }

    /// Tells everybody who wants to know.
    pub(super) fn publish(&self, state: &State, ticket: &Ticket, event: Event) {
        let body = event.body.to_string();
        let mut book = self.0.locked();
        let wants = |hook: &&Hook| {
            (hook.events.is_empty() || hook.events.iter().any(|name| name == event.name))
                && hook.filter.as_ref().is_none_or(|filter| filter.matches(state, ticket))
        };
        let hooks = book.hooks.iter().filter(wants).cloned().collect::<Vec<_>>();
        let deliveries = hooks.iter().map(|hook| {
            let signature = hook.secret.as_ref().map(|secret| sign(secret, &body));
            Delivery { url: hook.url.clone(), identifier: book.identifier(), body: body.clone(), signature }
        });
        let deliveries = deliveries.collect::<Vec<_>>();
        if deliveries.is_empty() {
            return;
        }
        let newest = book.newest.entry(ticket.key.clone()).or_default();
        if event.by_bot {
            newest.by_bot.clone_from(&deliveries);
        } else {
            newest.by_person.clone_from(&deliveries);
        }
        drop(book);
        if self.0.faults.drops_webhook(System::Jira) {
            return;
        }
        deliveries.into_iter().for_each(|delivery| self.send(delivery, RETRIES));
    }

    /// Sends the newest webhook of a ticket again; `None` when none was sent.
    ///
    /// What a person did comes before what the bot did: the bot overlooks its own deeds anyway, so that only the
    /// former shows whether it does something twice.
    pub(super) fn redeliver(&self, key: &str, times: u32) -> Option<()> {
        let book = self.0.locked();
        let newest = book.newest.get(key)?;
        let again = if newest.by_person.is_empty() { &newest.by_bot } else { &newest.by_person }.clone();
        drop(book);
        for delivery in (0..times).flat_map(|_| again.clone()) {
            self.send(delivery, RETRIES);
        }
        Some(())
    }

    /// Sends a body that Jira did not make. Without a signature it gets a correct one for another secret.
    pub(super) fn forge(&self, body: String, signature: Option<String>) {
        let signature = signature.unwrap_or_else(|| sign(WRONG_SECRET, &body));
        let mut book = self.0.locked();
        let urls = book.hooks.iter().map(|hook| hook.url.clone()).collect::<Vec<_>>();
        let identifiers = urls.iter().map(|_| book.identifier()).collect::<Vec<_>>();
        drop(book);
        for (url, identifier) in urls.into_iter().zip(identifiers) {
            self.send(Delivery { url, identifier, body: body.clone(), signature: Some(signature.clone()) }, 0);
        }
    }

    /// How many deliveries are on their way, or due and about to be.
    pub(super) fn under_way(&self) -> usize {
        let now = self.0.clock.now_ms();
        let book = self.0.locked();
        book.in_flight + book.waiting.iter().filter(|due| **due <= now).count()
    }

    /// How many deliveries were answered with 401.
    pub(super) fn refused(&self) -> usize {
        self.0.locked().refused
    }

    fn send(&self, delivery: Delivery, retries: u32) {
        self.0.locked().in_flight += 1;
        tokio::spawn(deliver(Arc::downgrade(&self.0), delivery, retries));
    }
}

impl Book {
    /// An identifier that no other delivery has; the same scene gives the same ones.
    fn identifier(&mut self) -> String {
        self.sent += 1;
        Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("webhook:{}", self.sent).as_bytes()).to_string()
    }

    fn end_waiting(&mut self, due: i64) {
        if let Some(place) = self.waiting.iter().position(|waiting| *waiting == due) {
            self.waiting.swap_remove(place);
        }
        self.in_flight += 1;
    }
}

impl Inner {
    fn locked(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn attempt(&self, delivery: &Delivery, attempt: u32) -> Answer {
        let mut request = self.client.post(&delivery.url).body(delivery.body.clone());
        request = request.header("content-type", "application/json; charset=utf-8");
        request = request.header("user-agent", "Atlassian Webhook HTTP Client");
        request = request.header("x-atlassian-webhook-identifier", &delivery.identifier);
        request = request.header("x-atlassian-webhook-flow", "Primary");
        if let Some(signature) = &delivery.signature {
            request = request.header("x-hub-signature", signature);
        }
        if attempt > 0 {
            request = request.header("x-atlassian-webhook-retry", attempt);
        }
        match request.send().await.map(|answer| answer.status().as_u16()) {
            Ok(401) => Answer::Refused,
            Ok(status) if status >= 500 || TRY_AGAIN.contains(&status) => Answer::Again,
            Ok(_) => Answer::Taken,
            Err(_) => Answer::Again,
        }
    }

    /// Notes the end of one try. Answers when the next one is due.
    fn close(&self, answer: &Answer, may_try_again: u32) -> Option<i64> {
        let mut book = self.locked();
        book.in_flight -= 1;
        match answer {
            Answer::Taken => None,
            Answer::Refused => {
                book.refused += 1;
                None
            }
            Answer::Again if may_try_again == 0 => None,
            Answer::Again => {
                let due = self.clock.now_ms() + BETWEEN_TRIES_MS;
                book.waiting.push(due);
                Some(due)
            }
        }
    }
}

/// Delivers, and tries again at the times that the clock of the scene says. Ends when the simulator is gone.
async fn deliver(inner: Weak<Inner>, delivery: Delivery, retries: u32) {
    for attempt in 0..=retries {
        let Some(here) = inner.upgrade() else { return };
        let answer = here.attempt(&delivery, attempt).await;
        let Some(due) = here.close(&answer, retries - attempt) else { return };
        drop(here);
        if wait_until(&inner, due).await.is_none() {
            return;
        }
    }
}

async fn wait_until(inner: &Weak<Inner>, due: i64) -> Option<()> {
    loop {
        tokio::time::sleep(POLL).await;
        let here = inner.upgrade()?;
        if here.clock.now_ms() >= due {
            here.locked().end_waiting(due);
            return Some(());
        }
    }
}

/// The value of `X-Hub-Signature`.
fn sign(secret: &str, body: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(body.as_bytes());
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_agrees_with_the_published_vector() {
        let expected = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9";
        assert_eq!(sign("It's a Secret to Everybody", "Hello World!"), expected);
    }

    #[test]
    fn identifiers_differ_and_are_the_same_in_every_run() {
        let (mut one, mut other) = (Book::default(), Book::default());
        let (first, second) = (one.identifier(), one.identifier());
        assert_ne!(first, second);
        assert_eq!(first, other.identifier());
    }
}
