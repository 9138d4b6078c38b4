//! The people of a scene before their browsers: each signs in as themselves and reads cm-bot's pages.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Shared;
use super::browser::{Browser, Shown};
use super::scene::{SceneError, SendForm};

/// Those who open cm-bot's pages.
#[derive(Debug)]
pub struct People {
    shared: Shared,
    home: Mutex<String>,
    browsers: Mutex<HashMap<String, Arc<Browser>>>,
}

impl People {
    pub(super) fn new(shared: Shared) -> People {
        People { shared, home: Mutex::default(), browsers: Mutex::default() }
    }

    /// Tells them where the pages are.
    pub fn visit(&self, home: String) {
        *self.home.lock().unwrap_or_else(PoisonError::into_inner) = home;
    }

    /// Somebody's browser.
    #[must_use]
    pub fn browser(&self, name: &str) -> Arc<Browser> {
        let mut browsers = self.browsers.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(browsers.entry(name.to_owned()).or_default())
    }

    /// Somebody opens a page of cm-bot, and signs in as themselves if that is asked.
    ///
    /// # Errors
    /// When nobody answers, or nobody is called so.
    pub async fn opens(&self, name: &str, path: &str) -> Result<Shown, SceneError> {
        let person = self.shared.scene.person(name)?;
        let home = self.home.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let browser = self.browser(name);
        let page = browser.open(&format!("{home}{path}")).await?;
        // Nobody but the provider asks that.
        if page.body.contains("<h1>Who are you?</h1>") {
            browser.follow(&page, &person.full_name).await
        } else {
            Ok(page)
        }
    }

    /// Somebody sends a form on the page of a ticket.
    ///
    /// # Errors
    /// When there is no such form.
    pub async fn send_form(&self, step: &SendForm) -> Result<(), SceneError> {
        let page = self.opens(&step.by, &format!("/changes/{}", step.ticket)).await?;
        let values: Vec<(&str, &str)> =
            step.values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.browser(&step.by).send(&page, &step.button, &values).await.map(drop)
    }
}
