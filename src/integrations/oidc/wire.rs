//! The claims of tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// Everything that some system says of a run.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    pub aud: Audience,
    pub sub: String,
    pub exp: i64,
    pub iat: i64,
    pub nbf: Option<i64>,
    // GitHub
    pub repository: Option<String>,
    pub repository_id: Option<String>,
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    pub sha: Option<String>,
    pub run_id: Option<String>,
    pub run_attempt: Option<String>,
    pub workflow_ref: Option<String>,
    pub job_workflow_ref: Option<String>,
    pub environment: Option<String>,
    pub actor_id: Option<String>,
    // GitLab
    pub project_path: Option<String>,
    pub project_id: Option<String>,
    pub ref_path: Option<String>,
    pub pipeline_id: Option<String>,
    pub job_id: Option<String>,
    pub ci_config_ref_uri: Option<String>,
    // Jenkins
    pub build_number: Option<String>,
}

/// For whom a token is.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    /// Whether it is for this one and nobody else: whoever else it is for could use it against us.
    pub(super) fn is_exactly(&self, wanted: &str) -> bool {
        match self {
            Audience::One(one) => one == wanted,
            Audience::Many(many) => matches!(many.as_slice(), [one] if one == wanted),
        }
    }
}

#[derive(Deserialize)]
struct Issuer {
    iss: String,
}

/// The issuer that a token names. It only says which keys to try.
pub(super) fn issuer(token: &str) -> Option<String> {
    let body = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Issuer>(&body).ok().map(|issuer| issuer.iss)
}

/// `/.well-known/openid-configuration`; the issuer of a pipeline's tokens signs nobody in and names fewer.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Discovery {
    pub issuer: String,
    pub jwks_uri: String,
    pub authorization_endpoint: Option<String>,
    pub token_endpoint: Option<String>,
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// What a provider answers to a code.
#[derive(Deserialize)]
pub(super) struct Tokens {
    pub id_token: String,
}

/// The claims of an ID token (OpenID Connect Core 1.0, section 2).
#[derive(Debug, Deserialize)]
pub(super) struct IdClaims {
    pub iss: String,
    pub sub: String,
    pub aud: Audience,
    pub azp: Option<String>,
    pub exp: i64,
    pub iat: i64,
    pub nbf: Option<i64>,
    pub nonce: Option<String>,
    pub email: Option<String>,
    /// Some providers write it as a text; only the word `true` that is no text counts.
    pub email_verified: Option<serde_json::Value>,
}
