//! The changes of a month, for its inspection: what was approved in it, by whom, and what it rested on.

use std::collections::BTreeMap;

use crate::model::{Month, TicketKey};
use crate::policy::evaluate;
use crate::policy::follow_up::inspection::{ApprovedBy, Member, strata};
use crate::store::{InspectableChange, Store, StoreError, StoredDecision};

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
