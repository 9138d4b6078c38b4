//! The changes of a month, for its inspection: what was approved in it, by whom, and what it rested on.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::draw::Population;
use crate::model::{AccountId, Month, TicketKey};
use crate::policy::criteria::Criteria;
use crate::policy::follow_up::inspecting::Progress;
use crate::policy::follow_up::inspection::{ApprovedBy, Member, Stratum, strata};
use crate::policy::follow_up::inspectors::{Hands, counting};
use crate::policy::{evaluate, evidence};
use crate::store::{InspectableChange, InspectionResult, RecordedDraw, Store, StoreError, StoredDecision};

/// The key under which a deployment without a ticket is inspected: its number in our records follows.
const WITHOUT_TICKET: &str = "ORPHAN";

/// The inspection of a month that was fixed.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// What there is.
    pub population: Population,
    /// Its draws, in order.
    pub draws: Vec<RecordedDraw>,
    /// What was found, oldest first.
    pub results: Vec<InspectionResult>,
}

/// Everything that our records hold of the inspection of a month.
#[derive(Debug, Clone)]
pub struct MonthRecord {
    /// The month.
    pub month: String,
    /// The list that was fixed, byte for byte as it is stored because the trail holds its hash.
    pub members: String,
    /// Its draws, in order.
    pub draws: Vec<RecordedDraw>,
    /// What was found, oldest first.
    pub results: Vec<InspectionResult>,
}

impl Inspection {
    /// Everything that is inspected: what was drawn, in the order of the draws, and then what is inspected anyway.
    #[must_use]
    pub fn wanted(&self) -> Vec<&TicketKey> {
        let drawn = self.draws.iter().flat_map(|draw| &draw.tickets);
        let mut wanted: Vec<&TicketKey> = Vec::new();
        for key in drawn.chain(self.population.always().map(|member| &member.ticket)) {
            if !wanted.contains(&key) {
                wanted.push(key);
            }
        }
        wanted
    }

    /// The result of a change that counts: the newest, unless somebody else has a finding that stands.
    #[must_use]
    pub fn result_of(&self, ticket: &TicketKey) -> Option<&InspectionResult> {
        let results: Vec<&InspectionResult> = self.results.iter().filter(|result| result.ticket == *ticket).collect();
        let words: Vec<(&str, &str)> =
            results.iter().map(|result| (result.inspector.as_str(), result.result.as_str())).collect();
        counting(&words).and_then(|place| results.get(place).copied())
    }

    /// What has no result yet.
    #[must_use]
    pub fn open(&self) -> Vec<&TicketKey> {
        self.wanted().into_iter().filter(|key| self.result_of(key).is_none()).collect()
    }

    /// How many of those that were drawn were inspected, and how many of these are not as they should be.
    #[must_use]
    pub fn counted(&self) -> (usize, usize) {
        let drawn: BTreeSet<&TicketKey> = self.draws.iter().flat_map(|draw| &draw.tickets).collect();
        let inspected: Vec<&InspectionResult> = drawn.into_iter().filter_map(|key| self.result_of(key)).collect();
        (inspected.len(), inspected.iter().filter(|result| result.result == "finding").count())
    }
}

/// The inspection of a month, if it was fixed.
///
/// # Errors
/// When our records cannot be read.
pub async fn of(store: &Store, month: Month) -> Result<Option<Inspection>, StoreError> {
    let Some(population) = store.population(month).await? else { return Ok(None) };
    Ok(Some(Inspection { population, draws: store.draws(month).await?, results: store.results(month).await? }))
}

/// Every month that was fixed, the oldest first.
///
/// # Errors
/// When our records cannot be read.
pub async fn months(store: &Store) -> Result<Vec<MonthRecord>, StoreError> {
    let mut months = Vec::new();
    for (name, members) in store.populations().await? {
        let month = Month::parse(&name).map_err(|error| StoreError::Damaged(error.to_string()))?;
        let (draws, results) = (store.draws(month).await?, store.results(month).await?);
        months.push(MonthRecord { month: name, members, draws, results });
    }
    Ok(months)
}

/// Those who had a hand in a change, as far as our records know them.
///
/// # Errors
/// When our records cannot be read.
pub async fn hands(store: &Store, criteria: &Criteria, ticket: &TicketKey) -> Result<Hands, StoreError> {
    let Some(StoredDecision { facts, .. }) = store.newest_decision(ticket).await? else { return Ok(Hands::default()) };
    let name = |account: &AccountId| criteria.people.by_jira(account).map(|person| person.name.clone());
    let involved = store.involved(&facts.ticket.id).await?;
    let record = store.change_record(&facts.ticket.id).await?;
    let approvers = record.iter().flat_map(|record| &record.approvals).flat_map(|approval| &approval.by);
    let hands = evidence::hands_in(&facts, criteria).ok().flatten();
    Ok(Hands {
        requester: facts.ticket.requester.as_ref().and_then(name),
        creator: facts.ticket.creator.as_ref().and_then(name),
        declarer: involved.declarer.as_ref().and_then(name),
        approvers: approvers.map(|(name, _)| name.clone()).collect(),
        contributors: hands.unwrap_or_else(|| evidence::contributors(&facts, criteria)),
        deployers: involved.deployers.iter().filter_map(name).collect(),
    })
}

/// How far the inspection of a month is. The steps that were taken are those of this subject.
///
/// # Errors
/// When our records cannot be read.
pub async fn progress(store: &Store, month: Month, subject: &str) -> Result<Progress, StoreError> {
    let (closed, drawn) = store.inspection_times(month).await?;
    let inspection = of(store, month).await?;
    let published = match closed {
        Some(closed) => store.published(closed).await?,
        None => None,
    };
    Ok(Progress {
        closed,
        published,
        drawn,
        changes: inspection.as_ref().map_or(0, |inspection| inspection.population.members().len()),
        open: inspection.as_ref().map_or(0, |inspection| inspection.open().len()),
        taken: store.steps_taken(subject, month.bounds().1).await?,
    })
}

/// Every change of a month.
///
/// # Errors
/// When our records cannot be read.
pub async fn members(store: &Store, month: Month) -> Result<Vec<Member>, StoreError> {
    let mut members: BTreeMap<TicketKey, Member> = BTreeMap::new();
    for change in store.emergencies_in(month).await? {
        add(&mut members, member(store, &change, ApprovedBy::Nobody).await?);
    }
    for change in store.approved_in(month).await? {
        let by = if change.by_people { ApprovedBy::People } else { ApprovedBy::Machine };
        add(&mut members, member(store, &change, by).await?);
    }
    for deployment in store.unsanctioned_in(month).await? {
        let key =
            deployment.ticket.or_else(|| TicketKey::parse(&format!("{WITHOUT_TICKET}-{}", deployment.number)).ok());
        let Some(ticket) = key else { continue };
        let approved = members.get(&ticket).map_or(ApprovedBy::Nobody, |member| member.approved);
        add(&mut members, Member { ticket, approved, strata: BTreeSet::from([Stratum::Orphan]) });
    }
    Ok(members.into_values().collect())
}

/// A ticket that was approved twice is one change: every reason to look at it counts, and the last approval.
fn add(members: &mut BTreeMap<TicketKey, Member>, member: Member) {
    let earlier = members.insert(member.ticket.clone(), member.clone());
    if let (Some(earlier), Some(now)) = (earlier, members.get_mut(&member.ticket)) {
        now.strata.extend(earlier.strata);
    }
}

async fn member(store: &Store, change: &InspectableChange, approved: ApprovedBy) -> Result<Member, StoreError> {
    let reasons = decision(store, change).await?.map(|stored| {
        let decision = evaluate(&stored.facts, &stored.criteria, stored.at);
        strata(&decision, approved)
    });
    Ok(Member { ticket: change.ticket.clone(), approved, strata: reasons.unwrap_or_default() })
}

/// The decision that approved it, or the last one before people did.
async fn decision(store: &Store, change: &InspectableChange) -> Result<Option<StoredDecision>, StoreError> {
    match change.decision {
        Some(id) => store.decision(id).await,
        None => store.newest_decision(&change.ticket).await,
    }
}
