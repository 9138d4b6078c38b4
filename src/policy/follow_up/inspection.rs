//! Each month some of what was approved automatically is looked at by a human, and all of what was out of the ordinary
//! (policy: inspection of automatic approvals).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::model::TicketKey;
use crate::policy::decision::{Decision, Judged, Outcome};

/// A change of the month, as far as an inspection needs to know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Its ticket.
    pub ticket: TicketKey,
    /// Who approved it.
    pub approved: ApprovedBy,
    /// Why it is inspected whatever the draw says.
    pub strata: BTreeSet<Stratum>,
}

/// What makes a change be inspected whatever the draw says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stratum {
    /// An emergency.
    Emergency,
    /// People approved although a check had not passed.
    Override,
    /// The first change of its service and environment.
    FirstDeployment,
    /// It passed by a squash, a version bump or an accepted risk instead of an ordinary review or a clean scan.
    Exemption,
    /// It was deployed without a yes of the gate.
    Orphan,
}

/// How a change came to be approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovedBy {
    /// cm-bot.
    Machine,
    /// People.
    People,
    /// Nobody.
    Nobody,
}

impl Member {
    /// Only what cm-bot approved in the ordinary way is left to chance.
    #[must_use]
    pub fn may_be_drawn(&self) -> bool {
        self.approved == ApprovedBy::Machine && self.strata.is_empty()
    }
}

impl Stratum {
    /// As people read it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Stratum::Emergency => "emergency",
            Stratum::Override => "approved against a check",
            Stratum::FirstDeployment => "first deployment",
            Stratum::Exemption => "exemption used",
            Stratum::Orphan => "deployed without the gate",
        }
    }
}

/// Why a change is inspected whatever the draw says; for most changes there is no reason.
#[must_use]
pub fn strata(decision: &Decision, by: ApprovedBy) -> BTreeSet<Stratum> {
    let finding = |id: &str| decision.findings().iter().find(|judged| judged.rule == id);
    let is = |id: &str, outcome: Outcome| finding(id).is_some_and(|judged| judged.finding.outcome == outcome);
    let reasons = [
        (Stratum::Emergency, decision.is_emergency()),
        (Stratum::Override, by == ApprovedBy::People && is_against_a_check(decision)),
        (Stratum::FirstDeployment, is("first_deployment", Outcome::NotMet)),
        (Stratum::Exemption, uses_an_exemption(decision)),
    ];
    reasons.into_iter().filter(|(_, is_so)| *is_so).map(|(stratum, _)| stratum).collect()
}

/// What only says that people have to decide is not overridden by their decision.
fn is_against_a_check(decision: &Decision) -> bool {
    let asks_people = ["change_class", "first_deployment", "pending_sibling"];
    decision.problems().iter().any(|judged| !asks_people.contains(&judged.rule))
}

/// A rule that is met in the ordinary way has nothing to explain. What passed otherwise is named in its details.
fn uses_an_exemption(decision: &Decision) -> bool {
    let explains = |judged: &Judged| judged.finding.outcome == Outcome::Met && !judged.finding.details.is_empty();
    decision.findings().iter().any(explains)
}

/// What can be said of all changes that might have been drawn, from those that were looked at.
///
/// `inspected` of them were drawn, `deviating` were not as they should be. The bound is that of Clopper and Pearson, one-sided,
/// for a population so large that drawing changes nothing; for a smaller one the truth is better.
#[must_use]
pub fn statement(inspected: usize, deviating: usize) -> String {
    if inspected == 0 {
        return "Nothing was drawn, so nothing can be said.".into();
    }
    let bound = |confidence| upper_bound((inspected, deviating), confidence) * 100.0;
    let found = match deviating {
        0 => "no deviation was found".to_owned(),
        1 => "1 deviation was found".to_owned(),
        more => format!("{more} deviations were found"),
    };
    format!(
        "In {inspected} drawn at random {found}: with 90 % confidence at most {:.1} % of the automatically approved changes \
         deviate, with 95 % at most {:.1} %.",
        bound(0.90),
        bound(0.95)
    )
}

/// The largest rate of deviations with which so few would still be found with a chance of `1 - confidence`.
fn upper_bound((inspected, deviating): (usize, usize), confidence: f64) -> f64 {
    if deviating >= inspected {
        return 1.0;
    }
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let rate = f64::midpoint(low, high);
        if chance_of_at_most((inspected, deviating), rate) > 1.0 - confidence { low = rate } else { high = rate }
    }
    high
}

/// The chance of at most `deviating` in `inspected`, when each deviates with this chance.
#[expect(clippy::cast_precision_loss, reason = "nobody inspects 2^52 changes")]
fn chance_of_at_most((inspected, deviating): (usize, usize), rate: f64) -> f64 {
    let mut term = (1.0 - rate).powf(inspected as f64);
    let mut sum = term;
    for count in 1..=deviating {
        term *= (inspected - count + 1) as f64 / count as f64 * rate / (1.0 - rate);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_said_grows_with_what_was_looked_at() {
        assert_eq!(
            statement(25, 0),
            "In 25 drawn at random no deviation was found: with 90 % confidence at most 8.8 % of the automatically approved \
             changes deviate, with 95 % at most 11.3 %."
        );
        assert!(statement(45, 0).contains("with 90 % confidence at most 5.0 %"));
        assert!(statement(59, 0).contains("with 95 % at most 5.0 %"));
        assert_eq!(statement(0, 0), "Nothing was drawn, so nothing can be said.");
    }

    /// By the table of Clopper and Pearson, one-sided 95 %: 1 of 10 is 39.4 %, 2 of 10 is 50.7 %.
    #[test]
    fn a_deviation_widens_the_bound() {
        assert!((upper_bound((10, 1), 0.95) - 0.3942).abs() < 0.0001);
        assert!((upper_bound((10, 2), 0.95) - 0.5069).abs() < 0.0001);
        assert!((upper_bound((10, 10), 0.95) - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn each_reason_has_its_words() {
        let all = [
            (Stratum::Emergency, "emergency"),
            (Stratum::Override, "approved against a check"),
            (Stratum::FirstDeployment, "first deployment"),
            (Stratum::Exemption, "exemption used"),
            (Stratum::Orphan, "deployed without the gate"),
        ];
        all.into_iter().for_each(|(stratum, words)| assert_eq!(stratum.title(), words));
    }
}
