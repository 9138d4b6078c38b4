//! drand's JSON.

use serde::Deserialize;

/// What a network is.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Info {
    /// The hash of the chain.
    pub hash: String,
    /// Seconds between two rounds.
    pub period: u64,
    /// When round 1 was made, in seconds.
    pub genesis_time: i64,
}

/// One round.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Beacon {
    pub round: u64,
    /// In hexadecimal.
    pub randomness: String,
    /// In hexadecimal.
    pub signature: String,
}
