//! The plan that is applied is the plan that was judged, and every risky change in it was approved (policy: infrastructure
//! changes).

use std::collections::BTreeSet;

use super::{Denial, Reason};
use crate::model::{ServiceName, Text, plural, shortened};
use crate::policy::plan::{PlanRisk, RiskItem};

/// What there is of a Terraform plan when its run asks.
#[derive(Debug, Clone, Default)]
pub struct Planned<'a> {
    /// The newest plan that this run has sent.
    pub sent: Option<&'a PlanRisk>,
    /// The SHA-256 of the plan that the run says it applies now.
    pub applied: Option<&'a str>,
    /// The ids of the risky changes at which those who approved have looked.
    pub approved: BTreeSet<String>,
    /// Whether the pipelines of the service apply plans, so that there has to be one.
    pub is_wanted: bool,
}

/// Most changes that are named in an answer.
const MOST_NAMED: usize = 20;

/// Denies a run whose plan is not the one that was judged.
#[must_use]
pub fn other_plan(planned: &Planned<'_>, service: &ServiceName) -> Option<Denial> {
    let (judged, applied) = (planned.sent.map(|plan| plan.digest.as_str()), planned.applied);
    match (judged, applied) {
        (None, None) if planned.is_wanted => Some(Denial {
            reason: Reason::PlanMissing,
            headline: format!("{service} applies Terraform plans, and this run has sent none."),
            details: Vec::new(),
            todo: "send it with `cm-bot gate plan`, before the ticket is approved.".into(),
        }),
        (None, None) => None,
        (Some(judged), Some(applied)) if judged == applied => None,
        (judged, applied) => Some(Denial {
            reason: Reason::BuildMismatch,
            headline: "The plan that is to be applied is not the one that was judged.".into(),
            details: vec![difference(judged, applied)],
            todo: "send the plan with `cm-bot gate plan`, and name the same file with `cm-bot gate consume --plan`."
                .into(),
        }),
    }
}

fn difference(judged: Option<&str>, applied: Option<&str>) -> Text {
    let sha256 =
        |digest: Option<&str>| digest.map_or("none".to_owned(), |digest| format!("sha256 {}", shortened(digest, 64)));
    Text::from(format!("The plan: {} was judged, this run names {}.", sha256(judged), sha256(applied)))
}

/// Denies a plan with a risky change at which nobody has looked who approved.
pub(super) fn not_approved(planned: &Planned<'_>) -> Option<Denial> {
    let open: Vec<&RiskItem> = planned.sent?.not_covered(&planned.approved).collect();
    if open.is_empty() {
        return None;
    }
    let mut details: Vec<Text> = open.iter().take(MOST_NAMED).map(|item| item.sentence()).collect();
    if open.len() > MOST_NAMED {
        details.push(format!("and {} more", open.len() - MOST_NAMED).into());
    }
    Some(Denial {
        reason: Reason::PlanNotApproved,
        headline: format!("The plan has {} that nobody has approved.", plural(open.len(), "risky change")),
        details,
        todo: "wait: the ticket goes back to review, and an approver looks at the plan.".into(),
    })
}
