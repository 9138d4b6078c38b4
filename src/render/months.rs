//! How many changes were approved each month, by whom, and how long they waited: a picture and a table of the same.

use std::time::Duration;

use maud::{Markup, html};

use crate::model::{Month, Timestamp, plural};

/// How many months are shown.
const MONTHS: usize = 12;

/// Height of the picture's bars, width of a month, in pixels.
const HIGH: usize = 120;
const WIDE: usize = 62;

/// One approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Approved {
    /// When.
    pub at: Timestamp,
    /// How long after cm-bot had first seen the ticket.
    pub waited: Duration,
    /// Whether people gave it.
    pub by_people: bool,
}

/// What there is to say of a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InMonth {
    /// Which.
    pub month: Month,
    /// How many cm-bot approved.
    pub automatic: usize,
    /// How many people approved.
    pub by_people: usize,
    /// How long half of those waited at most; nothing when there were none.
    pub automatic_waited: Option<Duration>,
    /// The same for those that people approved.
    pub people_waited: Option<Duration>,
}

/// When the first month that is shown begins.
#[must_use]
pub fn since(now: Timestamp) -> Timestamp {
    last_months(now).first().map_or(now, |month| month.bounds().0)
}

/// Adds approvals up by month, the oldest month first. Months before the first approval are left out.
#[must_use]
pub fn by_month(approved: &[Approved], now: Timestamp) -> Vec<InMonth> {
    let months = last_months(now).into_iter().map(|month| {
        let of_month: Vec<&Approved> = approved.iter().filter(|one| month.contains(one.at)).collect();
        let waits =
            |people: bool| of_month.iter().filter(|one| one.by_people == people).map(|one| one.waited).collect();
        let (automatic, by_people): (Vec<Duration>, Vec<Duration>) = (waits(false), waits(true));
        InMonth {
            month,
            automatic: automatic.len(),
            by_people: by_people.len(),
            automatic_waited: median(automatic),
            people_waited: median(by_people),
        }
    });
    months.skip_while(|one| one.automatic + one.by_people == 0).collect()
}

fn last_months(now: Timestamp) -> Vec<Month> {
    let this = Month::of(now);
    let mut months: Vec<Month> = std::iter::successors(this, |month| Some(month.before())).take(MONTHS).collect();
    months.reverse();
    months
}

fn median(mut waits: Vec<Duration>) -> Option<Duration> {
    waits.sort();
    waits.get(waits.len().saturating_sub(1) / 2).copied()
}

/// `40 s`, `12 min`, `3.5 h`, `2 days`.
#[must_use]
pub fn in_words(wait: Duration) -> String {
    let seconds = wait.as_secs();
    match seconds {
        0..=89 => format!("{seconds} s"),
        90..=5_399 => format!("{} min", (seconds + 30) / 60),
        5_400..=172_799 => format!("{}.{} h", seconds / 3_600, seconds % 3_600 / 360),
        _ => plural(usize::try_from((seconds + 43_200) / 86_400).unwrap_or(usize::MAX), "day"),
    }
}

/// The picture and the table; nothing when there was no approval.
#[must_use]
pub fn figure(months: &[InMonth]) -> Option<Markup> {
    let most = months.iter().map(|one| one.automatic + one.by_people).max().filter(|most| *most > 0)?;
    let (width, height) = (months.len() * WIDE + 8, HIGH + 46);
    Some(html! {
        figure class="months" {
            div class="scrolls" tabindex="0" role="group" aria-label="Picture of the approvals by month" {
                svg width=(width) height=(height) viewBox=(format!("0 0 {width} {height}")) role="img" aria-labelledby="months-title" {
                    title id="months-title" { "Approvals by month, automatic and by people. The table says the same in words." }
                    @for (place, one) in months.iter().enumerate() { (bar(place, one, most)) }
                    line class="ground" x1="0" y1=(HIGH + 20) x2=(width) y2=(HIGH + 20) {}
                }
            }
            figcaption { span class="key automatic" {} "plain: approved automatically " span class="key people" {} "outlined: approved by people" }
        }
        details { summary { "The same as a table" } (table(months)) }
    })
}

fn bar(place: usize, one: &InMonth, most: usize) -> Markup {
    let high = |count: usize| (count * HIGH).div_ceil(most);
    let (left, automatic, people) = (place * WIDE + 12, high(one.automatic), high(one.by_people));
    let ground = HIGH + 20;
    let all = one.automatic + one.by_people;
    let top = ground.saturating_sub(automatic + people);
    html! {
        rect class="automatic" x=(left) y=(ground.saturating_sub(automatic)) width="38" height=(automatic) {}
        rect class="people" x=(left) y=(top) width="38" height=(people) {}
        @if all > 0 { text class="count" x=(left + 19) y=(top.saturating_sub(5)) text-anchor="middle" { (all) } }
        text x=(left + 19) y=(ground + 18) text-anchor="middle" { (one.month.to_string()) }
    }
}

fn table(months: &[InMonth]) -> Markup {
    let waited = |wait: Option<Duration>| wait.map_or_else(|| "none".to_owned(), in_words);
    let rate = |one: &InMonth| match one.automatic + one.by_people {
        0 => "none".to_owned(),
        all => format!("{} %", one.by_people * 100 / all),
    };
    html! {
        table {
            thead { tr {
                th scope="col" { "Month" } th scope="col" class="number" { "Automatic" } th scope="col" class="number" { "By people" }
                th scope="col" class="number" { "Held" } th scope="col" class="number" { "Time to an automatic approval" }
                th scope="col" class="number" { "Time to an approval by people" }
            } }
            tbody { @for one in months.iter().rev() { tr {
                th scope="row" { (one.month.title()) }
                td class="number" { (one.automatic) } td class="number" { (one.by_people) } td class="number" { (rate(one)) }
                td class="number" { (waited(one.automatic_waited)) } td class="number" { (waited(one.people_waited)) }
            } } }
        }
        p class="soft" { "Times are from the moment at which cm-bot first saw the ticket; half of the approvals took at most so long." }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn approved(at: &str, seconds: u64, by_people: bool) -> Approved {
        Approved { at: Timestamp::parse(at).unwrap(), waited: Duration::from_secs(seconds), by_people }
    }

    #[test]
    fn a_month_counts_its_own_approvals_and_half_of_them_took_at_most_so_long() {
        let now = Timestamp::parse("2026-11-22T12:00:00Z").unwrap();
        let all = [
            approved("2026-10-31T23:59:59Z", 10, false),
            approved("2026-11-01T00:00:00Z", 20, false),
            approved("2026-11-02T00:00:00Z", 40, false),
            approved("2026-11-03T00:00:00Z", 7_200, true),
        ];
        let months = by_month(&all, now);
        let numbers: Vec<(String, usize, usize)> =
            months.iter().map(|one| (one.month.to_string(), one.automatic, one.by_people)).collect();
        assert_eq!(numbers, [("2026-10".into(), 1, 0), ("2026-11".into(), 2, 1)]);
        assert_eq!(months[1].automatic_waited, Some(Duration::from_secs(20)));
        assert_eq!(months[1].people_waited.map(in_words), Some("2.0 h".into()));
        assert_eq!(since(now), Timestamp::parse("2025-12-01T00:00:00Z").unwrap());
        assert!(figure(&by_month(&[], now)).is_none());
    }

    #[test]
    fn times_are_said_in_the_unit_that_fits() {
        let said = |seconds| in_words(Duration::from_secs(seconds));
        assert_eq!([said(40), said(600), said(12_600), said(172_800)], ["40 s", "10 min", "3.5 h", "2 days"]);
    }
}
