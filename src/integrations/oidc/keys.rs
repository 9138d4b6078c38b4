//! The public keys of issuers: asked for at the pinned address, kept for a while, and asked for again when a key is new.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jsonwebtoken::jwk::{JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use tracing::Instrument as _;
use url::Url;

use super::Refused;
use super::wire::Discovery;
use crate::integrations::SourceError;
use crate::integrations::http::Peer;
use crate::model::Timestamp;

/// How long keys are believed: one that its issuer has withdrawn is not accepted for longer.
const KEEP: Duration = Duration::from_secs(3600);

/// How soon an unknown key makes us ask again, so that nobody can make us ask all the time. An issuer that did not answer is
/// left alone for as long.
const PAUSE: Duration = Duration::from_secs(30);

/// Longest time in which an issuer has to say where its keys are and what they are: whoever waits for it is answered before the
/// gate's own time is over.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where the addresses may lead that an issuer names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Homes {
    /// To its own address alone.
    Own,
    /// Wherever nobody can read along: some providers answer at several hosts.
    Encrypted,
}

/// The keys of every issuer that was asked. None of them makes another one wait.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    http: reqwest::Client,
    homes: Homes,
    issuers: Arc<Mutex<HashMap<String, Arc<Issuer>>>>,
}

/// One issuer.
#[derive(Debug, Default)]
struct Issuer {
    /// Held by whoever asks it. Whoever knows the answer does not wait for that.
    turn: Arc<tokio::sync::Mutex<()>>,
    heard: Mutex<Heard>,
}

/// What was heard of an issuer.
#[derive(Debug, Default)]
struct Heard {
    keys: Option<(Timestamp, JwkSet)>,
    failed: Option<(Timestamp, SourceError)>,
}

/// What a token says that it was signed with.
type Named<'a> = (&'a str, Algorithm);

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
        Keys { http, homes, issuers: Arc::default() }
    }

    /// The key of this name for this algorithm.
    pub(super) async fn find(&self, name: &str, named: Named<'_>, now: Timestamp) -> Result<DecodingKey, Refused> {
        let issuer = Arc::clone(held(&self.issuers).entry(name.to_owned()).or_default());
        if let Some(answer) = held(&issuer.heard).answer(named, now) {
            return answer;
        }
        let turn = Arc::clone(&issuer.turn).lock_owned().await;
        // Somebody else may have asked meanwhile.
        if let Some(answer) = held(&issuer.heard).answer(named, now) {
            return answer;
        }
        // On its own, because whoever caused it may hang up, and the next one would cause it again.
        let (keys, name, asked) = (self.clone(), name.to_owned(), Arc::clone(&issuer));
        let asking = async move {
            keys.ask(&name, &asked, now).await;
            drop(turn);
        };
        let ended = tokio::spawn(asking.in_current_span()).await;
        let broken = || Err(Refused::Keys(SourceError::Unreadable("asking for them broke off".into())));
        ended.ok().and_then(|()| held(&issuer.heard).answer(named, now)).unwrap_or_else(broken)
    }

    /// Asks an issuer, and notes what comes of it.
    async fn ask(&self, name: &str, issuer: &Issuer, now: Timestamp) {
        let begun = Instant::now();
        let late = |_| Err(SourceError::Unreachable(format!("nothing within {} seconds", PATIENCE.as_secs())));
        let read = tokio::time::timeout(PATIENCE, self.read(name)).await.unwrap_or_else(late);
        let mut heard = held(&issuer.heard);
        match read {
            Ok(keys) => *heard = Heard { keys: Some((now, keys)), failed: None },
            // The pause begins when it is known: to find it out may take as long.
            Err(error) => heard.failed = Some((now.plus(begun.elapsed()), error)),
        }
    }

    /// The issuer says where its keys are.
    async fn read(&self, issuer: &str) -> Result<JwkSet, SourceError> {
        let (home, discovery) = discover(&self.http, issuer).await?;
        let at = self.homes.admit(&home, &discovery.jwks_uri, "its keys are")?;
        Peer::Issuer.read(self.http.get(at)).await?.json()
    }
}

impl Heard {
    /// What follows from it for a key; nothing when the issuer has to be asked.
    fn answer(&self, (kid, algorithm): Named<'_>, now: Timestamp) -> Option<Result<DecodingKey, Refused>> {
        if let Some((read_at, keys)) = &self.keys {
            let age = now.since(*read_at);
            if age < KEEP && (keys.find(kid).is_some() || age < PAUSE) {
                return Some(usable(keys, kid, algorithm));
            }
        }
        let (failed_at, error) = self.failed.as_ref()?;
        (now.since(*failed_at) < PAUSE).then(|| Err(Refused::Keys(error.clone())))
    }
}

/// What is behind a lock that is held for a moment and never while somebody waits.
fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
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
