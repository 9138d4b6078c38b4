//! A provider that is not what it should be, or tokens of somebody else: nobody is signed in.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cm_bot::cli::demo::play::Played;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::header::{LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use url::Url;

use super::{count, home, open, with_everybody};

/// A provider that answers each code with the token that a test wants.
struct Provider {
    address: String,
    key: EncodingKey,
    public: Vec<u8>,
    said: Arc<Mutex<Said>>,
}

#[derive(Default)]
struct Said {
    discovery: Value,
    keys: Value,
    token: String,
}

impl Provider {
    async fn start() -> Provider {
        let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref()).unwrap();
        let public = pair.public_key().as_ref().to_vec();
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let jwk = json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "one",
            "x": part(&public[1..33]), "y": part(&public[33..65]),
        });
        let discovery = json!({
            "issuer": address, "jwks_uri": format!("{address}/keys"),
            "authorization_endpoint": format!("{address}/authorize"), "token_endpoint": format!("{address}/token"),
        });
        let said = Arc::new(Mutex::new(Said { discovery, keys: json!({ "keys": [jwk] }), token: String::new() }));
        let answer = |State(said): State<Arc<Mutex<Said>>>| async move { Json(said.lock().unwrap().discovery.clone()) };
        let keys = |State(said): State<Arc<Mutex<Said>>>| async move { Json(said.lock().unwrap().keys.clone()) };
        let token = |State(said): State<Arc<Mutex<Said>>>| async move {
            Json(json!({ "token_type": "Bearer", "access_token": "x", "id_token": said.lock().unwrap().token }))
        };
        let app = Router::new()
            .route("/.well-known/openid-configuration", get(answer))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(Arc::clone(&said));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Provider { address, key: EncodingKey::from_ec_der(document.as_ref()), public, said }
    }

    fn signed(&self, claims: &Value) -> String {
        let header = Header { kid: Some("one".into()), ..Header::new(Algorithm::ES256) };
        encode(&header, claims, &self.key).unwrap()
    }
}

async fn service(provider: &Provider) -> Played {
    let issuer = provider.address.clone();
    open(&with_everybody("first-deployment"), move |settings| {
        settings["pages"].as_table_mut().unwrap().insert("issuer".into(), issuer.into());
    })
    .await
}

/// Somebody signs in and comes back; `token` makes the token out of what would be the right claims.
async fn comes_back(played: &Played, provider: &Provider, token: impl FnOnce(Value) -> String) -> (StatusCode, String) {
    finish(&begun(played, provider, token).await).await
}

/// A browser that was sent back brings its cookie.
async fn finish((cookie, back): &(String, Url)) -> (StatusCode, String) {
    let http = Client::builder().redirect(Policy::none()).build().unwrap();
    let answer = http.get(back.clone()).header("cookie", cookie).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

/// The cookie of a sign-in, and the address with which the provider sends somebody back.
async fn begun(played: &Played, provider: &Provider, token: impl FnOnce(Value) -> String) -> (String, Url) {
    let http = Client::builder().redirect(Policy::none()).build().unwrap();
    let begun = http.get(home(played).join("/sign-in").unwrap()).send().await.unwrap();
    assert_eq!(begun.status(), StatusCode::SEE_OTHER, "{}", begun.text().await.unwrap());
    let cookie = begun.headers()[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let asked = Url::parse(begun.headers()[LOCATION].to_str().unwrap()).unwrap();
    let of = |name: &str| asked.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    let now = played.world.simulator.shared.clock.now_ms() / 1000;
    let claims = json!({
        "iss": provider.address, "sub": "acme|priya", "aud": of("client_id"), "iat": now, "exp": now + 60, "nonce": of("nonce"),
    });
    provider.said.lock().unwrap().token = token(claims);
    let mut back = home(played).join("/sign-in/callback").unwrap();
    back.query_pairs_mut().append_pair("code", "any").append_pair("state", &of("state"));
    (cookie, back)
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_somebody_else_of_another_time_or_of_another_sign_in_signs_nobody_in() {
    let provider = Provider::start().await;
    let played = service(&provider).await;
    let now = played.world.simulator.shared.clock.now_ms() / 1000;
    for (name, value, why) in [
        ("aud", json!("another-client"), "it is for somebody else (its audience)"),
        ("aud", json!(["cm-bot", "another-client"]), "it is for somebody else (its audience)"),
        ("azp", json!("another-client"), "it is for somebody else (its audience)"),
        ("iss", json!("https://login.evil.example"), "another issuer signed it"),
        ("nonce", json!("of another sign-in"), "it belongs to another sign-in (its nonce)"),
        ("nonce", Value::Null, "it belongs to another sign-in (its nonce)"),
        ("exp", json!(now - 60), "it has expired"),
        ("iat", json!(now + 600), "it is from the future"),
        ("sub", json!(""), "it names nobody"),
        ("exp", Value::Null, "its signature is wrong, or a claim is missing"),
    ] {
        let (status, page) = comes_back(&played, &provider, |claims| provider.signed(&with(claims, name, value))).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{name}: {page}");
        assert!(page.contains(why), "{name}: {page}");
    }
    assert_eq!(count(&played, "signed_in").await, 0);
    let (status, page) = comes_back(&played, &provider, |claims| provider.signed(&claims)).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "the twin: {page}");
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_signed_as_it_must_be_signs_nobody_in() {
    let provider = Provider::start().await;
    let played = service(&provider).await;
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let unsigned = |claims: Value| format!("{}.{}.", part(&json!({ "alg": "none", "kid": "one" })), part(&claims));
    let hmac = |claims: Value| {
        let header = Header { kid: Some("one".into()), ..Header::new(Algorithm::HS256) };
        encode(&header, &claims, &EncodingKey::from_secret(&provider.public)).unwrap()
    };
    let of_nobody = |claims: Value| {
        let header = Header { kid: Some("another".into()), ..Header::new(Algorithm::ES256) };
        encode(&header, &claims, &provider.key).unwrap()
    };
    let changed = |claims: Value| {
        let signed = provider.signed(&claims);
        let parts: Vec<&str> = signed.split('.').collect();
        format!("{}.{}.{}", parts[0], part(&with(claims, "sub", json!("acme|sam"))), parts[2])
    };
    type Make<'a> = &'a dyn Fn(Value) -> String;
    let tries: [(Make<'_>, &str); 5] = [
        (&unsigned, "its header cannot be read"),
        (&hmac, "it is signed in a way that is not accepted"),
        (&of_nobody, "its issuer has no such key"),
        (&changed, "its signature is wrong, or a claim is missing"),
        (&|_| "x".repeat(9_000), "it is too long"),
    ];
    for (make, why) in tries {
        let (status, page) = comes_back(&played, &provider, make).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{why}: {page}");
        assert!(page.contains(why), "{why}: {page}");
    }
    assert_eq!(
        comes_back(&played, &provider, |claims| provider.signed(&claims)).await.0,
        StatusCode::SEE_OTHER,
        "the twin"
    );
    played.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_names_addresses_where_others_can_read_along_is_not_asked() {
    for (name, value) in [
        ("issuer", "https://another.example"),
        ("authorization_endpoint", "http://login.evil.example/authorize"),
        ("authorization_endpoint", "no address"),
    ] {
        let provider = Provider::start().await;
        provider.said.lock().unwrap().discovery[name] = value.into();
        let played = service(&provider).await;
        let page = reqwest::get(home(&played).join("/sign-in").unwrap()).await.unwrap();
        assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE, "{name}");
        assert!(page.text().await.unwrap().contains("Your provider could not be asked"));
        played.stop().await;
    }
}

/// A provider that answers a code twice makes no second session of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_makes_one_session_whatever_the_provider_says() {
    let provider = Provider::start().await;
    let played = service(&provider).await;
    let begun = begun(&played, &provider, |claims| provider.signed(&claims)).await;
    assert_eq!(finish(&begun).await.0, StatusCode::SEE_OTHER);
    let (status, page) = finish(&begun).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{page}");
    assert!(page.contains("It was finished already."), "{page}");
    assert_eq!(count(&played, "signed_in").await, 1);
    played.stop().await;
}
