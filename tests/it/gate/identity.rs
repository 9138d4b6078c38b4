//! C09: tokens of an OpenID Connect issuer, and every trick with them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::Method;
use serde_json::{Value, json};

use super::Pipeline;
use crate::support::{play_all, scene, start_with};

pub const WORKFLOW: &str = "acme/billing-api/.github/workflows/deploy.yml";

/// The pipeline's file of a project at GitLab, as its tokens name it.
const GITLAB_FILE: &str = "gitlab.example/acme/billing-api//.gitlab-ci.yml@refs/heads/main";

/// A key of an issuer.
struct Key {
    kid: String,
    secret: EncodingKey,
    public: Vec<u8>,
}

impl Key {
    fn new(kid: &str) -> Key {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref()).unwrap();
        let public = pair.public_key().as_ref().to_vec();
        Key { kid: kid.to_owned(), secret: EncodingKey::from_ec_der(document.as_ref()), public }
    }

    fn jwk(&self) -> Value {
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.kid,
            "x": part(&self.public[1..33]), "y": part(&self.public[33..65]),
        })
    }
}

/// What an issuer publishes: where its keys are, and the keys.
type Published = Arc<Mutex<(String, Vec<Value>)>>;

/// Somebody who issues tokens of pipelines.
pub struct Issuer {
    pub address: String,
    published: Published,
    /// What a run gets that asks for its token.
    issued: Arc<Mutex<String>>,
    key: Key,
}

impl Issuer {
    pub async fn start() -> Issuer {
        let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let key = Key::new("first");
        let published: Published = Arc::new(Mutex::new((format!("{address}/keys"), vec![key.jwk()])));
        let at = address.clone();
        let discovery = move |State(published): State<Published>| async move {
            Json(json!({"issuer": at, "jwks_uri": published.lock().unwrap().0}))
        };
        let keys =
            |State(published): State<Published>| async move { Json(json!({"keys": published.lock().unwrap().1})) };
        let issued: Arc<Mutex<String>> = Arc::default();
        let token = Arc::clone(&issued);
        let issue = move || async move { Json(json!({"value": *token.lock().unwrap()})) };
        let app = Router::new().route("/.well-known/openid-configuration", get(discovery)).route("/keys", get(keys));
        let app = app.route("/issue", get(issue)).with_state(Arc::clone(&published));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Issuer { address, published, issued, key }
    }

    /// From now on a run that asks for its token gets one with these claims.
    pub fn issues(&self, pipeline: &Pipeline, other: Value) {
        *self.issued.lock().unwrap() = self.sign(&self.claims(pipeline, other));
    }

    /// The claims of a run of the deploy workflow, as GitHub writes them, with some of them said otherwise.
    pub fn claims(&self, pipeline: &Pipeline, other: Value) -> Value {
        let now = pipeline.played.app.context.clock.now().seconds();
        let mut claims = json!({
            "iss": self.address,
            "aud": "cm-bot",
            "sub": "repo:acme/billing-api:environment:prod-us",
            "iat": now - 10,
            "nbf": now - 10,
            "exp": now + 300,
            "repository": "acme/billing-api",
            "repository_id": "4711",
            "ref": "refs/heads/main",
            "sha": pipeline.played.world.simulator.sha("merged").unwrap(),
            "run_id": "1871",
            "run_attempt": "1",
            "workflow_ref": format!("{WORKFLOW}@refs/heads/main"),
            "job_workflow_ref": format!("{WORKFLOW}@refs/heads/main"),
            "environment": "prod-us",
            "actor_id": "1001",
        });
        for (key, value) in other.as_object().unwrap() {
            claims[key] = value.clone();
        }
        claims
    }

    fn header(&self) -> Header {
        Header { kid: Some(self.key.kid.clone()), ..Header::new(Algorithm::ES256) }
    }

    pub fn sign(&self, claims: &Value) -> String {
        encode(&self.header(), claims, &self.key.secret).unwrap()
    }
}

/// A service that trusts the deploy workflow of one repository of this issuer.
pub async fn trusting(issuer: &Issuer) -> Pipeline {
    trusting_a("github-actions", &format!("{WORKFLOW}@refs/heads/main"), issuer).await
}

async fn trusting_a(system: &str, workflow: &str, issuer: &Issuer) -> Pipeline {
    let ticket = "[[timeline]]\ncreate_ticket = { key = \"PRODCM-412\", by = \"dana\", commit = \"merged\" }\n";
    let scene = scene("clean-change").with(ticket, "");
    let change = |settings: &mut toml::Table| {
        let gate = format!(
            "identities = [{{ system = \"{system}\", issuer = \"{}\", audience = \"cm-bot\", \
             repository_id = \"4711\", workflow = \"{workflow}\" }}]\n\
             rollback_plan = \"Deploy the previous build with the same workflow.\"",
            issuer.address
        );
        let gate: toml::Table = gate.parse().unwrap();
        settings["services"][0].as_table_mut().unwrap().insert("gate".into(), gate.into());
    };
    let played = start_with(scene.parsed(), change).await;
    play_all(&played).await;
    Pipeline::of(played)
}

pub fn asked(pipeline: &Pipeline, other: Value) -> Value {
    let mut asked = pipeline.asked_with(json!({"system": "github-actions", "job": WORKFLOW}));
    for (key, value) in other.as_object().unwrap() {
        asked[key] = value.clone();
    }
    asked
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_proves_who_it_is_gets_its_ticket() {
    let issuer = Issuer::start().await;
    let mut pipeline = trusting(&issuer).await;
    pipeline.token = issuer.sign(&issuer.claims(&pipeline, json!({})));
    let id = pipeline.request(&asked(&pipeline, json!({}))).await;
    let change = pipeline.read(&id).await;
    assert_eq!(change["state"], "approved", "{change}");
    let key = cm_bot::model::TicketKey::parse(change["ticket"].as_str().unwrap()).unwrap();
    let ticket = pipeline.played.app.context.sources.jira.ticket_by_key(&key).await.unwrap();
    assert_eq!(ticket.requester.unwrap().as_str(), "712020:dana", "whoever started the run is the requester");
    pipeline.is_let_through(&id).await;
    pipeline.stop().await;
}

/// The claims of a job of GitLab.
fn of_gitlab(issuer: &Issuer, pipeline: &Pipeline, job: Value) -> String {
    let claims = json!({
        "sub": "project_path:acme/billing-api:ref_type:branch:ref:main", "project_path": "acme/billing-api",
        "project_id": "4711", "ref_path": "refs/heads/main", "pipeline_id": "1871", "job_id": job,
        "ci_config_ref_uri": GITLAB_FILE, "repository_id": null, "run_id": null,
    });
    issuer.sign(&issuer.claims(pipeline, claims))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_gitlab_that_is_started_again_is_another_deployment() {
    let issuer = Issuer::start().await;
    let mut pipeline = trusting_a("gitlab", GITLAB_FILE, &issuer).await;
    pipeline.token = of_gitlab(&issuer, &pipeline, json!("811"));
    let body = pipeline.asked_with(json!({"system": "gitlab", "job": "acme/billing-api"}));
    let id = pipeline.request(&body).await;
    let first = pipeline.is_let_through(&id).await;
    assert_eq!(pipeline.is_let_through(&id).await, first, "an answer may be lost on the way");
    pipeline.token = of_gitlab(&issuer, &pipeline, json!("812"));
    assert_eq!(pipeline.request(&body).await, id, "GitLab's Retry starts another job in the same pipeline");
    let problem = pipeline.is_denied(&id, "already_used").await;
    let said = "This run was let through before, in its job 811, and this is another job.";
    assert_eq!(problem["detail"], said);
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_gitlab_without_an_id_is_refused() {
    let issuer = Issuer::start().await;
    let pipeline = trusting_a("gitlab", GITLAB_FILE, &issuer).await;
    let body = pipeline.asked_with(json!({"system": "gitlab", "job": "acme/billing-api"}));
    for (job, expected) in [(json!(null), 401), (json!("811"), 201)] {
        let token = of_gitlab(&issuer, &pipeline, job);
        let (status, answer) = pipeline.send_as(&token, (Method::POST, "changes"), Some(&body)).await;
        assert_eq!(status, expected, "{answer}");
    }
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c08_a_run_asks_for_what_its_token_proves() {
    let issuer = Issuer::start().await;
    let mut pipeline = trusting(&issuer).await;
    let v1 = pipeline.played.world.simulator.sha("v1").unwrap();
    pipeline.token = issuer.sign(&issuer.claims(&pipeline, json!({})));
    for (said, what) in [
        (json!({"build": "1872"}), "build number"),
        (json!({"commit": v1}), "commit"),
        (json!({"attempt": 2}), "attempt"),
        (json!({"ref": "refs/heads/dev"}), "branch"),
        (json!({"repository": "acme/web"}), "repository"),
        (json!({"job": "acme/billing-api/.github/workflows/other.yml"}), "build job"),
        (json!({"system": "jenkins"}), "system"),
    ] {
        let (status, problem) = pipeline.send(Method::POST, "changes", Some(&asked(&pipeline, said))).await;
        assert_eq!((status, problem["reason"].as_str()), (403, Some("token_mismatch")), "{what}: {problem}");
        assert!(problem["differences"][0].as_str().unwrap().starts_with(&format!("The {what}: ")), "{problem}");
    }
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c09_claims_that_are_not_of_this_pipeline_are_refused() {
    let issuer = Issuer::start().await;
    let pipeline = trusting(&issuer).await;
    let now = pipeline.played.app.context.clock.now().seconds();
    let fork = format!("{WORKFLOW}@refs/heads/attack");
    for (what, other) in [
        ("another repository", json!({"repository_id": "4712"})),
        ("a workflow of another branch", json!({"job_workflow_ref": fork})),
        ("another audience", json!({"aud": "sts.example"})),
        ("one audience of two", json!({"aud": ["cm-bot", "sts.example"]})),
        ("an issuer that nobody trusts", json!({"iss": "http://127.0.0.1:1"})),
        ("an issuer that is almost ours", json!({"iss": format!("{}/", issuer.address)})),
        ("expired", json!({"exp": now - 31})),
        ("not valid yet", json!({"nbf": now + 60})),
        ("issued in the future", json!({"iat": now + 60})),
        ("a tag", json!({"ref": "refs/tags/v1"})),
        ("a pull request", json!({"ref": "refs/pull/1/merge"})),
        ("no repository", json!({"repository_id": null})),
        ("no end", json!({"exp": null})),
    ] {
        let token = issuer.sign(&issuer.claims(&pipeline, other));
        let body = asked(&pipeline, json!({}));
        let (status, problem) = pipeline.send_as(&token, (Method::POST, "changes"), Some(&body)).await;
        assert_eq!((status, problem["reason"].as_str()), (401, Some("unauthorized")), "{what}: {problem}");
    }
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c09_tokens_that_were_tampered_with_are_refused() {
    let issuer = Issuer::start().await;
    let pipeline = trusting(&issuer).await;
    let claims = issuer.claims(&pipeline, json!({}));
    let good = issuer.sign(&claims);
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let [_, body, signature] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let none = |name: &str| format!("{}.{body}.", encoded(&json!({"alg": name, "typ": "JWT", "kid": "first"})));
    let public = EncodingKey::from_secret(&issuer.key.public);
    let hmac =
        encode(&Header { kid: Some("first".into()), ..Header::new(Algorithm::HS256) }, &claims, &public).unwrap();
    let kid = |kid: &str| {
        encode(&Header { kid: Some(kid.to_owned()), ..issuer.header() }, &claims, &issuer.key.secret).unwrap()
    };
    let own = Key::new("first");
    let forged = encode(&issuer.header(), &claims, &own.secret).unwrap();
    let brought = Header { jku: Some(format!("{}/keys", issuer.address)), ..issuer.header() };
    let other = encoded(&issuer.claims(&pipeline, json!({"run_id": "9"})));
    for (what, token) in [
        ("no algorithm", none("none")),
        ("no algorithm, in capitals", none("NONE")),
        ("no algorithm, with the signature", format!("{}{signature}", none("none"))),
        ("the public key as a secret", hmac),
        ("an unknown key", kid("second")),
        ("a key that is a path", kid("../../../../dev/null")),
        ("a key that is an address", kid("http://127.0.0.1:1/keys")),
        ("another key of the same name", forged),
        ("a key that it brings along", encode(&brought, &claims, &issuer.key.secret).unwrap()),
        ("other claims", format!("{}.{other}.{signature}", good.split('.').next().unwrap())),
        ("no signature", format!("{}.{body}.", good.split('.').next().unwrap())),
        ("half a signature", good[..good.len() - 20].to_owned()),
        ("too long", format!("{good}{}", "A".repeat(9000))),
    ] {
        let asked = asked(&pipeline, json!({}));
        let (status, problem) = pipeline.send_as(&token, (Method::POST, "changes"), Some(&asked)).await;
        assert_eq!((status, problem["reason"].as_str()), (401, Some("unauthorized")), "{what}: {problem}");
    }
    let (status, _) = pipeline.send_as(&good, (Method::POST, "changes"), Some(&asked(&pipeline, json!({})))).await;
    assert_eq!(status, 201, "and the true one is believed");
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_taken_from_the_pinned_host_alone_and_rotated() {
    let mut issuer = Issuer::start().await;
    let pipeline = trusting(&issuer).await;
    let send = async |issuer: &Issuer| {
        let token = issuer.sign(&issuer.claims(&pipeline, json!({})));
        pipeline.send_as(&token, (Method::POST, "changes"), Some(&asked(&pipeline, json!({})))).await.0
    };
    let elsewhere = Issuer::start().await;
    let home = std::mem::replace(&mut issuer.published.lock().unwrap().0, format!("{}/keys", elsewhere.address));
    assert_eq!(send(&issuer).await, 503, "its keys are at another host, so nothing is known of them");
    issuer.published.lock().unwrap().0 = home;
    assert_eq!(send(&issuer).await, 503, "it is left alone for a while");
    pipeline.played.world.simulator.shared.clock.pass(std::time::Duration::from_secs(60));
    assert_eq!(send(&issuer).await, 201);
    issuer.key = Key::new("second");
    issuer.published.lock().unwrap().1 = vec![issuer.key.jwk()];
    assert_eq!(send(&issuer).await, 401, "an unknown key does not make us ask all the time");
    pipeline.played.world.simulator.shared.clock.pass(std::time::Duration::from_secs(60));
    assert_eq!(send(&issuer).await, 200, "a new key is asked for");
    pipeline.stop().await;
}
