//! Who looks at a page. A session says only who signed in; what that person is, is looked up in the signed people file at each
//! request, so that whoever loses a role loses its rights at once.

use std::collections::BTreeSet;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use maud::html;
use sha2::{Digest as _, Sha256};
use url::Url;
use url::form_urlencoded::byte_serialize;

use super::{Failure, Pages, notice};
use crate::integrations::signature::is_token;
use crate::model::{Person, TokenDigest};
use crate::policy::access::{self, PageRole, Right};
use crate::render::html::Badge;
use crate::server::webhooks::only;

/// Headers that a proxy adds: then whoever asks does not sit at this machine.
const OF_PROXIES: [&str; 4] = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

/// Names by which a machine calls itself.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];

/// Whoever looks at a page.
#[derive(Debug)]
pub(super) enum Visitor {
    /// Somebody at this machine, without a provider.
    Local,
    /// Somebody who has signed in.
    Signed(Box<Signed>),
}

/// Somebody who has signed in.
#[derive(Debug)]
pub(super) struct Signed {
    /// Who, by the people file.
    pub(super) person: Person,
    /// What that person is on the pages now.
    pub(super) roles: BTreeSet<PageRole>,
    cookie: Cookie,
}

/// The value of a session's cookie.
#[derive(Clone)]
pub(super) struct Cookie(String);

impl std::fmt::Debug for Cookie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cookie(…)")
    }
}

/// Why somebody does not get a page.
#[derive(Debug)]
pub(super) enum Turned {
    /// Sign in first, and come back to this address.
    SignIn(String),
    /// Sign in first; what was sent was not recorded.
    NothingRecorded,
    /// Nobody signs in here, and this is not the machine.
    NotSetUp,
    /// Whoever signed in is not in the people file any more.
    Gone,
    /// Our records do not answer.
    Failed,
}

impl Cookie {
    /// Takes what was made, or what a browser sent.
    pub(super) fn new(value: String) -> Cookie {
        Cookie(value)
    }

    /// As a browser keeps it.
    pub(super) fn value(&self) -> &str {
        &self.0
    }

    /// As our records know it.
    pub(super) fn digest(&self) -> Option<TokenDigest> {
        digest(&self.0)
    }

    /// What stands in every form of this session, and in no other page that anybody could make.
    fn form_key(&self) -> String {
        hex::encode(Sha256::new().chain_update("cm-bot form\n").chain_update(&self.0).finalize())
    }
}

/// SHA-256 as our records keep it.
pub(super) fn digest(text: &str) -> Option<TokenDigest> {
    TokenDigest::parse(&hex::encode(Sha256::digest(text))).ok()
}

impl Visitor {
    /// Who has signed in, if somebody has.
    pub(super) fn signed(&self) -> Option<&Signed> {
        match self {
            Visitor::Local => None,
            Visitor::Signed(signed) => Some(signed),
        }
    }

    /// Whether the visitor may see or do this. At the machine everything is seen and nothing is done.
    pub(super) fn may(&self, right: Right) -> bool {
        match self {
            Visitor::Local => !matches!(right, Right::Decide | Right::Inspect),
            Visitor::Signed(signed) => access::may(&signed.roles, right),
        }
    }

    /// Turns away whoever may not.
    pub(super) fn needs(&self, right: Right) -> Result<(), Failure> {
        if self.may(right) { Ok(()) } else { Err(Failure::Forbidden(right)) }
    }
}

impl Signed {
    /// What stands in the forms of this session.
    pub(super) fn form_key(&self) -> String {
        self.cookie.form_key()
    }

    /// Whether this is what stands in the forms of this session.
    pub(super) fn is_form_key(&self, key: &str) -> bool {
        digest(&self.cookie.form_key()).is_some_and(|expected| is_token(key, &expected))
    }

    /// The cookie of the session.
    pub(super) fn cookie(&self) -> &Cookie {
        &self.cookie
    }

    /// Who this is, for the frame of a page.
    pub(super) fn badge(&self) -> Badge {
        let titles: Vec<&str> = self.roles.iter().map(|role| role.title()).collect();
        Badge { name: self.person.name.clone(), roles: titles.join(", "), form_key: self.form_key() }
    }
}

impl Pages {
    /// The name of a cookie; with the prefix no other host can set it, which browsers believe over https alone.
    pub(super) fn cookie_name(&self, name: &str) -> String {
        if self.is_encrypted() { format!("__Host-{name}") } else { name.to_owned() }
    }

    /// A cookie of ours as it is set; it ends after so many seconds, at once when there are none.
    pub(super) fn set_cookie(&self, name: &str, value: &str, seconds: u64) -> String {
        let secure = if self.is_encrypted() { "; Secure" } else { "" };
        let name = self.cookie_name(name);
        format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
    }

    fn is_encrypted(&self) -> bool {
        self.context.links.own.starts_with("https://")
    }

    /// Who has the session of this cookie; nothing when it does not last.
    async fn who(&self, cookie: Cookie) -> Result<Visitor, Turned> {
        let away = Turned::SignIn("/".into());
        let Some(key) = cookie.digest() else { return Err(away) };
        let (store, now) = (&self.context.sources.store, self.context.clock.now());
        let found = store.session(&key, (now, self.session.1)).await.map_err(|_| Turned::Failed)?;
        let Some(session) = found else { return Err(away) };
        let criteria = &self.context.policy.criteria;
        let person = criteria.people.by_identity(&session.identity).ok_or(Turned::Gone)?.clone();
        let roles = access::roles(&person.name, criteria);
        Ok(Visitor::Signed(Box::new(Signed { person, roles, cookie })))
    }
}

impl FromRequestParts<Pages> for Visitor {
    type Rejection = Turned;

    async fn from_request_parts(parts: &mut Parts, pages: &Pages) -> Result<Visitor, Turned> {
        if pages.provider.is_none() {
            return if is_at_this_machine(pages, &parts.headers) { Ok(Visitor::Local) } else { Err(Turned::NotSetUp) };
        }
        let found = match cookie(&parts.headers, &pages.cookie_name(SESSION)) {
            Some(value) => pages.who(Cookie::new(value)).await,
            None => Err(Turned::SignIn("/".into())),
        };
        found.map_err(|turned| match turned {
            Turned::SignIn(_) if parts.method != Method::GET => Turned::NothingRecorded,
            Turned::SignIn(_) => Turned::SignIn(address(&parts.uri)),
            other => other,
        })
    }
}

/// The name of a session's cookie.
pub(super) const SESSION: &str = "cm-bot-session";

/// A cookie that was sent once. Of two of one name, somebody else may have set the other.
pub(super) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let sent = headers.get_all("cookie").iter().filter_map(|value| value.to_str().ok());
    let pairs = sent.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut ours = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value);
    match (ours.next(), ours.next()) {
        (Some(value), None) if value.len() <= 2_000 => Some(value.to_owned()),
        _ => None,
    }
}

/// Whether whoever asks sits at this machine: the service listens to nobody else, was called by no other name, and is known to
/// nobody by another address. A page elsewhere that lets its own name lead here is not this machine, and a proxy that leads here
/// need not say so: it may add no header and ask by our own name.
fn is_at_this_machine(pages: &Pages, headers: &HeaderMap) -> bool {
    let host = only(headers, "host").map(|host| format!("http://{host}/"));
    let came_through = OF_PROXIES.iter().any(|name| headers.contains_key(*name));
    pages.listen.ip().is_loopback()
        && is_loopback(&pages.context.links.own)
        && host.is_some_and(|host| is_loopback(&host))
        && !came_through
}

/// Whether an address is one by which this machine calls itself.
fn is_loopback(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| url.host_str().is_some_and(|host| LOOPBACK.contains(&host)))
}

fn address(uri: &Uri) -> String {
    uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string)
}

impl IntoResponse for Turned {
    fn into_response(self) -> Response {
        match self {
            Turned::SignIn(to) => {
                let to: String = byte_serialize(to.as_bytes()).collect();
                (StatusCode::SEE_OTHER, [("location", format!("/sign-in?to={to}"))]).into_response()
            }
            Turned::NothingRecorded => notice(
                StatusCode::UNAUTHORIZED,
                "You are not signed in",
                &html! { p { strong { "Nothing was recorded. " } a href="/sign-in" { "Sign in" } ", and do it again." } },
            ),
            Turned::NotSetUp => notice(StatusCode::FORBIDDEN, "Nobody signs in here yet", &not_set_up()),
            Turned::Gone => notice(
                StatusCode::FORBIDDEN,
                "You are not in the people file",
                &html! { p { "Whoever may look at changes stands in the people file, which the Security Officer signs. Your account does not, or not any more." } },
            ),
            Turned::Failed => Failure::Unavailable.into_response(),
        }
    }
}

fn not_set_up() -> maud::Markup {
    html! {
        p { "These pages show what your company deploys, so they answer only to people who have signed in, or at the machine itself." }
        p { "The operator of cm-bot sets " code { "pages.issuer" } ", " code { "pages.client_id" } " and "
            code { "pages.client_secret" } " to an OpenID Connect provider. Without one the pages can be read, and only read, on a machine that keeps cm-bot to itself: "
            code { "server.listen" } " and " code { "server.public_url" } " are loopback addresses, and the browser asks for "
            code { "http://127.0.0.1" } " without a proxy in between. Where others reach cm-bot, nobody could tell who sits at the machine." }
        p { "On the machine " code { "cm-bot explain TICKET" } " shows what these pages show of a ticket, and " code { "cm-bot doctor" } " how cm-bot is." }
        p { "Tickets in Jira carry the findings of cm-bot in any case." }
    }
}
