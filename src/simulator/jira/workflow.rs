//! The workflow of the change project: four statuses and the transitions between them.

/// A status of a change ticket.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Status {
    /// The id that the REST API shows.
    pub id: &'static str,
    /// What people read.
    pub name: &'static str,
    /// Jira's own grouping of statuses.
    pub category: Category,
}

/// Jira's grouping of statuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Category {
    /// Somebody works on it.
    InProgress,
    /// Nothing more will happen.
    Done,
}

/// A named way from one status to another.
#[derive(Debug)]
pub(super) struct Transition {
    /// The id that the REST API wants.
    pub id: &'static str,
    /// The button's text.
    pub name: &'static str,
    /// The statuses in which the button exists.
    pub from: &'static [&'static Status],
    /// The status it ends in.
    pub to: &'static Status,
}

/// The status of a new ticket.
pub(super) static AWAITING_APPROVAL: Status =
    Status { id: "10201", name: "Awaiting approval", category: Category::InProgress };
static APPROVED: Status = Status { id: "10202", name: "Approved", category: Category::InProgress };
static DECLINED: Status = Status { id: "10203", name: "Declined", category: Category::Done };
static CLOSED: Status = Status { id: "10204", name: "Closed", category: Category::Done };

/// Every status.
pub(super) static STATUSES: [&Status; 4] = [&AWAITING_APPROVAL, &APPROVED, &DECLINED, &CLOSED];

/// Every transition.
pub(super) static TRANSITIONS: [Transition; 4] = [
    Transition { id: "11", name: "Approve", from: &[&AWAITING_APPROVAL], to: &APPROVED },
    Transition { id: "21", name: "Decline", from: &[&AWAITING_APPROVAL], to: &DECLINED },
    Transition { id: "31", name: "Back to review", from: &[&APPROVED], to: &AWAITING_APPROVAL },
    Transition { id: "41", name: "Close", from: &[&AWAITING_APPROVAL, &APPROVED, &DECLINED], to: &CLOSED },
];

impl Category {
    /// Jira's numeric id of the category.
    pub(super) fn id(self) -> u64 {
        match self {
            Category::InProgress => 4,
            Category::Done => 3,
        }
    }

    /// Jira's key of the category.
    pub(super) fn key(self) -> &'static str {
        match self {
            Category::InProgress => "indeterminate",
            Category::Done => "done",
        }
    }

    /// What people read.
    pub(super) fn name(self) -> &'static str {
        match self {
            Category::InProgress => "In Progress",
            Category::Done => "Done",
        }
    }

    /// The colour of the lozenge.
    pub(super) fn colour(self) -> &'static str {
        match self {
            Category::InProgress => "yellow",
            Category::Done => "green",
        }
    }
}

/// The transitions that a ticket in this status offers.
pub(super) fn available(from: &Status) -> impl Iterator<Item = &'static Transition> {
    TRANSITIONS.iter().filter(move |transition| transition.from.iter().any(|status| status.id == from.id))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_ticket_offers_no_transition() {
        assert_eq!(available(&CLOSED).count(), 0);
    }

    #[test]
    fn an_approved_ticket_cannot_be_approved_or_declined_again() {
        let names = available(&APPROVED).map(|transition| transition.name).collect::<Vec<_>>();
        assert_eq!(names, ["Back to review", "Close"]);
    }
}
