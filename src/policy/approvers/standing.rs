//! Who has approved a ticket, for which role, who is missing, who could, and which approvals do not count.

use super::acts::{Act, Deed, Way};
use super::eligibility::{Accounts, Case};
use super::matching::{assign, openings};
use crate::model::{Person, TicketKey, Timestamp, listed};
use crate::policy::criteria::Seat;

/// How the approvals of a ticket stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approvals {
    places: Vec<Place>,
    not_counted: Vec<String>,
    declined: Option<Declined>,
    may_move: bool,
    ticket: TicketKey,
    fingerprint: String,
}

/// A seat, and who fills it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The seat.
    pub seat: Seat,
    /// Who has filled it.
    pub by: Option<Given>,
    /// Who could, when it is empty.
    pub could: Vec<Person>,
}

/// An approval that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Who gave it.
    pub name: String,
    /// When.
    pub at: Timestamp,
    /// How.
    pub way: Way,
    /// In their own words.
    pub note: String,
}

/// Somebody said no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declined {
    /// Who.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// The right to approve a ticket in the name of those who approved it. Only this file makes one: every seat is filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HumanApproval {
    ticket: TicketKey,
    fingerprint: String,
    by: Vec<(String, String)>,
}

/// The newest word of one person.
struct Word<'a> {
    person: &'a Person,
    act: &'a Act,
}

impl Approvals {
    /// Adds up what people did, in the order in which they did it.
    #[must_use]
    pub fn of(acts: &[Act], case: &Case<'_>) -> Approvals {
        let mut not_counted: Vec<String> = acts.iter().filter_map(|act| act.refused.clone()).collect();
        let words = newest_words(acts, case, &mut not_counted);
        let declined = words.iter().find_map(declined);
        let approving: Vec<&Word<'_>> =
            words.iter().filter(|word| matches!(word.act.deed, Deed::Approve { .. })).collect();
        let fits: Vec<Vec<usize>> = approving.iter().map(|word| case.fits(word.person)).collect();
        let seats = case.matrix.seats();
        let taken = assign(seats.len(), &fits);
        not_counted.extend(surplus(&approving, &taken));
        let mut places: Vec<Place> = Vec::new();
        for (place, seat) in seats.iter().enumerate() {
            let by = taken[place].map(|person| given(approving[person]));
            let could = if by.is_some() { Vec::new() } else { who_could(place, case, (&approving, &fits, &taken)) };
            places.push(Place { seat: seat.clone(), by, could });
        }
        not_counted.dedup();
        let (ticket, fingerprint) = (case.ticket.key.clone(), case.ticket.fingerprint());
        let may_move = matches!(case.accounts, Accounts::Asked(_));
        Approvals { places, not_counted, declined, may_move, ticket, fingerprint }
    }

    /// Every seat.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// The seats that are empty.
    pub fn missing(&self) -> impl Iterator<Item = &Place> {
        self.places.iter().filter(|place| place.by.is_none())
    }

    /// Those who have approved, with the titles of their roles.
    #[must_use]
    pub fn given(&self) -> Vec<(&Given, String)> {
        let given = self.places.iter().filter_map(|place| Some((place.by.as_ref()?, place.seat.title())));
        given.collect()
    }

    /// Approvals that do not count, each as a sentence that says why.
    #[must_use]
    pub fn not_counted(&self) -> &[String] {
        &self.not_counted
    }

    /// Who declined it, if somebody did who may.
    #[must_use]
    pub fn declined(&self) -> Option<&Declined> {
        self.declined.as_ref()
    }

    /// Everybody who could fill an empty seat, each once.
    #[must_use]
    pub fn wanted(&self) -> Vec<&Person> {
        let mut people: Vec<&Person> = Vec::new();
        for person in self.missing().flat_map(|place| &place.could) {
            if people.iter().all(|known| known.name != person.name) {
                people.push(person);
            }
        }
        people
    }

    /// `Waiting for 1 of 2 approvals`.
    #[must_use]
    pub fn title(&self) -> String {
        waiting_title(self.missing().count(), self.places.len())
    }

    /// Whether every seat is filled and nobody has declined.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.declined.is_none() && self.missing().next().is_none()
    }

    /// The right to approve, when every seat is filled by somebody of whom Jira was asked.
    #[must_use]
    pub fn approval(&self) -> Option<HumanApproval> {
        let by = self.given().into_iter().map(|(given, role)| (given.name.clone(), role)).collect();
        let (ticket, fingerprint) = (self.ticket.clone(), self.fingerprint.clone());
        (self.is_full() && self.may_move).then_some(HumanApproval { ticket, fingerprint, by })
    }
}

impl HumanApproval {
    /// The ticket that may be approved.
    #[must_use]
    pub fn ticket(&self) -> &TicketKey {
        &self.ticket
    }

    /// The fingerprint that the ticket must still have.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Who approved, each with the title of the role.
    #[must_use]
    pub fn by(&self) -> &[(String, String)] {
        &self.by
    }
}

/// `Waiting for 1 of 2 approvals`.
#[must_use]
pub fn waiting_title(missing: usize, of: usize) -> String {
    format!("Waiting for {missing} of {of} approvals")
}

/// The newest word of each person that holds still, oldest first; what does not hold is told.
fn newest_words<'a>(acts: &'a [Act], case: &Case<'a>, not_counted: &mut Vec<String>) -> Vec<Word<'a>> {
    let mut words: Vec<Word<'a>> = Vec::new();
    for act in acts.iter().filter(|act| act.refused.is_none()) {
        match &act.deed {
            Deed::Edit { what } => void(&mut words, &format!("before somebody edited {what}"), not_counted),
            Deed::TakeBack => void(&mut words, "before the ticket was set back to review", not_counted),
            Deed::Withdraw { of } => words.retain(|word| word.act.way != act.way || word.act.source != *of),
            Deed::Approve { .. } | Deed::Decline { .. } => match judged(act, case) {
                Ok(person) => {
                    words.retain(|word| word.person.name != person.name);
                    words.push(Word { person, act });
                }
                Err(why) => not_counted.push(why),
            },
        }
    }
    words.retain(|word| match outdated(word, case) {
        Some(why) => {
            not_counted.push(why);
            false
        }
        None => true,
    });
    words
}

/// Why an approval does not cover the ticket as it is, if it does not.
fn outdated(word: &Word<'_>, case: &Case<'_>) -> Option<String> {
    let (name, act) = (&word.person.name, word.act);
    if matches!(act.deed, Deed::Decline { .. }) {
        return None;
    }
    if act.fingerprint != case.ticket.fingerprint() {
        return Some(format!("{name} approved before the ticket was edited. An approval covers what the ticket said."));
    }
    let missed = act.seen.missed(case.decision);
    missed.first().map(|first| format!("{name} approved before cm-bot found this: {first}"))
}

/// Takes approvals back. A decline stays, whatever is edited or set back after it: else whoever is told no could make it
/// unsaid, also with a role. Whoever declined takes it back by approving.
fn void(words: &mut Vec<Word<'_>>, when: &str, not_counted: &mut Vec<String>) {
    for word in words.extract_if(.., |word| matches!(word.act.deed, Deed::Approve { .. })) {
        not_counted.push(format!("{} approved {when}. An approval covers what the ticket said.", word.person.name));
    }
}

/// Whose word it is, if it counts.
fn judged<'a>(act: &Act, case: &Case<'a>) -> Result<&'a Person, String> {
    if matches!(act.deed, Deed::Decline { .. }) {
        return case.decliner(act.by.as_ref());
    }
    case.approver(act.by.as_ref())
}

fn declined(word: &Word<'_>) -> Option<Declined> {
    match &word.act.deed {
        Deed::Decline { reason } => Some(Declined { name: word.person.name.clone(), reason: reason.clone() }),
        Deed::Approve { .. } | Deed::Withdraw { .. } | Deed::TakeBack | Deed::Edit { .. } => None,
    }
}

fn given(word: &Word<'_>) -> Given {
    let note = match &word.act.deed {
        Deed::Approve { note } => note.clone(),
        Deed::Decline { .. } | Deed::Withdraw { .. } | Deed::TakeBack | Deed::Edit { .. } => String::new(),
    };
    Given { name: word.person.name.clone(), at: word.act.at, way: word.act.way, note }
}

/// Those who approved and for whom there was no seat: others have the same roles.
fn surplus(approving: &[&Word<'_>], taken: &[Option<usize>]) -> Vec<String> {
    let seated: Vec<String> = taken.iter().flatten().map(|person| approving[*person].person.name.clone()).collect();
    let standing = approving.iter().enumerate().filter(|(place, _)| !taken.contains(&Some(*place)));
    let sentence = |(_, word): (usize, &&Word<'_>)| {
        let others = listed(&seated, "and");
        format!("{} approved too, and is not needed for it beside {others}.", word.person.name)
    };
    standing.map(sentence).collect()
}

/// Everybody whose approval would bring this seat to be filled.
fn who_could(
    place: usize,
    case: &Case<'_>,
    (approving, fits, taken): (&[&Word<'_>], &[Vec<usize>], &[Option<usize>]),
) -> Vec<Person> {
    let has_approved = |person: &Person| approving.iter().any(|word| word.person.name == person.name);
    let others = case.everybody().into_iter().filter(|person| !has_approved(person));
    others.filter(|person| openings(&case.fits(person), fits, taken).contains(&place)).cloned().collect()
}
