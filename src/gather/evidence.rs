//! The changes of a period, from every place that knows of them, for an auditor. It judges nothing: what could not be read is
//! named, and nothing is compared with it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::value::RawValue;

use crate::integrations::SourceError;
use crate::integrations::jenkins::JenkinsClient;
use crate::model::{
    ChangeRecord, CommitSha, Field, IssueId, Scope, Service, ServiceName, Sighting, Ticket, TicketStatus, Timestamp,
    Watched, WatchedPlace, Witness,
};
use crate::policy::follow_up::completeness::{SightingTrace, TicketTrace, Traces};
use crate::store::StoreError;

use super::Sources;
use super::period::How;

/// How much earlier than the period the gate may have been asked for a deployment in it.
const BEFORE: Duration = Duration::from_secs(7 * 24 * 3600);

/// How much later than the period a deployment may show that was let through in it.
const AFTER: Duration = Duration::from_secs(2 * 24 * 3600);

/// What is asked for, and of whom.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Jira, GitHub, our records and the services.
    pub sources: &'a Sources,
    /// Jenkins, if its jobs are watched.
    pub jenkins: Option<&'a JenkinsClient>,
    /// Where the deployments of each service that has a gate show.
    pub watched: &'a [(ServiceName, Vec<Watched>)],
    /// From this moment up to before that one.
    pub period: (Timestamp, Timestamp),
    /// How long an approval may be used.
    pub approval: Duration,
    /// Now.
    pub now: Timestamp,
    /// The deployments that the audit trail counts to an emergency, as `witness id`.
    pub emergencies: &'a BTreeSet<String>,
    /// The project of change tickets.
    pub project: &'a str,
    /// Whom it asks, what it keeps, and whom it tells.
    pub how: How,
}

/// Whom an export asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Everybody.
    Everybody,
    /// Our own records alone.
    Records,
}

/// How much of each change is kept once it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// All of it.
    Everything,
    /// What a list shows of it; facts and words of people can be large.
    Outline,
}

/// The changes of a period.
#[derive(Debug, Default)]
pub struct Population {
    /// Each change, in the order of its ticket's number in Jira.
    pub changes: Vec<Change>,
    /// What there is to compare.
    pub traces: Traces,
    /// What could not be read, each as a sentence.
    pub gaps: Vec<String>,
    /// What was asked of whom, word for word.
    pub asked: Vec<String>,
    /// Whether somebody who was asked did not answer.
    pub is_cut_short: bool,
}

/// One change.
#[derive(Debug)]
pub struct Change {
    /// What our records hold of it; of one that they do not know, what Jira says.
    pub record: ChangeRecord,
    /// The ticket as Jira shows it now; nothing when Jira was not asked or has none.
    pub ticket: Option<Ticket>,
    /// When it was created; when cm-bot saw it first, where Jira does not say.
    pub created: Timestamp,
}

impl Change {
    /// What a list shows: key, what it is, its state, its last verdict.
    #[must_use]
    pub fn row(&self) -> [String; 4] {
        let record = &self.record;
        let summary = self.ticket.as_ref().map_or_else(String::new, |ticket| ticket.summary.clone());
        let verdict = record.decisions.last().map_or("none", |decision| decision.verdict.as_str());
        [record.ticket.to_string(), summary, record.status.clone(), verdict.replace('-', " ")]
    }
}

/// A ticket as Jira answers for it.
enum InJira {
    Yes(Box<Ticket>),
    No,
    NotKnown,
}

/// Collects everything.
///
/// # Errors
/// When our own records cannot be read. What others do not show is a gap.
pub async fn population(request: &Request<'_>) -> Result<Population, StoreError> {
    let mut population = Population::default();
    let (from, to) = request.period;
    (request.how.progress)("Reading the tickets of the period from Jira");
    let created = created(request, &mut population).await;
    let store = &request.sources.store;
    let mut issues = store.touched_between((from, to)).await?;
    issues.extend(created.keys().cloned());
    let number = issues.len();
    for (place, issue) in issues.into_iter().enumerate() {
        if place.is_multiple_of(50) {
            (request.how.progress)(&format!("Collecting change {} of {number}", place + 1));
        }
        change(request, (&issue, created.get(&issue)), &mut population).await?;
    }
    put_in_order(request, &mut population).await?;
    population.traces.gated = request.watched.iter().map(|(service, _)| service.to_string()).collect();
    sightings(request, wide(request.period), &mut population).await;
    Ok(population)
}

/// Reads again what happened meanwhile: to the changes of these keys, and to changes that were none of the period before.
///
/// # Errors
/// When our own records cannot be read.
pub(super) async fn read_again(
    request: &Request<'_>,
    keys: &BTreeSet<String>,
    population: &mut Population,
) -> Result<(), StoreError> {
    let store = &request.sources.store;
    for one in population.changes.iter_mut().filter(|one| keys.contains(one.record.ticket.as_str())) {
        let Some(record) = store.change_record(&one.record.issue).await? else { continue };
        for trace in population.traces.tickets.iter_mut().filter(|trace| trace.key == one.record.ticket) {
            (trace.in_records, trace.scope, trace.unused) = (true, scope(&record), unused(&record, request));
            trace.commits = commits(&record, one.ticket.as_ref());
        }
        one.record = if request.how.hold == Hold::Everything { record } else { outline(record) };
    }
    let known: BTreeSet<IssueId> = population.changes.iter().map(|one| one.record.issue.clone()).collect();
    for issue in store.touched_between(request.period).await?.difference(&known) {
        change(request, (issue, None), population).await?;
    }
    put_in_order(request, population).await
}

/// Sorts the changes, and reads what the gate answered around the period.
async fn put_in_order(request: &Request<'_>, population: &mut Population) -> Result<(), StoreError> {
    let (from, to) = wide(request.period);
    population.changes.sort_by_key(|change| (change.record.issue.as_str().len(), change.record.issue.clone()));
    let answers = request.sources.store.answers_between((from, to)).await?;
    population.traces.answers = answers.into_iter().map(|(_, answer)| answer).collect();
    Ok(())
}

/// The period, with the time before and after it in which what belongs to it may show.
fn wide((from, to): (Timestamp, Timestamp)) -> (Timestamp, Timestamp) {
    (from.minus(BEFORE), to.plus(AFTER))
}

async fn created(request: &Request<'_>, population: &mut Population) -> BTreeMap<IssueId, (Ticket, Timestamp)> {
    let jira = &request.sources.jira;
    if request.how.reach == Reach::Records {
        population.gaps.push("Jira was not asked for its tickets (--offline).".into());
        return BTreeMap::new();
    }
    population.asked.push(format!("Jira, {}: {}", jira.search_address(), jira.jql_of_created(request.period)));
    match jira.created_between(request.period).await {
        Ok(found) => found.into_iter().map(|(ticket, at)| (ticket.id.clone(), (ticket, at))).collect(),
        Err(error) => {
            population.gaps.push(format!("The tickets that were created in the period could not be read: {error}."));
            population.is_cut_short = true;
            BTreeMap::new()
        }
    }
}

async fn change(
    request: &Request<'_>,
    (issue, created): (&IssueId, Option<&(Ticket, Timestamp)>),
    population: &mut Population,
) -> Result<(), StoreError> {
    let record = request.sources.store.change_record(issue).await?;
    let in_jira = match created {
        Some((ticket, _)) => InJira::Yes(Box::new(ticket.clone())),
        None => in_jira(request, issue, population).await,
    };
    let is_in_jira = match &in_jira {
        InJira::Yes(_) => Some(true),
        InJira::No => Some(false),
        InJira::NotKnown => None,
    };
    let ticket = if let InJira::Yes(ticket) = in_jira { Some(*ticket) } else { None };
    let in_records = record.is_some();
    let Some(record) = record.or_else(|| ticket.as_ref().map(unknown)) else { return Ok(()) };
    let seen = record.first_seen.unwrap_or(request.now);
    let created = created.map_or(seen, |(_, created)| *created);
    population.traces.tickets.push(TicketTrace {
        key: record.ticket.clone(),
        scope: scope(&record),
        at: created,
        in_jira: is_in_jira,
        in_records,
        unused: unused(&record, request),
        commits: commits(&record, ticket.as_ref()),
    });
    let record = if request.how.hold == Hold::Everything { record } else { outline(record) };
    population.changes.push(Change { record, ticket, created });
    Ok(())
}

/// A change without what is large.
fn outline(mut record: ChangeRecord) -> ChangeRecord {
    for decision in &mut record.decisions {
        decision.facts = RawValue::NULL.to_owned();
        decision.decision = RawValue::NULL.to_owned();
    }
    ChangeRecord { acts: Vec::new(), gate: Vec::new(), ..record }
}

async fn in_jira(request: &Request<'_>, issue: &IssueId, population: &mut Population) -> InJira {
    if request.how.reach == Reach::Records {
        return InJira::NotKnown;
    }
    match request.sources.jira.ticket(issue).await {
        Ok(ticket) if ticket.key.project() == request.project => InJira::Yes(Box::new(ticket)),
        Ok(_) | Err(SourceError::NotFound) => InJira::No,
        Err(error) => {
            let gap = format!("Whether Jira has the ticket with the number {issue} could not be read: {error}.");
            population.gaps.push(gap);
            population.is_cut_short = true;
            InJira::NotKnown
        }
    }
}

/// A ticket that our records do not know.
fn unknown(ticket: &Ticket) -> ChangeRecord {
    let status = match ticket.status.meaning {
        TicketStatus::Pending => "pending",
        TicketStatus::Approved => "approved",
        TicketStatus::Declined => "declined",
        TicketStatus::Closed => "closed",
        TicketStatus::Other => "other",
    };
    ChangeRecord {
        ticket: ticket.key.clone(),
        issue: ticket.id.clone(),
        service: None,
        environment: None,
        status: status.into(),
        first_seen: None,
        decisions: Vec::new(),
        approvals: Vec::new(),
        acts: Vec::new(),
        gate: Vec::new(),
        entries: Vec::new(),
    }
}

fn scope(record: &ChangeRecord) -> Option<Scope> {
    Scope::parse(record.service.as_deref()?, record.environment.as_deref()?).ok()
}

/// What was approved and can no longer be used, and was not. An emergency goes out before it is approved.
fn unused(record: &ChangeRecord, request: &Request<'_>) -> Option<CommitSha> {
    let last = record.approvals.last().filter(|last| last.mark == "given")?;
    let was_used = record.gate.iter().any(|one| one.used_at.is_some());
    let is_emergency = record.decisions.iter().any(|decision| decision.verdict == "emergency");
    let is_over = record.status == "closed" || last.approved_at.plus(request.approval) < request.now;
    (is_over && !was_used && !is_emergency).then(|| last.commit.clone())
}

fn commits(record: &ChangeRecord, ticket: Option<&Ticket>) -> BTreeSet<CommitSha> {
    let named = ticket.and_then(|ticket| CommitSha::parse(ticket.field(Field::Commit)?).ok());
    record.approvals.iter().map(|approval| approval.commit.clone()).chain(named).collect()
}

/// Runs and deployments, wherever the settings say that they show.
async fn sightings(request: &Request<'_>, (from, to): (Timestamp, Timestamp), population: &mut Population) {
    let mut all: Vec<Sighting> = Vec::new();
    for (name, places) in request.watched {
        let Some(service) = request.sources.services.iter().find(|service| service.name == *name) else { continue };
        if places.is_empty() {
            population.gaps.push(format!("Where {name} is deployed is not watched: `watch` in its [services.gate]."));
        }
        for watched in places {
            let scope = Scope { service: name.clone(), environment: watched.environment.clone() };
            if request.how.reach == Reach::Records {
                population
                    .gaps
                    .push(format!("{} was not asked for deployments of {scope} (--offline).", watched.place));
                continue;
            }
            (request.how.progress)(&format!("Reading deployments of {scope} ({})", watched.place));
            population.asked.push(format!("{scope}: {}, everything that went out since {from}", watched.place));
            match shown(request, (service, &scope), (&watched.place, from)).await {
                Ok(seen) => {
                    population.traces.watched.insert((scope, witness(&watched.place)));
                    all.extend(seen.into_iter().filter(|one| from <= one.at && one.at < to));
                }
                Err(error) => {
                    let gap = format!("Deployments of {scope} ({}) could not be read: {error}.", watched.place);
                    population.gaps.push(gap);
                    population.is_cut_short = true;
                }
            }
        }
    }
    all.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
    population.traces.sightings = all
        .into_iter()
        .map(|sighting| {
            let is_emergency = request.emergencies.contains(&format!("{} {}", sighting.witness.id(), sighting.id));
            SightingTrace { sighting, is_emergency }
        })
        .collect();
}

fn witness(place: &WatchedPlace) -> Witness {
    match place {
        WatchedPlace::Github { .. } => Witness::Github,
        WatchedPlace::Jenkins { .. } => Witness::Jenkins,
    }
}

async fn shown(
    request: &Request<'_>,
    (service, scope): (&Service, &Scope),
    (place, since): (&WatchedPlace, Timestamp),
) -> Result<Vec<Sighting>, SourceError> {
    match place {
        WatchedPlace::Github { environment } => {
            let (github, repository) = (&request.sources.github, &service.repository);
            let mut seen = Vec::new();
            for begun in github.deployments(repository, environment, since).await? {
                seen.extend(github.gone_out(repository, &begun, scope).await?);
            }
            Ok(seen)
        }
        WatchedPlace::Jenkins { job, parameter } => {
            let jenkins = request.jenkins.ok_or_else(|| SourceError::Unreadable("[jenkins] is not set".into()))?;
            jenkins.all_gone_out((job, parameter.as_ref()), scope, since).await
        }
    }
}
