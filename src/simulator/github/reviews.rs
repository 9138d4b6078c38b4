//! What people do to pull requests: review them, retarget them, talk about them, close them.

use super::accounts::Account;
use super::pulls::{Deed, Event, GivenReview, Item, Opinion, Pull, Remark};
use super::scene::{
    Assign, ChangeBase, ClosePullRequest, CommentOnPullRequest, DismissReview, Review, ReviewState, SceneError,
};
use super::webhook::Notice;
use super::world::World;

impl World {
    /// Submits a review of the current head.
    ///
    /// # Errors
    /// When nobody opened the pull request.
    pub fn review(&mut self, step: &Review) -> Result<(), SceneError> {
        let place = self.place(step.repository.as_deref())?;
        let (now, id, author) = (self.now(), self.next_id(), self.account(&step.by)?);
        let state = match step.state {
            ReviewState::Approve => Opinion::Approved,
            ReviewState::RequestChanges => Opinion::ChangesRequested,
            ReviewState::Comment => Opinion::Commented,
        };
        let pull = self.pull_mut(place, step.pull_request)?;
        let (commit, text) = (pull.head, step.text.clone());
        let review = GivenReview { id, author: author.clone(), state, text, submitted: now, updated: now, commit };
        pull.timeline.push(Item::Review(pull.reviews.len()));
        pull.reviews.push(review);
        pull.updated = now;
        let newest = pull.reviews.len() - 1;
        self.announce(place, &Notice::Reviewed { number: step.pull_request, by: &author, review: newest });
        Ok(())
    }

    /// Takes the force of somebody's newest opinion.
    ///
    /// # Errors
    /// When there is none.
    pub fn dismiss_review(&mut self, step: &DismissReview) -> Result<(), SceneError> {
        let place = self.place(step.repository.as_deref())?;
        let (now, id, by) = (self.now(), self.next_id(), self.account(&step.by)?);
        let reviewer = self.account(&step.review_by)?;
        let pull = self.pull_mut(place, step.pull_request)?;
        let has_force = |review: &GivenReview| {
            review.author.id == reviewer.id && matches!(review.state, Opinion::Approved | Opinion::ChangesRequested)
        };
        let Some(newest) = pull.reviews.iter().rposition(has_force) else {
            let (who, number) = (&step.review_by, step.pull_request);
            return Err(SceneError(format!("pull request {number} has no review by `{who}` to dismiss")));
        };
        let review = &mut pull.reviews[newest];
        let was = std::mem::replace(&mut review.state, Opinion::Dismissed);
        review.updated = now;
        let what = Deed::Dismissed { review: newest, was };
        pull.timeline.push(Item::Event(Event { id, at: now, by: by.clone(), what }));
        pull.updated = now;
        self.announce(place, &Notice::Dismissed { number: step.pull_request, by: &by, review: newest });
        Ok(())
    }

    /// Points an open pull request at another branch.
    ///
    /// # Errors
    /// When it is not open, or the branch does not exist.
    pub fn change_base(&mut self, step: &ChangeBase) -> Result<(), SceneError> {
        let place = self.place(step.repository.as_deref())?;
        let (now, id, by) = (self.now(), self.next_id(), self.account(&step.by)?);
        let base = self.repos[place].tip(&step.into)?;
        let pull = self.open_pull_mut(place, step.pull_request)?;
        let from = std::mem::replace(&mut pull.base_branch, step.into.clone());
        let was = std::mem::replace(&mut pull.base, base);
        pull.updated = now;
        let what = Deed::BaseChanged { from: from.clone(), to: step.into.clone() };
        pull.timeline.push(Item::Event(Event { id, at: now, by: by.clone(), what }));
        self.refresh_pull(place, step.pull_request)?;
        self.announce(place, &Notice::BaseChanged { number: step.pull_request, by: &by, from: (&from, was) });
        Ok(())
    }

    /// Closes an open pull request without merging it.
    ///
    /// # Errors
    /// When it is not open.
    pub fn close_pull_request(&mut self, step: &ClosePullRequest) -> Result<(), SceneError> {
        let place = self.place(step.repository.as_deref())?;
        let by = self.account(&step.by)?;
        self.open_pull_mut(place, step.pull_request)?;
        self.close(place, step.pull_request, &by);
        Ok(())
    }

    /// Says something in the conversation of a pull request.
    ///
    /// # Errors
    /// When nobody opened it.
    pub fn comment_on_pull_request(&mut self, step: &CommentOnPullRequest) -> Result<(), SceneError> {
        let place = self.place(step.repository.as_deref())?;
        let (created, id, author) = (self.now(), self.next_id(), self.account(&step.by)?);
        let pull = self.pull_mut(place, step.pull_request)?;
        pull.comments.push(Remark { id, author, text: step.text.clone(), created });
        pull.updated = created;
        Ok(())
    }

    /// Assigns a pull request to somebody.
    ///
    /// # Errors
    /// When nobody opened it.
    pub fn assign(&mut self, step: &Assign) -> Result<(), SceneError> {
        let place = self.place(step.repository.as_deref())?;
        let (now, who, by) = (self.now(), self.account(&step.who)?, self.account(&step.by)?);
        let id = self.next_id();
        let pull = self.pull_mut(place, step.pull_request)?;
        let what = Deed::Assigned { who: who.clone() };
        pull.timeline.push(Item::Event(Event { id, at: now, by: by.clone(), what }));
        if pull.assignees.iter().all(|known| known.id != who.id) {
            pull.assignees.push(who.clone());
        }
        pull.updated = now;
        self.announce(place, &Notice::Assigned { number: step.pull_request, by: &by, who: &who });
        Ok(())
    }

    /// Closes a pull request, which must be open.
    pub(super) fn close(&mut self, place: usize, number: u64, by: &Account) {
        let (now, id) = (self.now(), self.next_id());
        if let Some(pull) = self.repos[place].pulls.get_mut(&number) {
            (pull.closed, pull.updated) = (Some(now), now);
            pull.timeline.push(Item::Event(Event { id, at: now, by: by.clone(), what: Deed::Closed }));
        }
        self.announce(place, &Notice::Closed { number, by });
    }

    /// The open pull request with this number.
    ///
    /// # Errors
    /// When nobody opened it, or it is merged or closed already.
    pub(super) fn open_pull_mut(&mut self, place: usize, number: u64) -> Result<&mut Pull, SceneError> {
        let pull = self.pull_mut(place, number)?;
        let ended = match (&pull.merged, pull.closed) {
            (Some(_), _) => "merged",
            (None, Some(_)) => "closed",
            (None, None) => return Ok(pull),
        };
        Err(SceneError(format!("pull request {number} is {ended} already")))
    }
}
