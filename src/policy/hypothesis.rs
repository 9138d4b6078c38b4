//! What criteria that nobody has signed yet would say. It is no decision, and there is no way from it to an approval.

use crate::policy::approval::{change_class, signed_criteria};
use crate::policy::criteria::{Criteria, Mode};
use crate::policy::decision::{Judged, Kind, is_clean, judge, problems, without_approval};
use crate::policy::facts::Facts;
use crate::policy::{RULES, Rule};

/// What would become of a ticket.
#[derive(Debug, Clone)]
pub struct Hypothesis {
    /// What would become of it.
    pub kind: Kind,
    findings: Vec<Judged>,
}

/// Judges a ticket by every rule but the one that asks for the signature.
#[must_use]
pub fn as_if_signed(facts: &Facts, criteria: &Criteria) -> Hypothesis {
    let asks_for_more = |rule: &&Rule| rule.id != signed_criteria::ID;
    let findings: Vec<Judged> = RULES.iter().filter(asks_for_more).map(|rule| judge(rule, facts, criteria)).collect();
    let emergency = change_class::is_emergency(&facts.ticket, criteria);
    let approves = is_clean(&findings) && !emergency && facts.head().is_some() && criteria.terms.mode == Mode::Approve;
    let kind = if approves { Kind::Approve } else { without_approval(&findings, emergency) };
    Hypothesis { kind, findings }
}

impl Hypothesis {
    /// What would stand in the way, that which can be fixed first.
    #[must_use]
    pub fn problems(&self) -> Vec<&Judged> {
        problems(&self.findings)
    }
}
