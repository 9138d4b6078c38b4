//! The history that is known: the commits of the range, those of rewritten pull requests, and the edge where they begin.
//!
//! Every parent that lies outside is "old". The range is everything that the commit to deploy reaches and the baseline
//! does not, so an old parent of a commit of the range is the baseline or one of its ancestors. That is what makes merge
//! bases computable without asking for more history.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet};

use super::look::Look;
use crate::model::{Commit, CommitSha, ObjectId, Relation};
use crate::policy::facts::{Gap, PullRequests, Range};

/// The known part of history.
#[derive(Debug)]
pub(in crate::policy) struct History<'a> {
    baseline: &'a CommitSha,
    base_tree: &'a ObjectId,
    known: HashMap<&'a CommitSha, Known<'a>>,
    /// Parents of commits of the range that lie outside: the baseline and ancestors of it.
    old: HashSet<&'a CommitSha>,
}

#[derive(Debug, Clone, Copy)]
struct Known<'a> {
    commit: &'a Commit,
    /// Larger than that of every parent.
    height: usize,
    in_range: bool,
}

/// The commit at which two lines of work parted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum MergeBase {
    /// Exactly this one.
    One(CommitSha),
    /// Several, or none that could be proven to be the only one.
    NotOne,
}

/// Which of two lines reach a commit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Paint {
    left: bool,
    right: bool,
    /// Below a commit that both reach.
    stale: bool,
}

impl<'a> History<'a> {
    pub(in crate::policy) fn of(
        range: &'a Range,
        baseline: &'a CommitSha,
        pull_requests: &'a PullRequests,
    ) -> History<'a> {
        let own = pull_requests.by_number.values().flat_map(|pull_request| pull_request.commits.iter().flatten());
        let mut known: HashMap<&CommitSha, Known<'a>> = HashMap::new();
        for (commit, in_range) in own.map(|commit| (commit, false)).chain(range.commits.iter().map(|c| (c, true))) {
            known.insert(&commit.sha, Known { commit, height: 0, in_range });
        }
        let parents = range.commits.iter().flat_map(|commit| &commit.parents);
        let in_range = |sha: &CommitSha| known.get(sha).is_some_and(|known| known.in_range);
        let old = parents.filter(|parent| !in_range(parent)).collect();
        let mut history = History { baseline, base_tree: &range.base_tree, known, old };
        history.measure();
        history
    }

    /// Gives every commit its height, without recursion: histories are deep.
    fn measure(&mut self) {
        let mut waiting: HashMap<&'a CommitSha, usize> = HashMap::new();
        let mut children: HashMap<&'a CommitSha, Vec<&'a CommitSha>> = HashMap::new();
        for (sha, known) in &self.known {
            let parents: BTreeSet<&CommitSha> =
                known.commit.parents.iter().filter(|parent| self.known.contains_key(parent)).collect();
            waiting.insert(sha, parents.len());
            for parent in parents {
                children.entry(parent).or_default().push(sha);
            }
        }
        let mut ready: Vec<&CommitSha> =
            waiting.iter().filter(|(_, parents)| **parents == 0).map(|(sha, _)| *sha).collect();
        while let Some(sha) = ready.pop() {
            let height = self.known.get(sha).map_or(0, |known| known.height) + 1;
            for child in children.get(sha).into_iter().flatten() {
                if let Some(known) = self.known.get_mut(child) {
                    known.height = known.height.max(height);
                }
                if let Some(parents) = waiting.get_mut(child) {
                    *parents -= 1;
                    if *parents == 0 {
                        ready.push(child);
                    }
                }
            }
        }
    }

    /// Whether a commit is in the range.
    pub(super) fn holds(&self, sha: &CommitSha) -> bool {
        self.known.get(sha).is_some_and(|known| known.in_range)
    }

    /// A commit of the known history.
    pub(super) fn commit(&self, sha: &CommitSha) -> Option<&'a Commit> {
        self.known.get(sha).map(|known| known.commit)
    }

    /// Whether a commit is in the range, or is proven to be the baseline or one of its ancestors.
    pub(super) fn is_released(&self, sha: &CommitSha, look: &Look<'_>) -> Result<bool, Gap> {
        match self.known.get(sha) {
            Some(known) => Ok(known.in_range),
            None => self.is_below(sha, self.baseline, look),
        }
    }

    /// The files of a commit, wherever it lies.
    pub(super) fn tree(&self, sha: &CommitSha, look: &Look<'a>) -> Result<&'a ObjectId, Gap> {
        match self.commit(sha) {
            Some(commit) => Ok(&commit.tree),
            None if sha == self.baseline => Ok(self.base_tree),
            None => look.tree_of(sha),
        }
    }

    /// Where two lines of work parted.
    pub(super) fn merge_base(
        &self,
        left: &'a CommitSha,
        right: &'a CommitSha,
        look: &Look<'_>,
    ) -> Result<MergeBase, Gap> {
        let painted = self.paint(left, right);
        let mut candidates: BTreeSet<&CommitSha> = painted.common.iter().copied().collect();
        match self.old_common(&painted.old, look)? {
            Some(old) => candidates.extend(old),
            None => return Ok(MergeBase::NotOne),
        }
        let below: Vec<&CommitSha> = painted.old.iter().filter(|(_, paint)| paint.stale).map(|(sha, _)| *sha).collect();
        self.only_highest(&candidates, &below, look)
    }

    /// Walks down from both commits, highest first, until only commits below a common one are left.
    fn paint(&self, left: &'a CommitSha, right: &'a CommitSha) -> Painted<'a> {
        let mut walk =
            Walk { history: self, paints: HashMap::new(), heap: BinaryHeap::new(), painted: Painted::default() };
        walk.visit(left, Paint { left: true, ..Paint::default() });
        walk.visit(right, Paint { right: true, ..Paint::default() });
        walk.run();
        walk.painted
    }

    /// Old commits that both lines reach, the highest of them included; nothing when nobody has listed those. Where a common
    /// commit reaches the baseline, all that is behind the baseline lies below that commit, and nobody needs it.
    fn old_common<'b>(&self, old: &BTreeMap<&'b CommitSha, Paint>, look: &Look<'_>) -> Common<'b> {
        let is_covered = old.get(self.baseline).is_some_and(|paint| paint.stale);
        let fresh = |side: fn(&Paint) -> bool| {
            let chosen = old.iter().filter(|(_, paint)| !paint.stale && side(paint)).map(|(sha, _)| *sha);
            chosen.filter(|sha| !is_covered || !self.old.contains(sha)).collect::<BTreeSet<&CommitSha>>()
        };
        let (lefts, rights) = (fresh(|paint| paint.left), fresh(|paint| paint.right));
        if lefts.contains(self.baseline) {
            self.below_baseline(&rights, look)
        } else if rights.contains(self.baseline) {
            self.below_baseline(&lefts, look)
        } else {
            related(&lefts, &rights, look)
        }
    }

    /// One line reaches the baseline, so it reaches whatever the other reaches of the baseline's history.
    fn below_baseline<'b>(&self, others: &BTreeSet<&'b CommitSha>, look: &Look<'_>) -> Common<'b> {
        let mut common = BTreeSet::new();
        for sha in others {
            if !self.is_below(sha, self.baseline, look)? {
                return Ok(None);
            }
            common.insert(*sha);
        }
        Ok(Some(common))
    }

    /// Whether an old commit is the same as another or its ancestor.
    fn is_below(&self, sha: &CommitSha, other: &CommitSha, look: &Look<'_>) -> Result<bool, Gap> {
        if sha == other || (other == self.baseline && self.old.contains(sha)) {
            return Ok(true);
        }
        Ok(matches!(look.relation(sha, other)?, Relation::Identical | Relation::Ahead))
    }

    /// Whether an old commit is the same as one of these or its ancestor. The baseline is looked at first, because about that
    /// nobody need be asked; of the others each that is not known is asked for at once.
    fn is_below_any<'b>(
        &self,
        sha: &CommitSha,
        others: impl Iterator<Item = &'b CommitSha>,
        look: &Look<'_>,
    ) -> Result<bool, Gap> {
        let mut others: Vec<&CommitSha> = others.collect();
        others.sort_by_key(|other| *other != self.baseline);
        let mut gap = None;
        for other in others {
            match self.is_below(sha, other, look) {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(missing) => gap = Some(missing),
            }
        }
        gap.map_or(Ok(false), Err)
    }

    /// The one candidate that no other candidate, and nothing `below` one, reaches.
    fn only_highest(
        &self,
        candidates: &BTreeSet<&CommitSha>,
        below: &[&CommitSha],
        look: &Look<'_>,
    ) -> Result<MergeBase, Gap> {
        if let [only] = candidates.iter().collect::<Vec<_>>().as_slice() {
            return Ok(MergeBase::One((**only).clone()));
        }
        let is_old = |sha: &CommitSha| !self.known.contains_key(sha);
        let mut highest = Vec::new();
        for sha in candidates {
            let others = candidates.iter().filter(|other| *other != sha && is_old(other)).chain(below);
            if !is_old(sha) || !self.is_below_any(sha, others.copied(), look)? {
                highest.push(*sha);
            }
        }
        Ok(match highest.as_slice() {
            [one] => MergeBase::One((*one).clone()),
            _ => MergeBase::NotOne,
        })
    }
}

/// Commits that two lines share; nothing when they share some that nobody has listed.
type Common<'a> = Result<Option<BTreeSet<&'a CommitSha>>, Gap>;

/// Common old commits of two lines neither of which reaches the baseline within the known history.
fn related<'a>(lefts: &BTreeSet<&'a CommitSha>, rights: &BTreeSet<&'a CommitSha>, look: &Look<'_>) -> Common<'a> {
    let mut common = BTreeSet::new();
    let (mut apart, mut gap) = (false, None);
    for (left, right) in lefts.iter().flat_map(|left| rights.iter().map(move |right| (*left, *right))) {
        match look.relation(left, right) {
            Ok(Relation::Identical | Relation::Ahead) => {
                common.insert(left);
            }
            Ok(Relation::Behind) => {
                common.insert(right);
            }
            Ok(Relation::Diverged) => apart = true,
            Err(missing) => gap = Some(missing),
        }
    }
    match gap {
        Some(gap) => Err(gap),
        None if apart => Ok(None),
        None => Ok(Some(common)),
    }
}

/// What two lines reach.
#[derive(Debug, Default)]
struct Painted<'a> {
    /// Known commits that both reach, with nothing above them that both reach.
    common: Vec<&'a CommitSha>,
    /// Old commits that either reaches.
    old: BTreeMap<&'a CommitSha, Paint>,
}

struct Walk<'a, 'b> {
    history: &'b History<'a>,
    paints: HashMap<&'a CommitSha, Paint>,
    heap: BinaryHeap<(usize, &'a CommitSha)>,
    painted: Painted<'a>,
}

impl<'a> Walk<'a, '_> {
    fn visit(&mut self, sha: &'a CommitSha, paint: Paint) {
        match self.history.known.get(sha) {
            None => self.painted.old.entry(sha).or_default().add(paint),
            Some(known) => {
                if !self.paints.contains_key(sha) {
                    self.heap.push((known.height, sha));
                }
                self.paints.entry(sha).or_default().add(paint);
            }
        }
    }

    /// A commit is taken from the heap only after everything above it, so its paint is final.
    fn run(&mut self) {
        while let Some((_, sha)) = self.heap.pop() {
            let (Some(paint), Some(known)) = (self.paints.get(sha).copied(), self.history.known.get(sha).copied())
            else {
                continue;
            };
            if paint.left && paint.right && !paint.stale {
                self.painted.common.push(sha);
            }
            let stale = paint.stale || (paint.left && paint.right);
            for parent in &known.commit.parents {
                self.visit(parent, Paint { stale, ..paint });
            }
            if self.is_done() {
                return;
            }
        }
    }
}

impl Walk<'_, '_> {
    /// Whether everything that is left lies below a common commit.
    fn is_done(&self) -> bool {
        let is_stale = |sha: &CommitSha| self.paints.get(sha).is_some_and(|paint| paint.stale);
        self.heap.iter().all(|(_, sha)| is_stale(sha)) && self.painted.old.values().all(|paint| paint.stale)
    }
}

impl Paint {
    fn add(&mut self, more: Paint) {
        self.left |= more.left;
        self.right |= more.right;
        self.stale |= more.stale;
    }
}

#[cfg(test)]
mod tests;
