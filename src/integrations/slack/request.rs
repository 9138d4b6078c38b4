//! Requests that Slack sends to us (<https://docs.slack.dev/authentication/verifying-requests-from-slack>).

use secrecy::SecretString;

use crate::integrations::signature::matches;
use crate::model::Timestamp;

/// How far Slack's time may be from ours, in seconds, in both directions.
const TOLERANCE: i64 = 300;

/// Whether Slack signed this body at about this time.
#[must_use]
pub fn is_signed(signature: &str, timestamp: &str, body: &[u8], (secret, now): (&SecretString, Timestamp)) -> bool {
    let digits = !timestamp.is_empty() && timestamp.len() <= 12 && timestamp.bytes().all(|byte| byte.is_ascii_digit());
    let Some(sent) = timestamp.parse::<i64>().ok().filter(|_| digits) else { return false };
    let Some(mac) = signature.strip_prefix("v0=") else { return false };
    (now.seconds() - sent).abs() <= TOLERANCE && matches(mac, &[b"v0:", timestamp.as_bytes(), b":", body], secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"payload=%7B%7D";

    fn sign(timestamp: &str, secret: &str) -> String {
        use hmac::{Hmac, KeyInit, Mac};
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("v0:{timestamp}:").as_bytes());
        mac.update(BODY);
        format!("v0={}", hex::encode(mac.finalize().into_bytes()))
    }

    #[test]
    fn the_time_is_part_of_the_signature() {
        let secret: SecretString = "a signing secret".into();
        let now = Timestamp(1_793_610_000_000);
        let at = |seconds: i64| (1_793_610_000 + seconds).to_string();
        let check = |time: &str| is_signed(&sign(time, "a signing secret"), time, BODY, (&secret, now));
        assert!(check(&at(0)) && check(&at(299)) && check(&at(-299)));
        assert!(!check(&at(301)) && !check(&at(-301)) && !check("soon"));
        assert!(!is_signed(&sign(&at(0), "another"), &at(0), BODY, (&secret, now)));
        assert!(!is_signed(&sign(&at(0), "a signing secret"), &at(1), BODY, (&secret, now)));
    }
}
