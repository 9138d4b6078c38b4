//! The fixed words with which every message begins.

use crate::model::plural;
use crate::policy::approval::terraform_plan;
use crate::policy::decision::{Decision, Judged, Kind, Outcome};
use crate::render::document::Tone;
use crate::render::view::View;

/// What people read for a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// cm-bot approved it.
    ApprovedAutomatically,
    /// A human approved it.
    Approved,
    /// A human must decide.
    Waiting,
    /// Something must be fixed first.
    Blocked,
    /// A service did not answer.
    CouldNotBeChecked,
    /// cm-bot itself failed.
    Failed,
    /// An emergency.
    Emergency,
    /// Somebody set the status to approved who may not.
    NotCounted,
    /// It was approved, and that does not count any more.
    Voided,
    /// A human declined it.
    Declined,
    /// It is finished.
    Closed,
    /// It is in production.
    Deployed,
    /// It was let through, and is not in production.
    NotDeployed,
    /// It was let through, and nobody has said what became of it.
    Unreported,
}

impl Verdict {
    /// The verdict for a decision of the policy.
    #[must_use]
    pub fn of(decision: &Decision) -> Verdict {
        match decision.kind() {
            Kind::Approve => Verdict::ApprovedAutomatically,
            Kind::Hold if decision.is_emergency() => Verdict::Emergency,
            Kind::Hold => Verdict::Waiting,
            Kind::Block => Verdict::Blocked,
            Kind::CouldNotCheck => Verdict::CouldNotBeChecked,
        }
    }

    /// Whether a name in our records tells how a deployment ended: nothing that comes later says more.
    #[must_use]
    pub fn is_of_a_deployment(id: &str) -> bool {
        [Verdict::Deployed, Verdict::NotDeployed, Verdict::Unreported].iter().any(|verdict| verdict.id() == id)
    }

    /// Its name in our records.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Verdict::ApprovedAutomatically => "approved-automatically",
            Verdict::Approved => "approved",
            Verdict::Waiting => "waiting",
            Verdict::Blocked => "blocked",
            Verdict::CouldNotBeChecked => "could-not-be-checked",
            Verdict::Failed => "failed",
            Verdict::Emergency => "emergency",
            Verdict::NotCounted => "not-counted",
            Verdict::Voided => "voided",
            Verdict::Declined => "declined",
            Verdict::Closed => "closed",
            Verdict::Deployed => "deployed",
            Verdict::NotDeployed => "not-deployed",
            Verdict::Unreported => "unreported",
        }
    }

    /// The mood of its panel.
    #[must_use]
    pub fn tone(self) -> Tone {
        match self {
            Verdict::ApprovedAutomatically | Verdict::Approved | Verdict::Deployed => Tone::Good,
            Verdict::Waiting | Verdict::Failed | Verdict::Unreported => Tone::Waiting,
            Verdict::Blocked
            | Verdict::Emergency
            | Verdict::Declined
            | Verdict::NotCounted
            | Verdict::Voided
            | Verdict::NotDeployed => Tone::Bad,
            Verdict::CouldNotBeChecked | Verdict::Closed => Tone::Neutral,
        }
    }

    /// The sign before it in Slack; never alone.
    #[must_use]
    pub fn emoji(self) -> &'static str {
        match self {
            Verdict::ApprovedAutomatically | Verdict::Approved => ":white_check_mark:",
            Verdict::Waiting => ":hourglass_flowing_sand:",
            Verdict::Blocked | Verdict::Declined | Verdict::NotCounted | Verdict::Voided => ":no_entry:",
            Verdict::CouldNotBeChecked | Verdict::Failed | Verdict::Unreported => ":grey_question:",
            Verdict::Emergency => ":rotating_light:",
            Verdict::Closed | Verdict::Deployed => ":checkered_flag:",
            Verdict::NotDeployed => ":x:",
        }
    }
}

/// The risky changes that a plan brings, if that is one of the reasons why people must decide.
fn paused(view: &View<'_>) -> Option<String> {
    let is_reason = |judged: &&Judged| judged.rule == terraform_plan::ID && judged.finding.outcome == Outcome::NotMet;
    view.decision.findings().iter().find(is_reason).map(|judged| judged.finding.seen.clone())
}

/// The first words of a message about a decision.
#[must_use]
pub fn title(view: &View<'_>) -> String {
    let decision = view.decision;
    match Verdict::of(decision) {
        Verdict::ApprovedAutomatically => "Approved automatically".into(),
        Verdict::Blocked => {
            let failed = decision.count(Outcome::NotMet);
            format!("Blocked: {failed} of {} failed", plural(decision.applied(), "check"))
        }
        Verdict::CouldNotBeChecked => "Could not be checked".into(),
        Verdict::Emergency => "Emergency change declared".into(),
        Verdict::Waiting => match paused(view) {
            Some(why) => format!("Deploy paused: {why}. {}", view.approvals.title()),
            None => view.approvals.title(),
        },
        Verdict::Failed
        | Verdict::Approved
        | Verdict::NotCounted
        | Verdict::Voided
        | Verdict::Declined
        | Verdict::Closed
        | Verdict::Deployed
        | Verdict::NotDeployed
        | Verdict::Unreported => view.approvals.title(),
    }
}
