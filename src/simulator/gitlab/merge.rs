//! The button "Merge", as the project is set.
//!
//! What it makes is committed by whoever presses it, with that person's address, and GitLab signs nothing.

use std::collections::BTreeMap;

use super::accounts::Account;
use super::authoring::{both_sides, stamp, tamper};
use super::git::{Commit, Oid, Stamp};
use super::requests::Landing;
use super::scene::{GitlabMerge, Merge, MergeMethod, SceneError};
use super::world::World;

impl World {
    /// Merges an open merge request.
    ///
    /// # Errors
    /// When it is merged already, in conflict with its target, or the project wants it rebased first.
    pub fn merge(&mut self, step: &Merge) -> Result<(), SceneError> {
        let place = self.place(step.repository.as_deref())?;
        let by = self.account(&step.by)?;
        self.open_request_mut(place, step.pull_request)?;
        if step.method == MergeMethod::Rebase {
            self.rebase(place, step, &by)?;
        }
        let request = self.open_request_mut(place, step.pull_request)?;
        let (branch, head, start) = (request.target.clone(), request.newest()?.head, request.newest()?.start);
        let project = &self.projects[place];
        let (tip, rule) = (project.tip(&branch)?, project.rules.merge);
        if rule != GitlabMerge::MergeCommit && step.method != MergeMethod::Squash && !project.git.is_ancestor(tip, head)
        {
            return Err(SceneError(format!("merge request {} has to be rebased first", step.pull_request)));
        }
        let onto = if rule == GitlabMerge::MergeCommit { start } else { tip };
        let squash =
            if step.method == MergeMethod::Squash { Some(self.squash(place, step, (onto, head))?) } else { None };
        let brought = squash.unwrap_or(head);
        let merge = match rule {
            GitlabMerge::FastForward => None,
            GitlabMerge::MergeCommit | GitlabMerge::SemiLinear => {
                // What the scene slips in is in the squashed commit already.
                let plain = Merge { carries: BTreeMap::new(), drops: Vec::new(), ..step.clone() };
                Some(self.merge_commit(place, if squash.is_some() { &plain } else { step }, (tip, brought))?)
            }
        };
        let new = merge.unwrap_or(brought);
        self.name(&step.commit, new)?;
        let at = self.now();
        self.request_mut(place, step.pull_request)?.landing = Some(Landing { at, by: by.clone(), merge, squash });
        self.system_note(place, step.pull_request, (&by, "merged"))?;
        self.move_branch(place, (&branch, new), &by)
    }

    fn merge_commit(&mut self, place: usize, step: &Merge, sides: (Oid, Oid)) -> Result<Oid, SceneError> {
        let committer = self.signed_by(&step.by)?;
        let tree = self.combine(place, sides, step)?;
        let project = &mut self.projects[place];
        let request = project.requests.get(&step.pull_request);
        let Some(request) = request else { return Err(SceneError("there is no such merge request".into())) };
        let message = format!(
            "Merge branch '{}' into '{}'\n\n{}\n\nSee merge request {}!{}",
            request.source, request.target, request.title, project.path, request.iid
        );
        let parents = vec![sides.0, sides.1];
        let commit = Commit { tree, parents, author: committer.clone(), committer, signature: None, message };
        Ok(project.git.put_commit(commit))
    }

    /// One commit with all changes, by the one who opened the merge request.
    fn squash(&mut self, place: usize, step: &Merge, (onto, head): (Oid, Oid)) -> Result<Oid, SceneError> {
        let committer = self.signed_by(&step.by)?;
        let tree = self.combine(place, (onto, head), step)?;
        let request = self.request_mut(place, step.pull_request)?;
        let (author, message) = (request.author.username.clone(), request.title.clone());
        let author = self.signed_by(&author)?;
        let commit = Commit { tree, parents: vec![onto], author, committer, signature: None, message };
        Ok(self.projects[place].git.put_commit(commit))
    }

    /// The button "Rebase": copies of the commits, committed by whoever presses it, are pushed to the source branch. GitLab
    /// keeps approvals then.
    fn rebase(&mut self, place: usize, step: &Merge, by: &Account) -> Result<(), SceneError> {
        let committer = self.signed_by(&step.by)?;
        let request = self.open_request_mut(place, step.pull_request)?;
        let (source, target, commits) = (request.source.clone(), request.target.clone(), request.commits().to_vec());
        let mut tip = self.projects[place].tip(&target)?;
        let git = &mut self.projects[place].git;
        if commits.last().is_some_and(|head| git.is_ancestor(tip, *head)) {
            return Ok(());
        }
        let copied: Vec<Commit> = commits.iter().filter_map(|id| git.commit(*id)).cloned().collect();
        for original in copied.into_iter().filter(|commit| commit.parents.len() < 2) {
            let tree_of = |id: Oid| git.commit(id).map(|commit| commit.tree);
            let before = original.parents.first().and_then(|parent| tree_of(*parent));
            let ours = tree_of(tip).unwrap_or(original.tree);
            let files = git.merge_trees(before, ours, original.tree).clean()?;
            let tree = git.put_tree(&files)?;
            let copy = Commit { tree, parents: vec![tip], committer: committer.clone(), signature: None, ..original };
            tip = git.put_commit(copy);
        }
        let rules = self.projects[place].rules;
        self.projects[place].rules.resets_approvals = false;
        let moved = self.move_branch(place, (&source, tip), by);
        self.projects[place].rules = rules;
        moved
    }

    /// The tree with the changes of both sides since their histories parted, and with what the scene slips in.
    fn combine(&mut self, place: usize, sides: (Oid, Oid), step: &Merge) -> Result<Oid, SceneError> {
        let git = &mut self.projects[place].git;
        let mut files = both_sides(git, sides)?.clean()?;
        let base = git.merge_base(sides.0, sides.1).and_then(|id| git.commit(id)).map(|commit| commit.tree);
        tamper(git, &mut files, base, step)?;
        git.put_tree(&files)
    }

    /// Somebody's name and address, now.
    fn signed_by(&self, name: &str) -> Result<Stamp, SceneError> {
        Ok(stamp(self.shared.scene.person(name)?, self.now()))
    }
}
