//! What a process does, step by step, as `handlers/evaluation.rs`, `gather/siblings.rs`, `jobs/outbox/approve.rs` and
//! `handlers/voiding.rs` have it. Between two steps anything else may happen.

use super::state::{Action, Decided, Noted, Process, State, Status, Step, Ticket, Tickets};

/// The protocol, or one that lacks a part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protocol {
    Ours,
    /// An approval is due at once.
    WithoutSettleTime,
    /// Everybody judges and approves whenever they want.
    WithoutTurn,
    /// Siblings are only searched for, and our own records are not asked.
    SearchAlone,
    /// Nobody looks for siblings again before the approval is carried out.
    WithoutSecondLook,
    /// Nobody asks whether the turn was lost before the approval is carried out.
    WithoutAssurance,
    /// An end is noted by whoever has read of it, however long ago.
    EndsAreNotedLate,
    /// A ticket is not noted again before the approval is carried out.
    ApprovalsAreNotNoted,
}

impl Protocol {
    fn turn_is_free(self, state: &State) -> bool {
        self == Protocol::WithoutTurn || state.turn.is_none()
    }

    fn take_turn(self, state: &mut State, process: usize) {
        state.processes[process].lost_turn = false;
        if self != Protocol::WithoutTurn {
            state.turn = Some(process as u8);
        }
    }

    /// The siblings among those on record and those that the search shows, each read by its id.
    pub fn siblings(self, state: &State, ticket: usize) -> Tickets {
        let on_record = |other: &Ticket| self != Protocol::SearchAlone && other.noted == Noted::Unfinished;
        state.others(ticket, |other| (on_record(other) || other.shown) && other.is_unfinished())
    }

    /// Whether a begun or waiting action of a ticket can be claimed.
    pub fn is_due(self, state: &State, ticket: usize) -> bool {
        let ticket = &state.tickets[ticket];
        let is_settled = self == Protocol::WithoutSettleTime || ticket.unsettled == Some(0);
        match ticket.begun {
            Some(_) => ticket.begun_by.is_none(),
            None => ticket.action.is_some() && is_settled,
        }
    }

    /// The next step of a process that is at work; nothing while it has to wait for the turn.
    pub fn go_on(self, state: &mut State, process: usize) -> Option<()> {
        match state.processes[process].step {
            Step::Idle => return None,
            Step::Read { ticket, status: Status::Pending, fields } => self.note(state, process, (ticket, fields))?,
            Step::Read { ticket, status: Status::Approved, fields } => {
                self.look_at_approved(state, process, (ticket, fields))?
            }
            Step::Read { ticket, .. } => self.note_end(state, process, ticket)?,
            Step::Judged { ticket, fields, is_alone } => record(state, process, (ticket, fields, is_alone)),
            Step::Begun { ticket } => self.ask(state, process, ticket)?,
            Step::Sure { ticket, fields } => self.transition(state, process, (ticket, fields)),
            Step::Moved { ticket, fields } => confirm(state, process, (ticket, fields)),
        }
        Some(())
    }

    /// The first half of an evaluation: the turn, the note, the siblings.
    fn note(self, state: &mut State, process: usize, (ticket, fields): (usize, u8)) -> Option<()> {
        if !self.turn_is_free(state) {
            return None;
        }
        self.take_turn(state, process);
        let noted = &mut state.tickets[ticket];
        noted.noted = Noted::Unfinished;
        noted.shown |= self != Protocol::SearchAlone;
        // A human has taken the approval back, if the ticket still waits.
        if noted.status == Status::Pending {
            noted.approval = None;
        }
        noted.seen = noted.is_unfinished();
        let is_alone = self.siblings(state, ticket) == 0;
        state.processes[process].step = Step::Judged { ticket, fields, is_alone };
        Some(())
    }

    /// The ticket is read again in the turn. Has it been reopened, somebody will look at it anew.
    fn note_end(self, state: &mut State, process: usize, ticket: usize) -> Option<()> {
        if self != Protocol::EndsAreNotedLate && !self.turn_is_free(state) {
            return None;
        }
        if self == Protocol::EndsAreNotedLate || state.tickets[ticket].status == Status::Ended {
            state.tickets[ticket].noted = Noted::Ended;
        }
        end_job(state, process, ticket);
        Some(())
    }

    /// Voids the approval of a ticket that was edited.
    fn look_at_approved(self, state: &mut State, process: usize, (ticket, fields): (usize, u8)) -> Option<()> {
        let is_edited = |approved: Option<u8>| approved.is_some_and(|approved| approved != fields);
        if is_edited(state.tickets[ticket].approval) {
            if !self.turn_is_free(state) {
                return None;
            }
            void_if_edited(state, ticket);
        }
        state.tickets[ticket].noted = Noted::Unfinished;
        end_job(state, process, ticket);
        Some(())
    }

    /// The first half of `approve`: the turn, the ticket, its siblings.
    fn ask(self, state: &mut State, process: usize, ticket: usize) -> Option<()> {
        if !self.turn_is_free(state) {
            return None;
        }
        // Somebody else has ended it, while this one slept: nobody can end it twice.
        let Some(action) = state.tickets[ticket].begun else {
            state.processes[process].step = Step::Idle;
            return Some(());
        };
        self.take_turn(state, process);
        let (now, fields) = (state.tickets[ticket], action.fields);
        let is_as_judged = action.current && now.fields == fields;
        match now.status {
            Status::Approved => state.processes[process].step = Step::Moved { ticket, fields },
            Status::Pending if !is_as_judged => outdated(state, process, ticket),
            Status::Pending if self != Protocol::WithoutSecondLook && self.siblings(state, ticket) != 0 => {
                outdated(state, process, ticket);
            }
            Status::Pending => {
                if self != Protocol::ApprovalsAreNotNoted {
                    state.tickets[ticket].noted = Noted::Unfinished;
                }
                state.processes[process].step = Step::Sure { ticket, fields };
            }
            Status::Absent | Status::Ended => end_action(state, process, ticket),
        }
        Some(())
    }

    /// The request that approves. Jira refuses it unless the ticket is pending.
    fn transition(self, state: &mut State, process: usize, (ticket, fields): (usize, u8)) {
        if state.processes[process].lost_turn && self != Protocol::WithoutAssurance {
            return rest(state, process); // Tried again by whoever has the action now.
        }
        if state.tickets[ticket].status != Status::Pending {
            return end_action(state, process, ticket);
        }
        let unfinished = state.others(ticket, Ticket::is_unfinished);
        let known = state.others(ticket, |other| other.is_unfinished() && other.seen);
        let moved = &mut state.tickets[ticket];
        moved.status = Status::Approved;
        state.wrong.passed_over_an_older |= moved.beside & unfinished != 0;
        state.wrong.passed_over_a_known |= known != 0;
        state.wrong.moved_twice |= std::mem::replace(&mut moved.moved, true);
        state.processes[process].step = Step::Moved { ticket, fields };
    }
}

/// Decision, ticket and action in one transaction, which fails when the turn was lost.
fn record(state: &mut State, process: usize, (ticket, fields, is_alone): (usize, u8, bool)) {
    if state.processes[process].lost_turn {
        return rest(state, process);
    }
    let unfinished = state.others(ticket, Ticket::is_unfinished);
    let unshown = state.others(ticket, |other| other.is_unfinished() && !other.shown);
    let judged = &mut state.tickets[ticket];
    let decided = if is_alone { Decided::Approve(fields) } else { Decided::Hold };
    if judged.unsettled.is_none() {
        (judged.unsettled, judged.beside) = (Some(unshown), unfinished);
    }
    if judged.decided != Some(decided) {
        (judged.decided, judged.moved) = (Some(decided), false);
        judged.action = is_alone.then_some(Action { fields, current: true });
        judged.begun = judged.begun.map(|begun| Action { current: false, ..begun });
    }
    end_job(state, process, ticket);
}

/// The approval is recorded, and then the ticket is read once more.
fn confirm(state: &mut State, process: usize, (ticket, fields): (usize, u8)) {
    state.tickets[ticket].approval = Some(fields);
    void_if_edited(state, ticket);
    end_action(state, process, ticket);
}

fn void_if_edited(state: &mut State, ticket: usize) {
    let now = &mut state.tickets[ticket];
    if now.status == Status::Approved && now.approval.is_some_and(|approved| approved != now.fields) {
        (now.approval, now.decided, now.action) = (None, None, None);
        now.set_back = true;
    }
}

/// What was decided does not hold any more: the ticket is judged again.
fn outdated(state: &mut State, process: usize, ticket: usize) {
    let now = &mut state.tickets[ticket];
    if now.begun.is_some_and(|begun| begun.current) {
        now.decided = None;
    }
    now.job = true;
    end_action(state, process, ticket);
}

/// Whoever's claim was taken away ends nothing.
fn end_action(state: &mut State, process: usize, ticket: usize) {
    let now = &mut state.tickets[ticket];
    if now.begun_by == Some(process as u8) {
        (now.begun, now.begun_by) = (None, None);
    }
    rest(state, process);
}

fn end_job(state: &mut State, process: usize, ticket: usize) {
    let now = &mut state.tickets[ticket];
    if now.job_of == Some(process as u8) {
        now.job_of = None;
    }
    rest(state, process);
}

/// It gives its turn back. Work that it still has a claim on is tried again.
pub fn rest(state: &mut State, process: usize) {
    state.processes[process] = Process { step: Step::Idle, lost_turn: false };
    if state.turn == Some(process as u8) {
        state.turn = None;
    }
    give_back(state, process);
}

/// Others may claim what this process had.
pub fn give_back(state: &mut State, process: usize) {
    for ticket in &mut state.tickets {
        if ticket.job_of == Some(process as u8) {
            (ticket.job_of, ticket.job) = (None, true);
        }
        if ticket.begun_by == Some(process as u8) {
            ticket.begun_by = None;
        }
    }
}
