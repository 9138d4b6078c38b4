//! Merge requests: what they are, and what happens to them apart from pushes and merges.

use super::accounts::Account;
use super::git::Oid;
use super::scene::{ChangeBase, ClosePullRequest, OpenPullRequest, SceneError};
use super::world::World;

/// A merge request.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its number on the instance.
    pub id: u64,
    /// Its number in the project.
    pub iid: u64,
    /// The title.
    pub title: String,
    /// Who opened it.
    pub author: Account,
    /// The branch with the work.
    pub source: String,
    /// The branch it is for.
    pub target: String,
    /// What it consisted of, oldest first: a new one for each push and each change of the target.
    pub versions: Vec<Version>,
    /// Who approves it now.
    pub approvals: Vec<Approval>,
    /// Who looked at it, and how that stands.
    pub reviewers: Vec<Reviewer>,
    /// What was written, by people and by GitLab, oldest first.
    pub notes: Vec<Note>,
    /// When it was opened.
    pub created: i64,
    /// When it last changed.
    pub updated: i64,
    /// How it was merged.
    pub landing: Option<Landing>,
    /// When it was closed without being merged, and by whom.
    pub closed: Option<(i64, Account)>,
}

/// What a merge request consisted of for a time.
#[derive(Debug, Clone)]
pub struct Version {
    /// Its number.
    pub id: u64,
    /// The newest commit.
    pub head: Oid,
    /// Where the branches parted.
    pub base: Oid,
    /// Where the target branch stood.
    pub start: Oid,
    /// What the source has and the target had not, oldest first.
    pub commits: Vec<Oid>,
    /// When it came to be.
    pub created: i64,
}

/// An approval that was not taken back.
#[derive(Debug, Clone)]
pub struct Approval {
    /// Who gave it.
    pub by: Account,
    /// When.
    pub at: i64,
}

/// Somebody who was asked to look, or did.
#[derive(Debug, Clone)]
pub struct Reviewer {
    /// Who.
    pub who: Account,
    /// How it stands.
    pub state: Opinion,
    /// Since when they are a reviewer.
    pub since: i64,
}

/// What a reviewer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opinion {
    /// Nothing yet.
    Unreviewed,
    /// Something, and neither yes nor no.
    Reviewed,
    /// Yes.
    Approved,
    /// No longer yes.
    Unapproved,
    /// No.
    RequestedChanges,
}

/// Something that was written.
#[derive(Debug, Clone)]
pub struct Note {
    /// Its number.
    pub id: u64,
    /// Who wrote it, or did what GitLab wrote down.
    pub author: Account,
    /// What it says.
    pub body: String,
    /// Whether GitLab wrote it.
    pub is_system: bool,
    /// When.
    pub created: i64,
}

/// How a merge request reached its target.
#[derive(Debug, Clone)]
pub struct Landing {
    /// When.
    pub at: i64,
    /// Who merged.
    pub by: Account,
    /// The merge commit, if there is one.
    pub merge: Option<Oid>,
    /// The commit with all changes, if there is one.
    pub squash: Option<Oid>,
}

impl Opinion {
    /// As the API writes it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Opinion::Unreviewed => "unreviewed",
            Opinion::Reviewed => "reviewed",
            Opinion::Approved => "approved",
            Opinion::Unapproved => "unapproved",
            Opinion::RequestedChanges => "requested_changes",
        }
    }
}

impl Request {
    /// Its newest version.
    ///
    /// # Errors
    /// Never: there is one from the beginning.
    pub fn newest(&self) -> Result<&Version, SceneError> {
        self.versions.last().ok_or_else(|| SceneError(format!("merge request {} has no version", self.iid)))
    }

    /// What its newest version consists of, oldest first.
    #[must_use]
    pub fn commits(&self) -> &[Oid] {
        self.versions.last().map(|version| version.commits.as_slice()).unwrap_or_default()
    }

    /// Whether it can still be merged.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.landing.is_none() && self.closed.is_none()
    }

    /// How it is, in the word of the API.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match (&self.landing, &self.closed) {
            (Some(_), _) => "merged",
            (None, Some(_)) => "closed",
            (None, None) => "opened",
        }
    }

    /// Notes what somebody says as a reviewer, who becomes one by it.
    pub(super) fn says(&mut self, who: &Account, (state, now): (Opinion, i64)) {
        match self.reviewers.iter_mut().find(|reviewer| reviewer.who.id == who.id) {
            Some(reviewer) => reviewer.state = state,
            None => self.reviewers.push(Reviewer { who: who.clone(), state, since: now }),
        }
    }
}

impl World {
    /// Opens a merge request.
    ///
    /// # Errors
    /// When the number is taken, a branch does not exist, or there is nothing to merge.
    pub fn open_request(&mut self, step: &OpenPullRequest) -> Result<(), SceneError> {
        let place = self.place(step.repository.as_deref())?;
        let (now, id, author) = (self.now(), self.next_id(), self.account(&step.by)?);
        let project = &mut self.projects[place];
        let target = step.into.clone().unwrap_or_else(|| project.default_branch.clone());
        let (head, tip) = (project.tip(&step.from)?, project.tip(&target)?);
        if project.requests.contains_key(&step.number) {
            return Err(SceneError(format!("there is a merge request {} already", step.number)));
        }
        if project.git.is_ancestor(head, tip) {
            return Err(SceneError(format!("`{}` has nothing that `{target}` has not", step.from)));
        }
        let request = Request {
            id,
            iid: step.number,
            title: step.title.clone().unwrap_or_else(|| step.from.replace(['-', '_', '/'], " ")),
            author,
            source: step.from.clone(),
            target,
            versions: Vec::new(),
            approvals: Vec::new(),
            reviewers: Vec::new(),
            notes: Vec::new(),
            created: now,
            updated: now,
            landing: None,
            closed: None,
        };
        project.requests.insert(step.number, request);
        self.new_version(place, step.number)
    }

    /// Writes down what an open merge request consists of now.
    ///
    /// # Errors
    /// When one of its branches is gone.
    pub(super) fn new_version(&mut self, place: usize, iid: u64) -> Result<(), SceneError> {
        let (now, id) = (self.now(), self.next_id());
        let project = &mut self.projects[place];
        let Some(request) = project.requests.get(&iid) else { return Ok(()) };
        let (head, start) = (project.tip(&request.source)?, project.tip(&request.target)?);
        let base = project.git.merge_base(start, head).unwrap_or(start);
        let commits = project.git.range(start, head);
        let version = Version { id, head, base, start, commits, created: now };
        if let Some(request) = project.requests.get_mut(&iid) {
            request.versions.push(version);
            request.updated = now;
        }
        Ok(())
    }

    /// Points an open merge request at another branch.
    ///
    /// # Errors
    /// When it is not open, or the branch does not exist.
    pub fn change_target(&mut self, step: &ChangeBase) -> Result<(), SceneError> {
        let place = self.place(step.repository.as_deref())?;
        let by = self.account(&step.by)?;
        self.projects[place].tip(&step.into)?;
        let request = self.open_request_mut(place, step.pull_request)?;
        let from = std::mem::replace(&mut request.target, step.into.clone());
        let body = format!("changed target branch from `{from}` to `{}`", step.into);
        self.system_note(place, step.pull_request, (&by, &body))?;
        if self.projects[place].rules.resets_approvals {
            self.reset_approvals(place, step.pull_request, (&by, "changing the target branch"))?;
        }
        self.new_version(place, step.pull_request)
    }

    /// Closes an open merge request without merging it.
    ///
    /// # Errors
    /// When it is not open.
    pub fn close_request(&mut self, step: &ClosePullRequest) -> Result<(), SceneError> {
        let place = self.place(step.repository.as_deref())?;
        let (now, by) = (self.now(), self.account(&step.by)?);
        self.open_request_mut(place, step.pull_request)?.closed = Some((now, by.clone()));
        self.system_note(place, step.pull_request, (&by, "closed"))
    }

    /// GitLab writes down what somebody did.
    pub(super) fn system_note(
        &mut self,
        place: usize,
        iid: u64,
        (by, text): (&Account, &str),
    ) -> Result<(), SceneError> {
        let (created, id) = (self.now(), self.next_id());
        let request = self.request_mut(place, iid)?;
        request.notes.push(Note { id, author: by.clone(), body: text.to_owned(), is_system: true, created });
        request.updated = created;
        Ok(())
    }

    /// The merge request with this number.
    ///
    /// # Errors
    /// When nobody opened it.
    pub(super) fn request_mut(&mut self, place: usize, iid: u64) -> Result<&mut Request, SceneError> {
        let requests = &mut self.projects[place].requests;
        requests.get_mut(&iid).ok_or_else(|| SceneError(format!("nobody opened merge request {iid} yet")))
    }

    /// The open merge request with this number.
    ///
    /// # Errors
    /// When nobody opened it, or it is merged or closed already.
    pub(super) fn open_request_mut(&mut self, place: usize, iid: u64) -> Result<&mut Request, SceneError> {
        let request = self.request_mut(place, iid)?;
        if request.is_open() {
            return Ok(request);
        }
        Err(SceneError(format!("merge request {iid} is {} already", request.state())))
    }
}
