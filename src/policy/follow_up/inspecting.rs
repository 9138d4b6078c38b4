//! What the inspection of a month owes next (policy: inspection of automatic approvals).
//!
//! First the list is fixed and published, then something that nobody could know makes the draw, then those who inspect are told,
//! reminded and, when every result is there, left alone.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::model::{Inspections, Month, Timestamp};

/// How long after its end a month is fixed: what was approved in its last minute is recorded by then.
const GRACE: Duration = Duration::from_secs(3600);

const DAY: Duration = Duration::from_secs(24 * 3600);

/// How far the inspection of a month is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// When its list was fixed.
    pub closed: Option<Timestamp>,
    /// When the root of the list had been published: the first checkpoint of the trail afterwards, where there are any.
    pub published: Option<Timestamp>,
    /// When it was drawn.
    pub drawn: Option<Timestamp>,
    /// How many changes it has.
    pub changes: usize,
    /// How many of those that are inspected have no result yet.
    pub open: usize,
    /// Steps that were taken.
    pub taken: BTreeSet<String>,
}

/// What is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Fix the list.
    Close,
    /// Draw with the public beacon, as it was after this moment.
    Draw(Timestamp),
    /// Ask a person for dice.
    AskForDice,
    /// Ask once more, after so many days.
    AskAgain(u32),
    /// Tell those who inspect what was drawn.
    Tell,
    /// Remind them, so many days before the end.
    Remind(u32),
    /// Tell the Security Officer that it is overdue, in this week after the end.
    Overdue(u32),
    /// Say what was found, and what can be said of the rest.
    Conclude,
}

impl Step {
    /// Its name in the records: each is taken once.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Step::Close => "close".into(),
            Step::Draw(_) => "draw".into(),
            Step::AskForDice => "dice".into(),
            Step::AskAgain(days) => format!("dice-{days}"),
            Step::Tell => "list".into(),
            Step::Remind(days) => format!("remind-{days}"),
            Step::Overdue(week) => format!("overdue-{week}"),
            Step::Conclude => "conclusion".into(),
        }
    }
}

/// When results are due.
#[must_use]
pub fn due(progress: &Progress, terms: &Inspections) -> Option<Timestamp> {
    Some(progress.drawn?.plus(terms.time))
}

/// What is owed now for a month. At most one step: the next look finds the next one.
#[must_use]
pub fn owed(month: Month, progress: &Progress, terms: &Inspections, now: Timestamp) -> Option<Step> {
    let step = match (progress.closed, progress.drawn) {
        (None, _) => (month.bounds().1.plus(GRACE) <= now).then_some(Step::Close),
        // A month in which nothing was to be inspected is not drawn.
        (Some(_), None) if progress.changes == 0 => Some(Step::Conclude),
        (Some(_), None) => before_the_draw(progress, terms, now),
        (Some(_), Some(_)) => after_the_draw(progress, terms, now),
    };
    step.filter(|step| !progress.taken.contains(&step.name()))
}

/// Nobody draws before the list is published. A reminder that was missed is not made up for.
fn before_the_draw(progress: &Progress, terms: &Inspections, now: Timestamp) -> Option<Step> {
    let published = progress.published?;
    if terms.beacon.is_some() {
        return Some(Step::Draw(published));
    }
    if !progress.taken.contains(&Step::AskForDice.name()) {
        return Some(Step::AskForDice);
    }
    [3, 7, 14].into_iter().rfind(|days| published.plus(DAY * *days) <= now).map(Step::AskAgain)
}

fn after_the_draw(progress: &Progress, terms: &Inspections, now: Timestamp) -> Option<Step> {
    if progress.open == 0 {
        return Some(Step::Conclude);
    }
    if !progress.taken.contains(&Step::Tell.name()) {
        return Some(Step::Tell);
    }
    let due = due(progress, terms)?;
    if now >= due {
        let weeks = now.since(due).as_secs() / (7 * DAY.as_secs());
        return Some(Step::Overdue(u32::try_from(weeks).unwrap_or(u32::MAX)));
    }
    // One that was due before the draw was told is not said.
    let is_later = |days: &u32| due.minus(DAY * *days) > progress.drawn.unwrap_or(due);
    let reached = |days: &u32| due.minus(DAY * *days) <= now;
    [1, 7].into_iter().find(|days| reached(days) && is_later(days)).map(Step::Remind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RoleName;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn terms() -> Inspections {
        let role = |role: &str| RoleName::parse(role).unwrap();
        let roles = vec![role("inspector"), role("security-officer")];
        Inspections { is_on: true, size: 25, roles, time: DAY * 14, officer: role("security-officer"), beacon: None }
    }

    fn next(progress: &Progress, now: &str) -> Option<String> {
        owed(Month::parse("2026-10").unwrap(), progress, &terms(), at(now)).map(Step::name)
    }

    #[test]
    fn a_month_is_fixed_published_drawn_told_and_concluded_in_this_order() {
        let mut month = Progress { changes: 3, open: 3, ..Progress::default() };
        assert_eq!(next(&month, "2026-11-01T00:59:59Z"), None);
        assert_eq!(next(&month, "2026-11-01T01:00:00Z").as_deref(), Some("close"));
        month.closed = Some(at("2026-11-01T01:00:00Z"));
        assert_eq!(next(&month, "2026-11-09T00:00:00Z"), None, "it is not published yet");
        month.published = Some(at("2026-11-01T02:00:00Z"));
        assert_eq!(next(&month, "2026-11-01T02:00:00Z").as_deref(), Some("dice"));
        month.taken.insert("dice".into());
        assert_eq!(next(&month, "2026-11-02T02:00:00Z"), None);
        assert_eq!(next(&month, "2026-11-04T02:00:00Z").as_deref(), Some("dice-3"));
        month.drawn = Some(at("2026-11-04T03:00:00Z"));
        assert_eq!(next(&month, "2026-11-04T03:00:00Z").as_deref(), Some("list"));
        month.taken.insert("list".into());
        assert_eq!(next(&month, "2026-11-10T03:00:00Z"), None);
        assert_eq!(next(&month, "2026-11-11T03:00:00Z").as_deref(), Some("remind-7"));
        month.taken.insert("remind-7".into());
        assert_eq!(next(&month, "2026-11-12T03:00:00Z"), None, "each is said once");
        assert_eq!(next(&month, "2026-11-17T03:00:00Z").as_deref(), Some("remind-1"));
        assert_eq!(next(&month, "2026-11-18T03:00:00Z").as_deref(), Some("overdue-0"));
        month.taken.insert("overdue-0".into());
        assert_eq!(next(&month, "2026-11-20T03:00:00Z"), None);
        assert_eq!(next(&month, "2026-11-25T03:00:00Z").as_deref(), Some("overdue-1"));
        month.open = 0;
        assert_eq!(next(&month, "2026-11-25T03:00:00Z").as_deref(), Some("conclusion"));
        month.taken.insert("conclusion".into());
        assert_eq!(next(&month, "2027-11-25T03:00:00Z"), None, "nobody is reminded of what is done");
    }

    #[test]
    fn a_month_without_changes_is_concluded_without_a_draw() {
        let mut month = Progress { closed: Some(at("2026-11-01T01:00:00Z")), ..Progress::default() };
        assert_eq!(next(&month, "2026-11-01T01:00:00Z").as_deref(), Some("conclusion"));
        month.changes = 1;
        assert_eq!(next(&month, "2026-11-01T01:00:00Z"), None, "its list is not published yet");
    }

    #[test]
    fn a_reminder_that_would_be_due_with_the_draw_is_not_said() {
        let drawn = at("2026-11-04T03:00:00Z");
        let taken = ["dice".into(), "list".into()].into();
        let closed = Some(at("2026-11-01T01:00:00Z"));
        let month = Progress { changes: 3, open: 3, closed, published: closed, drawn: Some(drawn), taken };
        let owed_within = |days: u32, now: Timestamp| {
            let terms = Inspections { time: DAY * days, ..terms() };
            owed(Month::parse("2026-10").unwrap(), &month, &terms, now).map(Step::name)
        };
        assert_eq!(owed_within(7, drawn), None);
        assert_eq!(owed_within(8, drawn.plus(DAY)).as_deref(), Some("remind-7"));
    }
}
