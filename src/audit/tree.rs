//! The tree over the audit trail (RFC 6962, section 2.1): one hash stands for all entries up to a number, and what was
//! said about fewer entries can be checked against more.
//!
//! A leaf is the body of an entry, byte for byte as it is stored. The inner hashes are kept in the order of
//! <https://c2sp.org/tlog-tiles>, so that a new entry needs only a few old ones.

use std::collections::{BTreeMap, BTreeSet};

use tlog_tiles::tlog::{self, Hash, HashReader, stored_hash_index, stored_hashes, tree_hash};

/// Inner hashes of the tree by their place. All of them, or those that the next steps need.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    size: u64,
    hashes: BTreeMap<u64, [u8; 32]>,
}

/// The hash of a whole trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Root(pub [u8; 32]);

/// A hash of the tree that is needed and is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a hash of the tree is missing")]
pub struct Missing;

impl Tree {
    /// A tree of `size` entries of which these hashes are known.
    #[must_use]
    pub fn of(size: u64, hashes: BTreeMap<u64, [u8; 32]>) -> Tree {
        Tree { size, hashes }
    }

    /// How many entries there are.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The places of the hashes without which a tree of `size` entries can neither grow nor tell its root.
    #[must_use]
    pub fn needed(size: u64) -> Vec<u64> {
        let wanted = Asked::default();
        let _ = tree_hash(size, &wanted); // It fails, and that it asked is all that we want.
        wanted.0.into_inner()
    }

    /// Adds the next entry, and tells the hashes that came with it, each with its place.
    ///
    /// # Errors
    /// When an old hash that it needs is not there.
    pub fn append(&mut self, body: &[u8]) -> Result<Vec<(u64, [u8; 32])>, Missing> {
        let hashes = stored_hashes(self.size, body, self).map_err(|_| Missing)?;
        let first = stored_hash_index(0, self.size);
        let added: Vec<(u64, [u8; 32])> = (first..).zip(hashes.into_iter().map(|hash| hash.0)).collect();
        self.hashes.extend(added.iter().copied());
        self.size += 1;
        Ok(added)
    }

    /// Forgets every hash that it needs neither to grow nor to tell its root.
    pub fn forget(&mut self) {
        let needed: BTreeSet<u64> = Tree::needed(self.size).into_iter().collect();
        self.hashes.retain(|place, _| needed.contains(place));
    }

    /// The hash of the first `size` entries.
    ///
    /// # Errors
    /// When there are fewer, or a hash that it needs is not there.
    pub fn root(&self, size: u64) -> Result<Root, Missing> {
        if size > self.size {
            return Err(Missing);
        }
        tree_hash(size, self).map(|hash| Root(hash.0)).map_err(|_| Missing)
    }
}

impl HashReader for Tree {
    fn read_hashes(&self, places: &[u64]) -> Result<Vec<Hash>, tlog::Error> {
        let found = places.iter().map(|place| self.hashes.get(place).copied().map(Hash));
        found.collect::<Option<_>>().ok_or(tlog::Error::BadMath)
    }
}

/// Notes what is asked for, and has nothing.
#[derive(Default)]
struct Asked(std::cell::RefCell<Vec<u64>>);

impl HashReader for Asked {
    fn read_hashes(&self, places: &[u64]) -> Result<Vec<Hash>, tlog::Error> {
        self.0.borrow_mut().extend(places);
        Err(tlog::Error::BadMath)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The root by the words of RFC 6962: the left half is the largest power of two that is smaller.
    fn by_the_words(bodies: &[Vec<u8>]) -> [u8; 32] {
        use sha2::{Digest, Sha256};
        match bodies {
            [] => Sha256::digest(b"").into(),
            [one] => Sha256::new().chain_update([0]).chain_update(one).finalize().into(),
            more => {
                let half = more.len().next_power_of_two() / 2;
                let (left, right) = (by_the_words(&more[..half]), by_the_words(&more[half..]));
                Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
            }
        }
    }

    fn bodies(count: u8) -> Vec<Vec<u8>> {
        (0..count).map(|number| vec![number; usize::from(number % 5)]).collect()
    }

    #[test]
    fn the_root_is_that_of_the_standard_at_every_size() {
        let bodies = bodies(40);
        let mut tree = Tree::default();
        assert_eq!(tree.root(0).unwrap().0, by_the_words(&[]));
        for body in &bodies {
            tree.append(body).unwrap();
        }
        for size in 0..=bodies.len() {
            assert_eq!(tree.root(size as u64).unwrap().0, by_the_words(&bodies[..size]), "{size}");
        }
        assert_eq!(tree.root(41), Err(Missing));
    }

    #[test]
    fn a_tree_grows_from_the_few_hashes_that_it_needs() {
        let bodies = bodies(33);
        for start in 0..33_u8 {
            let mut whole = Tree::default();
            for body in &bodies[..usize::from(start)] {
                whole.append(body).unwrap();
            }
            let needed = Tree::needed(start.into());
            assert!(needed.len() <= 6, "{start} needs {needed:?}");
            let few = needed.into_iter().map(|place| (place, whole.hashes[&place])).collect();
            let mut grown = Tree::of(start.into(), few);
            for body in &bodies[usize::from(start)..] {
                assert_eq!(grown.append(body), whole.append(body));
                assert_eq!(grown.root(grown.size()), whole.root(whole.size()));
            }
        }
    }

    #[test]
    fn a_tree_that_forgets_grows_as_before() {
        let (mut whole, mut lean) = (Tree::default(), Tree::default());
        for body in bodies(70) {
            whole.append(&body).unwrap();
            lean.append(&body).unwrap();
            lean.forget();
            assert!(lean.hashes.len() <= 7, "{}", lean.hashes.len());
            assert_eq!(lean.root(lean.size()), whole.root(whole.size()));
        }
    }

    #[test]
    fn a_hash_that_is_missing_is_missed() {
        assert_eq!(Tree::of(3, BTreeMap::new()).root(3), Err(Missing));
        assert_eq!(Tree::of(3, BTreeMap::new()).append(b"x"), Err(Missing));
    }
}
