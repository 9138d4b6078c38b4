//! What the model knows: two tickets of one scope, two processes, Jira with its late search, our records.

/// Tickets of the scope.
pub const TICKETS: usize = 2;

/// Processes.
pub const PROCESSES: usize = 2;

/// Some tickets, a bit each.
pub type Tickets = u8;

/// A ticket's status in Jira.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Status {
    Absent,
    Pending,
    Approved,
    /// Declined or closed.
    Ended,
}

/// What our records say of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Noted {
    Never,
    Unfinished,
    Ended,
}

/// A decision.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Decided {
    /// To approve the ticket with these fields.
    Approve(u8),
    Hold,
}

/// An approval that is to be carried out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Action {
    /// The fields that were judged.
    pub fields: u8,
    /// Whether no newer decision was recorded.
    pub current: bool,
}

/// A ticket: in Jira, in our records, and what only the model knows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ticket {
    pub status: Status,
    /// Grows with every edit.
    pub fields: u8,
    /// Whether Jira's search shows it. One that is on record need not be searched for, so it counts as shown.
    pub shown: bool,
    pub noted: Noted,
    pub decided: Option<Decided>,
    /// The siblings whose being there the search has still to show before an approval is due; nothing before the first
    /// decision. So the settle time is modelled: the search may take any time, and the settle time is longer.
    pub unsettled: Option<Tickets>,
    /// There is news of it that nobody has looked at; somebody is looking at it.
    pub job: bool,
    pub job_of: Option<u8>,
    /// An action that nobody has begun; one that was begun; who has it.
    pub action: Option<Action>,
    pub begun: Option<Action>,
    pub begun_by: Option<u8>,
    /// The fields of the approval that stands on record.
    pub approval: Option<u8>,
    /// The approval was voided, and the status has still to be set back.
    pub set_back: bool,
    /// The siblings that were unfinished at its first decision, and ever since.
    pub beside: Tickets,
    /// Whether our records have noted it since it was made or reopened.
    pub seen: bool,
    /// Whether the newest decision has moved it, and nobody has touched it since.
    pub moved: bool,
}

/// How far a process is with what it does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Step {
    Idle,
    /// It has a job and has read the ticket.
    Read {
        ticket: usize,
        status: Status,
        fields: u8,
    },
    /// It has the turn, has noted the ticket and looked for siblings.
    Judged {
        ticket: usize,
        fields: u8,
        is_alone: bool,
    },
    /// It has an action.
    Begun {
        ticket: usize,
    },
    /// It has the turn, has read the ticket and looked for siblings, and there is nothing against the approval.
    Sure {
        ticket: usize,
        fields: u8,
    },
    /// Jira has taken it.
    Moved {
        ticket: usize,
        fields: u8,
    },
}

/// A process.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Process {
    pub step: Step,
    /// Whether it slept so long in its turn that the turn was taken away.
    pub lost_turn: bool,
}

/// What must never happen, noted when it happens.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Wrong {
    /// A ticket was approved although a sibling had been there since before its first decision.
    pub passed_over_an_older: bool,
    /// A ticket was approved although our records knew of a sibling.
    pub passed_over_a_known: bool,
    /// One decision moved a ticket twice.
    pub moved_twice: bool,
}

/// Everything.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct State {
    pub tickets: [Ticket; TICKETS],
    pub processes: [Process; PROCESSES],
    /// Who has the turn of the scope.
    pub turn: Option<u8>,
    /// How much may still go wrong.
    pub mishaps: u8,
    pub wrong: Wrong,
}

impl Ticket {
    const ABSENT: Ticket = Ticket {
        status: Status::Absent,
        fields: 0,
        shown: false,
        noted: Noted::Never,
        decided: None,
        unsettled: None,
        job: false,
        job_of: None,
        action: None,
        begun: None,
        begun_by: None,
        approval: None,
        set_back: false,
        beside: 0,
        seen: false,
        moved: false,
    };

    fn rename_siblings(&mut self) {
        let swapped = |all: Tickets| (all & 1) << 1 | all >> 1;
        self.unsettled = self.unsettled.map(swapped);
        self.beside = swapped(self.beside);
    }

    pub fn is_unfinished(&self) -> bool {
        matches!(self.status, Status::Pending | Status::Approved)
    }
}

impl State {
    /// Nothing has happened yet.
    pub fn new(mishaps: u8) -> State {
        let process = Process { step: Step::Idle, lost_turn: false };
        State {
            tickets: [Ticket::ABSENT; TICKETS],
            processes: [process; PROCESSES],
            turn: None,
            mishaps,
            wrong: Wrong::default(),
        }
    }

    /// The other tickets of which something is true.
    pub fn others(&self, ticket: usize, is: impl Fn(&Ticket) -> bool) -> Tickets {
        let all = self.tickets.iter().enumerate().filter(|(number, other)| *number != ticket && is(other));
        all.fold(0, |all, (number, _)| all | 1 << number)
    }

    /// Whether nothing is under way, and nothing left to do.
    pub fn is_at_rest(&self) -> bool {
        let rests =
            |ticket: &Ticket| !ticket.job && ticket.action.is_none() && ticket.begun.is_none() && !ticket.set_back;
        self.processes.iter().all(|process| process.step == Step::Idle) && self.tickets.iter().all(rests)
    }

    /// Which process and which ticket is called the first makes no difference: of states that differ in nothing else, one
    /// is looked at.
    pub fn by_any_name(mut self) -> State {
        if self.tickets[0] > self.tickets[1] {
            self.tickets.swap(0, 1);
            self.tickets.iter_mut().for_each(Ticket::rename_siblings);
            self.processes.iter_mut().for_each(|process| process.step = process.step.of_the_other());
        }
        if self.processes[0] > self.processes[1] {
            self.processes.swap(0, 1);
            let other = |process: &mut Option<u8>| *process = process.map(|process| 1 - process);
            other(&mut self.turn);
            for ticket in &mut self.tickets {
                other(&mut ticket.job_of);
                other(&mut ticket.begun_by);
            }
        }
        self
    }
}

impl Step {
    /// The same with the other ticket.
    fn of_the_other(self) -> Step {
        match self {
            Step::Idle => Step::Idle,
            Step::Read { ticket, status, fields } => Step::Read { ticket: 1 - ticket, status, fields },
            Step::Judged { ticket, fields, is_alone } => Step::Judged { ticket: 1 - ticket, fields, is_alone },
            Step::Begun { ticket } => Step::Begun { ticket: 1 - ticket },
            Step::Sure { ticket, fields } => Step::Sure { ticket: 1 - ticket, fields },
            Step::Moved { ticket, fields } => Step::Moved { ticket: 1 - ticket, fields },
        }
    }
}
