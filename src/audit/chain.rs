//! The hash chain: `hash(n) = SHA-256(hash(n-1) in hex, newline, body(n))`, so that `sha256sum` can check it.

use sha2::{Digest, Sha256};

/// What stands in the place of a hash before the first entry.
pub const START: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The hash of an entry.
#[must_use]
pub fn hash(previous: &str, body: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(previous.as_bytes());
    hash.update(b"\n");
    hash.update(body.as_bytes());
    hex::encode(hash.finalize())
}
