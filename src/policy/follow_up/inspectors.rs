//! Who may inspect a change (policy: inspection of automatic approvals). Nobody inspects a change that they had a hand in, and a
//! finding is taken back by nobody but whoever recorded it.

use std::collections::BTreeSet;

use crate::model::RoleName;

/// Those who had a hand in a change, by their names in the people file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hands {
    /// Who asked for it.
    pub requester: Option<String>,
    /// Who made its ticket.
    pub creator: Option<String>,
    /// Who declared its emergency, if it is one.
    pub declarer: Option<String>,
    /// Who approved it, whether or not that counts still.
    pub approvers: BTreeSet<String>,
    /// Who wrote, pushed or merged any of it.
    pub contributors: BTreeSet<String>,
    /// Who started its deployment.
    pub deployers: BTreeSet<String>,
}

impl Hands {
    /// What somebody did to the change, as a verb with the change or the ticket behind it; nothing when nothing is known.
    #[must_use]
    pub fn of(&self, name: &str) -> Option<&'static str> {
        let is = |one: &Option<String>| one.as_deref() == Some(name);
        let all = [
            ("requested", is(&self.requester)),
            ("created the ticket of", is(&self.creator)),
            ("declared the emergency of", is(&self.declarer)),
            ("approved", self.approvers.contains(name)),
            ("worked on", self.contributors.contains(name)),
            ("deployed", self.deployers.contains(name)),
        ];
        all.into_iter().find(|(_, did)| *did).map(|(verb, _)| verb)
    }
}

/// Whether somebody with these roles inspects, where those with one of `roles` do.
#[must_use]
pub fn inspects<'a>(mut own: impl Iterator<Item = &'a RoleName>, roles: &[RoleName]) -> bool {
    own.any(|role| roles.contains(role))
}

/// Which of the results of one change counts, from the oldest to the newest, each as the inspector and what was found.
///
/// A finding stands until whoever recorded it records something else: what a colleague finds beside it makes it no less true.
#[must_use]
pub fn counting(results: &[(&str, &str)]) -> Option<usize> {
    let is_last = |place: usize| results[place + 1..].iter().all(|(name, _)| *name != results[place].0);
    let places = (0..results.len()).rev();
    let finding = places.clone().find(|place| results[*place].1 == "finding" && is_last(*place));
    finding.or(places.max())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_inspects_what_they_had_a_hand_in() {
        let name = |name: &str| Some(name.to_owned());
        let names = |name: &str| BTreeSet::from([name.to_owned()]);
        let hands = Hands {
            requester: name("Dana"),
            creator: name("Kim"),
            declarer: name("Sam"),
            approvers: names("Priya"),
            contributors: names("Lee"),
            deployers: names("Max"),
        };
        let said = ["Dana", "Kim", "Sam", "Priya", "Lee", "Max"].map(|name| hands.of(name).unwrap());
        let expected =
            ["requested", "created the ticket of", "declared the emergency of", "approved", "worked on", "deployed"];
        assert_eq!(said, expected);
        assert_eq!(hands.of("Ines"), None, "the twin");
    }

    #[test]
    fn a_finding_counts_until_whoever_recorded_it_corrects_it() {
        assert_eq!(counting(&[]), None);
        assert_eq!(counting(&[("Ines", "sound")]), Some(0));
        assert_eq!(counting(&[("Ines", "finding"), ("Alex", "sound")]), Some(0), "a colleague takes nothing back");
        assert_eq!(counting(&[("Ines", "finding"), ("Alex", "sound"), ("Ines", "sound")]), Some(2));
        assert_eq!(counting(&[("Ines", "sound"), ("Alex", "finding")]), Some(1));
    }
}
