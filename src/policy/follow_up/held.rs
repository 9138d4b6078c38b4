//! A ticket that waits for a human is not forgotten, and nobody is reminded who need not act.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::model::{Reminders, Timestamp};

/// How long after the last step nothing is said.
const REST: Duration = Duration::from_secs(12 * 60 * 60);

/// A ticket that waits for a human.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Since when it waits.
    pub since: Timestamp,
    /// The steps that were taken since then, by their names.
    pub taken: BTreeSet<String>,
}

/// One thing that is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Those who are missing are reminded in the thread.
    Thread,
    /// Each of them is reminded alone.
    Direct,
    /// The approver of last resort is called, where the whole channel sees it.
    LastResort,
}

/// What is owed now, and when to look next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Judgement {
    /// What is owed.
    pub owed: Option<Step>,
    /// When something is owed next, if nothing happens meanwhile.
    pub next: Option<Timestamp>,
}

impl Step {
    /// Its name in the records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Step::Thread => "thread",
            Step::Direct => "direct",
            Step::LastResort => "last-resort",
        }
    }
}

/// Says what is owed. `on` is when reminders were switched on: what was due before is not said later. Of several steps that
/// are due only the last is said.
#[must_use]
pub fn judge(held: &Held, times: &Reminders, (on, now): (Timestamp, Timestamp)) -> Judgement {
    let ladder = ladder(held, times);
    let due = ladder.iter().rfind(|(at, _)| *at <= now);
    let owed = due.filter(|(at, step)| *at >= on && !held.taken.contains(step.name())).map(|(_, step)| *step);
    let next = ladder.iter().map(|(at, _)| *at).find(|at| *at > now);
    Judgement { owed, next }
}

/// Whether a ticket waits so long that it stands in the daily message: not at once after the last step.
#[must_use]
pub fn is_for_the_daily_message(held: &Held, times: &Reminders, now: Timestamp) -> bool {
    ladder(held, times).last().is_some_and(|(at, _)| at.plus(REST) <= now)
}

fn ladder(held: &Held, times: &Reminders) -> [(Timestamp, Step); 3] {
    let awake = |at: Timestamp| times.quiet.map_or(at, |quiet| quiet.after(at));
    let at = |wait, step| (awake(held.since.plus(wait)), step);
    [
        at(times.held.thread, Step::Thread),
        at(times.held.direct, Step::Direct),
        at(times.held.last_resort, Step::LastResort),
    ]
}
