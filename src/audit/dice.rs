//! What may draw an inspection: the beacon, where the trail says that one draws, and its first round after the list.
//!
//! Whoever could choose among rounds, or bring dice beside a beacon, could choose the sample. `tests/verify.py` says the same.

use serde::{Deserialize, Serialize};

use crate::model::{Month, Timestamp};

/// Who brings what a beacon says.
pub const BEACON: &str = "drand";

/// Networks of drand that are known: the hash of the chain, when round 1 was made, and seconds between two rounds.
const NETWORKS: [(&str, i64, i64); 2] = [
    ("8990e7a9aaed2ffed73dbd7092123d6f289930540d7651336225dc172e51b2ce", 1_595_431_050, 30),
    ("52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971", 1_692_803_367, 3),
];

/// Which round of a beacon had to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstRound {
    /// When round 1 of the network was made, in seconds.
    pub genesis: i64,
    /// Seconds between two rounds.
    pub period: i64,
    /// When the list had been published: the first round after this moment draws.
    pub after: Timestamp,
}

impl FirstRound {
    /// The number of the round. The one that is under way at the moment may be known already.
    #[must_use]
    pub fn number(&self) -> i64 {
        let passed = self.after.seconds().saturating_sub(self.genesis).max(0);
        (passed / self.period.max(1)).saturating_add(2)
    }

    /// Whether these are the rules of the network, as far as it is known.
    fn is_of(&self, chain: &str) -> bool {
        let known = NETWORKS.iter().find(|(known, ..)| *known == chain);
        known.is_none_or(|(_, genesis, period)| (self.genesis, self.period) == (*genesis, *period))
    }

    /// When a round is made.
    #[must_use]
    pub fn made(&self, number: i64) -> Timestamp {
        let seconds = number.saturating_sub(1).saturating_mul(self.period);
        Timestamp(self.genesis.saturating_add(seconds).saturating_mul(1000))
    }
}

/// What is wrong with the dice of a month.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DiceFault {
    /// Somebody brought them where the beacon draws.
    #[error("draw 1 of {month} was made with what {by} brought, and since entry {since} of the trail a beacon draws")]
    NotTheBeacon {
        /// The month.
        month: Month,
        /// Who.
        by: String,
        /// The entry that says so.
        since: i64,
    },
    /// The rounds were counted by rules that are not those of the network.
    #[error("draw 1 of {0} counts rounds by other rules than those of the beacon")]
    OtherRules(Month),
    /// Another round drew than the first one after the list was published.
    #[error(
        "draw 1 of {month} was made with round {number} of the beacon, and round {first} was the first after the list was published"
    )]
    OtherRound {
        /// The month.
        month: Month,
        /// The one that drew.
        number: i64,
        /// The one that had to.
        first: i64,
    },
    /// The moment from which the rounds were counted lies outside of what can be.
    #[error("draw 1 of {0} counts rounds from a moment that does not lie between the end of the list and the draw")]
    OtherMoment(Month),
}

/// One entry of the trail that has to do with drawing.
#[derive(Debug, Deserialize)]
struct Told {
    event: String,
    at: Timestamp,
    month: Option<String>,
    chain: Option<String>,
    draw: Option<i64>,
    entropy: Option<String>,
    brought_by: Option<String>,
    beacon: Option<FirstRound>,
}

/// Reads the trail for how a month was drawn.
#[derive(Debug)]
pub struct Dice {
    month: Month,
    chain: Option<(String, i64)>,
    closed: Option<Timestamp>,
}

impl Dice {
    /// For the draws of a month.
    #[must_use]
    pub fn of(month: Month) -> Dice {
        Dice { month, chain: None, closed: None }
    }

    /// Takes the next entry of the trail.
    ///
    /// # Errors
    /// When it is the first draw of the month, and not by what had to draw.
    pub fn add(&mut self, number: i64, body: &str) -> Result<(), DiceFault> {
        let is_of_it =
            ["drawing_changed", "population_closed", "inspection_drawn"].iter().any(|event| body.contains(event));
        let Some(told) = is_of_it.then(|| serde_json::from_str::<Told>(body).ok()).flatten() else { return Ok(()) };
        let is_of_month = told.month.as_deref() == Some(self.month.to_string().as_str());
        match told.event.as_str() {
            "drawing_changed" => self.chain = told.chain.map(|chain| (chain, number)),
            "population_closed" if is_of_month => self.closed = Some(told.at),
            "inspection_drawn" if is_of_month && told.draw == Some(1) => return self.first(&told),
            _ => {}
        }
        Ok(())
    }

    fn first(&self, told: &Told) -> Result<(), DiceFault> {
        let (month, by) = (self.month, told.brought_by.clone().unwrap_or_default());
        let entropy = told.entropy.as_deref().unwrap_or_default();
        let round = (by == BEACON).then(|| round(entropy)).flatten();
        if let Some((chain, since)) = &self.chain
            && round.is_none_or(|(of, _)| of != chain)
        {
            return Err(DiceFault::NotTheBeacon { month, by, since: *since });
        }
        let (Some((of, number)), Some(rule)) = (round, told.beacon) else { return Ok(()) };
        if !rule.is_of(of) {
            return Err(DiceFault::OtherRules(month));
        }
        let first = rule.number();
        if number != first {
            return Err(DiceFault::OtherRound { month, number, first });
        }
        let is_possible = self.closed.is_some_and(|closed| closed <= rule.after) && rule.made(number) <= told.at;
        if is_possible { Ok(()) } else { Err(DiceFault::OtherMoment(month)) }
    }
}

/// Chain and number of `drand CHAIN round NUMBER VALUE`.
fn round(entropy: &str) -> Option<(&str, i64)> {
    let words: Vec<&str> = entropy.split(' ').collect();
    match words.as_slice() {
        [BEACON, chain, "round", number, _] => Some((chain, number.parse().ok()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn said(entries: &[Value]) -> Result<(), String> {
        let mut dice = Dice::of(Month::parse("2026-10").unwrap());
        let mut walk = (1..).zip(entries).map(|(number, entry): (i64, &Value)| dice.add(number, &entry.to_string()));
        walk.try_for_each(|one| one).map_err(|fault| fault.to_string())
    }

    fn beacon() -> Value {
        json!({"at": 0, "event": "drawing_changed", "chain": "abc"})
    }

    fn closed() -> Value {
        json!({"at": 900_000, "event": "population_closed", "month": "2026-10", "root": ""})
    }

    /// Round 1 at 100 seconds, one each 30 seconds: round 29 is made at 940, round 30 at 970, round 31 at 1000.
    fn drawn(entropy: &str, by: &str, after: i64) -> Value {
        json!({"at": 2_000_000, "event": "inspection_drawn", "month": "2026-10", "draw": 1, "entropy": entropy,
               "brought_by": by, "beacon": {"genesis": 100, "period": 30, "after": after}})
    }

    #[test]
    fn the_first_round_after_the_list_was_published_draws() {
        assert_eq!(said(&[beacon(), closed(), drawn("drand abc round 30 ff", "drand", 950_000)]), Ok(()));
        assert_eq!(
            said(&[beacon(), closed(), drawn("drand abc round 31 ff", "drand", 950_000)]).unwrap_err(),
            "draw 1 of 2026-10 was made with round 31 of the beacon, and round 30 was the first after the list was published"
        );
        let outside =
            "draw 1 of 2026-10 counts rounds from a moment that does not lie between the end of the list and the draw";
        for (round, after) in [(28, 890_000), (65, 2_000_000)] {
            let entropy = format!("drand abc round {round} ff");
            assert_eq!(said(&[beacon(), closed(), drawn(&entropy, "drand", after)]).unwrap_err(), outside);
        }
    }

    #[test]
    fn nobody_brings_dice_where_a_beacon_draws() {
        let dice = drawn("4 2 6 6 1", "Priya Nair", 950_000);
        assert_eq!(
            said(&[beacon(), closed(), dice.clone()]).unwrap_err(),
            "draw 1 of 2026-10 was made with what Priya Nair brought, and since entry 1 of the trail a beacon draws"
        );
        let other = drawn("drand other round 30 ff", "drand", 950_000);
        assert!(said(&[beacon(), closed(), other]).is_err(), "another chain is another beacon");
        let given_up = json!({"at": 950_000, "event": "drawing_changed"});
        assert_eq!(said(&[beacon(), closed(), given_up, dice.clone()]), Ok(()));
        assert_eq!(said(&[closed(), dice]), Ok(()));
    }
}
