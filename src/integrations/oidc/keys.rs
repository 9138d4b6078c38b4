//! The public keys of issuers: asked for at the pinned address, kept for a while, and asked for again when a key is new.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::jwk::{JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use tokio::sync::Mutex;
use url::Url;

use super::Refused;
use super::wire::Discovery;
use crate::integrations::SourceError;
use crate::integrations::http::Peer;
use crate::model::Timestamp;

/// How long keys are believed: one that its issuer has withdrawn is not accepted for longer.
const KEEP: Duration = Duration::from_secs(3600);

/// How soon an unknown key makes us ask again, so that nobody can make us ask all the time.
const PAUSE: Duration = Duration::from_secs(30);

/// Where the addresses may lead that an issuer names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Homes {
    /// To its own address alone.
    Own,
    /// Wherever nobody can read along: some providers answer at several hosts.
    Encrypted,
}

/// The keys of every issuer that was asked.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    http: reqwest::Client,
    homes: Homes,
    kept: Arc<Mutex<HashMap<String, (Timestamp, JwkSet)>>>,
}

impl Homes {
    /// An address that an issuer names, if it may lead there.
    pub(super) fn admit(self, issuer: &Url, address: &str, what: &str) -> Result<Url, SourceError> {
        let odd = |why: &str| SourceError::Unreadable(format!("{what} {why}"));
        let at = Url::parse(address).map_err(|_| odd("at no address"))?;
        let is_own = at.origin() == issuer.origin();
        match self {
            Homes::Own | Homes::Encrypted if is_own => Ok(at),
            Homes::Encrypted if at.scheme() == "https" => Ok(at),
            Homes::Own => Err(odd("at another host")),
            Homes::Encrypted => Err(odd("where others can read along")),
        }
    }
}

impl Keys {
    pub(super) fn new(http: reqwest::Client, homes: Homes) -> Keys {
        Keys { http, homes, kept: Arc::default() }
    }

    /// The key of this name for this algorithm.
    pub(super) async fn find(
        &self,
        issuer: &str,
        (kid, algorithm): (&str, Algorithm),
        now: Timestamp,
    ) -> Result<DecodingKey, Refused> {
        let mut kept = self.kept.lock().await;
        if let Some((read_at, keys)) = kept.get(issuer) {
            let age = now.since(*read_at);
            if age < KEEP && (keys.find(kid).is_some() || age < PAUSE) {
                return usable(keys, kid, algorithm);
            }
        }
        let keys = self.read(issuer).await.map_err(Refused::Keys)?;
        let key = usable(&keys, kid, algorithm);
        kept.insert(issuer.to_owned(), (now, keys));
        key
    }

    /// The issuer says where its keys are.
    async fn read(&self, issuer: &str) -> Result<JwkSet, SourceError> {
        let (home, discovery) = discover(&self.http, issuer).await?;
        let at = self.homes.admit(&home, &discovery.jwks_uri, "its keys are")?;
        Peer::Issuer.read(self.http.get(at)).await?.json()
    }
}

/// What an issuer says of itself, at the pinned address.
pub(super) async fn discover(http: &reqwest::Client, issuer: &str) -> Result<(Url, Discovery), SourceError> {
    let odd = |why: &str| SourceError::Unreadable(why.to_owned());
    let home = Url::parse(issuer).map_err(|_| odd("the issuer is no address"))?;
    let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let discovery: Discovery = Peer::Issuer.read(http.get(address)).await?.json()?;
    if discovery.issuer != issuer {
        return Err(odd("it says that it is another issuer"));
    }
    Ok((home, discovery))
}

fn usable(keys: &JwkSet, kid: &str, algorithm: Algorithm) -> Result<DecodingKey, Refused> {
    let key = keys.find(kid).ok_or(Refused::Token("its issuer has no such key"))?;
    let is_for_signing = matches!(key.common.public_key_use, None | Some(PublicKeyUse::Signature));
    let is_for_this = key.common.key_algorithm.is_none_or(|known| known.to_string() == format!("{algorithm:?}"));
    if !is_for_signing || !is_for_this {
        return Err(Refused::Token("its key is not for this"));
    }
    DecodingKey::from_jwk(key).map_err(|_| Refused::Token("its key cannot be used"))
}
