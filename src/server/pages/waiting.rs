//! Tickets that wait, each with how its approvals stand.

use super::{Failure, Pages};
use crate::handlers::approvals::shown;
use crate::policy::approvers::Approvals;
use crate::policy::decision::{Decision, Kind};
use crate::policy::evaluate;
use crate::render::verdict::{Verdict, title};
use crate::render::view::View;
use crate::store::StoredDecision;

/// At most this many tickets are looked into.
const MOST: i64 = 50;

/// A ticket that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    /// What is recorded of it.
    pub(super) stored: StoredDecision,
    /// What that comes to now.
    pub(super) decision: Decision,
    /// Who has approved, and who is missing.
    pub(super) approvals: Approvals,
}

impl Waiting {
    /// Everything that people read of it.
    pub(super) fn view<'a>(&'a self, pages: &'a Pages) -> View<'a> {
        pages.view(&self.stored, (&self.decision, &self.approvals, &pages.context.policy.criteria))
    }

    /// The first words about it.
    pub(super) fn title(&self, pages: &Pages) -> String {
        title(&self.view(pages))
    }

    /// Its verdict.
    pub(super) fn verdict(&self) -> Verdict {
        Verdict::of(&self.decision)
    }

    /// Whether somebody of this name could fill a role that is missing.
    pub(super) fn wants(&self, name: &str) -> bool {
        let is_open = matches!(self.decision.kind(), Kind::Hold | Kind::Block | Kind::CouldNotCheck);
        is_open && self.verdict() == Verdict::Waiting && self.approvals.wanted().iter().any(|one| one.name == name)
    }
}

/// The tickets that have waited longest, and how many there are beside them.
pub(super) async fn of(pages: &Pages) -> Result<(Vec<Waiting>, i64), Failure> {
    let context = &pages.context;
    let (store, criteria, now) = (&context.sources.store, &context.policy.criteria, context.clock.now());
    let (ids, all) = store.waiting(MOST).await?;
    let mut found = Vec::new();
    for id in ids {
        let Some(stored) = store.decision(id).await? else { continue };
        let decision = evaluate(&stored.facts, criteria, now);
        let approvals = shown((store, context.links.deciding), criteria, (&stored.facts, &decision)).await?;
        found.push(Waiting { stored, decision, approvals });
    }
    let shown = i64::try_from(found.len()).unwrap_or(i64::MAX);
    Ok((found, all - shown))
}
