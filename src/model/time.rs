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

    /// `2026-11-22T14:05:00Z`.
    #[must_use]
    pub fn rfc3339(self) -> String {
        self.format("%Y-%m-%dT%H:%M:%SZ")
    }

    /// This time and `span` more.
    #[must_use]
    pub fn plus(self, span: Duration) -> Timestamp {
        Timestamp(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This long before.
    #[must_use]
    pub fn minus(self, span: Duration) -> Timestamp {
        Timestamp(self.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
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
        day_of(time).is_none_or(|day| day > self.0)
    }

    /// The day that a moment lies in; nothing for times that no calendar has.
    #[must_use]
    pub fn of(time: Timestamp) -> Option<Day> {
        day_of(time).map(Day)
    }

    /// Its first moment.
    #[must_use]
    pub fn start(self) -> Timestamp {
        let midnight = self.0.to_zoned(jiff::tz::TimeZone::UTC);
        Timestamp(midnight.map_or(i64::MIN, |midnight| midnight.timestamp().as_millisecond()))
    }

    /// The first moment after this day.
    #[must_use]
    pub fn end(self) -> Timestamp {
        let midnight = self.0.tomorrow().and_then(|next| next.to_zoned(jiff::tz::TimeZone::UTC));
        Timestamp(midnight.map_or(i64::MAX, |midnight| midnight.timestamp().as_millisecond()))
    }
}

/// A month, as UTC counts months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month(jiff::civil::Date);

impl Month {
    /// Reads `2026-10`.
    ///
    /// # Errors
    /// When the text is no month.
    pub fn parse(text: &str) -> Result<Month, ParseError> {
        let first = (text.len() == "2026-10".len()).then(|| format!("{text}-01").parse().ok()).flatten();
        first.map(Month).ok_or_else(|| ParseError::new(text, "a month such as 2026-10"))
    }

    /// The month that a moment lies in; nothing for times that no calendar has.
    #[must_use]
    pub fn of(time: Timestamp) -> Option<Month> {
        Some(Month(day_of(time)?.first_of_month()))
    }

    /// The month before.
    #[must_use]
    pub fn before(self) -> Month {
        Month(self.0.yesterday().map_or(self.0, jiff::civil::Date::first_of_month))
    }

    /// Whether a moment lies in it.
    #[must_use]
    pub fn contains(self, time: Timestamp) -> bool {
        Month::of(time) == Some(self)
    }

    /// Whether a moment lies after it.
    #[must_use]
    pub fn is_over_at(self, time: Timestamp) -> bool {
        Month::of(time).is_some_and(|month| month > self)
    }

    /// Its first moment, and the first after it.
    #[must_use]
    pub fn bounds(self) -> (Timestamp, Timestamp) {
        let start = |day: jiff::civil::Date| {
            let time = day.to_zoned(jiff::tz::TimeZone::UTC).map(|time| time.timestamp().as_millisecond());
            Timestamp(time.unwrap_or(i64::MAX))
        };
        (start(self.0), start(self.0.last_of_month().tomorrow().unwrap_or(self.0)))
    }

    /// `October 2026`.
    #[must_use]
    pub fn title(self) -> String {
        self.0.strftime("%B %Y").to_string()
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.strftime("%Y-%m"))
    }
}

fn day_of(time: Timestamp) -> Option<jiff::civil::Date> {
    jiff::Timestamp::from_millisecond(time.0).ok().map(|time| time.to_zoned(jiff::tz::TimeZone::UTC).date())
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
        assert_eq!(day.end(), Timestamp::parse("2026-11-23T00:00:00Z").unwrap());
        assert!(Day::parse("2026-11-31").is_err() && Day::parse("soon").is_err());
        assert_eq!(day.to_string(), "2026-11-22");
    }

    #[test]
    fn a_month_has_its_days_and_no_other() {
        let month = Month::parse("2026-10").unwrap();
        let at = |text: &str| Timestamp::parse(text).unwrap();
        assert!(month.contains(at("2026-10-01T00:00:00Z")) && month.contains(at("2026-10-31T23:59:59Z")));
        assert!(!month.contains(at("2026-11-01T00:00:00Z")) && !month.contains(at("2026-09-30T23:59:59Z")));
        assert!(!month.is_over_at(at("2026-10-31T23:59:59Z")) && month.is_over_at(at("2026-11-01T00:00:00Z")));
        assert_eq!(month.bounds(), (at("2026-10-01T00:00:00Z"), at("2026-11-01T00:00:00Z")));
        assert_eq!(Month::parse("2026-01").unwrap().before().to_string(), "2025-12");
        assert_eq!((month.to_string(), month.title()), ("2026-10".into(), "October 2026".into()));
        assert!(["2026-13", "2026-1", "26-10", "2026-10-01", ""].iter().all(|text| Month::parse(text).is_err()));
    }
}
