//! What every message about a decision needs to know.

use crate::model::{Deciding, DecisionId, Field, People, Person, Ticket, TicketKey, Timestamp, shortened};
use crate::policy::approvers::Approvals;
use crate::policy::criteria::Terms;
use crate::policy::decision::{By, Decision, Finding, Outcome};
use crate::policy::facts::Facts;

/// A decision with everything around it that people read.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The facts that were judged.
    pub facts: &'a Facts,
    /// The decision.
    pub decision: &'a Decision,
    /// Who has approved, and who is missing.
    pub approvals: &'a Approvals,
    /// Its id.
    pub record: DecisionId,
    /// Which evaluation of the ticket it is, from 1.
    pub evaluation: i64,
    /// When it was made.
    pub at: Timestamp,
    /// Who is who.
    pub people: &'a People,
    /// The criteria's words, for whom to tell.
    pub terms: &'a Terms,
    /// Where things are.
    pub links: &'a Links,
    /// The parts that stood in the way at that time.
    pub troubles: &'a [String],
}

/// One thing that stands in the way. Several rules that miss the same fact are one problem to a reader.
#[derive(Debug, Clone, Copy)]
pub struct Problem<'a> {
    /// The finding, of the first rule that has it.
    pub finding: &'a Finding,
    /// How many rules have it.
    pub rules: usize,
}

/// Where people find things. Built from the settings, never from a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    /// Jira's address for people.
    pub jira: String,
    /// cm-bot's own address.
    pub own: String,
    /// Where people decide beside Jira.
    pub deciding: Deciding,
}

impl Links {
    /// The ticket in Jira.
    #[must_use]
    pub fn ticket(&self, ticket: &Ticket) -> String {
        self.ticket_of(&ticket.key)
    }

    /// The ticket of this key in Jira.
    #[must_use]
    pub fn ticket_of(&self, key: &TicketKey) -> String {
        format!("{}/browse/{key}", self.jira)
    }

    /// The evidence page of the ticket.
    #[must_use]
    pub fn evidence(&self, ticket: &Ticket) -> String {
        self.evidence_of(&ticket.key)
    }

    /// The evidence page of the ticket with this key.
    #[must_use]
    pub fn evidence_of(&self, key: &TicketKey) -> String {
        format!("{}/changes/{key}", self.own)
    }
}

impl Problem<'_> {
    /// The sentence that people read first.
    #[must_use]
    pub fn headline(&self) -> String {
        match self.rules {
            1 => self.finding.headline.clone(),
            rules => format!("{} {rules} checks rest on this.", self.finding.headline),
        }
    }

    /// Who can bring it out of the way.
    #[must_use]
    pub fn by(&self) -> Option<By> {
        self.finding.todo.as_ref().map(|todo| todo.by)
    }
}

impl<'a> View<'a> {
    /// What stands in the way, that which can be fixed first.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem<'a>> {
        let mut problems: Vec<Problem<'a>> = Vec::new();
        for judged in self.decision.problems() {
            let finding = &judged.finding;
            let same = |known: &&mut Problem<'_>| known.finding.headline == finding.headline;
            match problems.iter_mut().find(same) {
                Some(known) => known.rules += 1,
                None => problems.push(Problem { finding, rules: 1 }),
            }
        }
        problems
    }

    /// The ticket.
    #[must_use]
    pub fn ticket(&self) -> &'a Ticket {
        &self.facts.ticket
    }

    /// `billing-api to prod-us`, in the ticket's own words when it is not registered.
    #[must_use]
    pub fn subject(&self) -> String {
        subject(self.facts)
    }

    /// `build 1871 of commit 9f3c2ab`, as far as the ticket says.
    #[must_use]
    pub fn build(&self) -> String {
        build(self.facts)
    }

    /// When the ticket was declared to us: from then the time to document an emergency runs.
    #[must_use]
    pub fn declared(&self) -> Timestamp {
        self.facts.first_seen.unwrap_or(self.at)
    }

    /// The person who asked for the change, if the people file knows the account.
    #[must_use]
    pub fn requester(&self) -> Option<&'a Person> {
        self.ticket().requester.as_ref().and_then(|account| self.people.by_jira(account))
    }

    /// The requester's name.
    #[must_use]
    pub fn requester_name(&self) -> String {
        let from_jira = || shortened(&self.ticket().requester_name, 60);
        self.requester().map_or_else(from_jira, |person| person.name.clone())
    }

    /// Whom the ticket waits for: everybody who could fill a role that is missing. When nobody is left who could, those
    /// whom the criteria want to be told of it.
    #[must_use]
    pub fn approvers(&self) -> Vec<&'a Person> {
        let wanted = self.approvals.wanted();
        if wanted.is_empty() { self.people.with_any_role(&self.terms.notify.held).collect() } else { wanted }
    }

    /// `12 of 12 checks passed`.
    #[must_use]
    pub fn passed(&self) -> String {
        format!("{} of {} checks passed", self.decision.count(Outcome::Met), self.decision.applied())
    }

    /// `evaluation 3 · criteria v7, signed by Alex Silva on 2026-11-02`.
    #[must_use]
    pub fn stamp(&self) -> String {
        let signed = self.decision.signed().map_or_else(|| "not signed".to_owned(), ToString::to_string);
        format!("evaluation {} · criteria {}, {signed}", self.evaluation, self.decision.criteria_version())
    }
}

/// `billing-api to prod-us`, in the ticket's own words when it is not registered.
#[must_use]
pub fn subject(facts: &Facts) -> String {
    match facts.placement.scope() {
        Some(scope) => scope.to_string(),
        None => shortened(&facts.ticket.summary, 80),
    }
}

/// `build 1871 of commit 9f3c2ab`, as far as the ticket says.
#[must_use]
pub fn build(facts: &Facts) -> String {
    let commit = facts.head().map(|head| format!("commit {}", head.short()));
    let number = facts.ticket.field(Field::BuildNumber).map(|number| format!("build {}", shortened(number, 30)));
    match (number, commit) {
        (Some(build), Some(commit)) => format!("{build} of {commit}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => "no build named".into(),
    }
}

/// The outcome as the word in a lozenge.
#[must_use]
pub fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Met => "PASSED",
        Outcome::NotMet => "FAILED",
        Outcome::NotApplicable => "SKIPPED",
        Outcome::Unknown => "UNKNOWN",
    }
}
