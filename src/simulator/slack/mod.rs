//! The simulated Slack: two channels, a Web API, what people press and write, and a page that shows the messages.

mod api;
mod args;
mod chat;
mod conversations;
mod date;
mod deeds;
mod limits;
mod mrkdwn;
mod names;
mod pages;
mod people;
mod pieces;
mod rich_text;
mod state;
mod text;
mod views;

pub use deeds::Request;
pub use state::MessageView;
pub use text::plain_text;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use uuid::Uuid;

use super::Shared;
use state::State;

/// The id of `#prod-changes`.
pub const CHANGES: &str = "C0CHANGES";
/// The id of `#prod-emergencies`.
pub const EMERGENCIES: &str = "C0EMERG";

/// The simulated Slack.
#[derive(Debug)]
pub struct Slack {
    shared: Shared,
    token: String,
    state: Mutex<State>,
}

impl Slack {
    /// A Slack without messages.
    #[must_use]
    pub fn new(shared: Shared) -> Slack {
        // Real bot tokens begin like this, and some programs look at it.
        let token = format!("xoxb-{}", Uuid::now_v7().simple());
        Slack { shared, token, state: Mutex::default() }
    }

    /// The bot's token.
    #[must_use]
    pub fn token(&self) -> String {
        self.token.clone()
    }

    /// Somebody removes the app from a channel.
    pub fn remove_from(&self, channel: &str) {
        self.locked().left.push(channel.to_owned());
    }

    /// Somebody archives a channel: it can be read, and nothing is posted there any more.
    pub fn archive(&self, channel: &str) {
        self.locked().archived.push(channel.to_owned());
    }

    /// The app was installed with these scopes instead of those that it needs.
    pub fn install_with(&self, scopes: &str) {
        self.locked().scopes = Some(scopes.to_owned());
    }

    /// Every message, in the order in which they were posted; direct messages too.
    #[must_use]
    pub fn messages(&self) -> Vec<MessageView> {
        self.locked().messages.clone()
    }

    /// The Web API, under `/api/`.
    pub fn router(self: Arc<Self>) -> Router {
        api::router(self)
    }

    /// The page for people.
    pub fn pages(self: Arc<Self>) -> Router {
        pages::router(self)
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
