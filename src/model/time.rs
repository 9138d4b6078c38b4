//! Points in time, in milliseconds, always UTC.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ids::ParseError;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Reads RFC 3339 (`2026-11-22T14:05:00Z`) and the form that Jira writes (`2026-11-22T14:05:00.000+0000`).
    ///
    /// # Errors
    /// When the text is neither.
    pub fn parse(text: &str) -> Result<Timestamp, ParseError> {
        let jira =
            || jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%S%.f%z", text).and_then(|parsed| parsed.to_timestamp());
        let time = text.parse::<jiff::Timestamp>().or_else(|_| jira());
        time.map(|time| Timestamp(time.as_millisecond())).map_err(|_| ParseError::new(text, "a time"))
    }

    /// `14:05 UTC`.
    #[must_use]
    pub fn clock(self) -> String {
        self.format("%H:%M UTC")
    }

    /// `2026-11-22 14:05 UTC`.
    #[must_use]
    pub fn day_and_clock(self) -> String {
        self.format("%Y-%m-%d %H:%M UTC")
    }

    /// This time and `span` more.
    #[must_use]
    pub fn plus(self, span: Duration) -> Timestamp {
        Timestamp(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long ago `earlier` was; nothing when it is yet to come.
    #[must_use]
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Whole seconds since the epoch, as Slack's date format wants them.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    fn format(self, pattern: &str) -> String {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(time) => time.strftime(pattern).to_string(),
            Err(_) => format!("{} ms", self.0),
        }
    }
}

/// A day, as UTC counts days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(jiff::civil::Date);

impl Day {
    /// Reads `2026-11-22`.
    ///
    /// # Errors
    /// When the text is no day.
    pub fn parse(text: &str) -> Result<Day, ParseError> {
        text.parse().map(Day).map_err(|_| ParseError::new(text, "a day such as 2026-11-22"))
    }

    /// Whether a moment lies after this day.
    #[must_use]
    pub fn is_over_at(self, time: Timestamp) -> bool {
        let day = jiff::Timestamp::from_millisecond(time.0).map(|time| time.to_zoned(jiff::tz::TimeZone::UTC).date());
        day.map_or(true, |day| day > self.0)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.format("%Y-%m-%dT%H:%M:%SZ"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_the_same_moment() {
        let github = Timestamp::parse("2026-11-22T14:05:00Z").unwrap();
        assert_eq!(Timestamp::parse("2026-11-22T14:05:00.000+0000").unwrap(), github);
        assert_eq!(Timestamp::parse("2026-11-22T16:05:00.000+0200").unwrap(), github);
        assert_eq!(github.day_and_clock(), "2026-11-22 14:05 UTC");
        assert!(Timestamp::parse("yesterday").is_err());
    }

    #[test]
    fn a_day_is_over_at_midnight() {
        let day = Day::parse("2026-11-22").unwrap();
        assert!(!day.is_over_at(Timestamp::parse("2026-11-22T23:59:59Z").unwrap()));
        assert!(day.is_over_at(Timestamp::parse("2026-11-23T00:00:00Z").unwrap()));
        assert!(Day::parse("2026-11-31").is_err() && Day::parse("soon").is_err());
        assert_eq!(day.to_string(), "2026-11-22");
    }
}
