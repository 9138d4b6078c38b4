//! Forms that come back. Each has to come from our own page (the browser says so) and from the session of whoever sends it (a
//! key that stands in the form), else nothing is recorded.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::html;
use url::Url;

use super::visitor::{Signed, Turned, Visitor};
use super::{Pages, notice};
use crate::server::webhooks::only;

/// Largest form, in bytes: criteria to try are the largest.
const MOST: usize = 256 * 1024;

/// The name of the field that holds a session's key.
pub(super) const KEY: &str = "form_key";

/// A form that came from our own page, with who sent it.
#[derive(Debug)]
pub(super) struct Form {
    /// Who sent it.
    pub(super) by: Box<Signed>,
    said: BTreeMap<String, String>,
}

/// Why a form is not taken.
#[derive(Debug)]
pub(super) enum Untaken {
    /// Whoever sends it may not see the pages.
    Turned(Turned),
    /// It did not come from our own page, or not from this session.
    Foreign,
    /// It cannot be read.
    Unreadable(StatusCode),
}

impl Form {
    /// What a field says; nothing when it is empty.
    pub(super) fn said(&self, name: &str) -> Option<&str> {
        self.said.get(name).map(|text| text.trim()).filter(|text| !text.is_empty())
    }
}

impl FromRequest<Pages> for Form {
    type Rejection = Untaken;

    async fn from_request(request: Request, pages: &Pages) -> Result<Form, Untaken> {
        let (mut parts, body) = request.into_parts();
        let visitor = <Visitor as axum::extract::FromRequestParts<Pages>>::from_request_parts(&mut parts, pages).await;
        let Visitor::Signed(by) = visitor.map_err(Untaken::Turned)? else {
            return Err(Untaken::Turned(Turned::NothingRecorded));
        };
        if !is_from_our_page(&parts.headers, &pages.context.links.own) {
            return Err(Untaken::Foreign);
        }
        let said = read(pages, &parts.headers, body).await?;
        if !said.get(KEY).is_some_and(|key| by.is_form_key(key)) {
            return Err(Untaken::Foreign);
        }
        Ok(Form { by, said })
    }
}

/// Whether the browser says that the page that sent this was ours. One that does not say it, and knows no other way to say
/// it, is not believed.
fn is_from_our_page(headers: &HeaderMap, own: &str) -> bool {
    let ours = Url::parse(own).map(|url| url.origin().ascii_serialization());
    match (headers.contains_key(header::ORIGIN), only(headers, "origin")) {
        (true, said) => said.is_some() && ours.ok().as_deref() == said,
        (false, _) => only(headers, "sec-fetch-site") == Some("same-origin"),
    }
}

/// The fields, each once.
async fn read(pages: &Pages, headers: &HeaderMap, body: Body) -> Result<BTreeMap<String, String>, Untaken> {
    let kind = only(headers, "content-type").unwrap_or("");
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return Err(Untaken::Unreadable(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let letter = pages.intake.read(headers, body, MOST).await.map_err(Untaken::Unreadable)?;
    let mut said = BTreeMap::new();
    for (name, text) in url::form_urlencoded::parse(&letter.body) {
        if said.insert(name.into_owned(), text.into_owned()).is_some() {
            return Err(Untaken::Unreadable(StatusCode::BAD_REQUEST));
        }
    }
    Ok(said)
}

impl IntoResponse for Untaken {
    fn into_response(self) -> Response {
        match self {
            Untaken::Turned(turned) => turned.into_response(),
            Untaken::Foreign => notice(
                StatusCode::FORBIDDEN,
                "This form is not cm-bot's",
                &html! { p { strong { "Nothing was recorded. " } "The form did not come from a page of cm-bot that was made for you. Load the page again, and send the form from there." } },
            ),
            Untaken::Unreadable(status) => notice(
                status,
                "This form cannot be read",
                &html! { p { strong { "Nothing was recorded. " } "Load the page again, and send the form from there." } },
            ),
        }
    }
}
