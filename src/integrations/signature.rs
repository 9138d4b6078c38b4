//! Signatures of webhooks: HMAC-SHA256 over the raw body, compared in constant time, before anything is parsed.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::model::TokenDigest;

/// Shortest token that is accepted, in bytes.
const SHORTEST_TOKEN: usize = 16;

/// Whether `header` is `sha256=` and the lower-case hex HMAC of `body` under one of the secrets.
#[must_use]
pub fn is_signed(header: &str, body: &[u8], secrets: &[SecretString]) -> bool {
    header.strip_prefix("sha256=").is_some_and(|mac| secrets.iter().any(|secret| matches(mac, &[body], secret)))
}

/// Whether `mac` is the lower-case hex HMAC of the parts, one after the other.
#[must_use]
pub fn matches(mac: &str, parts: &[&[u8]], secret: &SecretString) -> bool {
    let secret = secret.expose_secret();
    if secret.is_empty() || mac.len() != 64 || mac.bytes().any(|byte| !matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return false;
    }
    let (Ok(expected), Ok(mut hmac)) = (hex::decode(mac), Hmac::<Sha256>::new_from_slice(secret.as_bytes())) else {
        return false;
    };
    parts.iter().for_each(|part| hmac.update(part));
    hmac.verify_slice(&expected).is_ok()
}

/// Whether this is the token with that digest. Two digests are compared by their HMACs, which takes the same time
/// wherever they differ.
#[must_use]
pub fn is_token(token: &str, digest: &TokenDigest) -> bool {
    let tag = |text: &str| {
        let mut hmac = Hmac::<Sha256>::new_from_slice(b"cm-bot token").ok()?;
        hmac.update(text.as_bytes());
        Some(hmac)
    };
    let presented = hex::encode(Sha256::digest(token));
    match (tag(&presented), tag(digest.as_str())) {
        (Some(presented), Some(expected)) => {
            token.len() >= SHORTEST_TOKEN && presented.verify(&expected.finalize().into_bytes()).is_ok()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_digest() {
        let digest = |token: &str| TokenDigest::parse(&hex::encode(Sha256::digest(token))).unwrap();
        let token = "a token of some length";
        assert!(is_token(token, &digest(token)));
        assert!(!is_token("another token of some length", &digest(token)));
        assert!(!is_token("", &digest("")), "nothing is no token");
        assert!(!is_token("short", &digest("short")));
    }

    /// The published example of Jira's webhook documentation.
    const JIRA: (&str, &[u8], &str) = (
        "It's a Secret to Everybody",
        b"Hello World!",
        "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9",
    );

    #[test]
    fn the_published_example_is_accepted() {
        let (secret, body, header) = JIRA;
        assert!(is_signed(header, body, &[secret.into()]));
        assert!(is_signed(header, body, &["another secret".into(), secret.into()]), "a rotation has two secrets");
    }

    #[test]
    fn everything_else_is_refused() {
        let (secret, body, header) = JIRA;
        let secrets: [SecretString; 1] = [secret.into()];
        assert!(!is_signed(header, b"Hello World?", &secrets));
        assert!(!is_signed(&header.to_uppercase(), body, &secrets));
        assert!(!is_signed(&header[..40], body, &secrets));
        assert!(!is_signed(&header.replace("sha256", "sha1"), body, &secrets));
        assert!(!is_signed("", body, &secrets));
        assert!(!is_signed(header, body, &[]));
        assert!(!is_signed(header, body, &["".into()]), "an empty secret signs for everybody");
    }
}
