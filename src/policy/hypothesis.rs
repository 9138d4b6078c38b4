//! What criteria that nobody has signed yet would say, and what would be if somebody had reviewed something. It is no decision,
//! and there is no way from it to an approval.

use crate::model::{Account, AccountKind, Opinion, Person, Review, SeenReview};
use crate::policy::approval::{change_class, signed_criteria};
use crate::policy::criteria::{Criteria, Mode};
use crate::policy::decision::{Judged, Kind, is_clean, judge, problems, without_approval};
use crate::policy::facts::{Fact, Facts};
use crate::policy::{RULES, Rule};

/// The id of a review that nobody wrote.
const SUPPOSED: &str = "supposed";

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

/// The facts as they would be if somebody approved a pull request now, at its last commit, and cm-bot heard of it.
///
/// Nothing when the change has no such pull request, or the people file knows no account of that person there.
#[must_use]
pub fn if_approved(facts: &Facts, number: u64, by: &Person) -> Option<Facts> {
    let mut facts = facts.clone();
    let id = by.account_at(facts.forge())?;
    let Fact::Known(pull_requests) = &mut facts.pull_requests else { return None };
    let pull_request = pull_requests.by_number.get_mut(&number)?;
    let (head, at) = (pull_request.head.clone(), facts.gathered_at);
    let author = Account { id, login: by.name.clone(), kind: AccountKind::User };
    pull_request.reviews.push(Review {
        id: SUPPOSED.into(),
        author: Some(author),
        opinion: Opinion::Approved,
        submitted_at: at,
        commit: Some(head.clone()),
        may_push: true,
        text: String::new(),
        edited_at: None,
    });
    let seen = SeenReview { id: SUPPOSED.into(), commit: head, submitted_at: at, received_at: at };
    pull_request.ledger.reviews.push(seen);
    Some(facts)
}

impl Hypothesis {
    /// What would stand in the way, that which can be fixed first.
    #[must_use]
    pub fn problems(&self) -> Vec<&Judged> {
        problems(&self.findings)
    }
}
