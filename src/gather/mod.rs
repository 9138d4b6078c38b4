//! Collects the facts about a ticket. It asks, and judges nothing: what cannot be found out becomes a gap in the facts.

pub mod acts;
mod branch;
mod comments;
pub mod evidence;
mod history;
pub mod inspection;
mod kept;
mod objects;
pub mod period;
mod scans;
mod siblings;
pub mod trail;

pub use scans::with_later as with_later_scans;
pub use siblings::of as siblings;

use std::sync::Arc;

use crate::integrations::SourceError;
use crate::integrations::forge::{ForgeClient, Others};
use crate::integrations::github::GithubClient;
use crate::integrations::jira::JiraClient;
use crate::model::{CommitSha, Forge, Relation, Scope, Service, Ticket, Timestamp};
use crate::policy::approval::staging;
use crate::policy::criteria::Criteria;
use crate::policy::facts::{Fact, Facts, Gap, GapReason, Objects, Placement, Source};
use crate::store::{Store, StoreError};

/// Where facts come from.
#[derive(Debug, Clone)]
pub struct Sources {
    /// Jira.
    pub jira: Arc<JiraClient>,
    /// GitHub.
    pub github: Arc<GithubClient>,
    /// The other forges.
    pub others: Others,
    /// Our own records.
    pub store: Store,
    /// The registered services.
    pub services: Arc<Vec<Service>>,
}

impl Sources {
    /// Whoever holds the code of a service.
    #[must_use]
    pub fn forge(&self, service: &Service) -> ForgeClient<'_> {
        ForgeClient::of(service, &self.github, &self.others)
    }
}

/// Gathers everything about a ticket that was just read.
///
/// # Errors
/// Only when our own records cannot be read.
pub async fn for_ticket(
    sources: &Sources,
    (ticket, now): (Ticket, Timestamp),
    criteria: &Criteria,
) -> Result<Facts, StoreError> {
    let (github, others) = (Arc::new(sources.github.for_one_ticket()), sources.others.for_one_ticket());
    let sources = &Sources { github, others, ..sources.clone() };
    let mut facts = alone(sources, (ticket, now)).await?;
    let Some(scope) = facts.placement.scope() else { return Ok(facts) };
    from_records(sources, &mut facts, &scope, criteria).await?;
    let ticket = facts.ticket.clone();
    let (siblings, workflow, history) = tokio::join!(
        siblings::of(sources, &ticket, &scope),
        workflow(sources, &ticket, criteria),
        // What it needs is a lot for a stack, and would be counted again in each function that waits for it.
        Box::pin(history::gather(sources, &mut facts, criteria))
    );
    facts.siblings = siblings?;
    facts.workflow = workflow;
    history?;
    facts.clock_ahead_ms = clock(sources, &facts);
    Ok(facts)
}

/// What the ticket's workflow offers, if the criteria ask.
async fn workflow(sources: &Sources, ticket: &Ticket, criteria: &Criteria) -> Fact<String> {
    const WHAT: &str = "the workflow of the ticket";
    if criteria.terms.workflow.is_none() {
        return Fact::not_asked(WHAT);
    }
    let found = sources.jira.workflow_of(&ticket.key).await;
    fact(found.map(|found| found.sha256), WHAT, Source::Jira)
}

/// How a commit stands to the release branch of its service now.
pub async fn position(sources: &Sources, service: &Service, commit: &CommitSha) -> Fact<Relation> {
    fact(branch::now(sources, service, commit).await, "the release branch", service.forge.into())
}

/// The facts that the ticket and our own records give, for an announcement that must not wait for anybody.
///
/// # Errors
/// Only when our own records cannot be read.
pub async fn alone(sources: &Sources, (ticket, now): (Ticket, Timestamp)) -> Result<Facts, StoreError> {
    let first_seen = sources.store.known_ticket(&ticket.id).await?.map(|known| known.first_seen);
    let plan = sources.store.plan_for(&ticket.id).await?;
    let placement = Placement::of(&ticket, &sources.services);
    let forge = placement.forge();
    let repository_url =
        placement.service().map_or_else(String::new, |service| sources.forge(service).web_url(service));
    Ok(Facts {
        ticket,
        gathered_at: now,
        first_seen,
        placement,
        repository_url,
        baseline: Fact::not_asked("the last approved change"),
        approved_before: Fact::not_asked("earlier approvals of this commit"),
        siblings: Fact::not_asked("the other tickets of this service"),
        on_branch: Fact::not_asked("the release branch"),
        range: Fact::not_asked("the commits since the last approved change"),
        pull_requests: Fact::not_asked("the pull requests of the commits"),
        objects: Objects::default(),
        scans: Fact::not_asked("the security scans"),
        staged: Fact::not_asked("the change to staging"),
        workflow: Fact::not_asked("the workflow of the ticket"),
        plan,
        clock_ahead_ms: Fact::not_asked(&clock_of(forge)),
    })
}

/// How far the clock of the forge is ahead of ours.
fn clock(sources: &Sources, facts: &Facts) -> Fact<i64> {
    let what = clock_of(facts.forge());
    let Some(service) = facts.placement.service() else { return Fact::not_asked(&what) };
    let ahead = sources.forge(service).clock_ahead_ms();
    let ahead = ahead.ok_or_else(|| SourceError::Unreachable("no answer that bears a time".into()));
    fact(ahead, &what, service.forge.into())
}

fn clock_of(forge: Forge) -> String {
    format!("{forge}'s clock")
}

async fn from_records(
    sources: &Sources,
    facts: &mut Facts,
    scope: &Scope,
    criteria: &Criteria,
) -> Result<(), StoreError> {
    facts.baseline = Fact::Known(sources.store.baseline(scope, &facts.ticket.id).await?);
    if let Some(head) = facts.head() {
        facts.approved_before = Fact::Known(sources.store.approval_of_commit(scope, &head).await?);
        if let Some(environment) = staging::first(&scope.environment, criteria) {
            let staging = Scope { service: scope.service.clone(), environment: environment.clone() };
            facts.staged = Fact::Known(sources.store.closed_change_of_commit(&staging, &head).await?);
        }
    }
    Ok(())
}

/// A result as a fact: an error becomes the gap that it leaves.
fn fact<T>(result: Result<T, SourceError>, what: &str, source: Source) -> Fact<T> {
    match result {
        Ok(value) => Fact::Known(value),
        Err(error) => Fact::Unknown(gap(&error, what, source)),
    }
}

fn gap(error: &SourceError, what: &str, source: Source) -> Gap {
    tracing::warn!(%source, what, %error, "{source} could not be asked for {what}: {error}");
    Gap { what: what.to_owned(), source, reason: reason(error) }
}

fn reason(error: &SourceError) -> GapReason {
    match error {
        SourceError::Unreachable(_) => GapReason::Unreachable,
        SourceError::RateLimited(_) => GapReason::RateLimited,
        SourceError::Unauthorized | SourceError::Forbidden(_) => GapReason::Refused,
        SourceError::NotFound => GapReason::Missing,
        SourceError::Unrelated => GapReason::Unrelated,
        SourceError::Refused { .. } | SourceError::Unreadable(_) => GapReason::Unreadable,
        SourceError::TooMuch(_) => GapReason::TooMuch,
        SourceError::UsedUp(_) => GapReason::TooDear,
        SourceError::Incomplete(_) => GapReason::Incomplete,
    }
}
