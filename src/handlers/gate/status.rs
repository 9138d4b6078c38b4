//! How a request stands, for whoever waits: from our own records, so that many can wait at once.

use crate::handlers::approvals::shown;
use crate::handlers::gate::approved_changes;
use crate::handlers::{Context, HandlerError};
use crate::model::{Ending, IssueId, Timestamp, listed, plural};
use crate::policy::approvers::{Approvals, Place};
use crate::policy::decision::By;
use crate::policy::{decision::Decision, evaluate};
use crate::store::{GateRequest, Standing, StoredDecision};

/// How a request stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// In one word.
    pub state: State,
    /// What stands in the way, as sentences.
    pub why: Vec<String>,
    /// Who must act, and what they must do.
    pub who: Vec<String>,
    /// Until when the approval counts, if there is one.
    pub until: Option<Timestamp>,
}

/// How a request stands, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its ticket is being found or made.
    Creating,
    /// The ticket waits for a decision.
    Waiting,
    /// Something must be fixed first.
    Blocked,
    /// It may be deployed, if everything still holds then.
    Approved,
    /// Somebody declined it.
    Declined,
    /// The ticket was closed, or is gone.
    Withdrawn,
    /// Another run has used the approval.
    UsedByAnother,
    /// It was let through.
    Deploying,
    /// It ended so.
    Ended(Ending),
}

impl State {
    /// Its name in answers.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            State::Creating => "creating",
            State::Waiting => "waiting",
            State::Blocked => "blocked",
            State::Approved => "approved",
            State::Declined => "declined",
            State::Withdrawn => "withdrawn",
            State::UsedByAnother => "used_by_another",
            State::Deploying => "deploying",
            State::Ended(ending) => ending.id(),
        }
    }
}

/// How a request stands now.
///
/// # Errors
/// When the records do not answer.
pub async fn status(context: &Context, request: &GateRequest) -> Result<Status, HandlerError> {
    let plain = |state| Status { state, why: Vec::new(), who: Vec::new(), until: None };
    if let Some(ending) = request.ending {
        return Ok(plain(State::Ended(ending)));
    }
    if request.used.is_some() {
        return Ok(plain(State::Deploying));
    }
    match &request.ticket {
        Some((issue, _)) => of_ticket(context, request, issue).await,
        None => Ok(plain(State::Creating)),
    }
}

async fn of_ticket(context: &Context, request: &GateRequest, issue: &IssueId) -> Result<Status, HandlerError> {
    let store = &context.sources.store;
    let plain = |state| Status { state, why: Vec::new(), who: Vec::new(), until: None };
    let known = store.known_ticket(issue).await?;
    match known.as_ref().map(|known| known.status.as_str()) {
        Some("declined") => return Ok(plain(State::Declined)),
        Some("closed" | "gone") => return Ok(plain(State::Withdrawn)),
        Some(_) | None => {}
    }
    let approval = store.gate_approval(issue).await?;
    if let Some(approval) = approval.filter(|approval| approval.standing.commit == request.deployment.commit) {
        if let Some(why) = unseen_plan(context, request, (issue, &approval.standing)).await? {
            return Ok(Status { why: vec![why], ..plain(State::Waiting) });
        }
        let is_other = approval.used_by.is_some_and(|run| run != request.deployment.run);
        let state = if is_other { State::UsedByAnother } else { State::Approved };
        let hours = context.policy.criteria.terms.gate.approval_hours;
        let until = approval.standing.at.plus(std::time::Duration::from_secs(hours.saturating_mul(3600)));
        return Ok(Status { until: Some(until), ..plain(state) });
    }
    let decision = match known.and_then(|known| known.decision) {
        Some(id) => store.decision(id).await?,
        None => None,
    };
    match decision {
        Some(stored) => waiting(context, &stored).await,
        None => Ok(plain(State::Waiting)),
    }
}

/// A plan of this run at which nobody has looked who approved: its ticket goes back to review in a moment.
async fn unseen_plan(
    context: &Context,
    request: &GateRequest,
    (issue, standing): (&IssueId, &Standing),
) -> Result<Option<String>, HandlerError> {
    let Some(plan) = context.sources.store.plan_of(request.id).await? else { return Ok(None) };
    let approved = approved_changes(context, issue, standing).await?;
    let unseen = plan.not_covered(&approved).count();
    let sentence = format!("The plan has {} that nobody has approved.", plural(unseen, "risky change"));
    Ok((unseen > 0).then_some(sentence))
}

/// What the last decision found, and who can bring it out of the way.
async fn waiting(context: &Context, stored: &StoredDecision) -> Result<Status, HandlerError> {
    let decision = evaluate(&stored.facts, &stored.criteria, stored.at);
    let criteria = &context.policy.criteria;
    let approvals =
        shown((&context.sources.store, context.links.deciding), criteria, (&stored.facts, &decision)).await?;
    let problems = decision.problems();
    let state = if is_for_requester(&decision) { State::Blocked } else { State::Waiting };
    let why = problems.iter().map(|problem| problem.finding.headline.clone()).collect();
    let todo = problems.iter().filter_map(|problem| problem.finding.todo.as_ref());
    let mut who: Vec<String> = Vec::new();
    for todo in todo {
        let line = match todo.by {
            By::Requester => format!("Whoever works on the change: {}", todo.text.plain()),
            By::Approver => format!("{}: {}", approvers(&approvals), todo.text.plain()),
            By::Time => continue,
        };
        if !who.contains(&line) {
            who.push(line);
        }
    }
    Ok(Status { state, why, who, until: None })
}

fn is_for_requester(decision: &Decision) -> bool {
    decision.problems().iter().any(|problem| problem.finding.todo.as_ref().is_some_and(|todo| todo.by == By::Requester))
}

/// The roles that are missing, each with those who could fill it.
fn approvers(approvals: &Approvals) -> String {
    let of_place = |place: &Place| {
        let names: Vec<&str> = place.could.iter().map(|person| person.name.as_str()).collect();
        format!("{} ({})", place.seat.title(), names.join(", "))
    };
    let places: Vec<String> = approvals.missing().map(of_place).collect();
    if places.is_empty() { "An approver".into() } else { listed(&places, "and") }
}
