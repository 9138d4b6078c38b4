//! The protocol that keeps two siblings from being approved at once, as a model in which everything happens in every order:
//! Jira's search is late, webhooks are late or lost, processes die or sleep past their lease between any two steps, people
//! edit, end, reopen and take back. A webhook that is lost is one that comes late: whoever looks for lost ones finds it.
//!
//! What is modelled is who knows what when; rules, words and other systems are not in it. A settle time that is longer than
//! the search is late is modelled by waiting for the search. Asking whether the turn is still ours and the request that
//! follows are one step: a process that sleeps exactly between them for longer than its lease is beyond any protocol that
//! Jira takes part in. Each protocol that lacks a part is found out, so the model can fail.

mod protocol;
mod state;

use protocol::{Protocol, give_back, rest};
use state::{Decided, Noted, State, Status, Step, TICKETS, Wrong};
use stateright::{Checker, Expectation, HasDiscoveries, Model, Path, Property};

/// What a protocol is there for.
const BOTH: &str = "two siblings are never both approved";
const BESIDE_AN_OLDER: &str = "nobody is approved beside a sibling that was there before";
const VOIDED: &str = "an approval of an edited ticket is voided";
const BESIDE_A_KNOWN: &str = "nobody is approved beside a sibling that is on record";

/// The model: a protocol, and how much may go wrong in one history.
struct Siblings {
    protocol: Protocol,
    mishaps: u8,
    only: Only,
}

/// Something happens.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Happens {
    /// A ticket is made, and the process or a human ends it in time.
    Create(usize),
    End(usize),
    /// The search shows a ticket.
    Show(usize),
    /// A process takes up a job or an action, goes on with it, or sets a ticket back.
    Judge(usize, usize),
    CarryOut(usize, usize),
    GoOn(usize),
    SetBack(usize),
    /// Mishaps: people change their minds, a process dies, or sleeps past its lease.
    Edit(usize),
    Reopen(usize),
    TakeBack(usize),
    Die(usize),
    Sleep(usize),
}

impl Happens {
    fn is_mishap(&self) -> bool {
        use Happens::{Die, Edit, Reopen, Sleep, TakeBack};
        matches!(self, Edit(_) | Reopen(_) | TakeBack(_) | Die(_) | Sleep(_))
    }
}

impl Model for Siblings {
    type State = State;
    type Action = Happens;

    fn init_states(&self) -> Vec<State> {
        vec![State::new(self.mishaps)]
    }

    fn actions(&self, state: &State, all: &mut Vec<Happens>) {
        use Happens::{CarryOut, Create, Die, Edit, End, GoOn, Judge, Reopen, SetBack, Show, Sleep, TakeBack};
        for (number, ticket) in state.tickets.iter().enumerate() {
            match ticket.status {
                Status::Absent => all.push(Create(number)),
                Status::Pending | Status::Approved => {
                    all.extend([End, Show, SetBack, Edit, TakeBack].map(|what| what(number)))
                }
                Status::Ended => all.extend([SetBack(number), Reopen(number)]),
            }
        }
        for (number, process) in state.processes.iter().enumerate() {
            match process.step {
                Step::Idle => {
                    all.extend((0..TICKETS).flat_map(|ticket| [Judge(number, ticket), CarryOut(number, ticket)]));
                }
                _ => all.extend([GoOn(number), Die(number), Sleep(number)]),
            }
        }
        all.retain(|what| !what.is_mishap() || (state.mishaps > 0 && (self.only)(what)));
    }

    fn next_state(&self, state: &State, what: Happens) -> Option<State> {
        if state.wrong != Wrong::default() {
            return None; // It was found.
        }
        let mut next = state.clone();
        match what {
            Happens::Judge(process, ticket) => judge(&mut next, process, ticket)?,
            Happens::CarryOut(process, ticket) => self.carry_out(&mut next, process, ticket)?,
            Happens::GoOn(process) => self.protocol.go_on(&mut next, process)?,
            Happens::Die(process) | Happens::Sleep(process) => interrupt(&mut next, process, what)?,
            Happens::Create(ticket)
            | Happens::End(ticket)
            | Happens::Show(ticket)
            | Happens::SetBack(ticket)
            | Happens::Edit(ticket)
            | Happens::Reopen(ticket)
            | Happens::TakeBack(ticket) => happen(&mut next, ticket, what)?,
        }
        Some(next.by_any_name())
    }

    fn properties(&self) -> Vec<Property<Siblings>> {
        vec![
            Property::always(BOTH, |_, state: &State| {
                state.tickets.iter().filter(|ticket| ticket.status == Status::Approved).count() < 2
            }),
            Property::always(BESIDE_AN_OLDER, |_, state: &State| !state.wrong.passed_over_an_older),
            Property::always(BESIDE_A_KNOWN, |_, state: &State| !state.wrong.passed_over_a_known),
            Property::always("a decision approves once", |_, state: &State| !state.wrong.moved_twice),
            Property::always("at rest, what is approved is on record as it is", |_, state: &State| {
                let agrees = |ticket: &state::Ticket| ticket.approval == Some(ticket.fields);
                !state.is_at_rest()
                    || state.tickets.iter().filter(|ticket| ticket.status == Status::Approved).all(agrees)
            }),
            Property::sometimes("a ticket is approved", |_, state: &State| {
                any(state, |ticket| ticket.approval.is_some())
            }),
            Property::sometimes("both are approved, one after the other", |_, state: &State| {
                state.tickets.iter().all(|ticket| ticket.approval.is_some())
            }),
            Property::sometimes("a ticket is held for its sibling", |_, state: &State| {
                any(state, |ticket| ticket.decided == Some(Decided::Hold))
            }),
            Property::sometimes("a sibling stops an approval that was decided", |model, state: &State| {
                let stops =
                    |step| matches!(step, Step::Begun { ticket } if model.protocol.siblings(state, ticket) != 0);
                state.processes.iter().any(|process| stops(process.step))
            }),
            Property::sometimes("two wait for one turn", |_, state: &State| {
                let wants = |process: &&state::Process| matches!(process.step, Step::Read { .. } | Step::Begun { .. });
                state.processes.iter().filter(wants).count() == 2
            }),
            Property::sometimes("a process died between approval and record", |_, state: &State| {
                any(state, |ticket| {
                    ticket.moved && ticket.approval.is_none() && ticket.begun_by.is_none() && ticket.begun.is_some()
                })
            }),
            Property::sometimes("a turn was lost before a decision was recorded", |_, state: &State| {
                slept(state, |step| matches!(step, Step::Judged { .. }))
            }),
            Property::sometimes("a turn was lost before an approval", |_, state: &State| {
                slept(state, |step| matches!(step, Step::Sure { .. }))
            }),
            Property::sometimes(
                "a ticket is approved beside one of which nobody has told us yet",
                |_, state: &State| {
                    let news = any(state, |ticket| ticket.noted == Noted::Never && ticket.is_unfinished());
                    news && any(state, |ticket| ticket.status == Status::Approved)
                },
            ),
            Property::sometimes("a ticket is decided whose sibling the search does not show", |_, state: &State| {
                any(state, |ticket| ticket.unsettled.is_some_and(|left| left != 0))
            }),
            Property::sometimes(VOIDED, |_, state: &State| any(state, |ticket| ticket.set_back)),
            Property::sometimes("a human takes an approval back", |_, state: &State| {
                any(state, |ticket| ticket.approval.is_some() && ticket.status == Status::Pending)
            }),
        ]
    }
}

impl Siblings {
    fn carry_out(&self, state: &mut State, process: usize, ticket: usize) -> Option<()> {
        if state.processes[process].step != Step::Idle || !self.protocol.is_due(state, ticket) {
            return None;
        }
        let now = &mut state.tickets[ticket];
        if now.begun.is_none() {
            now.begun = now.action.take();
        }
        now.begun_by = Some(process as u8);
        state.processes[process].step = Step::Begun { ticket };
        Some(())
    }
}

fn any(state: &State, is: impl Fn(&state::Ticket) -> bool) -> bool {
    state.tickets.iter().any(is)
}

fn slept(state: &State, at: impl Fn(&Step) -> bool) -> bool {
    state.processes.iter().any(|process| process.lost_turn && at(&process.step))
}

fn judge(state: &mut State, process: usize, ticket: usize) -> Option<()> {
    let now = &mut state.tickets[ticket];
    let is_held = now.decided == Some(Decided::Hold) && now.status == Status::Pending;
    if state.processes[process].step != Step::Idle || !(now.job || is_held) || now.job_of.is_some() {
        return None;
    }
    (now.job, now.job_of) = (false, Some(process as u8));
    state.processes[process].step = Step::Read { ticket, status: now.status, fields: now.fields };
    Some(())
}

/// A process dies, or sleeps so long that its turn and its claims are given to others, and then goes on.
fn interrupt(state: &mut State, process: usize, what: Happens) -> Option<()> {
    if state.processes[process].step == Step::Idle {
        return None;
    }
    state.mishaps -= 1;
    if matches!(what, Happens::Die(_)) {
        rest(state, process);
        return Some(());
    }
    give_back(state, process);
    if state.turn == Some(process as u8) {
        (state.turn, state.processes[process].lost_turn) = (None, true);
    }
    Some(())
}

/// Something happens to a ticket, in Jira or on the way to us.
fn happen(state: &mut State, ticket: usize, what: Happens) -> Option<()> {
    let now = &mut state.tickets[ticket];
    let before = *now;
    match (what, now.status) {
        (Happens::Create(_), Status::Absent) | (Happens::Reopen(_), Status::Ended) => {
            (now.status, now.shown, now.job) = (Status::Pending, false, true);
        }
        (Happens::End(_), Status::Pending | Status::Approved) => (now.status, now.job) = (Status::Ended, true),
        (Happens::Show(_), _) if now.is_unfinished() => now.shown = true,
        (Happens::SetBack(_), _) if now.set_back => {
            now.set_back = false;
            if now.status == Status::Approved && now.approval.is_none() {
                (now.status, now.job) = (Status::Pending, true);
            }
        }
        (Happens::Edit(_), Status::Pending | Status::Approved) => (now.fields, now.job) = (now.fields + 1, true),
        (Happens::TakeBack(_), Status::Approved) => (now.status, now.job) = (Status::Pending, true),
        _ => return None,
    }
    let (is_new, is_touched) = (*now != before, now.status != before.status);
    (now.moved, now.seen) = (now.moved && !is_touched, now.seen && now.is_unfinished());
    let now = *now;
    state.mishaps -= u8::from(what.is_mishap());
    let others = state.tickets.iter_mut().enumerate().filter(|(number, _)| *number != ticket);
    for (_, other) in others {
        if now.shown || !now.is_unfinished() {
            other.unsettled = other.unsettled.map(|left| left & !(1 << ticket));
        }
        if !now.is_unfinished() {
            other.beside &= !(1 << ticket);
        }
    }
    is_new.then_some(())
}

/// The properties that do not hold: what must never happen and was found, and what has to happen sometimes and was not.
fn broken(model: Siblings, until: HasDiscoveries) -> Vec<&'static str> {
    let name = model.protocol;
    let checker = model.checker().threads(2).finish_when(until).spawn_bfs().join();
    println!("{name:?}: {} states", checker.unique_state_count());
    let mut broken = Vec::new();
    for property in checker.model().properties() {
        let found = checker.discovery(property.name);
        let must_be_found = property.expectation == Expectation::Sometimes;
        if found.is_some() != must_be_found {
            println!("{}: {:?}", property.name, found.map(Path::into_actions));
            broken.push(property.name);
        }
    }
    broken
}

/// What may go wrong, of all mishaps.
type Only = fn(&Happens) -> bool;

const EVERYTHING: Only = |_| true;
const ASLEEP: Only = |what| matches!(what, Happens::Sleep(_));
const REOPENED: Only = |what| matches!(what, Happens::Reopen(_));
const UNEDITED: Only = |what| !matches!(what, Happens::Edit(_) | Happens::TakeBack(_));

#[test]
fn f31_whatever_goes_wrong_no_two_siblings_are_approved_at_once() {
    let model = Siblings { protocol: Protocol::Ours, mishaps: 1, only: EVERYTHING };
    assert_eq!(broken(model, HasDiscoveries::AllFailures), [""; 0]);
}

#[test]
fn f31_whatever_goes_wrong_twice_no_two_siblings_are_approved_at_once() {
    let model = Siblings { protocol: Protocol::Ours, mishaps: 2, only: UNEDITED };
    assert_eq!(broken(model, HasDiscoveries::AllFailures), [VOIDED], "this needs an edit");
}

#[test]
fn f31_each_part_of_the_protocol_is_needed() {
    let without = [
        (Protocol::WithoutSettleTime, (0, EVERYTHING), BESIDE_AN_OLDER),
        (Protocol::WithoutTurn, (0, EVERYTHING), BESIDE_A_KNOWN),
        (Protocol::SearchAlone, (0, EVERYTHING), BESIDE_A_KNOWN),
        (Protocol::WithoutSecondLook, (0, EVERYTHING), BESIDE_AN_OLDER),
        (Protocol::WithoutAssurance, (1, ASLEEP), BESIDE_A_KNOWN),
        (Protocol::EndsAreNotedLate, (2, REOPENED), BOTH),
        (Protocol::ApprovalsAreNotNoted, (2, REOPENED), BOTH),
    ];
    for (protocol, (mishaps, only), wrong) in without {
        let found = broken(Siblings { protocol, mishaps, only }, HasDiscoveries::AllOf([wrong].into()));
        assert!(found.contains(&wrong), "{protocol:?}: {found:?}");
    }
}
