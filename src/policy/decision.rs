//! What comes out: findings that explain themselves, and the decision that they add up to.

use serde::Serialize;

use crate::model::{CommitSha, Text, TicketKey, Timestamp};
use crate::policy::criteria::{Criteria, Mode, SignedBy};
use crate::policy::evidence::overview;
use crate::policy::facts::{Facts, Gap, GapReason};
use crate::policy::{Duty, Rule, approval};

/// What one rule says of one ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The answer to the rule's question.
    pub outcome: Outcome,
    /// What was seen, in a few words.
    pub seen: String,
    /// The sentence that people read first; the same as `seen` when nothing is wrong.
    pub headline: String,
    /// The things that it is about: which commit, which field, which finding; expected and found.
    pub details: Vec<Text>,
    /// What must happen next, and by whom.
    pub todo: Option<Todo>,
}

/// The answers that a rule can give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is so.
    Met,
    /// It is not so.
    NotMet,
    /// The rule says nothing about this ticket, and that is proven.
    NotApplicable,
    /// It could not be found out. Never a yes.
    Unknown,
}

/// What must happen next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Todo {
    /// Who can do it.
    pub by: By,
    /// What to do, as an order.
    pub text: Text,
}

/// Who can bring a finding out of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Those who work on the change: something must be fixed.
    Requester,
    /// An approver: a human must decide.
    Approver,
    /// Nobody: it is tried again.
    Time,
}

/// A rule and what it found.
#[derive(Debug, Clone, Serialize)]
pub struct Judged {
    /// The rule's id.
    pub rule: &'static str,
    /// The rule's title.
    pub title: &'static str,
    /// What it found.
    pub finding: Finding,
}

/// What becomes of the ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Every criterion is met, and the criteria allow cm-bot to approve.
    Approve,
    /// A human must decide.
    Hold,
    /// Something must be fixed first.
    Block,
    /// Something could not be found out for now; it is tried again.
    CouldNotCheck,
}

/// Whether one commit may go to production, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CommitVerdict {
    /// The commit.
    pub sha: CommitSha,
    /// The first line of its message.
    pub headline: String,
    /// Who wrote it.
    pub author: String,
    /// The pull request that brought it, if one did.
    pub pull_request: Option<u64>,
    /// Whether it may pass.
    pub outcome: Outcome,
    /// Who reviewed it, or why it may not pass.
    pub reason: String,
}

/// An approval of a pull request that does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IgnoredApproval {
    /// The pull request.
    pub pull_request: u64,
    /// Who approved it.
    pub reviewer: String,
    /// Why that does not count.
    pub reason: String,
}

/// The decision about one ticket. Only [`crate::policy::evaluate`] makes one.
#[derive(Debug, Clone, Serialize)]
pub struct Decision {
    kind: Kind,
    emergency: bool,
    recommended: bool,
    findings: Vec<Judged>,
    commits: Vec<CommitVerdict>,
    ignored: Vec<IgnoredApproval>,
    criteria_version: String,
    criteria_digest: String,
    signed: Option<SignedBy>,
    fingerprint: String,
    #[serde(skip)]
    approval: Option<AutoApproval>,
}

/// The right to approve one ticket automatically. Nothing outside `policy` can make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutoApproval {
    ticket: TicketKey,
    commit: CommitSha,
    fingerprint: String,
    given_at: Timestamp,
}

impl Finding {
    /// The rule is met.
    #[must_use]
    pub fn met(seen: impl Into<String>) -> Finding {
        Finding::plain(Outcome::Met, seen.into())
    }

    /// The rule says nothing about this ticket.
    #[must_use]
    pub fn not_applicable(why: impl Into<String>) -> Finding {
        Finding::plain(Outcome::NotApplicable, why.into())
    }

    /// The rule is not met; `headline` is a sentence, `seen` a few words.
    #[must_use]
    pub fn not_met(seen: impl Into<String>, headline: impl Into<String>, todo: Todo) -> Finding {
        Finding {
            outcome: Outcome::NotMet,
            seen: seen.into(),
            headline: headline.into(),
            details: Vec::new(),
            todo: Some(todo),
        }
    }

    /// Something that the rule needs is not known.
    #[must_use]
    pub fn unknown(gap: &Gap) -> Finding {
        let todo = if gap.passes() {
            Todo { by: By::Time, text: "nothing; cm-bot tries again by itself.".into() }
        } else if gap.reason == GapReason::TooDear {
            let setting = format!("{}.requests_per_ticket", gap.source.section());
            let raise = format!("for changes of this size the operator of cm-bot raises {setting}.");
            Todo::decide(format!("an approver decides; {raise}"))
        } else {
            Todo::decide("an approver decides, or the cause is removed and the ticket is checked again.")
        };
        let sentence = gap.to_string();
        Finding {
            outcome: Outcome::Unknown,
            headline: format!("{sentence}."),
            seen: sentence,
            details: Vec::new(),
            todo: Some(todo),
        }
    }

    /// Adds the things that it is about.
    #[must_use]
    pub fn about(mut self, details: Vec<Text>) -> Finding {
        self.details = details;
        self
    }

    fn plain(outcome: Outcome, seen: String) -> Finding {
        Finding { outcome, headline: seen.clone(), seen, details: Vec::new(), todo: None }
    }

    fn is_in_the_way_of(&self, by: By) -> bool {
        self.todo.as_ref().is_some_and(|todo| todo.by == by)
    }
}

impl Todo {
    /// Those who work on the change must fix something.
    #[must_use]
    pub fn fix(text: impl Into<Text>) -> Todo {
        Todo { by: By::Requester, text: text.into() }
    }

    /// A human must decide.
    #[must_use]
    pub fn decide(text: impl Into<Text>) -> Todo {
        Todo { by: By::Approver, text: text.into() }
    }
}

impl Outcome {
    /// Whether it stands in the way of an approval.
    #[must_use]
    pub fn stops(self) -> bool {
        match self {
            Outcome::Met | Outcome::NotApplicable => false,
            Outcome::NotMet | Outcome::Unknown => true,
        }
    }
}

impl Decision {
    /// Adds the findings up. There is no way from no findings, or from findings none of which is a yes, to an approval.
    pub(in crate::policy) fn of(findings: Vec<Judged>, facts: &Facts, criteria: &Criteria, now: Timestamp) -> Decision {
        let emergency = approval::change_class::is_emergency(&facts.ticket, criteria);
        let earned = is_clean(&findings) && !emergency;
        let signed = criteria.standing_at(now).ok();
        let (recommended, approval) = match criteria.terms.mode {
            Mode::Approve if earned => (false, signed.as_ref().and_then(|signed| AutoApproval::of(facts, signed, now))),
            Mode::Recommend => (earned && facts.head().is_some(), None),
            Mode::Approve | Mode::Off => (false, None),
        };
        Decision {
            kind: if approval.is_some() { Kind::Approve } else { without_approval(&findings, emergency) },
            emergency,
            recommended,
            findings,
            commits: overview::commit_verdicts(facts, criteria),
            ignored: overview::ignored_approvals(facts, criteria),
            criteria_version: criteria.terms.version.clone(),
            criteria_digest: criteria.digest.clone(),
            signed,
            fingerprint: facts.ticket.fingerprint(),
            approval,
        }
    }

    /// What becomes of the ticket.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether the ticket declares an emergency.
    #[must_use]
    pub fn is_emergency(&self) -> bool {
        self.emergency
    }

    /// Whether everything is met, but the criteria want a human to approve.
    #[must_use]
    pub fn is_recommended(&self) -> bool {
        self.recommended
    }

    /// What every rule found, in the order of the table of rules.
    #[must_use]
    pub fn findings(&self) -> &[Judged] {
        &self.findings
    }

    /// The verdict on each commit of the range.
    #[must_use]
    pub fn commits(&self) -> &[CommitVerdict] {
        &self.commits
    }

    /// Approvals of pull requests that do not count.
    #[must_use]
    pub fn ignored(&self) -> &[IgnoredApproval] {
        &self.ignored
    }

    /// The edition of the criteria.
    #[must_use]
    pub fn criteria_version(&self) -> &str {
        &self.criteria_version
    }

    /// The digest of the criteria and people files.
    #[must_use]
    pub fn criteria_digest(&self) -> &str {
        &self.criteria_digest
    }

    /// Who vouched for the criteria when it was made.
    #[must_use]
    pub fn signed(&self) -> Option<&SignedBy> {
        self.signed.as_ref()
    }

    /// The fingerprint of the ticket that was judged.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The right to approve, if this decision gives it.
    #[must_use]
    pub fn auto_approval(&self) -> Option<&AutoApproval> {
        self.approval.as_ref()
    }

    /// Findings that stand in the way, those that can be fixed first.
    #[must_use]
    pub fn problems(&self) -> Vec<&Judged> {
        problems(&self.findings)
    }

    /// How many rules have this outcome.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        self.findings.iter().filter(|judged| judged.finding.outcome == outcome).count()
    }

    /// How many rules had something to say.
    #[must_use]
    pub fn applied(&self) -> usize {
        self.findings.len() - self.count(Outcome::NotApplicable)
    }

    /// Whether something may become known by asking again, without anybody acting.
    #[must_use]
    pub fn waits_for_time(&self) -> bool {
        self.findings.iter().any(|judged| judged.finding.is_in_the_way_of(By::Time))
    }
}

impl AutoApproval {
    /// Nobody can ask for one without the proof that the criteria were signed.
    fn of(facts: &Facts, _signed: &SignedBy, now: Timestamp) -> Option<AutoApproval> {
        Some(AutoApproval {
            ticket: facts.ticket.key.clone(),
            commit: facts.head()?,
            fingerprint: facts.ticket.fingerprint(),
            given_at: now,
        })
    }

    /// The ticket that may be approved.
    #[must_use]
    pub fn ticket(&self) -> &TicketKey {
        &self.ticket
    }

    /// The commit that may be deployed.
    #[must_use]
    pub fn commit(&self) -> &CommitSha {
        &self.commit
    }

    /// The fingerprint that the ticket must still have.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// When it was given.
    #[must_use]
    pub fn given_at(&self) -> Timestamp {
        self.given_at
    }
}

/// No rule stands in the way, and at least one said yes.
pub(in crate::policy) fn is_clean(findings: &[Judged]) -> bool {
    let nothing_stops = findings.iter().all(|judged| !judged.finding.outcome.stops());
    let something_was_met = findings.iter().any(|judged| judged.finding.outcome == Outcome::Met);
    nothing_stops && something_was_met
}

/// Findings that stand in the way, those that can be fixed first.
pub(in crate::policy) fn problems(findings: &[Judged]) -> Vec<&Judged> {
    let mut problems: Vec<&Judged> = findings.iter().filter(|judged| judged.finding.outcome.stops()).collect();
    problems.sort_by_key(|judged| match judged.finding.todo.as_ref().map(|todo| todo.by) {
        Some(By::Requester) => 0,
        Some(By::Approver) => 1,
        Some(By::Time) | None => 2,
    });
    problems
}

/// What becomes of a ticket that is not approved by itself.
pub(in crate::policy) fn without_approval(findings: &[Judged], emergency: bool) -> Kind {
    let any = |by| findings.iter().any(|judged| judged.finding.is_in_the_way_of(by));
    if emergency {
        Kind::Hold
    } else if any(By::Requester) {
        Kind::Block
    } else if any(By::Time) {
        Kind::CouldNotCheck
    } else {
        Kind::Hold
    }
}

/// Runs one rule, unless the criteria switched it off.
pub(in crate::policy) fn judge(rule: &Rule, facts: &Facts, criteria: &Criteria) -> Judged {
    let off = rule.duty == Duty::Optional && !criteria.demands(rule.id);
    let finding = if off {
        Finding::not_applicable("switched off by the criteria")
    } else if approval::change_class::is_beside_the_point(rule.id, &facts.ticket, criteria) {
        Finding::not_applicable("a change of this class brings no code")
    } else {
        (rule.check)(facts, criteria)
    };
    Judged { rule: rule.id, title: rule.title, finding }
}
