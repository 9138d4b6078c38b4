//! Which roles must approve a change: those of the criteria, and more for what it touches (policy: approver matrix).
//!
//! What is not known about a change counts as if it asked for more.

use crate::model::{People, Person, RoleName};
use crate::policy::criteria::{Criteria, MoreApprovers, Seat, class_of};
use crate::policy::decision::Decision;
use crate::policy::evidence::{Case, look::Look, overview::net_changes};
use crate::policy::facts::Facts;
use crate::policy::paths::PathPatterns;

/// The seats that have to be filled, each by another person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    seats: Vec<Seat>,
}

impl Matrix {
    /// Whom a change wants.
    #[must_use]
    pub fn of(facts: &Facts, decision: &Decision, criteria: &Criteria) -> Matrix {
        let more = criteria.terms.approvers.more.iter();
        Matrix::from(criteria, more.filter(|block| concerns(block, facts, decision, criteria)))
    }

    /// Whom every change wants, whatever it touches.
    #[must_use]
    pub fn of_any(criteria: &Criteria) -> Matrix {
        Matrix::from(criteria, std::iter::empty())
    }

    fn from<'a>(criteria: &'a Criteria, more: impl Iterator<Item = &'a MoreApprovers>) -> Matrix {
        let base = &criteria.terms.approvers;
        let mut seats: Vec<Seat> = Vec::new();
        let mut least = base.least.max(1);
        add(&mut seats, &base.roles);
        for block in more {
            least = least.max(block.least);
            add(&mut seats, &block.roles);
        }
        let anybody = anybody(&seats);
        while seats.len() < least {
            seats.push(anybody.clone());
        }
        Matrix { seats }
    }

    /// The seats.
    #[must_use]
    pub fn seats(&self) -> &[Seat] {
        &self.seats
    }

    /// `Security Lead, Engineering Lead`.
    #[must_use]
    pub fn title(&self) -> String {
        self.seats.iter().map(Seat::title).collect::<Vec<_>>().join(", ")
    }

    /// The seats that somebody of this name could fill, with the roles of all blocks that are theirs.
    #[must_use]
    pub fn seats_of(&self, name: &str, people: &People) -> Vec<usize> {
        let blocks: Vec<&Person> = people.everybody().iter().filter(|person| person.name == name).collect();
        let has = |role: &RoleName| blocks.iter().any(|person| person.roles.contains(role));
        let fits = |seat: &Seat| seat.roles().iter().any(has);
        self.seats.iter().enumerate().filter(|(_, seat)| fits(seat)).map(|(place, _)| place).collect()
    }
}

/// Adds seats that are not there as often as they are wanted.
fn add(seats: &mut Vec<Seat>, wanted: &[Seat]) {
    for seat in wanted {
        let count = |list: &[Seat]| list.iter().filter(|one| *one == seat).count();
        if count(seats) < count(wanted) {
            seats.push(seat.clone());
        }
    }
}

/// A seat for whoever may sit in any of these.
fn anybody(seats: &[Seat]) -> Seat {
    let mut roles: Vec<RoleName> = Vec::new();
    for role in seats.iter().flat_map(Seat::roles) {
        if !roles.contains(role) {
            roles.push(role.clone());
        }
    }
    Seat::any_of(roles)
}

fn concerns(block: &MoreApprovers, facts: &Facts, decision: &Decision, criteria: &Criteria) -> bool {
    let scope = facts.placement.scope();
    let is_any = |is_empty: bool, fits: Option<bool>| is_empty || fits.unwrap_or(true);
    let service = facts.placement.service();
    let of_component = service.map(|service| block.components.contains(&service.name));
    let of_environment = scope.as_ref().map(|scope| block.environments.contains(&scope.environment));
    let of_class = class_of(&facts.ticket).map(|class| block.classes.contains(&class));
    is_any(block.components.is_empty(), of_component)
        && is_any(block.environments.is_empty(), of_environment)
        && is_any(block.classes.is_empty(), of_class)
        && (block.risks.is_empty() || is_risky(block, decision))
        && block.paths.as_ref().is_none_or(|paths| touches(paths, facts, criteria))
}

fn is_risky(block: &MoreApprovers, decision: &Decision) -> bool {
    let mut open = decision.findings().iter().filter(|judged| judged.finding.outcome.stops());
    open.any(|judged| block.risks.contains(judged.rule))
}

/// Whether a path would change in production. A change without a commit touches none.
fn touches(paths: &PathPatterns, facts: &Facts, criteria: &Criteria) -> bool {
    if facts.head().is_none() {
        return false;
    }
    let look = Look::into(facts);
    let changes = Case::of(facts, criteria, &look).and_then(|case| net_changes(&case));
    changes.map_or(true, |changes| changes.iter().any(|change| paths.matches(&change.path)))
}
