//! The changes of a period as an auditor asks for them: collected, and held against everything else that shows of them. The
//! export writes all of it, a page shows what it would say.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::Sources;
use super::evidence::{Hold, Population, Reach, Request, population, read_again};
use super::inspection::{self, MonthRecord};
use super::trail::{self, Trail};
use crate::integrations::jenkins::JenkinsClient;
use crate::model::{Day, EmergencyId, ServiceName, Timestamp, Watched, Witness};
use crate::policy::follow_up::completeness::{Comparison, OrphanKind, Question, SightingTrace, compare};
use crate::store::StoreError;

/// Tickets, answers of the gate, runs and deployments of the period; why one of them is not known.
pub type Numbers = [(&'static str, Result<usize, &'static str>); 4];

/// Who is asked, about what.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Jira, GitHub, our records and the services.
    pub sources: &'a Sources,
    /// Jenkins, if its jobs are watched.
    pub jenkins: Option<&'a JenkinsClient>,
    /// Where the deployments of each service that has a gate show.
    pub watched: &'a [(ServiceName, Vec<Watched>)],
    /// How long an approval may be used.
    pub approval: Duration,
    /// How long a deployment may take.
    pub longest: Duration,
    /// The project of change tickets.
    pub project: &'a str,
}

/// How it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct How {
    /// Whether the other systems are asked.
    pub reach: Reach,
    /// How much of each change is kept.
    pub hold: Hold,
    /// Is told what is done next.
    pub progress: fn(&str),
}

/// What the documentation of emergencies said.
pub type Documentations = Vec<(EmergencyId, String)>;

/// How often is looked at most for what came while everything else was read.
const MOST_LOOKS: usize = 50;

/// What there is of a period. All of it is as it was when the trail had as many entries as were read of it.
#[derive(Debug)]
pub struct Period {
    /// The first and the last day.
    pub days: (Day, Day),
    /// What was compared.
    pub question: Question,
    /// What was read of the audit trail.
    pub trail: Trail,
    /// Each change.
    pub population: Population,
    /// What came of it.
    pub comparison: Comparison,
    /// The inspections of all months; none where an outline is enough.
    pub inspections: Vec<MonthRecord>,
    /// What the documentation of each emergency said; nothing where an outline is enough.
    pub documentations: Documentations,
}

/// Why there is nothing of a period.
#[derive(Debug, thiserror::Error)]
pub enum PeriodError {
    /// Our own records cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It ends before it begins.
    #[error("--from {0} lies after --to {1}")]
    Backwards(Day, Day),
    /// The records hold a time that no calendar has.
    #[error("--from and --to are needed: the records do not say when they begin and end")]
    NoCalendar,
}

/// Collects the changes of a period and compares them. Without a first day it begins with the records, without a last one it
/// ends now.
///
/// # Errors
/// When our own records cannot be read, or the days are no period. What others do not show is a gap.
pub async fn period(
    asked: &Asked<'_>,
    (first, last): (Option<Day>, Option<Day>),
    now: Timestamp,
    how: How,
) -> Result<Period, PeriodError> {
    let mut trail = trail::read(&asked.sources.store).await?;
    // A machine whose clock is behind its own records asks as of the newest of them.
    let now = trail.times.map_or(now, |(_, newest)| newest.max(now));
    let first = first.or_else(|| Day::of(trail.times.map_or(now, |(oldest, _)| oldest)));
    let first = first.ok_or(PeriodError::NoCalendar)?;
    let last = last.or_else(|| Day::of(now)).ok_or(PeriodError::NoCalendar)?;
    if first > last {
        return Err(PeriodError::Backwards(first, last));
    }
    let question = Question { from: first.start(), to: last.end(), now, longest: asked.longest };
    let emergencies = trail.emergencies.clone();
    let request = Request {
        sources: asked.sources,
        jenkins: asked.jenkins,
        watched: asked.watched,
        period: (question.from, question.to),
        approval: asked.approval,
        now,
        emergencies: &emergencies,
        project: asked.project,
        how,
    };
    let mut population = population(&request).await?;
    let (inspections, documentations) = settle(&request, &mut trail, &mut population).await?;
    let comparison = compare(&population.traces, &question);
    Ok(Period { days: (first, last), question, trail, population, comparison, inspections, documentations })
}

/// The service goes on while an export reads: what came meanwhile is read again, until nothing has come since. Then each entry of
/// the trail has its counterpart in what was read, and what was read has its entry.
async fn settle(
    request: &Request<'_>,
    trail: &mut Trail,
    population: &mut Population,
) -> Result<(Vec<MonthRecord>, Documentations), StoreError> {
    let store = &request.sources.store;
    for _ in 0..MOST_LOOKS {
        let told = match request.how.hold {
            Hold::Everything => (inspection::months(store).await?, store.documentations().await?),
            Hold::Outline => Default::default(),
        };
        match trail.read_on(store).await? {
            None => return Ok(told),
            Some(tickets) => read_again(request, &tickets, population).await?,
        }
    }
    population
        .gaps
        .push("More happened than could be read: end the period before today, or ask at a quieter time.".into());
    population.is_cut_short = true;
    Ok((inspection::months(store).await?, store.documentations().await?))
}

impl Period {
    /// How many there are of each, and why one of the numbers is not known.
    pub fn numbers(&self) -> Numbers {
        let (traces, question) = (&self.population.traces, &self.question);
        let is_known = traces.tickets.iter().all(|ticket| ticket.in_jira.is_some())
            && !self.population.gaps.iter().any(|gap| gap.starts_with("The tickets") || gap.starts_with("Jira"));
        let answers = traces.answers.iter().filter(|answer| question.covers(answer.at)).count();
        let of = |witness: Witness| {
            let is_watched = traces.watched.iter().any(|(_, watched)| *watched == witness);
            let in_period = |one: &&SightingTrace| one.sighting.witness == witness && question.covers(one.sighting.at);
            if is_watched {
                Ok(traces.sightings.iter().filter(in_period).count())
            } else {
                Err("not watched, or not read")
            }
        };
        [
            ("tickets", if is_known { Ok(traces.tickets.len()) } else { Err("not known: Jira was not read") }),
            ("gate answers", Ok(answers)),
            ("runs", of(Witness::Jenkins)),
            ("deployments", of(Witness::Github)),
        ]
    }

    /// How many orphans there are of each kind, those of which there is none included.
    #[must_use]
    pub fn orphans_by_kind(&self) -> Vec<(OrphanKind, usize)> {
        let of = |kind| self.comparison.orphans.iter().filter(|orphan| orphan.kind == kind).count();
        OrphanKind::ALL.into_iter().map(|kind| (kind, of(kind))).collect()
    }

    /// The keys of the tickets, in the order in which they are listed.
    #[must_use]
    pub fn keys(&self) -> Vec<&str> {
        self.population.changes.iter().map(|change| change.record.ticket.as_str()).collect()
    }

    /// SHA-256 over the keys in the order of their bytes, each with a newline behind it.
    #[must_use]
    pub fn keys_sha256(&self) -> String {
        let mut sorted = self.keys();
        sorted.sort_unstable();
        hex::encode(Sha256::digest(sorted.iter().map(|key| format!("{key}\n")).collect::<String>()))
    }
}
