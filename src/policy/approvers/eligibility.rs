//! Whose word counts (policy: separation of duties). Nobody approves what they asked for, worked on or deploy; a machine,
//! somebody who has left and somebody whom nobody knows approve nothing.
//!
//! Nor does anybody approve a ticket that they made: whoever makes one can name somebody else as its requester. And whoever
//! declares an emergency asks for it, whomever Jira takes as the reporter of the ticket that cm-bot makes.

use std::collections::{BTreeMap, BTreeSet};

use super::matrix::Matrix;
use crate::model::{AccountId, AccountState, Person, Ticket, listed};
use crate::policy::criteria::{Criteria, Seat};
use crate::policy::decision::Decision;
use crate::policy::evidence;
use crate::policy::facts::{Facts, Gap};

/// A ticket whose approvals are judged.
#[derive(Debug, Clone)]
pub struct Case<'a> {
    /// The ticket as it was read a moment ago.
    pub ticket: &'a Ticket,
    /// What cm-bot decided about it.
    pub decision: &'a Decision,
    /// The criteria in force.
    pub criteria: &'a Criteria,
    /// Whom the change wants.
    pub matrix: Matrix,
    /// Accounts as Jira shows them now.
    pub accounts: &'a Accounts,
    worked: Result<BTreeSet<String>, Gap>,
    deployers: BTreeSet<String>,
    declarer: Option<String>,
}

/// The accounts that our records name beside those of the ticket, and that approve it as little.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Involved {
    /// Who asked the gate to deploy it.
    pub deployers: Vec<AccountId>,
    /// Who declared its emergency, if it is one. Its ticket may be made in the name of cm-bot.
    pub declarer: Option<AccountId>,
}

/// What Jira says of the accounts of those who did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accounts {
    /// Nobody asked: good enough to show how a ticket stands, and never to approve it.
    NotAsked,
    /// As they are; whoever is not here is not known.
    Asked(BTreeMap<AccountId, AccountState>),
}

impl<'a> Case<'a> {
    /// A ticket with everything that speaks for or against those who approve it.
    #[must_use]
    pub fn of(
        (ticket, facts, decision): (&'a Ticket, &'a Facts, &'a Decision),
        criteria: &'a Criteria,
        accounts: &'a Accounts,
        involved: &Involved,
    ) -> Case<'a> {
        let name = |account: &AccountId| criteria.people.by_jira(account).map(|person| person.name.clone());
        Case {
            ticket,
            decision,
            criteria,
            matrix: Matrix::of(facts, decision, criteria),
            accounts,
            worked: worked(facts, criteria),
            deployers: involved.deployers.iter().filter_map(name).collect(),
            declarer: involved.declarer.as_ref().and_then(name),
        }
    }

    /// Who may approve, and may do it now.
    ///
    /// # Errors
    /// With the sentence that says why the word of this account does not count.
    pub fn approver(&self, account: Option<&AccountId>) -> Result<&'a Person, String> {
        let person = self.admitted(account)?;
        match &self.worked {
            Err(gap) => Err(format!("Nobody can say yet whether {} worked on this change: {gap}.", person.name)),
            Ok(_) => Ok(person),
        }
    }

    /// Who may approve as far as anybody knows now: what is not known yet may still speak against it.
    ///
    /// # Errors
    /// As [`Case::approver`].
    pub fn admitted(&self, account: Option<&AccountId>) -> Result<&'a Person, String> {
        let person = self.human(account)?;
        self.objection(person).map_or(Ok(person), Err)
    }

    /// Who may decline: everybody with one of the roles, whatever they did. Nobody needs protection from a no.
    ///
    /// # Errors
    /// As [`Case::approver`].
    pub fn decliner(&self, account: Option<&AccountId>) -> Result<&'a Person, String> {
        let person = self.human(account)?;
        match self.fits(person).is_empty() {
            true => Err(self.has_no_role(person)),
            false => Ok(person),
        }
    }

    /// Everybody who may approve, in the order of the people file.
    #[must_use]
    pub fn everybody(&self) -> Vec<&'a Person> {
        self.criteria.people.everybody().iter().filter(|person| self.objection(person).is_none()).collect()
    }

    /// The seats that somebody could fill. Who has two accounts, each with roles, is one person with all of them.
    #[must_use]
    pub fn fits(&self, person: &Person) -> Vec<usize> {
        self.matrix.seats_of(&person.name, &self.criteria.people)
    }

    /// `Security Lead or Engineering Lead`: the titles of the seats that somebody could fill.
    #[must_use]
    pub fn roles_of(&self, person: &Person) -> String {
        let seats = self.matrix.seats();
        let mut titles: Vec<String> =
            self.fits(person).into_iter().filter_map(|place| seats.get(place)).map(Seat::title).collect();
        titles.dedup();
        listed(&titles, "or")
    }

    fn human(&self, account: Option<&AccountId>) -> Result<&'a Person, String> {
        let Some(account) = account else { return Err("Jira does not say who approved it.".into()) };
        let state = match self.accounts {
            Accounts::NotAsked => AccountState::Active,
            Accounts::Asked(states) => states.get(account).copied().unwrap_or(AccountState::NotKnown),
        };
        if state == AccountState::NotHuman {
            return Err("That was an app or a rule in Jira, and only people approve.".into());
        }
        let Some(person) = self.criteria.people.by_jira(account) else {
            return Err("The Jira account that approved it is not in the people file.".into());
        };
        match state {
            AccountState::Active => Ok(person),
            AccountState::Deactivated => Err(format!("The Jira account of {} is deactivated.", person.name)),
            AccountState::NotHuman | AccountState::NotKnown => {
                Err(format!("Jira does not say whether the account of {} is in use.", person.name))
            }
        }
    }

    fn objection(&self, person: &Person) -> Option<String> {
        let (name, ticket) = (&person.name, self.ticket);
        let instead = "so somebody else has to approve it.";
        if self.is_of(person, ticket.requester.as_ref()) {
            return Some(format!("{name} requested this change, {instead}"));
        }
        if self.is_of(person, ticket.creator.as_ref()) {
            return Some(format!("{name} created the ticket, {instead}"));
        }
        if self.declarer.as_ref() == Some(name) {
            return Some(format!("{name} declared this emergency, {instead}"));
        }
        if self.worked.as_ref().is_ok_and(|names| names.contains(name)) {
            return Some(format!("{name} worked on this change, {instead}"));
        }
        if self.deployers.contains(name) {
            return Some(format!("{name} deploys this change, {instead}"));
        }
        self.fits(person).is_empty().then(|| self.has_no_role(person))
    }

    /// Whether an account is one of a person's.
    fn is_of(&self, person: &Person, account: Option<&AccountId>) -> bool {
        let owner = account.and_then(|account| self.criteria.people.by_jira(account));
        account == Some(&person.jira) || owner.is_some_and(|owner| owner.name == person.name)
    }

    fn has_no_role(&self, person: &Person) -> String {
        format!("{} has none of the roles that may approve ({}).", person.name, self.matrix.title())
    }
}

/// The names of all who worked on the change. What will be known later is waited for; where nothing more can be known,
/// people decide with what there is.
fn worked(facts: &Facts, criteria: &Criteria) -> Result<BTreeSet<String>, Gap> {
    if facts.head().is_none() {
        return Ok(BTreeSet::new());
    }
    match evidence::overview::hands_in(facts, criteria) {
        Ok(names) => Ok(names.unwrap_or_default()),
        Err(_) => match awaited(facts) {
            Some(gap) => Err(gap.clone()),
            None => Ok(evidence::contributors(facts, criteria)),
        },
    }
}

fn awaited(facts: &Facts) -> Option<&Gap> {
    let single = [facts.baseline.known().err(), facts.range.known().err(), facts.pull_requests.known().err()];
    single.into_iter().flatten().chain(facts.objects.gaps.values()).find(|gap| gap.passes())
}
