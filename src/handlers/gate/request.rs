//! A pipeline wants to deploy: its build gets a ticket, the one that is there or a new one.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::audit::{Entry, Event, TicketOrigin};
use crate::gather;
use crate::handlers::making::made_before;
use crate::handlers::{Context, HandlerError};
use crate::integrations::SourceError;
use crate::integrations::jira::{NewTicket, Reporter, RequestMark};
use crate::model::{AccountId, Deployment, Field, IssueId, Status, Ticket, TicketKey, TicketStatus};
use crate::policy;
use crate::policy::gate::concerns;
use crate::render::new_ticket::{Material, words};
use crate::store::{GateRequest, Job};

/// What a pipeline asks for.
#[derive(Debug, Clone)]
pub struct NewRequest {
    /// What it wants to deploy.
    pub deployment: Deployment,
    /// What it says for the ticket.
    pub words: BTreeMap<Field, String>,
    /// Who it is, as far as its token says.
    pub caller: String,
    /// The person who started the run, if that is known.
    pub requester: Option<AccountId>,
    /// The ticket that it names, if it names one.
    pub wanted: Option<TicketKey>,
}

/// Stores a request, and finds or makes its ticket. The same run that asks again has the same request.
///
/// # Errors
/// When the records do not answer, or there is no ticket of the name that was given. That Jira does not answer later is
/// no error: the request stays, and is tended again.
pub async fn request(context: &Context, new: NewRequest) -> Result<GateRequest, HandlerError> {
    let now = context.clock.now();
    let NewRequest { deployment, words, caller, requester, wanted } = new;
    if let Some(key) = &wanted {
        // A name that stands for nothing is said at once.
        context.sources.jira.ticket_by_key(key).await?;
    }
    let id = Uuid::now_v7();
    let event = Event::GateRequested {
        request: id.to_string(),
        run: deployment.run.to_string(),
        commit: deployment.commit.clone(),
        scope: deployment.scope().to_string(),
        caller: caller.clone(),
    };
    let new = GateRequest {
        id,
        deployment,
        words,
        caller,
        requester,
        wanted,
        requested_at: now,
        tried_at: None,
        ticket: None,
        unfilled: Vec::new(),
        used: None,
        ending: None,
    };
    let stored = context.sources.store.request_change(&new, &Entry { at: now, ticket: None, event }).await?;
    if let Err(error) = tend(context, &stored).await {
        tracing::warn!(request = %stored.id, %error, "A request of the gate has no ticket yet: {error}");
    }
    Ok(context.sources.store.gate_request(stored.id).await?.unwrap_or(stored))
}

/// Finds or makes the ticket of a request that has none yet. One at a time in each scope, in whatever process.
///
/// # Errors
/// When it has to be tried again.
pub async fn tend(context: &Context, request: &GateRequest) -> Result<(), HandlerError> {
    let store = &context.sources.store;
    let _turn = store.turn(&request.deployment.scope()).await?;
    let Some(request) = store.gate_request(request.id).await?.filter(|request| request.ticket.is_none()) else {
        return Ok(());
    };
    if let Some(key) = &request.wanted {
        let ticket = context.sources.jira.ticket_by_key(key).await?;
        return link(context, &request, (&(ticket.id, ticket.key), TicketOrigin::Found), &[]).await;
    }
    if let Some(found) = find(context, &request).await? {
        return link(context, &request, (&found, TicketOrigin::Found), &[]).await;
    }
    make(context, &request).await
}

/// The ticket of this build that waits or is approved, and whose approval no other run has used.
async fn find(context: &Context, request: &GateRequest) -> Result<Option<(IssueId, TicketKey)>, HandlerError> {
    let (jira, store) = (&context.sources.jira, &context.sources.store);
    let known = store.unfinished_of_scope(&request.deployment.scope()).await?;
    let mut candidates: Vec<IssueId> = known.into_iter().map(|known| known.issue).collect();
    for found in jira.unfinished(&request.deployment.service, &candidates).await? {
        if !candidates.contains(&found.id) {
            candidates.push(found.id);
        }
    }
    for issue in candidates {
        let ticket = match jira.ticket(&issue).await {
            Ok(ticket) => ticket,
            Err(SourceError::NotFound) => continue,
            Err(error) => return Err(error.into()),
        };
        let is_open = matches!(ticket.status.meaning, TicketStatus::Pending | TicketStatus::Approved);
        if is_open && concerns(&request.deployment, &ticket, &context.sources.services) {
            let used = store.gate_approval(&issue).await?.and_then(|approval| approval.used_by);
            if used.is_none_or(|run| run == request.deployment.run) {
                return Ok(Some((issue, ticket.key)));
            }
        }
    }
    Ok(None)
}

/// Makes the ticket, unless an earlier try made it and its answer was lost.
async fn make(context: &Context, request: &GateRequest) -> Result<(), HandlerError> {
    let (jira, store, now) = (&context.sources.jira, &context.sources.store, context.clock.now());
    let mark = RequestMark(request.id);
    if let Some(tried) = request.tried_at
        && let Some(found) = made_before(context, mark, tried).await?
    {
        return link(context, request, (&found, TicketOrigin::Made), &[]).await;
    }
    let draft = draft(&request.deployment)?;
    let criteria = &context.policy.criteria;
    let facts = gather::for_ticket(&context.sources, (draft, now), criteria).await?;
    let decision = policy::evaluate(&facts, criteria, now);
    let gate = context.gates.iter().find(|gate| gate.service == request.deployment.service);
    let words = words(&Material {
        deployment: &request.deployment,
        given: &request.words,
        facts: &facts,
        decision: &decision,
        rollback_plan: gate.and_then(|gate| gate.rollback_plan.as_deref()),
        links: &context.links,
    });
    store.note_try(request.id, now).await?;
    let new = NewTicket {
        mark,
        summary: &words.summary,
        component: &request.deployment.service,
        reporter: request.requester.as_ref().map_or(Reporter::OurOwn, Reporter::IfPossible),
        fields: &words.fields,
        never_without: &[],
    };
    let made = jira.create_issue(&new).await?;
    let refused = made.unfilled.into_iter().map(|unfilled| (unfilled.field.to_string(), unfilled.why));
    let unfilled: Vec<_> =
        words.unfilled.into_iter().map(|(field, why)| (field.to_string(), why)).chain(refused).collect();
    link(context, request, (&(made.id, made.key), TicketOrigin::Made), &unfilled).await
}

async fn link(
    context: &Context,
    request: &GateRequest,
    ((issue, key), how): (&(IssueId, TicketKey), TicketOrigin),
    unfilled: &[(String, String)],
) -> Result<(), HandlerError> {
    let now = context.clock.now();
    let event = Event::GateTicket { request: request.id.to_string(), how };
    let entry = Entry { at: now, ticket: Some(key.clone()), event };
    context.sources.store.link_request((request.id, unfilled), (issue, key), &entry).await?;
    // The webhook may be lost, and whoever waits should not wait for the next look at Jira.
    context.sources.store.enqueue(&Job::Ticket(issue.clone()), now).await?;
    tracing::info!(request = %request.id, ticket.key = %key, "A request of the gate has its ticket, {key}");
    Ok(())
}

/// The ticket that is to be made, as far as it is known before it is there: what it is about decides what is gathered.
fn draft(deployment: &Deployment) -> Result<Ticket, HandlerError> {
    let unreadable = |error: crate::model::ParseError| SourceError::Unreadable(error.to_string());
    let fields = [
        (Field::Environment, deployment.environment.to_string()),
        (Field::Repository, deployment.repository.to_string()),
        (Field::Commit, deployment.commit.to_string()),
        (Field::Branch, deployment.branch.to_string()),
        (Field::BuildJob, deployment.run.job.to_string()),
        (Field::BuildNumber, deployment.run.build.to_string()),
    ];
    Ok(Ticket {
        id: IssueId::parse("0").map_err(unreadable)?,
        key: TicketKey::parse("DRAFT-1").map_err(unreadable)?,
        summary: String::new(),
        status: Status { name: "draft".into(), meaning: TicketStatus::Pending },
        requester: None,
        requester_name: "a pipeline".into(),
        creator: None,
        components: vec![deployment.service.to_string()],
        fields: fields.into_iter().collect(),
    })
}
