//! How far another system's clock is from ours, by the `Date` header of its answers (RFC 9110, section 6.6.1).

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::fmt::rfc2822;
use reqwest::header::{AGE, DATE, HeaderMap};

use crate::model::Timestamp;

/// Nothing is known.
const UNKNOWN: i64 = i64::MIN;

/// A date names a whole second.
const SECOND_MS: i64 = 1_000;

/// What the newest answer said.
#[derive(Debug)]
pub struct PeerClock(AtomicI64);

impl Default for PeerClock {
    fn default() -> PeerClock {
        PeerClock(AtomicI64::new(UNKNOWN))
    }
}

impl PeerClock {
    /// Notes an answer that came between two times of ours.
    pub fn note(&self, headers: &HeaderMap, asked: Timestamp, answered: Timestamp) {
        // An answer that somebody kept in between is as old as it says.
        if !headers.contains_key(AGE) {
            let ahead = date(headers).map_or(UNKNOWN, |date| ahead(date, asked, answered));
            self.0.store(ahead, Ordering::Relaxed);
        }
    }

    /// How many milliseconds it is ahead of ours at least, or behind when negative; zero when it may be the same. Nothing
    /// when the newest answer did not say.
    #[must_use]
    pub fn ahead_ms(&self) -> Option<i64> {
        Some(self.0.load(Ordering::Relaxed)).filter(|ahead| *ahead != UNKNOWN)
    }
}

fn date(headers: &HeaderMap) -> Option<i64> {
    let text = headers.get(DATE)?.to_str().ok()?;
    Some(rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?.as_millisecond())
}

/// The answer was made at some time between the two, and its date was rounded down.
fn ahead(date: i64, asked: Timestamp, answered: Timestamp) -> i64 {
    (date - answered.0).max(0) + (date + SECOND_MS - asked.0).min(0)
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    /// 2026-11-02 09:00:00 UTC.
    const NINE: i64 = 1_793_610_000_000;

    fn seen(date: &'static str, (asked, answered): (i64, i64)) -> Option<i64> {
        let clock = PeerClock::default();
        let headers = HeaderMap::from_iter([(DATE, HeaderValue::from_static(date))]);
        clock.note(&headers, Timestamp(NINE + asked), Timestamp(NINE + answered));
        clock.ahead_ms()
    }

    #[test]
    fn only_what_neither_the_way_nor_the_rounding_explains_is_a_difference() {
        let nine = "Mon, 02 Nov 2026 09:00:00 GMT";
        assert_eq!(seen(nine, (0, 0)), Some(0));
        assert_eq!(seen(nine, (-29_000, 0)), Some(0), "a slow answer");
        assert_eq!(seen(nine, (900, 950)), Some(0), "rounded down");
        assert_eq!(seen(nine, (-31_000, -30_500)), Some(30_500), "ahead of us");
        assert_eq!(seen(nine, (32_000, 33_000)), Some(-31_000), "behind us");
    }

    /// F16: a year's end and a leap day are like any other, and a date that cannot be is none.
    #[test]
    fn f16_dates_around_the_end_of_a_year_and_a_leap_day() {
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond() - NINE;
        let new_year = at("2027-01-01T00:00:00Z");
        assert_eq!(seen("Fri, 01 Jan 2027 00:00:00 GMT", (new_year, new_year)), Some(0));
        assert_eq!(seen("Thu, 31 Dec 2026 23:59:59 GMT", (new_year, new_year)), Some(0));
        let leap = at("2028-02-29T12:00:00Z");
        assert_eq!(seen("Tue, 29 Feb 2028 12:00:00 GMT", (leap, leap)), Some(0));
        assert_eq!(seen("Mon, 29 Feb 2027 12:00:00 GMT", (0, 0)), None);
        assert_eq!(seen("yesterday", (0, 0)), None);
        assert_eq!(PeerClock::default().ahead_ms(), None);
    }

    #[test]
    fn an_answer_from_a_cache_says_nothing_of_the_clock() {
        let clock = PeerClock::default();
        let date = (DATE, HeaderValue::from_static("Mon, 02 Nov 2026 09:00:00 GMT"));
        clock.note(&HeaderMap::from_iter([date.clone()]), Timestamp(NINE), Timestamp(NINE));
        let kept = HeaderMap::from_iter([date, (AGE, HeaderValue::from_static("3600"))]);
        clock.note(&kept, Timestamp(NINE + 3_600_000), Timestamp(NINE + 3_600_000));
        assert_eq!(clock.ahead_ms(), Some(0));
    }
}
