//! The approval stands, is of this build, is new enough, and nobody has used it (policy: an approval counts once).

use crate::model::{Deployment, Run, Text, Ticket, TicketStatus, Timestamp, listed};
use crate::policy::approval::clocks;
use crate::policy::approvers::matching::assign;
use crate::policy::criteria::{ApproverRoles, Criteria};

use super::{Approved, Denial, Reason, Stand, already_used};

fn no(reason: Reason, headline: impl Into<String>, todo: &str) -> Denial {
    Denial { reason, headline: headline.into(), details: Vec::new(), todo: todo.into() }
}

/// Denies a ticket that is not what was approved, also when no webhook told of the edit.
pub(super) fn changed(ticket: &Ticket, stand: &Stand<'_>) -> Option<Denial> {
    let approved = stand.approval.filter(|_| ticket.status.meaning == TicketStatus::Approved)?;
    let is_it = approved.fingerprint.as_ref().is_some_and(|approved| *approved == ticket.fingerprint());
    (!is_it).then(|| {
        no(
            Reason::TicketChanged,
            "The ticket was edited after it was approved, so nothing is approved.",
            "wait: cm-bot sets the ticket back and checks it as it is now.",
        )
    })
}

/// Denies a ticket at its end.
pub(super) fn ended(ticket: &Ticket) -> Option<Denial> {
    match ticket.status.meaning {
        TicketStatus::Declined => Some(no(
            Reason::Declined,
            "The change was declined.",
            "read the reason in the ticket; a corrected change needs a new request.",
        )),
        TicketStatus::Closed => Some(no(
            Reason::Withdrawn,
            "The ticket is closed, so it lets nothing through.",
            "request the change again; a new ticket is made.",
        )),
        TicketStatus::Pending | TicketStatus::Approved | TicketStatus::Other => None,
    }
}

/// The denial for a status behind which no approval stands.
pub(super) fn outside_process(ticket: &Ticket) -> Denial {
    no(
        Reason::ApprovedOutsideProcess,
        format!("The status of {} says approved, but no approval that counts stands behind it.", ticket.key),
        "read cm-bot's comment in the ticket: it says why the approval does not count.",
    )
}

/// Denies a build for which this approval was not given. The ticket's fields say so too; the records are looked at
/// because they are the ones that count.
pub(super) fn of_another_build(asked: &Deployment, approved: &Approved) -> Option<Denial> {
    if approved.commit == asked.commit && approved.scope == asked.scope() {
        return None;
    }
    let headline = format!("The approval on record is for {} of {}.", approved.commit.short(), approved.scope);
    Some(no(Reason::BuildMismatch, headline, "request a change for this build."))
}

/// Denies a second run.
pub(super) fn used(by: Option<&Run>) -> Option<Denial> {
    by.map(already_used)
}

/// Denies everything while the clock is wrong: one that is set back keeps an approval alive (policy: evidence).
pub(super) fn untimely(stand: &Stand<'_>) -> Option<Denial> {
    let difference = clocks::difference(stand.clock_ahead_ms?, stand.service.forge)?;
    Some(no(Reason::ClockSkew, difference, "ask again when the operator of cm-bot has set the clock of its machine."))
}

/// Denies an approval that is too old: what was true then may not be now.
pub(super) fn expired(approved: &Approved, criteria: &Criteria, now: Timestamp) -> Option<Denial> {
    let hours = criteria.terms.gate.approval_hours;
    let ends = approved.at.plus(std::time::Duration::from_secs(hours.saturating_mul(3600)));
    (now >= ends).then(|| {
        let headline = format!("The approval ended at {}: it counts for {hours} hours.", ends.day_and_clock());
        no(Reason::ApprovalExpired, headline, "set the ticket back to review; it is checked and approved anew.")
    })
}

/// Denies what cm-bot approved under criteria that are not in force any more. What humans approved is theirs.
pub(super) fn under_other_criteria(approved: &Approved, criteria: &Criteria) -> Option<Denial> {
    let digest = approved.criteria_digest.as_ref()?;
    (*digest != criteria.digest).then(|| {
        no(
            Reason::CriteriaChanged,
            "The criteria or the people have changed since cm-bot approved the ticket.",
            "set the ticket back to review; it is checked under the criteria of today.",
        )
    })
}

/// Denies the approval of somebody who may not approve any more, when the criteria ask for it.
pub(super) fn lapsed(approved: &Approved, stand: &Stand<'_>, criteria: &Criteria) -> Option<Denial> {
    if is_automatic(approved) || criteria.terms.gate.approver_roles == ApproverRoles::AtApproval {
        return None;
    }
    let lapsed = approved.by.iter().filter(|name| stand.matrix.seats_of(name, &criteria.people).is_empty());
    let words = |name: &String| Text::new().quoted(name).words(" has none of the roles that may approve.");
    let details: Vec<Text> = lapsed.map(words).collect();
    (!details.is_empty()).then(|| Denial {
        details,
        ..no(
            Reason::ApproverRoleLapsed,
            "Whoever approved the ticket may not approve any more.",
            "set the ticket back to review; somebody who may approve looks at it.",
        )
    })
}

/// Denies a run that somebody started who approved the change.
pub(super) fn deployed_by_approver(approved: &Approved, stand: &Stand<'_>) -> Option<Denial> {
    let name = approved.by.iter().find(|name| stand.deployers.contains(*name))?;
    Some(no(
        Reason::ApproverDeploys,
        format!("{name} approved the change and started this run, and nobody does both."),
        "let somebody else start the run, or somebody else approve the change.",
    ))
}

/// Denies an emergency that somebody declared who approved it. Whoever declares one changes production.
pub(super) fn declared_by_approver(approved: &Approved, stand: &Stand<'_>) -> Option<Denial> {
    let name = approved.by.iter().find(|name| stand.declarer.as_ref() == Some(*name))?;
    Some(no(
        Reason::ApproverDeploys,
        format!("{name} approved the change and declared its emergency, and nobody does both."),
        "set the ticket back to review; somebody else has to approve it.",
    ))
}

/// Denies an approval by people who are not enough: those on record have to fill the whole matrix of the change, each of
/// them one role. Where roles count that they had then, they have to be as many.
pub(super) fn short(approved: &Approved, stand: &Stand<'_>, criteria: &Criteria) -> Option<Denial> {
    let seats = stand.matrix.seats();
    let had_roles = criteria.terms.gate.approver_roles == ApproverRoles::AtApproval;
    if is_automatic(approved) || (had_roles && approved.by.len() >= seats.len()) {
        return None;
    }
    let fits: Vec<Vec<usize>> = approved.by.iter().map(|name| stand.matrix.seats_of(name, &criteria.people)).collect();
    let taken = assign(seats.len(), &fits);
    let empty = seats.iter().zip(&taken).filter(|(_, by)| by.is_none());
    let empty: Vec<String> = empty.map(|(seat, _)| seat.title()).collect();
    let on_record = match approved.by.as_slice() {
        [] => "Nobody is on record.".to_owned(),
        names => format!("On record: {}.", listed(names, "and")),
    };
    (!empty.is_empty()).then(|| Denial {
        details: vec![Text::from(on_record.as_str())],
        ..no(
            Reason::ApprovalsMissing,
            format!("The approval on record lacks the {}.", listed(&empty, "and the")),
            "set the ticket back to review, and let those approve it who are missing.",
        )
    })
}

fn is_automatic(approved: &Approved) -> bool {
    approved.criteria_digest.is_some()
}
