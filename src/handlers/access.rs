//! What cm-bot may not read any more: an operator has to hear of it, because nothing is approved automatically meanwhile.

use super::Context;
use crate::policy::approval::workflow;
use crate::policy::decision::Outcome;
use crate::policy::facts::{Facts, Gap, GapReason};
use crate::signals::evidence_of;

/// Notes whether everything that a ticket needs may be read.
pub(super) fn note(context: &Context, facts: &Facts) {
    let Some(service) = facts.placement.service() else { return };
    let trouble = lost(facts).map(|gap| {
        let rights = "give cm-bot's account the rights that the README lists";
        format!("{gap}; until then nothing of {} is approved automatically: {rights}", service.repository)
    });
    if let Some(trouble) = &trouble {
        tracing::error!(repository = %service.repository, "{trouble}");
    }
    let now = context.clock.now();
    context.readiness.note(&evidence_of(service.repository.as_str()), trouble, now);
    context.readiness.note("workflow", changed_workflow(context, facts), now);
}

/// An administrator of Jira can open the way to a status to everybody.
fn changed_workflow(context: &Context, facts: &Facts) -> Option<String> {
    let finding = workflow::check(facts, &context.policy.criteria);
    (finding.outcome == Outcome::NotMet).then(|| {
        let advice = "change it back, or have the new one signed (see `cm-bot criteria workflow`)";
        format!("{} Nothing is approved automatically until then: {advice}", finding.headline)
    })
}

/// A repository that we may not see looks as if it were not there.
fn lost(facts: &Facts) -> Option<&Gap> {
    let refused = facts.gaps().find(|gap| gap.reason == GapReason::Refused);
    refused.or_else(|| facts.on_branch.known().err().filter(|gap| gap.reason == GapReason::Missing))
}
