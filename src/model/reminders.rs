//! When people are reminded, from the settings. All times are UTC.

use std::time::Duration;

use super::ids::{ParseError, RoleName};
use super::time::Timestamp;

/// Milliseconds of a day: UTC knows no other.
const DAY: i64 = 24 * 60 * 60 * 1000;

/// `[reminders]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reminders {
    /// Whether anybody is reminded of a ticket that waits, and by which steps.
    pub held: Held,
    /// When nobody is reminded of a ticket that waits. Emergencies know no quiet hours.
    pub quiet: Option<Quiet>,
    /// When the daily messages go out.
    pub daily: TimeOfDay,
    /// How long after the declaration the leads are called again while too few have acknowledged.
    pub call_again: Vec<Duration>,
    /// How long after the declaration the leads are called in Jira when Slack has not taken the message.
    pub call_in_jira: Duration,
    /// How long the people have to document an emergency.
    pub document: Duration,
    /// How long after the start of that time the owner is reminded.
    pub remind_owner: Vec<Duration>,
    /// How long before its end the owner and the leads are reminded.
    pub remind_leads: Duration,
    /// How long before something ends that was allowed for a time whoever answers for it is reminded.
    pub remind_end: Duration,
}

/// How long a ticket waits for a human before somebody is reminded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// In the thread, those who are missing.
    pub thread: Duration,
    /// Each of them alone.
    pub direct: Duration,
    /// In the channel, the approver of last resort.
    pub last_resort: Duration,
    /// Who that is.
    pub role: RoleName,
}

/// A time of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeOfDay(i64);

/// A part of each day, which may go over midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiet {
    from: TimeOfDay,
    to: TimeOfDay,
}

impl TimeOfDay {
    /// Reads `09:00`.
    ///
    /// # Errors
    /// When the text is no time of a day.
    pub fn parse(text: &str) -> Result<TimeOfDay, ParseError> {
        let two = |text: &str| (text.len() == 2).then(|| text.parse::<i64>().ok()).flatten();
        let parts = text.split_once(':').and_then(|(hours, minutes)| Some((two(hours)?, two(minutes)?)));
        match parts {
            Some((hours @ 0..=23, minutes @ 0..=59)) => Ok(TimeOfDay((hours * 60 + minutes) * 60_000)),
            _ => Err(ParseError::new(text, "a time of the day such as 09:00")),
        }
    }

    /// The first such time after a moment.
    #[must_use]
    pub fn next_after(self, moment: Timestamp) -> Timestamp {
        let today = moment.0.div_euclid(DAY) * DAY + self.0;
        Timestamp(if today > moment.0 { today } else { today + DAY })
    }

    /// The last such time that is not after a moment.
    #[must_use]
    pub fn last_before(self, moment: Timestamp) -> Timestamp {
        Timestamp(self.next_after(moment).0 - DAY)
    }
}

impl Quiet {
    /// Reads `18:00-07:00`; nothing when the text is empty.
    ///
    /// # Errors
    /// When the text is no part of a day.
    pub fn parse(text: &str) -> Result<Option<Quiet>, ParseError> {
        if text.is_empty() {
            return Ok(None);
        }
        let (from, to) =
            text.split_once('-').ok_or_else(|| ParseError::new(text, "a part of the day such as 18:00-07:00"))?;
        Ok(Some(Quiet { from: TimeOfDay::parse(from)?, to: TimeOfDay::parse(to)? }))
    }

    /// The moment itself, or the end of the quiet time in which it lies.
    #[must_use]
    pub fn after(self, moment: Timestamp) -> Timestamp {
        let end = self.to.next_after(moment);
        let is_quiet = self.from != self.to && self.from.last_before(moment) >= self.to.last_before(moment);
        if is_quiet { end } else { moment }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn a_quiet_time_goes_over_midnight() {
        let quiet = Quiet::parse("18:00-07:00").unwrap().unwrap();
        assert_eq!(quiet.after(at("2026-11-22T17:59:59Z")), at("2026-11-22T17:59:59Z"));
        assert_eq!(quiet.after(at("2026-11-22T18:00:00Z")), at("2026-11-23T07:00:00Z"));
        assert_eq!(quiet.after(at("2026-12-31T23:30:00Z")), at("2027-01-01T07:00:00Z"));
        assert_eq!(quiet.after(at("2026-11-23T06:59:59Z")), at("2026-11-23T07:00:00Z"));
        assert_eq!(quiet.after(at("2026-11-23T07:00:00Z")), at("2026-11-23T07:00:00Z"));
        assert_eq!(Quiet::parse("").unwrap(), None);
        assert!(Quiet::parse("18:00").is_err() && Quiet::parse("25:00-07:00").is_err());
    }

    #[test]
    fn a_time_of_the_day_comes_every_day() {
        let nine = TimeOfDay::parse("09:00").unwrap();
        assert_eq!(nine.next_after(at("2026-12-31T09:00:00Z")), at("2027-01-01T09:00:00Z"));
        assert_eq!(nine.next_after(at("2026-12-31T08:59:59Z")), at("2026-12-31T09:00:00Z"));
        assert_eq!(nine.last_before(at("2026-12-31T09:00:00Z")), at("2026-12-31T09:00:00Z"));
        assert!(TimeOfDay::parse("9:00").is_err() && TimeOfDay::parse("09:60").is_err());
    }
}
