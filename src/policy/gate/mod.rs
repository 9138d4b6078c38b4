//! "May this deployment go ahead now?"
//!
//! An approval is for one build and counts once. The gate compares every part of what was approved with what is asked,
//! under the ticket as it was read a moment ago. Only this folder makes a [`Pass`], and only who holds one can record
//! that a deployment was let through.

mod again;
mod approval;
mod build;
mod caller;
mod ci;
mod plan;
pub mod protection;

use std::collections::BTreeSet;

use crate::model::{
    CommitSha, Deployment, IssueId, Relation, Run, Scope, Service, Text, Ticket, TicketKey, TicketStatus, Timestamp,
};
use crate::policy::approvers::Matrix;
use crate::policy::criteria::Criteria;
use crate::policy::facts::{Fact, Gap};

pub use again::{Past, another_job, used_up};
pub use build::{concerns, differences};
pub use caller::Proven;
pub use ci::unlike_jenkins;
pub use plan::{Planned, other_plan};

/// What there is of a change when its pipeline asks.
#[derive(Debug, Clone)]
pub struct Stand<'a> {
    /// The ticket as Jira shows it now; nothing when it is gone.
    pub ticket: Option<&'a Ticket>,
    /// The registered service that the pipeline names.
    pub service: &'a Service,
    /// The approval at which the ticket stands in our own records.
    pub approval: Option<&'a Approved>,
    /// The run that used this approval, if one did.
    pub used_by: Option<&'a Run>,
    /// How the commit stands to its branch now.
    pub on_branch: Fact<Relation>,
    /// How many milliseconds the clock of the service's forge is ahead of ours; nothing when it has not answered yet.
    pub clock_ahead_ms: Option<i64>,
    /// Whom the change wants as approvers.
    pub matrix: Matrix,
    /// The names of those who started the run.
    pub deployers: BTreeSet<String>,
    /// The name of whoever declared the emergency of the ticket, if it is one.
    pub declarer: Option<String>,
    /// The Terraform plan, where there is one.
    pub planned: Planned<'a>,
}

/// An approval of our records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approved {
    /// What was approved.
    pub commit: CommitSha,
    /// For which scope.
    pub scope: Scope,
    /// When.
    pub at: Timestamp,
    /// What the ticket said then; nothing when an older version recorded it.
    pub fingerprint: Option<String>,
    /// The criteria under which cm-bot approved it; nothing when humans did.
    pub criteria_digest: Option<String>,
    /// The names of the humans who approved it.
    pub by: Vec<String>,
}

/// What the gate answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Go ahead.
    Allow(Pass),
    /// Not yet: the ticket waits for a decision.
    Wait,
    /// No.
    Deny(Denial),
    /// Something could not be found out. Never a yes.
    CouldNotCheck(Gap),
}

/// The right to deploy one build once. Nothing outside `policy` can make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    issue: IssueId,
    ticket: TicketKey,
    approved: Approved,
    fingerprint: String,
}

/// A no, with everything that whoever reads it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// Why, as one word for scripts.
    pub reason: Reason,
    /// Why, as a sentence.
    pub headline: String,
    /// What differs.
    pub details: Vec<Text>,
    /// What to do.
    pub todo: String,
}

/// Why the gate says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The build is not the one in the ticket.
    BuildMismatch,
    /// Another run has used the approval, or this one has, and its deployment is over.
    AlreadyUsed,
    /// The ticket is not what was approved.
    TicketChanged,
    /// The ticket was deleted, moved away, or is hidden from us.
    TicketMissing,
    /// The status says approved, and no approval of ours stands behind it.
    ApprovedOutsideProcess,
    /// Whoever approved may not approve any more.
    ApproverRoleLapsed,
    /// Whoever approved deploys it, or declared its emergency.
    ApproverDeploys,
    /// Those who approved are not enough.
    ApprovalsMissing,
    /// cm-bot's clock is wrong, so nobody can tell whether the approval is too old.
    ClockSkew,
    /// The approval is too old.
    ApprovalExpired,
    /// The criteria are others than those of the approval.
    CriteriaChanged,
    /// The commit is not on its branch any more.
    RefMoved,
    /// Somebody declined the change.
    Declined,
    /// The ticket is finished without a deployment of this run.
    Withdrawn,
    /// The service applies Terraform plans, and the run has sent none.
    PlanMissing,
    /// The plan has a risky change that nobody has approved.
    PlanNotApproved,
    /// It could not be recorded, and nothing happens without a record.
    AuditUnavailable,
}

impl Reason {
    /// Its name in answers and records.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Reason::BuildMismatch => "build_mismatch",
            Reason::AlreadyUsed => "already_used",
            Reason::TicketChanged => "ticket_changed",
            Reason::TicketMissing => "ticket_missing",
            Reason::ApprovedOutsideProcess => "approved_outside_process",
            Reason::ApproverRoleLapsed => "approver_role_lapsed",
            Reason::ApproverDeploys => "approver_deploys",
            Reason::ApprovalsMissing => "approvals_missing",
            Reason::ClockSkew => "clock_skew",
            Reason::ApprovalExpired => "approval_expired",
            Reason::CriteriaChanged => "criteria_changed",
            Reason::RefMoved => "ref_moved",
            Reason::Declined => "declined",
            Reason::Withdrawn => "withdrawn",
            Reason::PlanMissing => "plan_missing",
            Reason::PlanNotApproved => "plan_not_approved",
            Reason::AuditUnavailable => "audit_unavailable",
        }
    }
}

impl Pass {
    /// Jira's id of the ticket.
    #[must_use]
    pub fn issue(&self) -> &IssueId {
        &self.issue
    }

    /// The ticket's key.
    #[must_use]
    pub fn ticket(&self) -> &TicketKey {
        &self.ticket
    }

    /// The approval that is used.
    #[must_use]
    pub fn approved(&self) -> &Approved {
        &self.approved
    }

    /// The fingerprint of the ticket as it was read.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

/// The gate.
#[must_use]
pub fn may_deploy(asked: &Deployment, stand: &Stand<'_>, criteria: &Criteria, now: Timestamp) -> Answer {
    let Some(ticket) = stand.ticket else { return Answer::Deny(missing()) };
    let denial = approval::changed(ticket, stand)
        .or_else(|| build::check(asked, (ticket, stand.service)))
        .or_else(|| plan::other_plan(&stand.planned, &stand.service.name))
        .or_else(|| approval::ended(ticket));
    if let Some(denial) = denial {
        return Answer::Deny(denial);
    }
    if ticket.status.meaning != TicketStatus::Approved {
        return Answer::Wait;
    }
    let Some(approved) = stand.approval else { return Answer::Deny(approval::outside_process(ticket)) };
    let denial = approval::of_another_build(asked, approved)
        .or_else(|| approval::used(stand.used_by))
        .or_else(|| approval::untimely(stand))
        .or_else(|| approval::expired(approved, criteria, now))
        .or_else(|| approval::under_other_criteria(approved, criteria))
        .or_else(|| approval::lapsed(approved, stand, criteria))
        .or_else(|| approval::deployed_by_approver(approved, stand))
        .or_else(|| approval::declared_by_approver(approved, stand))
        .or_else(|| approval::short(approved, stand, criteria))
        .or_else(|| plan::not_approved(&stand.planned));
    match (denial, build::moved(asked, &stand.on_branch)) {
        (Some(denial), _) | (None, Ok(Some(denial))) => Answer::Deny(denial),
        (None, Err(gap)) => Answer::CouldNotCheck(gap),
        (None, Ok(None)) => Answer::Allow(Pass {
            issue: ticket.id.clone(),
            ticket: ticket.key.clone(),
            approved: approved.clone(),
            fingerprint: ticket.fingerprint(),
        }),
    }
}

/// The denial when nothing can be recorded.
#[must_use]
pub fn audit_unavailable() -> Denial {
    Denial {
        reason: Reason::AuditUnavailable,
        headline: "The answer could not be recorded, and nothing is deployed without a record.".into(),
        details: Vec::new(),
        todo: "ask again later; an operator of cm-bot looks at /readyz.".into(),
    }
}

/// The denial when another run was faster by a moment.
#[must_use]
pub fn already_used(by: &Run) -> Denial {
    Denial {
        reason: Reason::AlreadyUsed,
        headline: "This approval was used already, and an approval counts once.".into(),
        details: vec![Text::new().words("It let ").quoted(&by.to_string()).words(" through.")],
        todo: "request a new change for this run.".into(),
    }
}

fn missing() -> Denial {
    Denial {
        reason: Reason::TicketMissing,
        headline: "The ticket is gone: it was deleted, moved, or is hidden from cm-bot.".into(),
        details: Vec::new(),
        todo: "request the change again; a new ticket is made.".into(),
    }
}
