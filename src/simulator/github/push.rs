//! Branches that move, and what that does to pull requests.

use std::collections::HashSet;

use super::accounts::Account;
use super::git::{Oid, Store};
use super::pulls::{Deed, Event, Item, Landing, Opinion, Pull};
use super::scene::{DeleteBranch, Push, SceneError};
use super::webhook::Notice;
use super::world::World;

/// A branch that moved.
#[derive(Debug, Clone)]
pub struct Move {
    /// Which branch.
    pub branch: String,
    /// Where it stood; without this, it is new.
    pub old: Option<Oid>,
    /// Where it stands now.
    pub new: Oid,
    /// Who moved it.
    pub by: Account,
    /// Whether commits were thrown away.
    pub forced: bool,
    /// Whether approvals may follow, where GitHub lets them.
    pub reanchor: bool,
}

impl World {
    /// Brings a commit, and what it rests on, to a branch.
    ///
    /// # Errors
    /// When the commit cannot be made, or the branch would lose commits without `force`.
    ///
    /// GitHub keeps the objects of a repository and of its forks in one place, so what is pushed to a fork can be asked
    /// for by its SHA everywhere.
    pub fn push(&mut self, step: &Push) -> Result<(), SceneError> {
        let place = self.place(step.repository.as_deref())?;
        let new = self.make_commit(place, &step.commit)?;
        let by = self.account(&self.pusher(step)?)?;
        if step.fork {
            return Ok(());
        }
        let repo = &self.repos[place];
        let old = repo.branches.get(&step.branch).copied();
        if old == Some(new) {
            return Ok(());
        }
        let forced = old.is_some_and(|old| !repo.git.is_ancestor(old, new));
        if forced && !step.force {
            let (commit, branch) = (&step.commit, &step.branch);
            return Err(SceneError(format!("`{commit}` does not contain what is on `{branch}`: say `force = true`")));
        }
        let (branch, reanchor) = (step.branch.clone(), step.reanchor);
        self.move_branch(place, &Move { branch, old, new, by, forced, reanchor })
    }

    /// Removes a branch. Open pull requests from it, or into it, are closed.
    ///
    /// # Errors
    /// When it does not exist, or is the default branch.
    pub fn delete_branch(&mut self, step: &DeleteBranch) -> Result<(), SceneError> {
        let place = self.place(step.repository.as_deref())?;
        let by = self.account(&step.by)?;
        let repo = &mut self.repos[place];
        let tip = repo.tip(&step.branch)?;
        if step.branch == repo.default_branch {
            return Err(SceneError(format!("`{}` is the default branch and stays", step.branch)));
        }
        repo.branches.remove(&step.branch);
        let mut merged = repo.pulls.values().filter(|pull| pull.merged.is_some() && pull.head_branch == step.branch);
        let merged_into = merged.next_back().map(|pull| pull.base_branch.clone());
        let uses = |pull: &&Pull| pull.head_branch == step.branch || pull.base_branch == step.branch;
        let open = repo.pulls.values().filter(|pull| pull.is_open()).filter(uses);
        let open: Vec<(u64, bool)> = open.map(|pull| (pull.number, pull.base_branch == step.branch)).collect();
        self.announce(place, &Notice::BranchDeleted { branch: &step.branch, tip, by: &by });
        for (number, is_based_on_it) in open {
            match merged_into.as_deref().filter(|_| is_based_on_it) {
                Some(into) => self.move_to_base(place, number, (into, &by))?,
                None => self.close(place, number, &by),
            }
        }
        Ok(())
    }

    /// GitHub points a pull request at the branch into which its base was merged. No webhook of it was ever seen.
    fn move_to_base(&mut self, place: usize, number: u64, (into, by): (&str, &Account)) -> Result<(), SceneError> {
        let (now, id, base) = (self.now(), self.next_id(), self.repos[place].tip(into)?);
        let pull = self.open_pull_mut(place, number)?;
        let from = std::mem::replace(&mut pull.base_branch, into.to_owned());
        (pull.base, pull.updated) = (base, now);
        let what = Deed::BaseMoved { from, to: into.to_owned() };
        pull.timeline.push(Item::Event(Event { id, at: now, by: by.clone(), what }));
        self.refresh_pull(place, number)
    }

    /// Moves a branch, with everything that GitHub does about it.
    ///
    /// # Errors
    /// When the objects contradict each other.
    pub(super) fn move_branch(&mut self, place: usize, moved: &Move) -> Result<(), SceneError> {
        let repo = &mut self.repos[place];
        repo.branches.insert(moved.branch.clone(), moved.new);
        let contained = repo.git.reachable(moved.new);
        if moved.branch == repo.default_branch {
            repo.released.clone_from(&contained);
        }
        let open = repo.pulls.values().filter(|pull| pull.is_open());
        let (mut heads, mut bases) = (Vec::new(), Vec::new());
        for pull in open {
            if pull.head_branch == moved.branch {
                heads.push(pull.number);
            } else if pull.base_branch == moved.branch {
                bases.push(pull.number);
            }
        }
        let new: HashSet<Oid> = contained.difference(&repo.pushed).copied().collect();
        repo.pushed.extend(&new);
        if repo.checks_pushes {
            self.add_push_suite(place, moved);
        }
        self.announce(place, &Notice::Pushed { moved, new: &new });
        heads.into_iter().try_for_each(|number| self.move_head(place, number, moved))?;
        bases.into_iter().try_for_each(|number| self.move_base(place, number, (moved, &contained)))
    }

    fn pusher(&self, step: &Push) -> Result<String, SceneError> {
        if let Some(name) = &step.by {
            return Ok(name.clone());
        }
        let commit = self.shared.scene.commits.iter().find(|commit| commit.id == step.commit);
        let commit = commit.ok_or_else(|| SceneError(format!("say with `by` who pushes `{}`", step.commit)))?;
        Ok(commit.author.clone())
    }

    fn move_head(&mut self, place: usize, number: u64, moved: &Move) -> Result<(), SceneError> {
        let (now, id) = (self.now(), self.next_id());
        let repo = &mut self.repos[place];
        let Some(pull) = repo.pulls.get_mut(&number) else {
            return Ok(());
        };
        let before = pull.head;
        let base = repo.branches.get(&pull.base_branch).copied().unwrap_or(pull.base);
        let keeps_approvals = if moved.forced {
            same_patch(&repo.git, base, (before, moved.new))
        } else {
            updates_from(&repo.git, base, (before, moved.new))
        };
        if keeps_approvals && moved.reanchor {
            anchor_approvals(pull, moved.new);
        }
        if moved.forced {
            let what = Deed::HeadForced { before, after: moved.new };
            pull.timeline.push(Item::Event(Event { id, at: now, by: moved.by.clone(), what }));
        }
        (pull.head, pull.base, pull.updated) = (moved.new, base, now);
        self.refresh_pull(place, number)?;
        self.announce(place, &Notice::Synchronized { number, moved });
        Ok(())
    }

    /// GitHub calls a pull request merged as soon as its base branch contains its head, however that came about.
    fn move_base(
        &mut self,
        place: usize,
        number: u64,
        (moved, contained): (&Move, &HashSet<Oid>),
    ) -> Result<(), SceneError> {
        let (now, id) = (self.now(), self.next_id());
        let repo = &mut self.repos[place];
        let Some(pull) = repo.pulls.get_mut(&number) else {
            return Ok(());
        };
        if !contained.contains(&pull.head) {
            if let Some(before) = moved.old.filter(|_| moved.forced) {
                let what = Deed::BaseForced { before, after: moved.new };
                pull.timeline.push(Item::Event(Event { id, at: now, by: moved.by.clone(), what }));
                return self.refresh_pull(place, number);
            }
            // A branch that only grew takes commits away. Whether it is in conflict now is found out when somebody asks.
            pull.take_away(contained);
            pull.test_merge_due = Some(now);
            self.unsettled = true;
            return Ok(());
        }
        let containing = repo.git.first_parents(moved.new).take_while(|id| repo.git.is_ancestor(pull.head, *id));
        let commit = containing.last().unwrap_or(moved.new);
        pull.base = moved.old.unwrap_or(pull.base);
        self.mark_merged(place, number, Landing { at: now, by: moved.by.clone(), commit, made: Vec::new() });
        Ok(())
    }

    /// Records that a pull request is merged.
    pub(super) fn mark_merged(&mut self, place: usize, number: u64, landing: Landing) {
        let ids = [self.next_id(), self.next_id()];
        let by = landing.by.clone();
        if let Some(pull) = self.repos[place].pulls.get_mut(&number) {
            for (id, what) in ids.into_iter().zip([Deed::Merged, Deed::Closed]) {
                pull.timeline.push(Item::Event(Event { id, at: landing.at, by: by.clone(), what }));
            }
            pull.updated = landing.at;
            pull.merged = Some(landing);
        }
        self.announce(place, &Notice::Closed { number, by: &by });
    }
}

/// GitHub lets an approval speak for the new head, and keeps the time of its submission. Other opinions stay.
fn anchor_approvals(pull: &mut Pull, head: Oid) {
    let old = pull.head;
    let approvals = pull.reviews.iter_mut().filter(|review| review.state == Opinion::Approved && review.commit == old);
    approvals.for_each(|review| review.commit = head);
}

/// Whether two heads change the same lines in the same way, seen from their base branch.
fn same_patch(git: &Store, base: Oid, heads: (Oid, Oid)) -> bool {
    let patch = |head: Oid| {
        let tree_of = |id: Oid| git.commit(id).map(|commit| commit.tree);
        tree_of(head).map(|tree| git.patch(git.merge_base(base, head).and_then(tree_of), tree))
    };
    patch(heads.0) == patch(heads.1)
}

/// Whether a push only merges the base branch into the head, as the "Update branch" button does.
///
/// What the merge commit changes by itself is not looked at. GitHub does not document its exact condition, so this is
/// the widest one that was seen: who is safe with it is safe with a narrower one.
fn updates_from(git: &Store, base: Oid, heads: (Oid, Oid)) -> bool {
    let released = git.reachable(base);
    let merges = |id: &Oid| {
        let parents = git.commit(*id).map(|commit| commit.parents.as_slice()).unwrap_or_default();
        matches!(parents, [_, second] if released.contains(second))
    };
    let fresh = git.range(heads.0, heads.1).into_iter().filter(|id| !released.contains(id)).collect::<Vec<_>>();
    !fresh.is_empty() && fresh.iter().all(merges)
}
