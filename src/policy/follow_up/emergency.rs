//! An emergency is announced at once and documented within 24 hours (policy: emergencies).
//!
//! An acknowledgement is no approval: it says that a lead knows. A missed date stays in the record, and the next emergency of
//! the same service needs two leads (J17).

use std::collections::BTreeSet;
use std::time::Duration;

use super::parts::Part;
use crate::model::{Person, Reminders, RoleName, Timestamp};

/// How long the people have to document an emergency, unless the settings say less.
const TIME_TO_DOCUMENT: Duration = Duration::from_secs(24 * 60 * 60);

/// Who may give a new date. The policy names this role, so it is no setting.
pub const OFFICER: &str = "security-officer";

/// What happened to an emergency so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emergency {
    /// When it was declared to us.
    pub declared: Timestamp,
    /// When the gate first let a deployment go ahead on its account; nothing when it never did.
    pub used: Option<Timestamp>,
    /// Who acknowledged it, and when, in that order.
    pub acknowledged: Vec<(String, Timestamp)>,
    /// How many leads have to.
    pub leads_needed: usize,
    /// Until when the Security Officer has given more time.
    pub new_date: Option<Timestamp>,
    /// Whether a date was missed.
    pub was_overdue: bool,
    /// How it ended, if it did.
    pub ended: Option<Ending>,
    /// Whether Slack has taken the announcement.
    pub announced: Announced,
    /// The steps that were taken, by their names.
    pub taken: BTreeSet<String>,
}

/// Whether Slack has taken the announcement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Announced {
    /// It stands in the channel.
    InSlack,
    /// Not yet.
    NotYet,
}

/// How an emergency ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Every part of its documentation is there.
    Documented,
    /// Production was not changed after all. If it is changed afterwards, the emergency is open again.
    CalledOff,
}

/// One thing that is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The leads are called again in Slack; how often that happened before.
    CallLeads(usize),
    /// The leads are called in Jira, because Slack does not take the announcement.
    CallLeadsInJira,
    /// The owner is reminded; how often that happened before.
    RemindOwner(usize),
    /// Owner and leads are reminded shortly before the end of the time.
    RemindLeads(Timestamp),
    /// The time is over.
    Overdue(Timestamp),
    /// It is over, and another day has passed.
    StillOverdue(Timestamp),
    /// Everything is there.
    Documented,
}

/// A step, and whether people hear of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owed {
    /// They do.
    Say(Step),
    /// It is only written down: it was due before anybody was reminded of anything.
    Note(Step),
}

/// What is owed now, and when to look next.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Judgement {
    /// What is owed.
    pub owed: Vec<Owed>,
    /// When something is owed next, if nothing happens meanwhile.
    pub next: Option<Timestamp>,
}

impl Step {
    /// Its name in the records. A step that was taken is not taken again.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Step::CallLeads(before) => format!("call-leads-{}", before + 1),
            Step::CallLeadsInJira => "call-leads-in-jira".into(),
            Step::RemindOwner(before) => format!("remind-owner-{}", before + 1),
            Step::RemindLeads(due) => format!("remind-leads-{}", due.seconds()),
            Step::Overdue(due) => format!("overdue-{}", due.seconds()),
            Step::StillOverdue(day) => format!("still-overdue-{}", day.seconds()),
            Step::Documented => "documented".into(),
        }
    }
}

/// When the documentation of an emergency that was declared at `declared` is due.
#[must_use]
pub fn documentation_due(declared: Timestamp) -> Timestamp {
    declared.plus(TIME_TO_DOCUMENT)
}

impl Emergency {
    /// When the time to document it began: with the declaration, or when the change went to production on its account. A
    /// date that was missed stays missed.
    #[must_use]
    pub fn began(&self) -> Timestamp {
        self.used.filter(|_| !self.was_overdue).unwrap_or(self.declared)
    }

    /// When the documentation is due.
    #[must_use]
    pub fn due(&self, times: &Reminders) -> Timestamp {
        self.new_date.unwrap_or_else(|| self.began().plus(times.document.min(TIME_TO_DOCUMENT)))
    }

    /// Whether what went to production then belongs to it: its documentation was not due yet. One that is never documented would
    /// hide whatever goes out else.
    #[must_use]
    pub fn covers(&self, at: Timestamp) -> bool {
        self.declared <= at && at < documentation_due(self.declared)
    }

    /// Whether as many leads as it needs have confirmed that they know of it. The gate may ask for this; an approval it is not.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        self.acknowledged.len() >= self.leads_needed
    }
}

/// Says what is owed. `since` is when reminders were switched on: what was due before is not said later.
#[must_use]
pub fn judge(
    emergency: &Emergency,
    missing: &BTreeSet<Part>,
    times: &Reminders,
    (since, now): (Timestamp, Timestamp),
) -> Judgement {
    if emergency.ended.is_some() {
        return Judgement::default();
    }
    if missing.is_empty() {
        return Judgement { owed: vec![Owed::Say(Step::Documented)], next: None };
    }
    let mut judgement = Judgement::default();
    for ladder in [calls(emergency, times), calls_in_jira(emergency, times), documents(emergency, times, now)] {
        climb(&ladder, emergency, (since, now), &mut judgement);
    }
    judgement
}

/// Of several steps of a ladder that are due only the last is said, but that a date was missed is never passed over.
fn climb(
    ladder: &[(Timestamp, Step)],
    emergency: &Emergency,
    (since, now): (Timestamp, Timestamp),
    judgement: &mut Judgement,
) {
    let is_new = |step: Step| !emergency.taken.contains(&step.name());
    let due: Vec<(Timestamp, Step)> = ladder.iter().copied().filter(|(at, _)| *at <= now).collect();
    let missed = due.iter().find(|(_, step)| matches!(step, Step::Overdue(_)) && is_new(*step));
    let last = missed.or(due.last()).copied().filter(|(_, step)| is_new(*step));
    judgement.owed.extend(last.map(|(at, step)| if at < since { Owed::Note(step) } else { Owed::Say(step) }));
    let next = ladder.iter().map(|(at, _)| *at).find(|at| *at > now);
    judgement.next = [judgement.next, next].into_iter().flatten().min();
}

fn calls(emergency: &Emergency, times: &Reminders) -> Vec<(Timestamp, Step)> {
    if emergency.is_confirmed() {
        return Vec::new();
    }
    let at = |(before, wait): (usize, &Duration)| (emergency.declared.plus(*wait), Step::CallLeads(before));
    times.call_again.iter().enumerate().map(at).collect()
}

fn calls_in_jira(emergency: &Emergency, times: &Reminders) -> Vec<(Timestamp, Step)> {
    match emergency.announced {
        Announced::NotYet if !emergency.is_confirmed() => {
            vec![(emergency.declared.plus(times.call_in_jira), Step::CallLeadsInJira)]
        }
        Announced::NotYet | Announced::InSlack => Vec::new(),
    }
}

fn documents(emergency: &Emergency, times: &Reminders, now: Timestamp) -> Vec<(Timestamp, Step)> {
    let due = emergency.due(times);
    let owner = |(before, wait): (usize, &Duration)| (emergency.began().plus(*wait), Step::RemindOwner(before));
    let mut ladder: Vec<(Timestamp, Step)> = times.remind_owner.iter().enumerate().map(owner).collect();
    let early = i64::try_from(times.remind_leads.as_millis()).unwrap_or(0);
    ladder.push((Timestamp(due.0.saturating_sub(early)), Step::RemindLeads(due)));
    ladder.push((due, Step::Overdue(due)));
    let today = times.daily.last_before(now);
    let days = [today, times.daily.next_after(now.max(due))];
    ladder.extend(days.into_iter().filter(|day| *day > due).map(|day| (day, Step::StillOverdue(day))));
    ladder.sort_by_key(|(at, _)| *at);
    ladder
}

/// Why somebody may not acknowledge an emergency; nothing when they may.
#[must_use]
pub fn objection_to_acknowledging(emergency: &Emergency, person: &Person, leads: &[RoleName]) -> Option<String> {
    if emergency.ended.is_some() {
        return Some("This emergency is over.".into());
    }
    if !leads.iter().any(|role| person.roles.contains(role)) {
        return Some(format!("{} is none of the leads who acknowledge an emergency.", person.name));
    }
    None
}

/// Why somebody may not call an emergency off; nothing when they may.
///
/// The owner may, and every lead; when its time is over, only a lead who does not own it, because it looks as if production was
/// changed and nobody wrote down how.
#[must_use]
pub fn objection_to_calling_off(
    emergency: &Emergency,
    (owner, owner_name): (Option<&Person>, &str),
    (person, leads): (&Person, &[RoleName]),
    (due, now): (Timestamp, Timestamp),
) -> Option<String> {
    if emergency.ended.is_some() {
        return Some("This emergency is over.".into());
    }
    if emergency.used.is_some() {
        return Some("A deployment went ahead on account of this emergency.".into());
    }
    let is_owner = owner.is_some_and(|owner| owner.name == person.name);
    let is_lead = leads.iter().any(|role| person.roles.contains(role));
    let is_late = emergency.was_overdue || now >= due;
    if is_late && (is_owner || !is_lead) {
        return Some("This emergency is overdue, so only a lead who did not declare it calls it off.".into());
    }
    (!is_owner && !is_lead).then(|| format!("Only {owner_name} and the leads can call it off."))
}

/// Why somebody may not give a new date; nothing when they may. Nobody gives one to themselves.
#[must_use]
pub fn objection_to_new_date(owner: Option<&Person>, person: &Person) -> Option<&'static str> {
    if !may_give_a_new_date(person) {
        return Some("Only the Security Officer gives a new date.");
    }
    let is_owner = owner.is_some_and(|owner| owner.name == person.name);
    is_owner.then_some("You declared this emergency, so somebody else gives it a new date.")
}

fn may_give_a_new_date(person: &Person) -> bool {
    person.roles.iter().any(|role| role.as_str() == OFFICER)
}
