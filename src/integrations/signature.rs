//! Signatures of webhooks: HMAC-SHA256 over the raw body, compared in constant time, before anything is parsed.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

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

#[cfg(test)]
mod tests {
    use super::*;

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
