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

/// Checks a whole trail of (number, body, hash).
///
/// # Errors
/// The number of the first entry that does not fit.
pub fn verify<'a>(entries: impl IntoIterator<Item = (i64, &'a str, &'a str)>) -> Result<(), i64> {
    let mut previous = START.to_owned();
    for (expected, (number, body, stored)) in (1..).zip(entries) {
        if number != expected || hash(&previous, body) != stored {
            return Err(expected);
        }
        stored.clone_into(&mut previous);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_change_is_found() {
        let first = hash(START, "a");
        let second = hash(&first, "b");
        let trail = [(1, "a", first.as_str()), (2, "b", second.as_str())];
        assert_eq!(verify(trail), Ok(()));
        assert_eq!(verify([(1, "x", first.as_str()), trail[1]]), Err(1));
        assert_eq!(verify([trail[1]]), Err(1));
        assert_eq!(verify([trail[0], (3, "b", second.as_str())]), Err(2));
    }
}
