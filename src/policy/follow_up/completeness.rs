//! Is the list of changes complete? (policy: records of changes)
//!
//! Tickets, answers of the gate, runs of pipelines and deployments are held against each other in every direction; whatever
//! misses its counterpart is an orphan. A change leaves one trace in each of the four places. A trace that is missing makes one orphan, not one for each trace that
//! is left: the kind says which of the four is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::orphans::{Sanction, Use, judge};
use crate::model::{CommitSha, Ending, Run, Scope, Sighting, TicketKey, Timestamp, Witness};

/// How long before a deployment the gate may have let it through.
const LONGEST_USE: Duration = Duration::from_secs(7 * 24 * 3600);

/// What the four places show. Runs and deployments reach further than the period, so that its edges have counterparts.
#[derive(Debug, Clone, Default)]
pub struct Traces {
    /// Tickets, in Jira, in our records, or in both.
    pub tickets: Vec<TicketTrace>,
    /// Runs that the gate let through, oldest first.
    pub answers: Vec<AnswerTrace>,
    /// What Jenkins (runs) and GitHub (deployments) show, oldest first.
    pub sightings: Vec<SightingTrace>,
    /// In which scopes which witness was read to the end.
    pub watched: BTreeSet<(Scope, Witness)>,
    /// The services that have a gate.
    pub gated: BTreeSet<String>,
}

/// A ticket.
#[derive(Debug, Clone)]
pub struct TicketTrace {
    /// Its key.
    pub key: TicketKey,
    /// What it is about, if it names something registered.
    pub scope: Option<Scope>,
    /// Since when it is known.
    pub at: Timestamp,
    /// Whether Jira has it; nothing when Jira was not asked.
    pub in_jira: Option<bool>,
    /// Whether our records have it.
    pub in_records: bool,
    /// What was approved by it and has not been used, voided or left time to be used.
    pub unused: Option<CommitSha>,
    /// Every commit that it ever approved.
    pub commits: BTreeSet<CommitSha>,
}

/// A run that was let through.
#[derive(Debug, Clone)]
pub struct AnswerTrace {
    /// The request.
    pub request: Uuid,
    /// The ticket whose approval was used.
    pub ticket: TicketKey,
    /// Where to.
    pub scope: Scope,
    /// Which run.
    pub run: Run,
    /// With what.
    pub commit: CommitSha,
    /// When.
    pub at: Timestamp,
    /// What became of it, if that was said.
    pub ending: Option<Ending>,
}

/// A run or a deployment that has gone out.
#[derive(Debug, Clone)]
pub struct SightingTrace {
    /// As it was seen.
    pub sighting: Sighting,
    /// Whether it went out on account of an emergency.
    pub is_emergency: bool,
}

/// Whom a comparison is for.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// From this moment on.
    pub from: Timestamp,
    /// Up to before this moment.
    pub to: Timestamp,
    /// Now: what was let through a moment ago may still be under way.
    pub now: Timestamp,
    /// How long a deployment may take.
    pub longest: Duration,
}

/// Which of the four is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrphanKind {
    /// Jira has no such ticket: it was deleted or moved away.
    TicketMissing,
    /// Jira has the ticket, and our records do not know it.
    NotJudged,
    /// It was approved, its time is over, and nothing was let through.
    NeverDeployed,
    /// It went to production, and nothing let it through.
    DeployedWithoutGate,
    /// It was let through, and Jenkins shows no such run.
    RunMissing,
    /// It was let through, and GitHub shows no such deployment.
    DeploymentMissing,
}

/// Something that misses its counterpart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orphan {
    /// What is missing.
    pub kind: OrphanKind,
    /// The ticket, if one is known.
    pub ticket: Option<TicketKey>,
    /// Where it went, or was to go.
    pub scope: Option<Scope>,
    /// What, where that is known.
    pub commit: Option<CommitSha>,
    /// Where it was seen: the ids of the answer, of runs and of deployments.
    pub seen: Vec<String>,
    /// When.
    pub at: Timestamp,
}

/// What comes out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// For each run and deployment by its place in [`Traces::sightings`]: the request that let it through.
    pub let_through: BTreeMap<usize, Uuid>,
    /// Orphans of the period, by kind and time.
    pub orphans: Vec<Orphan>,
}

impl OrphanKind {
    /// Every kind, in the order in which they are listed.
    pub const ALL: [OrphanKind; 6] = [
        OrphanKind::DeployedWithoutGate,
        OrphanKind::TicketMissing,
        OrphanKind::NotJudged,
        OrphanKind::NeverDeployed,
        OrphanKind::RunMissing,
        OrphanKind::DeploymentMissing,
    ];

    /// Its name in lists that programs read.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            OrphanKind::TicketMissing => "ticket_missing",
            OrphanKind::NotJudged => "not_judged",
            OrphanKind::NeverDeployed => "never_deployed",
            OrphanKind::DeployedWithoutGate => "deployed_without_gate",
            OrphanKind::RunMissing => "run_missing",
            OrphanKind::DeploymentMissing => "deployment_missing",
        }
    }

    /// The sentence that people read.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            OrphanKind::TicketMissing => "Jira has no such ticket: it was deleted or moved away.",
            OrphanKind::NotJudged => "Jira has the ticket, and cm-bot's records do not know it.",
            OrphanKind::NeverDeployed => "It was approved, and no run was let through before the approval ended.",
            OrphanKind::DeployedWithoutGate => "It went to production, and the gate let no such run through.",
            OrphanKind::RunMissing => "The gate let the run through, and Jenkins shows no such build.",
            OrphanKind::DeploymentMissing => "The gate let the run through, and GitHub shows no such deployment.",
        }
    }
}

impl Question {
    /// Whether a moment lies in the period.
    #[must_use]
    pub fn covers(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }
}

/// Compares in every direction.
#[must_use]
pub fn compare(traces: &Traces, question: &Question) -> Comparison {
    let let_through = links(traces);
    let mut past_the_gate = past_the_gate(traces, &let_through);
    let mut orphans = Vec::new();
    for ticket in &traces.tickets {
        let unsanctioned = past_the_gate.iter().any(|orphan| is_of(orphan, ticket));
        orphans.extend(of_ticket(ticket, traces, unsanctioned));
    }
    for orphan in &mut past_the_gate {
        orphan.ticket = traces.tickets.iter().find(|ticket| is_of(orphan, ticket)).map(|ticket| ticket.key.clone());
    }
    orphans.extend(past_the_gate);
    for answer in &traces.answers {
        orphans.extend(of_answer(answer, traces, (&let_through, question)));
    }
    orphans.retain(|orphan| question.covers(orphan.at));
    let place = |orphan: &Orphan| OrphanKind::ALL.iter().position(|kind| *kind == orphan.kind);
    orphans.sort_by_key(|orphan| (place(orphan), orphan.at, orphan.seen.clone()));
    Comparison { let_through, orphans }
}

/// What let each run and each deployment through. An answer is for one run and one deployment.
fn links(traces: &Traces) -> BTreeMap<usize, Uuid> {
    let mut links = BTreeMap::new();
    let mut taken: BTreeSet<(Witness, Uuid)> = BTreeSet::new();
    for (place, trace) in traces.sightings.iter().enumerate() {
        let sighting = &trace.sighting;
        let is_near =
            |answer: &&AnswerTrace| answer.scope == sighting.scope && answer.at.plus(LONGEST_USE) >= sighting.at;
        let of_scope = traces.answers.iter().filter(is_near);
        let uses: Vec<Use> = of_scope
            .map(|answer| Use {
                request: answer.request,
                run: answer.run.clone(),
                commit: answer.commit.clone(),
                at: answer.at,
                is_taken: taken.contains(&(sighting.witness, answer.request)),
            })
            .collect();
        if let Sanction::Request(request) = judge(sighting, &uses) {
            taken.insert((sighting.witness, request));
            links.insert(place, request);
        }
    }
    links
}

/// What went out and was not let through. What a run and a deployment show of the same commit in the same scope is one.
fn past_the_gate(traces: &Traces, let_through: &BTreeMap<usize, Uuid>) -> Vec<Orphan> {
    let mut orphans: Vec<(Orphan, BTreeSet<Witness>)> = Vec::new();
    for (place, trace) in traces.sightings.iter().enumerate() {
        if let_through.contains_key(&place) || trace.is_emergency {
            continue;
        }
        let Sighting { witness, id, scope, commit, at, .. } = &trace.sighting;
        let seen = format!("{} {id}", witness.id());
        let same = |(orphan, witnesses): &&mut (Orphan, BTreeSet<Witness>)| {
            orphan.scope.as_ref() == Some(scope)
                && (orphan.commit.is_none() || commit.is_none() || orphan.commit == *commit)
                && !witnesses.contains(witness)
        };
        if let Some((orphan, witnesses)) = orphans.iter_mut().find(same) {
            orphan.seen.push(seen);
            orphan.commit = orphan.commit.take().or_else(|| commit.clone());
            witnesses.insert(*witness);
            continue;
        }
        let orphan = Orphan {
            kind: OrphanKind::DeployedWithoutGate,
            ticket: None,
            scope: Some(scope.clone()),
            commit: commit.clone(),
            seen: vec![seen],
            at: *at,
        };
        orphans.push((orphan, BTreeSet::from([*witness])));
    }
    orphans.into_iter().map(|(orphan, _)| orphan).collect()
}

fn is_of(orphan: &Orphan, ticket: &TicketTrace) -> bool {
    let is_commit = orphan.commit.as_ref().is_some_and(|commit| ticket.commits.contains(commit));
    is_commit && orphan.scope.is_some() && orphan.scope == ticket.scope
}

/// What a ticket misses; one thing, the first that explains the others.
fn of_ticket(ticket: &TicketTrace, traces: &Traces, unsanctioned: bool) -> Option<Orphan> {
    let is_gated = ticket.scope.as_ref().is_some_and(|scope| traces.gated.contains(scope.service.as_str()));
    let was_let_through = traces.answers.iter().any(|answer| answer.ticket == ticket.key);
    let kind = match ticket.in_jira {
        Some(false) => OrphanKind::TicketMissing,
        Some(true) if !ticket.in_records => OrphanKind::NotJudged,
        Some(true) | None if is_gated && ticket.unused.is_some() && !was_let_through && !unsanctioned => {
            OrphanKind::NeverDeployed
        }
        Some(true) | None => return None,
    };
    Some(Orphan {
        kind,
        ticket: Some(ticket.key.clone()),
        scope: ticket.scope.clone(),
        commit: ticket.unused.clone(),
        seen: vec![format!("ticket {}", ticket.key)],
        at: ticket.at,
    })
}

/// What an answer misses. One that failed has not gone out, and one of a moment ago may still be under way.
fn of_answer(
    answer: &AnswerTrace,
    traces: &Traces,
    (let_through, question): (&BTreeMap<usize, Uuid>, &Question),
) -> Vec<Orphan> {
    let is_under_way = answer.ending.is_none() && question.now.since(answer.at) < question.longest;
    if answer.ending == Some(Ending::Failed) || is_under_way {
        return Vec::new();
    }
    let shows = |witness| {
        let of_witness = traces.sightings.iter().enumerate().filter(|(_, one)| one.sighting.witness == witness);
        of_witness.into_iter().any(|(place, _)| let_through.get(&place) == Some(&answer.request))
    };
    let wanted = [(Witness::Jenkins, OrphanKind::RunMissing), (Witness::Github, OrphanKind::DeploymentMissing)];
    let missing = wanted
        .into_iter()
        .filter(|(witness, _)| traces.watched.contains(&(answer.scope.clone(), *witness)) && !shows(*witness));
    let orphan = |kind| Orphan {
        kind,
        ticket: Some(answer.ticket.clone()),
        scope: Some(answer.scope.clone()),
        commit: Some(answer.commit.clone()),
        seen: vec![format!("answer {}", answer.request)],
        at: answer.at,
    };
    missing.map(|(_, kind)| orphan(kind)).collect()
}
