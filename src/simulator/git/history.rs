//! Who descends from whom.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use super::{Oid, Store};

impl Store {
    /// Everything that can be reached from `tip`, itself included.
    #[must_use]
    pub fn reachable(&self, tip: Oid) -> HashSet<Oid> {
        self.reachable_outside(tip, &HashSet::new())
    }

    /// Whether `old` can be reached from `new`. A commit can be reached from itself.
    #[must_use]
    pub fn is_ancestor(&self, old: Oid, new: Oid) -> bool {
        self.reachable(new).contains(&old)
    }

    /// The newest commit that both have in their history.
    #[must_use]
    pub fn merge_base(&self, one: Oid, other: Oid) -> Option<Oid> {
        let mine = self.reachable(one);
        // Parents are stored before their children, so nothing that both share descends from the last stored one.
        let shared = self.reachable(other).into_iter().filter(|id| mine.contains(id));
        shared.max_by_key(|id| self.place(*id))
    }

    /// What can be reached from `head` but not from `base`, parents before children, else by date.
    #[must_use]
    pub fn range(&self, base: Oid, head: Oid) -> Vec<Oid> {
        let new = self.reachable_outside(head, &self.reachable(base));
        self.oldest_first(&new)
    }

    /// `tip` and everything before it, newest first.
    #[must_use]
    pub fn log(&self, tip: Oid) -> Vec<Oid> {
        let mut history = self.oldest_first(&self.reachable(tip));
        history.reverse();
        history
    }

    /// `tip`, its first parent, that one's first parent, and so on.
    pub fn first_parents(&self, tip: Oid) -> impl Iterator<Item = Oid> {
        std::iter::successors(Some(tip), |id| self.commit(*id)?.parents.first().copied())
    }

    fn reachable_outside(&self, tip: Oid, outside: &HashSet<Oid>) -> HashSet<Oid> {
        let mut seen = HashSet::new();
        let mut todo = vec![tip];
        while let Some(id) = todo.pop() {
            if !outside.contains(&id) && seen.insert(id) {
                todo.extend(self.commit(id).into_iter().flat_map(|commit| &commit.parents));
            }
        }
        seen
    }

    /// Some commits, parents before children, else by date.
    #[must_use]
    pub fn oldest_first(&self, commits: &HashSet<Oid>) -> Vec<Oid> {
        let mut children = HashMap::<Oid, Vec<Oid>>::new();
        let mut waits_for = HashMap::new();
        for id in commits {
            let parents = self.commit(*id).into_iter().flat_map(|commit| &commit.parents);
            let inside = parents.filter(|parent| commits.contains(parent)).collect::<HashSet<_>>();
            waits_for.insert(*id, inside.len());
            inside.into_iter().for_each(|parent| children.entry(*parent).or_default().push(*id));
        }
        let free = waits_for.iter().filter(|(_, parents)| **parents == 0);
        let mut ready = free.map(|(id, _)| Reverse((self.date(*id), *id))).collect::<BinaryHeap<_>>();
        let mut ordered = Vec::with_capacity(commits.len());
        while let Some(Reverse((_, id))) = ready.pop() {
            ordered.push(id);
            for child in children.remove(&id).unwrap_or_default() {
                if let Some(parents) = waits_for.get_mut(&child) {
                    *parents -= 1;
                    if *parents == 0 {
                        ready.push(Reverse((self.date(child), child)));
                    }
                }
            }
        }
        ordered
    }

    fn place(&self, id: Oid) -> usize {
        self.commits.get(&id).map_or(0, |stored| stored.place)
    }

    fn date(&self, id: Oid) -> (i64, usize) {
        self.commits.get(&id).map_or((0, 0), |stored| (stored.commit.committer.seconds, stored.place))
    }
}
