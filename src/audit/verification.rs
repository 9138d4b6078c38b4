//! Verifies a trail: numbers, hashes, what was signed about it earlier, and that nothing went out which was not approved.

use std::collections::BTreeMap;

use super::chain;
use super::checkpoint::Checkpoint;
use super::let_through::{LetThrough, Unapproved};
use super::tree::{Root, Tree};

/// What is wrong with a trail. Each is a sentence; `tests/verify.py` says the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A number is left out, or comes in another order.
    #[error("entry {expected} is missing: the next one is {found}")]
    Missing {
        /// The number that should come.
        expected: i64,
        /// The number that comes.
        found: i64,
    },
    /// The hash of an entry is not that of its body and the hash before it.
    #[error("entry {0} does not fit its hash: it, or one before it, was changed")]
    Changed(i64),
    /// There were more entries when a checkpoint was made.
    #[error("size {size} < checkpoint {checkpoint}: entries at the end are missing")]
    Short {
        /// How many there are.
        size: u64,
        /// How many there were.
        checkpoint: u64,
    },
    /// There were other entries when a checkpoint was made.
    #[error("inconsistent with checkpoint {0}: the trail was written again")]
    Inconsistent(u64),
    /// The gate let something through that nothing had approved.
    #[error(transparent)]
    Unapproved(#[from] Unapproved),
}

/// A trail that is being verified, entry by entry.
#[derive(Debug, Default)]
pub struct Verification {
    tree: Tree,
    last: Option<String>,
    roots: BTreeMap<u64, Vec<Root>>,
    let_through: LetThrough,
    unapproved: Option<Unapproved>,
}

impl Verification {
    /// Against what was said about the trail earlier, by checkpoints whose signatures the caller has checked.
    #[must_use]
    pub fn against(checkpoints: &[Checkpoint]) -> Verification {
        let mut roots: BTreeMap<u64, Vec<Root>> = BTreeMap::new();
        for checkpoint in checkpoints {
            roots.entry(checkpoint.size).or_default().push(checkpoint.root);
        }
        Verification { roots, ..Verification::default() }
    }

    /// Takes the next entry.
    ///
    /// # Errors
    /// When it is not the next one, was changed, or is not what a checkpoint was made of.
    pub fn add(&mut self, number: i64, body: &str, hash: &str) -> Result<(), Fault> {
        self.compare()?;
        let expected = i64::try_from(self.tree.size()).unwrap_or(i64::MAX).saturating_add(1);
        if number != expected {
            return Err(Fault::Missing { expected, found: number });
        }
        if chain::hash(self.last.as_deref().unwrap_or(chain::START), body) != hash {
            return Err(Fault::Changed(number));
        }
        self.tree.append(body.as_bytes()).map_err(|_| Fault::Changed(number))?;
        self.last = Some(hash.to_owned());
        // What was changed comes first: of such a trail nothing that it says is worth a word.
        let told = self.let_through.add(number, body).err();
        self.unapproved = self.unapproved.take().or(told);
        Ok(())
    }

    /// The trail has ended: how many entries it has, and their root.
    ///
    /// # Errors
    /// When a checkpoint tells of more entries, or the gate let something through that nothing had approved.
    pub fn end(mut self) -> Result<(u64, Root), Fault> {
        self.compare()?;
        let size = self.tree.size();
        if let Some(checkpoint) = self.roots.keys().next() {
            return Err(Fault::Short { size, checkpoint: *checkpoint });
        }
        let root = self.tree.root(size).map_err(|_| Fault::Inconsistent(size))?;
        match self.unapproved {
            Some(unapproved) => Err(unapproved.into()),
            None => Ok((size, root)),
        }
    }

    /// Compares the entries so far with the checkpoints of exactly as many.
    fn compare(&mut self) -> Result<(), Fault> {
        let size = self.tree.size();
        let Some(claimed) = self.roots.remove(&size) else { return Ok(()) };
        let is = self.tree.root(size).ok();
        if claimed.iter().all(|root| Some(*root) == is) { Ok(()) } else { Err(Fault::Inconsistent(size)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A trail of these bodies.
    fn trail(bodies: &[&str]) -> Vec<(i64, String, String)> {
        let mut last = chain::START.to_owned();
        let numbered = (1..).zip(bodies).map(|(number, body)| {
            last = chain::hash(&last, body);
            (number, (*body).to_owned(), last.clone())
        });
        numbered.collect()
    }

    fn verify(trail: &[(i64, String, String)], checkpoints: &[Checkpoint]) -> Result<(u64, Root), Fault> {
        let mut verification = Verification::against(checkpoints);
        for (number, body, hash) in trail {
            verification.add(*number, body, hash)?;
        }
        verification.end()
    }

    fn checkpoint(bodies: &[&str]) -> Checkpoint {
        let (size, root) = verify(&trail(bodies), &[]).unwrap();
        Checkpoint { origin: "test".into(), size, root }
    }

    #[test]
    fn what_was_only_appended_to_is_consistent_with_every_earlier_checkpoint() {
        let earlier = [checkpoint(&[]), checkpoint(&["a"]), checkpoint(&["a", "b", "c"])];
        assert_eq!(verify(&trail(&["a", "b", "c"]), &earlier).unwrap().0, 3);
        assert_eq!(verify(&trail(&["a", "b", "c", "d"]), &earlier).unwrap().0, 4);
    }

    #[test]
    fn any_change_is_found() {
        let whole = trail(&["a", "b", "c"]);
        let mut changed = whole.clone();
        changed[1].1 = "x".into();
        assert_eq!(verify(&changed, &[]), Err(Fault::Changed(2)));
        let mut swapped = whole.clone();
        swapped.swap(1, 2);
        assert_eq!(verify(&swapped, &[]), Err(Fault::Missing { expected: 2, found: 3 }));
        let mut without = whole.clone();
        without.remove(0);
        assert_eq!(verify(&without, &[]), Err(Fault::Missing { expected: 1, found: 2 }));
        let mut inserted = whole;
        inserted.insert(1, (2, "x".into(), chain::hash(&inserted[0].2, "x")));
        assert_eq!(verify(&inserted, &[]), Err(Fault::Missing { expected: 3, found: 2 }));
    }

    #[test]
    fn a_trail_that_was_cut_or_written_again_differs_from_its_checkpoint() {
        let kept = [checkpoint(&["a", "b", "c"])];
        let short = verify(&trail(&["a", "b"]), &kept).unwrap_err();
        assert_eq!(short.to_string(), "size 2 < checkpoint 3: entries at the end are missing");
        let other = verify(&trail(&["a", "x", "c", "d"]), &kept).unwrap_err();
        assert_eq!(other.to_string(), "inconsistent with checkpoint 3: the trail was written again");
    }

    #[test]
    fn two_roots_of_the_same_size_are_never_both_true() {
        let told_two = [checkpoint(&["a", "b"]), checkpoint(&["a", "x"])];
        assert_eq!(verify(&trail(&["a", "b"]), &told_two), Err(Fault::Inconsistent(2)));
        assert_eq!(verify(&trail(&["a", "x"]), &told_two), Err(Fault::Inconsistent(2)));
        assert_eq!(verify(&[], &[checkpoint(&[])]).unwrap().0, 0);
    }
}
