//! What lies between two commits, proven by the commits themselves.
//!
//! A server that is told "I have the baseline" leaves out what the baseline reaches. So a parent that did not come is either
//! old, or something that was kept from us; nothing in the answer says which. It counts as old only when a chain of parents
//! leads from the baseline to it, and until then [`Known::between`] names it as missing. Every link of such a chain is the
//! hash of a commit that names the next one, so no server can make one up.
//!
//! A server that sends more than was asked for takes nothing away by that: what the known history shows to be old is old, and
//! anything else is judged as if it were new.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::commit::GitCommit;
use crate::integrations::SourceError;
use crate::model::{CommitSha, Relation};

/// Two commits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ends<'a> {
    pub base: &'a CommitSha,
    pub head: &'a CommitSha,
}

/// Commits that came, by name.
#[derive(Debug, Default)]
pub(super) struct Known(HashMap<CommitSha, GitCommit>);

/// What is known of what lies between.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// All of it.
    Whole(Between),
    /// These commits are reached by the second one, and nothing shows that the first one reaches them.
    Missing(Vec<CommitSha>),
}

/// Everything that lies between two commits.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Between {
    /// How the second stands to the first.
    pub relation: Relation,
    /// What only the second reaches: parents before children, itself last.
    pub new: Vec<CommitSha>,
    /// Where what is new begins: what both reach.
    pub shared: BTreeSet<CommitSha>,
}

impl Known {
    /// Adds what came.
    pub(super) fn add(&mut self, commits: impl IntoIterator<Item = GitCommit>) {
        self.0.extend(commits.into_iter().map(|commit| (commit.sha.clone(), commit)));
    }

    /// A commit.
    pub(super) fn get(&self, sha: &CommitSha) -> Option<&GitCommit> {
        self.0.get(sha)
    }

    /// What lies between two commits, as far as it is known.
    ///
    /// # Errors
    /// [`SourceError::Unrelated`] when everything is known and they share nothing.
    pub(super) fn between(&self, ends: Ends<'_>) -> Result<Proof, SourceError> {
        let old = self.reach([ends.base]);
        let mut walk = Walk { known: self, old: &old, seen: HashSet::new(), found: Found::default() };
        walk.run(ends.head);
        let Found { new, shared, missing } = walk.found;
        if !missing.is_empty() {
            return Ok(Proof::Missing(missing));
        }
        let relation = match () {
            () if ends.base == ends.head => Relation::Identical,
            () if shared.contains(ends.head) => Relation::Behind,
            () if shared.contains(ends.base) => Relation::Ahead,
            () if shared.is_empty() => return Err(SourceError::Unrelated),
            () => Relation::Diverged,
        };
        Ok(Proof::Whole(Between { relation, new, shared }))
    }

    /// The known commits that `from` reaches and none of `shared` does, parents before children.
    pub(super) fn only(&self, from: &CommitSha, shared: &BTreeSet<CommitSha>) -> Vec<GitCommit> {
        let old = self.reach(shared);
        let mut walk = Walk { known: self, old: &old, seen: HashSet::new(), found: Found::default() };
        walk.run(from);
        walk.found.new.iter().filter_map(|sha| self.get(sha)).cloned().collect()
    }

    /// Everything that these reach, themselves included, as far as it is known.
    fn reach<'a>(&'a self, from: impl IntoIterator<Item = &'a CommitSha>) -> HashSet<&'a CommitSha> {
        let (mut reached, mut open) = (HashSet::new(), from.into_iter().collect::<Vec<_>>());
        while let Some(sha) = open.pop() {
            if reached.insert(sha) {
                open.extend(self.get(sha).into_iter().flat_map(|commit| &commit.parents));
            }
        }
        reached
    }
}

/// What a walk came by.
#[derive(Debug, Default)]
struct Found {
    new: Vec<CommitSha>,
    shared: BTreeSet<CommitSha>,
    missing: Vec<CommitSha>,
}

/// A walk over parents that ends where the old begins.
struct Walk<'a, 'b> {
    known: &'a Known,
    old: &'b HashSet<&'b CommitSha>,
    seen: HashSet<&'a CommitSha>,
    found: Found,
}

impl<'a> Walk<'a, '_> {
    /// Depth first and without recursion, because histories are deep; a commit is noted after all its parents.
    fn run(&mut self, head: &'a CommitSha) {
        let mut open = Vec::new();
        self.enter(head, &mut open);
        while let Some((commit, parents)) = open.pop() {
            let Some(parent) = commit.parents.get(parents) else {
                self.found.new.push(commit.sha.clone());
                continue;
            };
            open.push((commit, parents + 1));
            self.enter(parent, &mut open);
        }
    }

    fn enter(&mut self, sha: &'a CommitSha, open: &mut Vec<(&'a GitCommit, usize)>) {
        if self.old.contains(sha) {
            self.found.shared.insert(sha.clone());
        } else if self.seen.insert(sha) {
            match self.known.get(sha) {
                Some(commit) => open.push((commit, 0)),
                None => self.found.missing.push(sha.clone()),
            }
        }
    }
}

#[cfg(test)]
mod tests;
