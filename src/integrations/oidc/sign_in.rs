//! People sign in on the pages: the authorization code flow of OpenID Connect with PKCE.
//!
//! What one sign-in is made of (state, nonce, verifier) follows from one secret that only the browser holds, so nobody who has
//! not signed in makes us keep anything. The state comes back in the address, the nonce in the signed token, and the verifier
//! goes to the provider with the code (OpenID Connect Core 1.0, section 3.1; RFC 7636; RFC 9700).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::decode;
use rand_core::{OsRng, RngCore as _};
use secrecy::ExposeSecret as _;
use sha2::{Digest as _, Sha256};
use tokio::sync::{Mutex, Semaphore};
use url::Url;
use url::form_urlencoded::byte_serialize;

use super::keys::{Homes, Keys, discover};
use super::wire::{Discovery, IdClaims, Tokens};
use super::{MOST_BYTES, Refused, in_time, signature_only, signed_with};
use crate::integrations::SourceError;
use crate::integrations::http::Peer;
use crate::model::{Identity, Timestamp};
use crate::settings::{KnownBy, Provider};

/// Most people whose codes are brought to the provider at one time. Whoever invents codes keeps nobody else busy.
const AT_A_TIME: usize = 16;

/// How long it is believed what the provider says of itself.
const KEEP: Duration = Duration::from_secs(600);

/// Longest subject, in bytes (OpenID Connect Core 1.0, section 2).
const MOST_SUBJECT: usize = 255;

/// The company's provider, as cm-bot uses it.
#[derive(Debug, Clone)]
pub struct SignIn {
    settings: Arc<Provider>,
    http: reqwest::Client,
    keys: Keys,
    said: Arc<Mutex<Option<(Timestamp, Url, Discovery)>>>,
    room: Arc<Semaphore>,
}

/// The secret of one sign-in.
#[derive(Clone, PartialEq, Eq)]
pub struct Attempt([u8; 32]);

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attempt(…)")
    }
}

impl Attempt {
    /// A new one.
    #[must_use]
    pub fn new() -> Attempt {
        let mut secret = [0; 32];
        OsRng.fill_bytes(&mut secret);
        Attempt(secret)
    }

    /// As the browser kept it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Attempt> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Attempt)
    }

    /// As the browser keeps it.
    #[must_use]
    pub fn secret(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What comes back in the address.
    #[must_use]
    pub fn state(&self) -> String {
        self.derived("state")
    }

    fn nonce(&self) -> String {
        self.derived("nonce")
    }

    fn verifier(&self) -> String {
        self.derived("verifier")
    }

    fn derived(&self, what: &str) -> String {
        let hash = Sha256::new().chain_update("cm-bot sign-in\n").chain_update(what).chain_update("\n");
        URL_SAFE_NO_PAD.encode(hash.chain_update(self.0).finalize())
    }
}

impl Default for Attempt {
    fn default() -> Attempt {
        Attempt::new()
    }
}

impl SignIn {
    /// The provider of the settings.
    #[must_use]
    pub fn new(settings: Provider, http: reqwest::Client) -> SignIn {
        let keys = Keys::new(http.clone(), Homes::Encrypted);
        let room = Arc::new(Semaphore::new(AT_A_TIME));
        SignIn { settings: Arc::new(settings), http, keys, said: Arc::default(), room }
    }

    /// The issuer, for people to read.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// Where the browser goes to sign in.
    ///
    /// # Errors
    /// When the provider does not say it.
    pub async fn address(&self, attempt: &Attempt, now: Timestamp) -> Result<Url, SourceError> {
        let (home, discovery) = self.discovery(now).await?;
        let named = discovery.authorization_endpoint.as_deref();
        let named = named.ok_or_else(|| SourceError::Unreadable("it names no authorization endpoint".into()))?;
        let mut at = Homes::Encrypted.admit(&home, named, "its authorization endpoint is")?;
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(attempt.verifier()));
        let scope = match self.settings.known_by {
            KnownBy::Subject => "openid",
            KnownBy::Email => "openid email",
        };
        at.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", &self.settings.callback)
            .append_pair("scope", scope)
            .append_pair("state", &attempt.state())
            .append_pair("nonce", &attempt.nonce())
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(at)
    }

    /// Who came back with this code, having begun with this attempt.
    ///
    /// # Errors
    /// When the code or the token proves nothing, or that cannot be found out.
    pub async fn identify(&self, code: &str, attempt: &Attempt, now: Timestamp) -> Result<Identity, Refused> {
        let busy = |_| Refused::Keys(SourceError::Unreachable("too many people sign in at this moment".into()));
        let _place = self.room.try_acquire().map_err(busy)?;
        let token = self.token(code, attempt, now).await?;
        if token.len() > MOST_BYTES {
            return Err(Refused::Token("it is too long"));
        }
        let (algorithm, kid) = signed_with(&token)?;
        let key = self.keys.find(&self.settings.issuer, (&kid, algorithm), now).await?;
        let claims = decode::<IdClaims>(&token, &key, &signature_only(algorithm));
        let claims = claims.map_err(|_| Refused::Token("its signature is wrong, or a claim is missing"))?.claims;
        self.proven(claims, attempt, now)
    }

    /// What the provider says of itself; asked now and then, so that whoever has not signed in cannot make us ask all the time.
    async fn discovery(&self, now: Timestamp) -> Result<(Url, Discovery), SourceError> {
        let mut said = self.said.lock().await;
        if let Some((_, home, discovery)) = said.as_ref().filter(|(at, ..)| now.since(*at) < KEEP && *at <= now) {
            return Ok((home.clone(), discovery.clone()));
        }
        let (home, discovery) = discover(&self.http, &self.settings.issuer).await?;
        *said = Some((now, home.clone(), discovery.clone()));
        Ok((home, discovery))
    }

    /// Brings the code to the provider, which answers each code once.
    async fn token(&self, code: &str, attempt: &Attempt, now: Timestamp) -> Result<String, Refused> {
        let (home, discovery) = self.discovery(now).await.map_err(Refused::Keys)?;
        let named =
            discovery.token_endpoint.as_deref().ok_or(Refused::Token("its provider names no token endpoint"))?;
        let at = Homes::Encrypted.admit(&home, named, "its token endpoint is").map_err(Refused::Keys)?;
        let (id, verifier) = (self.settings.client_id.as_str(), attempt.verifier());
        let secret = self.settings.client_secret.expose_secret();
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.settings.callback),
            ("code_verifier", &verifier),
        ];
        let request = self.http.post(at);
        let request = if wants_secret_in_form(&discovery) {
            form.extend([("client_id", id), ("client_secret", secret)]);
            request
        } else {
            request.header("authorization", basic(id, secret))
        };
        let answer = Peer::Issuer.send_once(request.header("accept", "application/json").form(&form)).await;
        let answer = answer.map_err(|error| match error {
            SourceError::Refused { .. } => Refused::Token("the provider does not know the code, or not any more"),
            error => Refused::Keys(error),
        })?;
        answer.json::<Tokens>().map(|tokens| tokens.id_token).map_err(Refused::Keys)
    }

    fn proven(&self, claims: IdClaims, attempt: &Attempt, now: Timestamp) -> Result<Identity, Refused> {
        if claims.iss != self.settings.issuer {
            return Err(Refused::Token("another issuer signed it"));
        }
        let is_ours = claims.azp.as_ref().is_none_or(|azp| *azp == self.settings.client_id);
        if !claims.aud.is_exactly(&self.settings.client_id) || !is_ours {
            return Err(Refused::Token("it is for somebody else (its audience)"));
        }
        if claims.nonce != Some(attempt.nonce()) {
            return Err(Refused::Token("it belongs to another sign-in (its nonce)"));
        }
        in_time((claims.exp, claims.iat, claims.nbf), now)?;
        if claims.sub.is_empty() || claims.sub.len() > MOST_SUBJECT {
            return Err(Refused::Token("it names nobody"));
        }
        let is_verified = claims.email_verified == Some(serde_json::Value::Bool(true));
        let email = claims.email.filter(|_| is_verified && self.settings.known_by == KnownBy::Email);
        Ok(Identity { subject: claims.sub, email })
    }
}

/// A provider that names no way takes the secret in the header (OpenID Connect Discovery 1.0, section 3).
fn wants_secret_in_form(discovery: &Discovery) -> bool {
    let offers = |way: &str| match &discovery.token_endpoint_auth_methods_supported {
        Some(ways) => ways.iter().any(|one| one == way),
        None => way == "client_secret_basic",
    };
    !offers("client_secret_basic") && offers("client_secret_post")
}

/// Id and secret are encoded before they are joined (RFC 6749, section 2.3.1).
fn basic(id: &str, secret: &str) -> String {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret))))
}
