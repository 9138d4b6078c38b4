//! A public beacon of randomness: drand, whose rounds come at fixed times and whose values nobody knows before. Source:
//! <https://docs.drand.love/dev-guide/3.1-http-api/>.
//!
//! What is verified here: that every address that is asked names the chain of the settings and says the same, that a round
//! is the one that was asked for, and that its value is the SHA-256 of its signature. The signature itself (BLS12-381) is
//! not: who wants to can, with any client of drand, because the round and its value stand in the audit trail.

mod wire;

use sha2::{Digest, Sha256};

use super::SourceError;
use super::http::Peer;
use crate::model::BeaconPlaces;

/// A client for one network.
#[derive(Debug, Clone)]
pub struct BeaconClient {
    http: reqwest::Client,
    places: BeaconPlaces,
}

/// The rules by which a network makes its rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// When round 1 was made, in seconds.
    pub genesis: i64,
    /// Seconds between two rounds.
    pub period: i64,
}

impl BeaconClient {
    /// A client for the network of the settings.
    #[must_use]
    pub fn new(http: reqwest::Client, places: &BeaconPlaces) -> BeaconClient {
        BeaconClient { http, places: places.clone() }
    }

    /// By which rules its rounds are made.
    ///
    /// # Errors
    /// When an address does not answer, or they do not agree.
    pub async fn rules(&self) -> Result<Rules, SourceError> {
        let infos: Vec<wire::Info> = self.everywhere("info").await?;
        let info = agreed(&infos)?;
        if infos.iter().any(|info| info.hash != self.places.chain) {
            return Err(SourceError::Unreadable("another chain than inspection.beacon_chain".into()));
        }
        Ok(Rules { genesis: info.genesis_time, period: i64::try_from(info.period.max(1)).unwrap_or(i64::MAX) })
    }

    /// What a round says, as it stands in the records: `drand CHAIN round NUMBER VALUE`.
    ///
    /// # Errors
    /// When an address does not answer, they do not agree, or the value is not that of the signature.
    pub async fn entropy(&self, round: i64) -> Result<String, SourceError> {
        let said: Vec<wire::Beacon> = self.everywhere(&format!("public/{round}")).await?;
        let beacon = agreed(&said)?;
        let odd = |why: &str| SourceError::Unreadable(format!("round {round}: {why}"));
        if i64::try_from(beacon.round) != Ok(round) {
            return Err(odd("another round was answered"));
        }
        let signature = hex::decode(&beacon.signature).map_err(|_| odd("the signature is not in hexadecimal"))?;
        if hex::encode(Sha256::digest(signature)) != beacon.randomness {
            return Err(odd("the value is not the SHA-256 of the signature"));
        }
        Ok(format!("drand {} round {} {}", self.places.chain, beacon.round, beacon.randomness))
    }

    async fn everywhere<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, SourceError> {
        let mut answers = Vec::new();
        for base in &self.places.urls {
            let mut url = base.clone();
            url.set_path(&format!("{}/{}/{path}", base.path().trim_end_matches('/'), self.places.chain));
            answers.push(Peer::Beacon.read(self.http.get(url)).await?.json()?);
        }
        Ok(answers)
    }
}

/// What all say.
fn agreed<T: PartialEq>(answers: &[T]) -> Result<&T, SourceError> {
    let first = answers.first().ok_or_else(|| SourceError::Unreadable("no address is set".into()))?;
    if answers.iter().all(|answer| answer == first) {
        Ok(first)
    } else {
        Err(SourceError::Unreadable("the addresses of inspection.beacon_urls do not agree".into()))
    }
}
