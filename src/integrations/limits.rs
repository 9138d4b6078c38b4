//! How often we may ask. GitHub blocks those who go on asking while they are limited, so after such an answer nothing is
//! sent until its time has come.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;

use crate::integrations::SourceError;
use crate::integrations::http::Answer;
use crate::model::Timestamp;

/// The wait when GitHub names none; its documentation asks for a minute at least.
const UNNAMED: Duration = Duration::from_secs(60);

/// Longest wait that GitHub can impose on us: its limits are counted by the hour.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// Words in the message of a secondary limit, of today and of former times.
const SECONDARY: [&str; 2] = ["secondary rate limit", "abuse detection"];

/// How long to wait after an answer that refuses for having been asked too often; nothing for any other answer.
pub(super) fn limit(answer: &Answer, now: Timestamp) -> Option<Duration> {
    let named = || header(&answer.headers, RETRY_AFTER.as_str()).is_some() || is_used_up(&answer.headers);
    match answer.status.as_u16() {
        429 => Some(wait(&answer.headers, now)),
        403 if named() || is_secondary(&String::from_utf8_lossy(&answer.body)) => Some(wait(&answer.headers, now)),
        _ => None,
    }
}

/// The wait that the headers of a refusal ask for.
pub(super) fn wait(headers: &HeaderMap, now: Timestamp) -> Duration {
    let after = header(headers, RETRY_AFTER.as_str()).and_then(|text| text.parse().ok()).map(Duration::from_secs);
    let reset = || header(headers, "x-ratelimit-reset")?.parse::<i64>().ok();
    let left = || Some(Duration::from_secs(u64::try_from(reset()?.checked_sub(now.seconds())?).ok()?));
    let wait = after.or_else(|| is_used_up(headers).then(left).flatten());
    // A time that is past says that the clocks differ, and nothing about the wait.
    wait.filter(|wait| !wait.is_zero()).unwrap_or(UNNAMED).min(LONGEST)
}

/// Whether a message of GitHub speaks of a limit that is not counted in its headers.
pub(super) fn is_secondary(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    SECONDARY.iter().any(|words| message.contains(words))
}

fn is_used_up(headers: &HeaderMap) -> bool {
    header(headers, "x-ratelimit-remaining") == Some("0")
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// Closed until a time that GitHub named.
#[derive(Debug, Default)]
pub(super) struct Gate(AtomicI64);

impl Gate {
    /// Closes it; the later of two times counts.
    pub(super) fn close(&self, now: Timestamp, wait: Duration) {
        self.0.fetch_max(now.plus(wait).0, Ordering::SeqCst);
    }

    /// How long it is still closed.
    pub(super) fn closed_for(&self, now: Timestamp) -> Option<Duration> {
        let left = u64::try_from(self.0.load(Ordering::SeqCst).saturating_sub(now.0)).ok()?;
        Some(Duration::from_millis(left)).filter(|left| !left.is_zero()).map(|left| left.min(LONGEST))
    }

    /// # Errors
    /// [`SourceError::RateLimited`] while it is closed.
    pub(super) fn pass(&self, now: Timestamp) -> Result<(), SourceError> {
        self.closed_for(now).map_or(Ok(()), |wait| Err(SourceError::RateLimited(Some(wait))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn seconds(status: u16, headers: &[(&'static str, &str)], body: &str) -> Option<u64> {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        let answer = Answer { status: status.try_into().unwrap(), headers, body: body.into() };
        limit(&answer, NOW).map(|wait| wait.as_secs())
    }

    #[test]
    fn the_headers_name_the_wait() {
        assert_eq!(seconds(429, &[("retry-after", "90")], ""), Some(90));
        assert_eq!(seconds(403, &[("retry-after", "90")], ""), Some(90));
        let used_up = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1300")];
        assert_eq!(seconds(403, &used_up, ""), Some(300));
        assert_eq!(seconds(429, &used_up, ""), Some(300));
        let both = [used_up[0], used_up[1], ("retry-after", "5")];
        assert_eq!(seconds(403, &both, ""), Some(5), "the more precise one");
        let far = [used_up[0], ("x-ratelimit-reset", "99999999")];
        assert_eq!(seconds(403, &far, ""), Some(3600), "at most an hour");
    }

    #[test]
    fn without_headers_it_is_a_minute() {
        let message = r#"{"message":"You have exceeded a secondary rate limit. Please wait."}"#;
        assert_eq!(seconds(403, &[], message), Some(60));
        assert_eq!(seconds(429, &[], ""), Some(60));
        let left = [("x-ratelimit-remaining", "4000"), ("x-ratelimit-reset", "1300")];
        assert_eq!(seconds(403, &left, message), Some(60), "the other limit's reset says nothing");
        let past = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "900")];
        assert_eq!(seconds(403, &past, ""), Some(60), "clocks differ");
        assert_eq!(seconds(429, &[("retry-after", "soon")], ""), Some(60));
    }

    #[test]
    fn other_answers_are_no_limit() {
        assert_eq!(seconds(403, &[("x-ratelimit-remaining", "10")], "Resource not accessible"), None);
        assert_eq!(seconds(200, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1300")], ""), None);
        assert_eq!(seconds(503, &[("retry-after", "5")], ""), None);
    }

    #[test]
    fn a_gate_opens_when_the_later_time_has_come() {
        let gate = Gate::default();
        assert!(gate.pass(NOW).is_ok());
        gate.close(NOW, Duration::from_secs(60));
        gate.close(NOW, Duration::from_secs(10));
        assert_eq!(gate.closed_for(Timestamp(NOW.0 + 20_000)), Some(Duration::from_secs(40)));
        assert!(gate.pass(Timestamp(NOW.0 + 59_999)).is_err());
        assert!(gate.pass(Timestamp(NOW.0 + 60_000)).is_ok());
    }
}
