//! People sign in at the company's OpenID Connect provider and come back with a code. Until then all that is known of them is
//! in a cookie of their own browser.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use maud::html;
use rand_core::{OsRng, RngCore as _};
use serde::Deserialize;

use super::forms::Form;
use super::visitor::{Cookie, SESSION, cookie, digest};
use super::{Failure, Pages, notice};
use crate::handlers::page::signed_in;
use crate::integrations::oidc::{Attempt, Refused, SignIn};
use crate::integrations::signature::is_token;
use crate::model::{Identity, Person, Timestamp, shortened};

/// The name of the cookie that lasts while somebody is at the provider.
const ATTEMPT: &str = "cm-bot-sign-in";

/// How long somebody may stay at the provider, in seconds.
const LONGEST: u64 = 600;

/// Where to go afterwards.
#[derive(Debug, Deserialize)]
pub(super) struct Wish {
    to: Option<String>,
}

/// What the provider sends the browser back with.
#[derive(Debug, Deserialize)]
pub(super) struct Return {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

/// A sign-in that was begun, as its cookie says.
struct Begun {
    attempt: Attempt,
    at: Timestamp,
    to: String,
}

/// Why nobody is signed in.
enum Denied {
    /// It was begun elsewhere, too long ago, or came back before.
    Over(&'static str),
    /// The provider says no, in a word.
    ByProvider(String),
    /// The token proves nothing.
    Token(&'static str),
    /// The provider does not answer as it should.
    Unreachable(String),
    /// Nobody knows whoever signed in.
    Unknown(String),
    /// Our records do not answer.
    Failed,
}

/// `GET /sign-in`: to the provider.
pub(super) async fn begin(State(pages): State<Pages>, Query(wish): Query<Wish>) -> Response {
    let Some(provider) = &pages.provider else { return super::visitor::Turned::NotSetUp.into_response() };
    let (attempt, now) = (Attempt::new(), pages.context.clock.now());
    match provider.address(&attempt, now).await {
        Ok(address) => {
            let begun = Begun { attempt, at: now, to: wish.to.filter(|to| is_ours(to)).unwrap_or_else(|| "/".into()) };
            let kept = pages.set_cookie(ATTEMPT, &begun.written(), LONGEST);
            (StatusCode::SEE_OTHER, [("location", address.to_string()), ("set-cookie", kept)]).into_response()
        }
        Err(error) => denied(&pages, &Denied::Unreachable(error.to_string())),
    }
}

/// `GET /sign-in/callback`: back from the provider.
pub(super) async fn come_back(State(pages): State<Pages>, headers: HeaderMap, Query(back): Query<Return>) -> Response {
    let Some(provider) = pages.provider.clone() else { return super::visitor::Turned::NotSetUp.into_response() };
    let begun = cookie(&headers, &pages.cookie_name(ATTEMPT)).as_deref().and_then(Begun::read);
    let result = match begun {
        Some(begun) => finish(&pages, &provider, (&begun, &back)).await.map(|cookie| (cookie, begun.to)),
        None => Err(Denied::Over("It was begun in another browser, or was finished already.")),
    };
    match result {
        Ok((session, to)) => {
            let cookies = [
                pages.set_cookie(SESSION, session.value(), pages.session.0.as_secs()),
                pages.set_cookie(ATTEMPT, "", 0),
            ];
            let cookies = AppendHeaders(cookies.map(|cookie| ("set-cookie", cookie)));
            (StatusCode::SEE_OTHER, cookies, [("location", to)]).into_response()
        }
        Err(why) => denied(&pages, &why),
    }
}

/// `POST /sign-out`.
pub(super) async fn sign_out(State(pages): State<Pages>, form: Form) -> Result<Response, Failure> {
    if let Some(key) = form.by.cookie().digest() {
        pages.context.sources.store.end_session(&key, pages.context.clock.now()).await?;
    }
    let page = notice(
        StatusCode::OK,
        "You are signed out",
        &html! { p { "Your provider may still know you: on a machine that others use, sign out there too." } p { a href="/" { "Sign in again" } } },
    );
    Ok(([("set-cookie", pages.set_cookie(SESSION, "", 0))], page).into_response())
}

/// Makes a session out of what came back.
async fn finish(pages: &Pages, provider: &SignIn, (begun, back): (&Begun, &Return)) -> Result<Cookie, Denied> {
    let now = pages.context.clock.now();
    let state = begun.attempt.state();
    let key = digest(&state).ok_or(Denied::Failed)?;
    if !back.state.as_ref().is_some_and(|said| is_token(said, &key)) {
        return Err(Denied::Over("It was begun in another window, or somewhere else."));
    }
    if now.since(begun.at).as_secs() >= LONGEST || begun.at > now {
        return Err(Denied::Over("It took longer than ten minutes."));
    }
    if let Some(error) = &back.error {
        return Err(Denied::ByProvider(shortened(error, 60)));
    }
    // Whoever names itself has to be the one that was asked (RFC 9207).
    if back.iss.as_ref().is_some_and(|said| said != provider.issuer()) {
        return Err(Denied::Token("another provider sent you here"));
    }
    let code = back.code.as_deref().ok_or(Denied::Token("the provider sent no code"))?;
    let identity = provider.identify(code, &begun.attempt, now).await.map_err(|refused| match refused {
        Refused::Token(why) => Denied::Token(why),
        Refused::Keys(error) => Denied::Unreachable(error.to_string()),
    })?;
    let people = &pages.context.policy.criteria.people;
    let person = people.by_identity(&identity).ok_or_else(|| Denied::Unknown(shortened(&identity.subject, 80)))?;
    session(pages, (&identity, person), &state).await
}

async fn session(pages: &Pages, (identity, person): (&Identity, &Person), state: &str) -> Result<Cookie, Denied> {
    let mut random = [0; 32];
    OsRng.fill_bytes(&mut random);
    let cookie = Cookie::new(URL_SAFE_NO_PAD.encode(random));
    let keys = cookie.digest().zip(digest(state));
    let (own, sign_in) = keys.as_ref().ok_or(Denied::Failed)?;
    let begun = signed_in(&pages.context, (own, sign_in), (identity, person), pages.session.0).await;
    match begun {
        Ok(true) => {
            tracing::info!(person = %person.name, "{} signed in", person.name);
            Ok(cookie)
        }
        Ok(false) => Err(Denied::Over("It was finished already.")),
        Err(_) => Err(Denied::Failed),
    }
}

impl Begun {
    fn written(&self) -> String {
        format!("{}.{}.{}", self.attempt.secret(), self.at.0, URL_SAFE_NO_PAD.encode(&self.to))
    }

    fn read(text: &str) -> Option<Begun> {
        let mut parts = text.splitn(3, '.');
        let attempt = Attempt::parse(parts.next()?)?;
        let at = Timestamp(parts.next()?.parse().ok()?);
        let to = String::from_utf8(URL_SAFE_NO_PAD.decode(parts.next()?).ok()?).ok()?;
        is_ours(&to).then_some(Begun { attempt, at, to })
    }
}

/// Whether an address leads to one of our own pages, whatever a browser makes of it.
fn is_ours(to: &str) -> bool {
    let second = to.as_bytes().get(1);
    to.starts_with('/')
        && to.len() <= 500
        && !matches!(second, Some(b'/' | b'\\'))
        && to.bytes().all(|byte| byte.is_ascii_graphic())
        && !to.starts_with("/sign-")
}

/// Says why, logs it, and forgets the attempt.
fn denied(pages: &Pages, why: &Denied) -> Response {
    let (status, reason) = match why {
        Denied::Over(why) => (StatusCode::BAD_REQUEST, (*why).to_owned()),
        Denied::ByProvider(word) => (StatusCode::FORBIDDEN, format!("Your provider did not sign you in ({word}).")),
        Denied::Token(why) => {
            (StatusCode::FORBIDDEN, format!("What your provider sent does not prove who you are: {why}."))
        }
        Denied::Unreachable(why) => (
            StatusCode::SERVICE_UNAVAILABLE,
            format!("Your provider could not be asked: {why}. This may be temporary: wait 30 seconds."),
        ),
        Denied::Unknown(subject) => (
            StatusCode::FORBIDDEN,
            format!(
                "Nobody in the people file has your account. Its subject is {subject}; whoever keeps the people file can add it as `openid`."
            ),
        ),
        Denied::Failed => (StatusCode::SERVICE_UNAVAILABLE, "cm-bot's records do not answer. Wait 30 seconds.".into()),
    };
    if let Some(times) = pages.refusals.turn() {
        tracing::warn!(times, "A sign-in was refused: {reason}");
    }
    let page =
        notice(status, "You are not signed in", &html! { p { (reason) } p { a href="/sign-in" { "Sign in again" } } });
    ([("set-cookie", pages.set_cookie(ATTEMPT, "", 0))], page).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_elsewhere_after_signing_in() {
        for ours in ["/", "/changes/PRODCM-412", "/changes?month=2026-11"] {
            assert!(is_ours(ours), "{ours}");
        }
        let elsewhere =
            ["", "https://evil.example", "//evil.example", "/\\evil.example", "/a\nb", "/\u{202e}", "/sign-in"];
        for other in elsewhere {
            assert!(!is_ours(other), "{other}");
        }
    }
}
