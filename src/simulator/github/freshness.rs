//! What a pull request contains, and what merging it would make, after its branches moved.

use super::git::{Commit, Oid, Stamp, Store};
use super::pulls::Item;
use super::scene::SceneError;
use super::world::World;

impl World {
    /// Works out again what an open pull request contains, after its head or its base moved.
    ///
    /// # Errors
    /// When the objects contradict each other.
    pub(super) fn refresh_pull(&mut self, place: usize, number: u64) -> Result<(), SceneError> {
        let now = self.now();
        let repo = &mut self.repos[place];
        let Some(pull) = repo.pulls.get_mut(&number).filter(|pull| pull.is_open()) else {
            return Ok(());
        };
        pull.test_merge_due = None;
        let tip = repo.branches.get(&pull.base_branch).copied().unwrap_or(pull.base);
        pull.commits = repo.git.range(tip, pull.head);
        let (commits, timeline) = (&pull.commits, &mut pull.timeline);
        timeline.retain(|item| !matches!(item, Item::Commit(oid) if !commits.contains(oid)));
        for oid in commits {
            if !timeline.iter().any(|item| matches!(item, Item::Commit(known) if known == oid)) {
                timeline.push(Item::Commit(*oid));
            }
        }
        pull.test_merge = test_merge(&mut repo.git, (tip, pull.head), now)?;
        Ok(())
    }

    /// Brings the test merges up to date, as of when they went out of date.
    pub(super) fn settle(&mut self) {
        if !std::mem::take(&mut self.unsettled) {
            return;
        }
        for repo in &mut self.repos {
            for pull in repo.pulls.values_mut() {
                let Some(due) = pull.test_merge_due.take().filter(|_| pull.is_open()) else {
                    continue;
                };
                let tip = repo.branches.get(&pull.base_branch).copied().unwrap_or(pull.base);
                pull.test_merge = test_merge(&mut repo.git, (tip, pull.head), due).unwrap_or_default();
            }
        }
    }
}

/// The merge that GitHub keeps under `refs/pull/N/merge`, if the two sides are not in conflict.
fn test_merge(git: &mut Store, sides: (Oid, Oid), now: i64) -> Result<Option<Oid>, SceneError> {
    let tree_of = |id: Oid| git.commit(id).map(|commit| commit.tree);
    let base = git.merge_base(sides.0, sides.1).and_then(tree_of);
    let (Some(ours), Some(theirs)) = (tree_of(sides.0), tree_of(sides.1)) else {
        return Ok(None);
    };
    let Ok(files) = git.merge_trees(base, ours, theirs).clean() else {
        return Ok(None);
    };
    let tree = git.put_tree(&files)?;
    let github = Stamp { name: "GitHub".into(), email: "noreply@github.com".into(), seconds: now.div_euclid(1000) };
    let message = format!("Merge {} into {}", sides.1, sides.0);
    let parents = vec![sides.0, sides.1];
    let commit = Commit { tree, parents, author: github.clone(), committer: github, signature: None, message };
    Ok(Some(git.put_commit(commit)))
}
