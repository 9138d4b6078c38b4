//! The company's OpenID Connect provider: whoever opens it picks a person, and is that person from then on.
//!
//! Everything else is as at a real one: a code is for one client, one address and one minute, is answered once, and only to
//! whoever brings the verifier; the ID token is signed with a key that the provider publishes.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use maud::html;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use url::Url;

use super::Shared;
use super::page::{avatar, page};
use super::scene::Person;

/// What the provider calls the client.
const CLIENT: &str = "cm-bot";

/// How long a code is answered, in milliseconds.
const CODE_LIFE: i64 = 60_000;

/// How long an ID token counts, in seconds.
const TOKEN_LIFE: i64 = 300;

/// What pages of the provider look like beside what all pages share.
const STYLE: &str =
    ".people{list-style:none;padding:0}.people a{display:flex;gap:.75rem;align-items:center;padding:.6rem;
border:1px solid var(--line);border-radius:6px;margin:.5rem 0;text-decoration:none;color:var(--text)}
.people a:hover,.people a:focus{background:var(--tint)}";

/// A provider with the people of the scene.
#[derive(Debug)]
pub struct Openid {
    shared: Shared,
    secret: String,
    state: Mutex<Held>,
}

/// What the provider remembers.
#[derive(Debug)]
struct Held {
    address: String,
    /// Where people may be sent back to.
    callbacks: Vec<String>,
    keys: Vec<Key>,
    codes: HashMap<String, Grant>,
}

/// A key that signs tokens; the newest one does.
struct Key {
    kid: String,
    pair: EcdsaKeyPair,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.kid)
    }
}

/// What a code stands for.
#[derive(Debug)]
struct Grant {
    person: String,
    callback: String,
    challenge: String,
    nonce: Option<String>,
    until: i64,
}

impl Openid {
    pub(super) fn new(shared: Shared) -> Openid {
        let held = Held { address: String::new(), callbacks: Vec::new(), keys: Vec::new(), codes: HashMap::new() };
        Openid { shared, secret: uuid::Uuid::new_v4().simple().to_string(), state: Mutex::new(held) }
    }

    /// The client's name and its secret.
    #[must_use]
    pub fn credentials(&self) -> (&'static str, &str) {
        (CLIENT, &self.secret)
    }

    /// Registers where people may be sent back to.
    pub fn send_people_back_to(&self, callback: String) {
        self.held().callbacks.push(callback);
    }

    /// Signs with a new key from now on, and publishes the old ones no more.
    pub fn change_key(&self) {
        self.held().keys = new_key().into_iter().collect();
    }

    /// Opens a port of its own: few scenes have a provider.
    ///
    /// # Errors
    /// When there is none.
    pub async fn listen(self: &Arc<Self>) -> std::io::Result<SocketAddr> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        self.held().address = format!("http://{address}");
        self.change_key();
        let app = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .with_state(Arc::clone(self));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(address)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody picked a person: back to the client with a code.
    fn consent(&self, person: &Person, asked: &HashMap<String, String>) -> Option<Url> {
        let said = |name: &str| asked.get(name).cloned();
        let (callback, code) = (said("redirect_uri")?, uuid::Uuid::new_v4().simple().to_string());
        let mut held = self.held();
        let mut back = Url::parse(&callback).ok()?;
        back.query_pairs_mut()
            .append_pair("code", &code)
            .append_pair("state", &said("state")?)
            .append_pair("iss", &held.address);
        let until = self.shared.clock.now_ms() + CODE_LIFE;
        let challenge = said("code_challenge")?;
        held.codes
            .insert(code, Grant { person: person.name.clone(), callback, challenge, nonce: said("nonce"), until });
        Some(back)
    }

    /// The ID token for a code, or OAuth's word for what is wrong.
    fn answer(&self, form: &HashMap<String, String>) -> Result<String, &'static str> {
        let said = |name: &str| form.get(name).map_or("", String::as_str);
        if said("grant_type") != "authorization_code" {
            return Err("unsupported_grant_type");
        }
        let mut held = self.held();
        let grant = held.codes.remove(said("code")).ok_or("invalid_grant")?;
        let now = self.shared.clock.now_ms();
        let is_verified = URL_SAFE_NO_PAD.encode(Sha256::digest(said("code_verifier"))) == grant.challenge;
        if grant.until < now || grant.callback != said("redirect_uri") || !is_verified {
            return Err("invalid_grant");
        }
        let person = self.shared.scene.person(&grant.person).map_err(|_| "invalid_grant")?;
        let key = held.keys.last().ok_or("server_error")?;
        let issued = now.div_euclid(1000);
        let claims = json!({
            "iss": held.address, "sub": person.openid_subject(), "aud": CLIENT, "iat": issued,
            "exp": issued + TOKEN_LIFE, "nonce": grant.nonce, "email": person.email(), "email_verified": true,
        });
        signed(key, &claims).ok_or("server_error")
    }
}

/// A JSON Web Token (RFC 7519) with these claims.
fn signed(key: &Key, claims: &Value) -> Option<String> {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(&json!({ "alg": "ES256", "typ": "JWT", "kid": key.kid })), part(claims));
    let signature = key.pair.sign(&SystemRandom::new(), text.as_bytes()).ok()?;
    Some(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref())))
}

fn new_key() -> Option<Key> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).ok()?;
    Some(Key { kid: uuid::Uuid::new_v4().simple().to_string(), pair })
}

async fn discovery(State(openid): State<Arc<Openid>>) -> Json<Value> {
    let address = openid.held().address.clone();
    Json(json!({
        "issuer": address,
        "authorization_endpoint": format!("{address}/authorize"),
        "token_endpoint": format!("{address}/token"),
        "jwks_uri": format!("{address}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

async fn keys(State(openid): State<Arc<Openid>>) -> Json<Value> {
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let shape = |key: &Key| {
        let point = key.pair.public_key().as_ref();
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": key.kid,
            "x": part(&point[1..33]), "y": part(&point[33..65]),
        })
    };
    let keys: Vec<Value> = openid.held().keys.iter().map(shape).collect();
    Json(json!({ "keys": keys }))
}

/// A client that is not known, or wants people sent elsewhere, gets a page and nobody is sent anywhere (RFC 6749, 4.1.2.1).
async fn authorize(State(openid): State<Arc<Openid>>, Query(asked): Query<HashMap<String, String>>) -> Response {
    let said = |name: &str| asked.get(name).map_or("", String::as_str);
    let is_ours = openid.held().callbacks.iter().any(|known| known == said("redirect_uri"));
    let is_complete = said("response_type") == "code"
        && said("scope").split(' ').any(|scope| scope == "openid")
        && said("code_challenge_method") == "S256"
        && !said("state").is_empty();
    if said("client_id") != CLIENT || !is_ours || !is_complete {
        let sorry =
            html! { h1 { "This request is not understood" } p { "Nobody is signed in, and nobody is sent anywhere." } };
        return (StatusCode::BAD_REQUEST, page("Not understood", STYLE, &sorry)).into_response();
    }
    let picked = openid.shared.scene.people.iter().find(|person| person.name == said("as"));
    match picked.and_then(|person| openid.consent(person, &asked)) {
        Some(back) => (StatusCode::FOUND, [(header::LOCATION, back.to_string())]).into_response(),
        None => page("Who are you?", STYLE, &picker(&openid.shared, &asked)).into_response(),
    }
}

fn picker(shared: &Shared, asked: &HashMap<String, String>) -> maud::Markup {
    let address = |person: &Person| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let others = asked.iter().filter(|(name, _)| *name != "as");
        others.for_each(|(name, value)| {
            query.append_pair(name, value);
        });
        format!("/authorize?{}", query.append_pair("as", &person.name).finish())
    };
    let humans = shared.scene.people.iter().filter(|person| !person.bot);
    html! {
        h1 { "Who are you?" }
        p { "This is the simulated sign-on of Acme. It asks for no password: pick a person, and you are signed in as that person." }
        ul class="people" { @for person in humans {
            li { a href=(address(person)) {
                (avatar(&person.full_name))
                span { strong { (person.full_name) } " " span class="soft" { (person.roles.join(", ")) } }
            } }
        } }
    }
}

async fn token(
    State(openid): State<Arc<Openid>>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let wanted = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{}", openid.secret)));
    let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if sent != Some(wanted.as_str()) {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "error": "invalid_client" }))).into_response();
    }
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    match openid.answer(&form) {
        Ok(id_token) => {
            let access = uuid::Uuid::new_v4().simple().to_string();
            let answer = json!({ "access_token": access, "token_type": "Bearer", "expires_in": TOKEN_LIFE, "id_token": id_token });
            (no_store, Json(answer)).into_response()
        }
        Err(error) => (StatusCode::BAD_REQUEST, no_store, Json(json!({ "error": error }))).into_response(),
    }
}
