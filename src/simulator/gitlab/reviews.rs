//! What people say about merge requests, and what GitLab writes down of it.

use super::accounts::Account;
use super::requests::{Approval, Note, Opinion, Reviewer};
use super::scene::{CommentOnPullRequest, DismissReview, Review, ReviewState, SceneError};
use super::world::World;

impl World {
    /// Somebody says what they think of a merge request.
    ///
    /// # Errors
    /// When nobody opened it.
    pub fn review(&mut self, step: &Review) -> Result<(), SceneError> {
        let place = self.place(step.repository.as_deref())?;
        let (now, by) = (self.now(), self.account(&step.by)?);
        let request = self.request_mut(place, step.pull_request)?;
        let has_approved = request.approvals.iter().any(|approval| approval.by.id == by.id);
        match step.state {
            ReviewState::Approve if has_approved => {}
            ReviewState::Approve => {
                request.approvals.push(Approval { by: by.clone(), at: now });
                request.says(&by, (Opinion::Approved, now));
                self.system_note(place, step.pull_request, (&by, "approved this merge request"))?;
            }
            ReviewState::RequestChanges => {
                if has_approved {
                    self.take_back(place, step.pull_request, &by)?;
                }
                self.request_mut(place, step.pull_request)?.says(&by, (Opinion::RequestedChanges, now));
                self.system_note(place, step.pull_request, (&by, "requested changes"))?;
            }
            ReviewState::Comment => request.says(&by, (Opinion::Reviewed, now)),
        }
        if step.text.is_empty() { Ok(()) } else { self.note(place, step.pull_request, (&by, &step.text)) }
    }

    /// Somebody takes an approval back. On GitLab that is whoever gave it. A demand for changes may be taken back too.
    ///
    /// # Errors
    /// When there is nothing to take back.
    pub fn dismiss_review(&mut self, step: &DismissReview) -> Result<(), SceneError> {
        let place = self.place(step.repository.as_deref())?;
        let (now, by) = (self.now(), self.account(&step.review_by)?);
        let request = self.request_mut(place, step.pull_request)?;
        if request.approvals.iter().any(|approval| approval.by.id == by.id) {
            return self.take_back(place, step.pull_request, &by);
        }
        let asks = |reviewer: &Reviewer| reviewer.who.id == by.id && reviewer.state == Opinion::RequestedChanges;
        if !request.reviewers.iter().any(asks) {
            let (who, number) = (&step.review_by, step.pull_request);
            return Err(SceneError(format!("merge request {number} has nothing of `{who}` to take back")));
        }
        request.says(&by, (Opinion::Unreviewed, now));
        Ok(())
    }

    fn take_back(&mut self, place: usize, iid: u64, by: &Account) -> Result<(), SceneError> {
        let now = self.now();
        let request = self.request_mut(place, iid)?;
        request.approvals.retain(|approval| approval.by.id != by.id);
        request.says(by, (Opinion::Unapproved, now));
        self.system_note(place, iid, (by, "unapproved this merge request"))
    }

    /// Somebody writes a comment. It may say what GitLab would say.
    ///
    /// # Errors
    /// When nobody opened the merge request.
    pub fn comment(&mut self, step: &CommentOnPullRequest) -> Result<(), SceneError> {
        let place = self.place(step.repository.as_deref())?;
        let by = self.account(&step.by)?;
        self.note(place, step.pull_request, (&by, &step.text))
    }

    fn note(&mut self, place: usize, iid: u64, (by, text): (&Account, &str)) -> Result<(), SceneError> {
        let (created, id) = (self.now(), self.next_id());
        let note = Note { id, author: by.clone(), body: text.to_owned(), is_system: false, created };
        self.request_mut(place, iid)?.notes.push(note);
        Ok(())
    }
}
