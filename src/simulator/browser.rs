//! A browser without scripts, and the person before it: opens pages, follows where they lead, keeps cookies, and sends forms as
//! they stand on the page.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use reqwest::header::{COOKIE, HeaderMap, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, StatusCode};
use url::Url;

use super::scene::SceneError;

/// How often a page may lead to another by itself.
const MOST_REDIRECTS: usize = 10;

/// A browser of one person.
#[derive(Debug)]
pub struct Browser {
    http: Client,
    /// Cookies by host and port, then by name.
    cookies: Mutex<BTreeMap<String, BTreeMap<String, String>>>,
}

/// A page as it came.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Its address, after everything that led there.
    pub url: Url,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// What it says, as HTML.
    pub body: String,
}

/// A form as it stands on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormView {
    /// Where it goes.
    pub action: String,
    /// What is filled in already.
    pub fields: Vec<(String, String)>,
    /// What stands on its button.
    pub button: String,
}

impl Default for Browser {
    fn default() -> Browser {
        Browser::new()
    }
}

impl Browser {
    /// A browser that knows no page.
    #[must_use]
    pub fn new() -> Browser {
        let http = Client::builder().redirect(Policy::none()).build().unwrap_or_default();
        Browser { http, cookies: Mutex::default() }
    }

    /// Opens an address.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn open(&self, address: &str) -> Result<Shown, SceneError> {
        let url = Url::parse(address).map_err(|_| SceneError(format!("`{address}` is no address")))?;
        self.go(Method::GET, url, None).await
    }

    /// Opens what the first link with these words leads to.
    ///
    /// # Errors
    /// When there is no such link, or nobody answers.
    pub async fn follow(&self, page: &Shown, words: &str) -> Result<Shown, SceneError> {
        let link = page.links().into_iter().find(|(_, text)| text.contains(words));
        let (to, _) = link.ok_or_else(|| SceneError(format!("{} has no link `{words}`", page.url)))?;
        let url = page.url.join(&to).map_err(|_| SceneError(format!("`{to}` is no address")))?;
        self.go(Method::GET, url, None).await
    }

    /// Sends the form with this button, filled in with these values.
    ///
    /// # Errors
    /// When there is no such form, or nobody answers.
    pub async fn send(&self, page: &Shown, button: &str, values: &[(&str, &str)]) -> Result<Shown, SceneError> {
        let form = page.form(button).ok_or_else(|| SceneError(format!("{} has no button `{button}`", page.url)))?;
        let mut fields = form.fields;
        for (name, value) in values {
            fields.retain(|(known, _)| known != name);
            fields.push(((*name).to_owned(), (*value).to_owned()));
        }
        let url = page.url.join(&form.action).map_err(|_| SceneError(format!("`{}` is no address", form.action)))?;
        self.go(Method::POST, url, Some((fields, page.url.origin().ascii_serialization()))).await
    }

    /// The cookies of a host, by name.
    #[must_use]
    pub fn cookies_of(&self, url: &Url) -> BTreeMap<String, String> {
        self.jar().get(&host(url)).cloned().unwrap_or_default()
    }

    /// Sets a cookie, as somebody would who has this browser in hand.
    pub fn set_cookie(&self, url: &Url, name: &str, value: &str) {
        self.jar().entry(host(url)).or_default().insert(name.to_owned(), value.to_owned());
    }

    fn jar(&self) -> MutexGuard<'_, BTreeMap<String, BTreeMap<String, String>>> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn go(
        &self,
        method: Method,
        url: Url,
        form: Option<(Vec<(String, String)>, String)>,
    ) -> Result<Shown, SceneError> {
        let mut page = self.ask(method, url, form).await?;
        for _ in 0..MOST_REDIRECTS {
            let Some(to) = page.headers.get(LOCATION).and_then(|to| to.to_str().ok()) else { return Ok(page) };
            let next = page.url.join(to).map_err(|_| SceneError(format!("`{to}` is no address")))?;
            page = self.ask(Method::GET, next, None).await?;
        }
        Err(SceneError(format!("{} leads from page to page without end", page.url)))
    }

    async fn ask(
        &self,
        method: Method,
        url: Url,
        form: Option<(Vec<(String, String)>, String)>,
    ) -> Result<Shown, SceneError> {
        let failed = |error: reqwest::Error| SceneError(format!("{url} does not answer: {error}"));
        let cookies = self.cookies_of(&url);
        let mut request = self.http.request(method, url.clone());
        if !cookies.is_empty() {
            let pairs: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(COOKIE, pairs.join("; "));
        }
        if let Some((fields, origin)) = form {
            request = request.header(ORIGIN, origin).form(&fields);
        }
        let answer = request.send().await.map_err(failed)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        for set in headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()) {
            self.keep(&url, set);
        }
        let body = answer.text().await.map_err(failed)?;
        Ok(Shown { url, status, headers, body })
    }

    fn keep(&self, url: &Url, set: &str) {
        let Some((name, rest)) = set.split_once('=') else { return };
        let value = rest.split(';').next().unwrap_or("");
        let mut jar = self.jar();
        let ours = jar.entry(host(url)).or_default();
        if set.contains("Max-Age=0") {
            ours.remove(name);
        } else {
            ours.insert(name.to_owned(), value.to_owned());
        }
    }
}

impl Shown {
    /// Every link: where it leads, and its words.
    #[must_use]
    pub fn links(&self) -> Vec<(String, String)> {
        let parts = self.body.split("<a ").skip(1).filter_map(|rest| rest.split_once('>'));
        let link = |(tag, rest): (&str, &str)| {
            let words = rest.split("</a>").next().unwrap_or("");
            Some((attribute(tag, "href")?, text_of(words)))
        };
        parts.filter_map(link).collect()
    }

    /// The form with a button of these words.
    #[must_use]
    pub fn form(&self, button: &str) -> Option<FormView> {
        self.forms().into_iter().find(|form| form.button == button)
    }

    /// Every form.
    #[must_use]
    pub fn forms(&self) -> Vec<FormView> {
        let parts = self.body.split("<form ").skip(1).filter_map(|rest| rest.split("</form>").next());
        parts.filter_map(form).collect()
    }

    /// What it says, without tags.
    #[must_use]
    pub fn text(&self) -> String {
        text_of(self.body.split("<body>").nth(1).unwrap_or(&self.body))
    }
}

fn form(markup: &str) -> Option<FormView> {
    let (tag, content) = markup.split_once('>')?;
    let inputs = content.split("<input ").skip(1).filter_map(|rest| rest.split('>').next());
    let field = |tag: &str| Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default()));
    let button = content.split("<button").nth(1)?.split_once('>')?.1.split("</button>").next()?;
    Some(FormView {
        action: attribute(tag, "action")?,
        fields: inputs.filter_map(field).collect(),
        button: text_of(button),
    })
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = format!("{name}=\"");
    let (_, rest) = tag.split_once(&start)?;
    rest.split('"').next().map(unescaped)
}

fn text_of(markup: &str) -> String {
    let mut words = String::new();
    for (place, part) in markup.split('<').enumerate() {
        let text = if place == 0 { part } else { part.split_once('>').map_or("", |(_, text)| text) };
        words.push_str(text);
        words.push(' ');
    }
    unescaped(&words.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

fn host(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or(""), url.port_or_known_default().unwrap_or(0))
}
