//! Slack's dates. A reader of the simulated Slack is in UTC.

use jiff::tz::TimeZone;

/// Tokens and how they look. The "pretty" ones would say "today"; a page that stays is better off with the date.
const TOKENS: [(&str, &str); 9] = [
    ("{date_num}", "%Y-%m-%d"),
    ("{date_short_pretty}", "%b %-d, %Y"),
    ("{date_long_pretty}", "%A, %B %-d, %Y"),
    ("{date_pretty}", "%B %-d, %Y"),
    ("{date_short}", "%b %-d, %Y"),
    ("{date_long}", "%A, %B %-d, %Y"),
    ("{date}", "%B %-d, %Y"),
    ("{time_secs}", "%H:%M:%S UTC"),
    ("{time}", "%H:%M UTC"),
];

/// A time in seconds since the epoch, in Slack's format; `None` when it is none.
pub(super) fn render(seconds: &str, format: &str) -> Option<String> {
    let time = jiff::Timestamp::from_second(seconds.parse().ok()?).ok()?.to_zoned(TimeZone::UTC);
    let shown = |pattern: &str| time.strftime(pattern).to_string();
    Some(TOKENS.iter().fold(format.to_owned(), |text, (token, pattern)| text.replace(token, &shown(pattern))))
}
