//! The draw of the monthly inspection: nobody can steer it, and everybody can make it again.
//!
//! The keys of all changes of a month make a tree ([`super::tree`]), and its root is published in the trail. Only then
//! somebody brings `entropy` (dice, a public beacon), and the seed is made from both: who knows the seed cannot change the
//! population any more, and who chose the population did not know the seed. Each key has a rank of its own; the smallest
//! are drawn, so that one key more or less moves no other, and a larger sample only adds to a smaller one.
//!
//! ```text
//! seed    = SHA-256("prodcm-sample-v1\n" month "\n" hex(root) "\n" entropy "\n")
//! rank(k) = SHA-256(hex(seed) "\n" k "\n")
//! ```

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::tree::{Root, Tree};
use crate::model::{Month, TicketKey};
use crate::policy::follow_up::inspection::Member;

/// All changes of a month, fixed: none comes or goes after the root was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Population {
    month: Month,
    members: BTreeMap<TicketKey, Member>,
}

/// What a month's draw came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draw {
    /// The root of the population, in hexadecimal.
    pub root: String,
    /// The seed, in hexadecimal.
    pub seed: String,
    /// Those that were drawn, smallest rank first.
    pub drawn: Vec<Ranked>,
}

/// A change with its rank.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ranked {
    /// Its rank, in hexadecimal.
    pub rank: String,
    /// Its ticket.
    pub ticket: TicketKey,
}

impl Population {
    /// The changes of a month. One that is named twice is one.
    #[must_use]
    pub fn of(month: Month, members: impl IntoIterator<Item = Member>) -> Population {
        let members = members.into_iter().map(|member| (member.ticket.clone(), member)).collect();
        Population { month, members }
    }

    /// The month.
    #[must_use]
    pub fn month(&self) -> Month {
        self.month
    }

    /// The changes, in the order of their keys as bytes.
    pub fn members(&self) -> impl ExactSizeIterator<Item = &Member> {
        self.members.values()
    }

    /// Those that are inspected whatever the draw says.
    pub fn always(&self) -> impl Iterator<Item = &Member> {
        self.members().filter(|member| !member.strata.is_empty())
    }

    /// What stands for exactly these changes, in hexadecimal.
    #[must_use]
    pub fn root(&self) -> String {
        let mut tree = Tree::default();
        for key in self.members.keys() {
            // A tree that holds all of its hashes misses none.
            let _ = tree.append(key.as_str().as_bytes());
        }
        tree.root(tree.size()).map_or_else(|_| String::new(), |Root(root)| hex::encode(root))
    }

    /// Draws at most `count` of those that are left to chance.
    #[must_use]
    pub fn draw(&self, entropy: &str, count: usize) -> Draw {
        let root = self.root();
        let seed = sha256(&format!("prodcm-sample-v1\n{}\n{root}\n{entropy}\n", self.month));
        let rank = |ticket: &TicketKey| sha256(&format!("{seed}\n{ticket}\n"));
        let left_to_chance = self.members.values().filter(|member| member.may_be_drawn()).map(|member| &member.ticket);
        let mut drawn: Vec<Ranked> =
            left_to_chance.map(|ticket| Ranked { rank: rank(ticket), ticket: ticket.clone() }).collect();
        drawn.sort();
        drawn.truncate(count);
        Draw { root, seed, drawn }
    }
}

fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::policy::follow_up::inspection::{ApprovedBy, Stratum};

    const ENTROPY: &str = "20237331128159211123";

    fn member(number: u32) -> Member {
        let ticket = TicketKey::parse(&format!("PRODCM-{number}")).unwrap();
        Member { ticket, approved: ApprovedBy::Machine, strata: BTreeSet::new() }
    }

    fn population(numbers: impl IntoIterator<Item = u32>) -> Population {
        Population::of(Month::parse("2026-10").unwrap(), numbers.into_iter().map(member))
    }

    fn drawn(population: &Population, count: usize) -> Vec<String> {
        population.draw(ENTROPY, count).drawn.iter().map(|one| one.ticket.to_string()).collect()
    }

    #[test]
    fn the_draw_is_the_one_that_was_made_with_another_program() {
        let population = population(1001..=1040);
        let draw = population.draw(ENTROPY, 5);
        assert_eq!(draw.root, "134e4806a391d51cad6dde219bedb7c170e216c7a8bb64effae252ef78a1086d");
        assert_eq!(draw.seed, "4cb5e6828e5309efc871e85817316dbdec31cef99bf81176914c59f621488878");
        let five = ["PRODCM-1002", "PRODCM-1032", "PRODCM-1020", "PRODCM-1029", "PRODCM-1031"];
        assert_eq!(drawn(&population, 5), five);
        assert!(draw.drawn[0].rank.starts_with("04651eb37ff131cb"));
        assert!(draw.drawn[1].rank.starts_with("1143c8bee4432f5d"));
    }

    #[test]
    fn a_larger_sample_only_adds_to_a_smaller_one() {
        let population = population(1..=60);
        for count in 0..70 {
            assert_eq!(drawn(&population, 60)[..count.min(60)], drawn(&population, count)[..]);
        }
    }

    /// The seed rests on the root: nobody can take one change out and keep the rest of a draw that is to their liking.
    #[test]
    fn who_changes_the_population_changes_the_seed() {
        let (all, fewer) = (population(1..=60), population(2..=60));
        assert_ne!(all.draw(ENTROPY, 5).seed, fewer.draw(ENTROPY, 5).seed);
    }

    #[test]
    fn what_is_inspected_anyway_takes_no_place_in_the_draw_and_moves_no_other() {
        let odd = |number| match number {
            1032 => Member { strata: BTreeSet::from([Stratum::FirstDeployment]), ..member(number) },
            1029 => Member { approved: ApprovedBy::People, ..member(number) },
            _ => member(number),
        };
        let population = Population::of(Month::parse("2026-10").unwrap(), (1001..=1040).map(odd));
        assert_eq!(drawn(&population, 5)[..3], ["PRODCM-1002", "PRODCM-1020", "PRODCM-1031"]);
        assert_eq!(drawn(&population, 40).len(), 38);
        let always: Vec<&str> = population.always().map(|member| member.ticket.as_str()).collect();
        assert_eq!(always, ["PRODCM-1032"]);
    }

    #[test]
    fn a_month_without_changes_draws_none() {
        let draw = population([]).draw(ENTROPY, 5);
        assert_eq!(draw.drawn, []);
        assert_eq!(draw.root, hex::encode(Sha256::digest(b"")));
    }
}
