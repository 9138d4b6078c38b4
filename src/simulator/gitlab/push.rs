//! Branches that move, and what that does to merge requests.

use super::accounts::Account;
use super::git::Oid;
use super::requests::{Landing, Opinion};
use super::scene::{DeleteBranch, Push, SceneError, Status};
use super::world::{CommitStatus, World};

/// Somebody moved a branch.
#[derive(Debug, Clone)]
pub struct Pushed {
    /// The number of the event.
    pub id: u64,
    /// Who.
    pub by: Account,
    /// Which branch.
    pub branch: String,
    /// Where it was; nothing when it was new.
    pub before: Option<Oid>,
    /// Where it is since.
    pub after: Oid,
    /// When.
    pub at: i64,
}

impl World {
    /// Brings a commit, and what it rests on, to a branch.
    ///
    /// # Errors
    /// When the commit cannot be made, or the branch would lose commits without `force`.
    pub fn push(&mut self, step: &Push) -> Result<(), SceneError> {
        let place = self.place(step.repository.as_deref())?;
        let new = self.make_commit(place, &step.commit)?;
        let by = self.account(&self.pusher(step)?)?;
        if step.fork {
            return Ok(());
        }
        let project = &self.projects[place];
        let old = project.branches.get(&step.branch).copied();
        if old == Some(new) {
            return Ok(());
        }
        if old.is_some_and(|old| !project.git.is_ancestor(old, new)) && !step.force {
            let (commit, branch) = (&step.commit, &step.branch);
            return Err(SceneError(format!("`{commit}` does not contain what is on `{branch}`: say `force = true`")));
        }
        self.move_branch(place, (&step.branch, new), &by)
    }

    fn pusher(&self, step: &Push) -> Result<String, SceneError> {
        if let Some(name) = &step.by {
            return Ok(name.clone());
        }
        let commit = self.shared.scene.commits.iter().find(|commit| commit.id == step.commit);
        let commit = commit.ok_or_else(|| SceneError(format!("say with `by` who pushes `{}`", step.commit)))?;
        Ok(commit.author.clone())
    }

    /// Removes a branch. What was to be merged from it, or into it, is closed.
    ///
    /// # Errors
    /// When it does not exist, or is the default branch.
    pub fn delete_branch(&mut self, step: &DeleteBranch) -> Result<(), SceneError> {
        let place = self.place(step.repository.as_deref())?;
        let (now, by) = (self.now(), self.account(&step.by)?);
        let project = &mut self.projects[place];
        project.tip(&step.branch)?;
        if step.branch == project.default_branch {
            return Err(SceneError(format!("`{}` is the default branch and stays", step.branch)));
        }
        project.branches.remove(&step.branch);
        let concerns = |branch: &String| *branch == step.branch;
        for request in project.requests.values_mut().filter(|request| request.is_open()) {
            if concerns(&request.source) || concerns(&request.target) {
                request.closed = Some((now, by.clone()));
            }
        }
        Ok(())
    }

    /// Moves a branch, with everything that GitLab does about it.
    ///
    /// # Errors
    /// When a merge request has lost a branch.
    pub(super) fn move_branch(
        &mut self,
        place: usize,
        (branch, new): (&str, Oid),
        by: &Account,
    ) -> Result<(), SceneError> {
        let (id, at) = (self.next_id(), self.now());
        let project = &mut self.projects[place];
        let old = project.branches.insert(branch.to_owned(), new);
        let (by_whom, name) = (by.clone(), branch.to_owned());
        project.pushes.push(Pushed { id, by: by_whom, branch: name, before: old, after: new, at });
        let open = project.requests.values().filter(|request| request.is_open());
        let (from, others): (Vec<_>, Vec<_>) = open.partition(|request| request.source == branch);
        let into = others.into_iter().filter(|request| request.target == branch);
        let (from, into): (Vec<u64>, Vec<u64>) =
            (from.iter().map(|request| request.iid).collect(), into.map(|request| request.iid).collect());
        from.into_iter().try_for_each(|iid| self.pushed_to(place, iid, (old, by)))?;
        into.into_iter().try_for_each(|iid| self.pushed_into(place, iid, (new, by)))
    }

    /// The source of an open merge request moved: there is a new version, and what was approved may count no longer.
    fn pushed_to(&mut self, place: usize, iid: u64, (old, by): (Option<Oid>, &Account)) -> Result<(), SceneError> {
        self.new_version(place, iid)?;
        let project = &self.projects[place];
        let resets = project.rules.resets_approvals;
        let request = project.requests.get(&iid);
        let head = request.and_then(|request| request.versions.last()).map(|version| version.head);
        let added = match (old, head) {
            (Some(old), Some(head)) => project.git.range(old, head).len(),
            _ => 0,
        };
        let words = if added == 1 { "1 commit".to_owned() } else { format!("{added} commits") };
        let body =
            format!("added {words}\n\n[Compare with previous version](/{}/-/merge_requests/{iid}/diffs)", project.path);
        self.system_note(place, iid, (by, &body))?;
        if resets { self.reset_approvals(place, iid, (by, "pushing to the branch")) } else { Ok(()) }
    }

    /// Takes every approval away.
    pub(super) fn reset_approvals(
        &mut self,
        place: usize,
        iid: u64,
        (by, how): (&Account, &str),
    ) -> Result<(), SceneError> {
        let now = self.now();
        let request = self.request_mut(place, iid)?;
        let names: Vec<Account> = request.approvals.drain(..).map(|approval| approval.by).collect();
        names.iter().for_each(|who| request.says(who, (Opinion::Unreviewed, now)));
        if names.is_empty() {
            return Ok(());
        }
        let names = names.iter().map(|who| format!("@{}", who.username)).collect::<Vec<_>>().join(" and ");
        self.system_note(place, iid, (by, &format!("reset approvals from {names} by {how}")))
    }

    /// The target of an open merge request moved. GitLab calls it merged as soon as the target has its head, however that came
    /// about; whoever pushed is said to have merged it.
    fn pushed_into(&mut self, place: usize, iid: u64, (new, by): (Oid, &Account)) -> Result<(), SceneError> {
        let now = self.now();
        let project = &mut self.projects[place];
        let Some(request) = project.requests.get_mut(&iid) else { return Ok(()) };
        let Some(head) = request.versions.last().map(|version| version.head) else { return Ok(()) };
        if !project.git.is_ancestor(head, new) {
            return Ok(());
        }
        let containing = project.git.first_parents(new).take_while(|id| project.git.is_ancestor(head, *id));
        let merge = containing.last().filter(|commit| *commit != head);
        request.landing = Some(Landing { at: now, by: by.clone(), merge, squash: None });
        self.system_note(place, iid, (by, "merged manually"))
    }

    /// Sets a status of a commit.
    ///
    /// # Errors
    /// When the project does not have the commit.
    pub fn status(&mut self, step: &Status) -> Result<(), SceneError> {
        let place = self.place(step.repository.as_deref())?;
        let commit = self.oid(&step.commit)?;
        let (id, created, by) = (self.next_id(), self.now(), self.account(&step.by)?);
        let status = CommitStatus { id, commit, name: step.context.clone(), state: step.state, by, created };
        self.projects[place].statuses.push(status);
        Ok(())
    }
}
