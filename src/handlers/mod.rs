//! What happens when something happens. One file a trigger; each gathers, evaluates, records, and decides nothing itself.

mod access;
mod announce;
mod approval;
pub mod approvals;
mod declaration;
pub mod digest;
mod ending;
pub mod ends;
mod evaluation;
pub mod evidence;
mod fault;
mod follow_up;
pub mod gate;
pub mod inspection;
mod making;
pub mod page;
mod repository;
pub mod sighting;
mod slack;
mod too_dear;
mod voiding;
pub mod word;

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::gather::Sources;
use crate::integrations::SourceError;
use crate::integrations::beacon::BeaconClient;
use crate::integrations::callback::CallbackClient;
use crate::integrations::jenkins::JenkinsClient;
use crate::integrations::slack::{SlackClient, SlackError};
use crate::integrations::teams::TeamsClient;
use crate::model::{AutoApproved, Inspections, IssueId, Reminders, Scope, TicketStatus, Timestamp};
use crate::render::view::Links;
use crate::settings::{Jobs, ServiceGate};
use crate::signals::{Readiness, Wake};
use crate::store::{Job, Policy, StoreError};

pub use announce::{could_not_move, could_not_move_for_people, could_not_set_back};
pub use approval::{approve, is_not_enough, run as look_at_approved};
pub use fault::gave_up;
pub use too_dear::TooDear;
pub use voiding::{void_if_edited, void_if_set_back};

/// What handlers work with.
#[derive(Debug, Clone)]
pub struct Context {
    /// Where facts come from.
    pub sources: Sources,
    /// The criteria and people in force.
    pub policy: Arc<Policy>,
    /// The time.
    pub clock: Clock,
    /// Where people find things.
    pub links: Links,
    /// The Jira project of change tickets.
    pub project: String,
    /// How often to look again.
    pub intervals: Jobs,
    /// What stands in this process's way.
    pub readiness: Readiness,
    /// Slack, for what is said to one person at once.
    pub slack: Arc<SlackClient>,
    /// Teams, if messages go there that Slack does not take.
    pub teams: Option<Teams>,
    /// When people are reminded.
    pub reminders: Arc<Reminders>,
    /// How the monthly inspection goes.
    pub inspection: Arc<Inspections>,
    /// The public beacon that draws, if one does.
    pub beacon: Option<BeaconClient>,
    /// The channel for emergencies.
    pub emergencies: String,
    /// How people hear of automatic approvals.
    pub auto_approved: AutoApproved,
    /// Tickets that are left alone for what they cost.
    pub too_dear: TooDear,
    /// How long a ticket is visible before it is approved: so late is Jira's search.
    pub settle: Duration,
    /// Who may ask the gate, for each service that has one.
    pub gates: Arc<Vec<ServiceGate>>,
    /// How long a deployment may take before people are asked to look.
    pub report_after: Duration,
    /// Jenkins, if its jobs are watched.
    pub jenkins: Option<JenkinsClient>,
    /// Wakes whoever carries out what was decided.
    pub wake: Wake,
    /// For pipelines that want to be told.
    pub callbacks: CallbackClient,
}

/// Where messages go that Slack does not take.
#[derive(Debug, Clone)]
pub struct Teams {
    /// Whoever posts there.
    pub client: Arc<TeamsClient>,
    /// How long Slack may not answer.
    pub after: Duration,
}

/// When to look again by ourselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Not before somebody does something.
    Nothing,
    /// After this time, even if nothing happens.
    LookAgain(Duration),
    /// At this time, even if nothing happens.
    LookAt(Timestamp),
    /// Soon: something could not be found out. Sooner the first times, but not before another system wants to be asked.
    TryAgain(Option<Duration>),
}

/// Why a job could not be done now.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// Another system.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Our records.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<SlackError> for HandlerError {
    fn from(error: SlackError) -> HandlerError {
        HandlerError::Source(match error {
            SlackError::Source(error) => error,
            SlackError::Refused(word) | SlackError::Gone(word) => SourceError::Refused { status: 200, message: word },
        })
    }
}

/// Does one job.
///
/// # Errors
/// When it has to be tried again.
pub async fn handle(context: &Context, job: &Job) -> Result<Next, HandlerError> {
    match job {
        Job::Ticket(issue) => {
            let was = context.sources.store.waited_for_in(issue).await?;
            let next = ticket(context, issue).await?;
            look_at_others(context, issue, was).await?;
            follow_up::of_ticket(context, issue, context.clock.now()).await?;
            gate::protection::look_again(context, issue).await?;
            gate::callback::tell(context, issue).await?;
            Ok(next)
        }
        Job::Repository(name) => repository::changed(context, name).await,
        Job::FollowUp(issue) => follow_up::run(context, issue).await,
        Job::Declaration(id) => declaration::run(context, *id).await,
        Job::Slack(delivery) => slack::run(context, delivery).await,
        Job::Protected(held) => Box::pin(gate::protection::attend(context, held)).await,
    }
}

/// A ticket was created or changed, or it is time to look at it again: what counts is how it is now.
async fn ticket(context: &Context, issue: &IssueId) -> Result<Next, HandlerError> {
    let ticket = match context.sources.jira.ticket(issue).await {
        Ok(ticket) => ticket,
        Err(SourceError::NotFound) => return ending::gone(context, issue, "gone").await,
        Err(error) => return Err(error.into()),
    };
    tracing::Span::current().record("ticket.key", ticket.key.as_str());
    if ticket.key.project() != context.project {
        tracing::info!(ticket.key = %ticket.key, "Ignored {}: it is not in project {}", ticket.key, context.project);
        return ending::gone(context, issue, &format!("moved to {}", ticket.key)).await;
    }
    match ticket.status.meaning {
        TicketStatus::Pending => {
            // What a look needs at most is a lot for a stack, so each part has its own place.
            let next = Box::pin(evaluation::run(context, ticket.clone())).await?;
            Box::pin(approvals::attend(context, &ticket, next)).await
        }
        TicketStatus::Approved => Box::pin(approval::run(context, ticket)).await,
        TicketStatus::Declined | TicketStatus::Closed => {
            Box::pin(approvals::at_the_end(context, &ticket)).await?;
            ending::run(context, ticket).await
        }
        TicketStatus::Other => ending::set_aside(context, ticket).await,
    }
}

/// Whoever waited for a ticket that has left its scope, or is finished, may be decided now.
async fn look_at_others(context: &Context, issue: &IssueId, was: Option<Scope>) -> Result<(), HandlerError> {
    let store = &context.sources.store;
    let Some(scope) = was else { return Ok(()) };
    if store.unfinished_in(issue).await?.as_ref() == Some(&scope) {
        return Ok(());
    }
    for other in store.unfinished_of_scope(&scope).await? {
        store.enqueue(&Job::Ticket(other.issue), context.clock.now()).await?;
    }
    Ok(())
}
