//! A simulated GitLab: projects with real Git objects, and merge requests with their versions, approvals and notes.
//!
//! It answers the parts of the REST and GraphQL API that tell of them (<https://docs.gitlab.com/api/rest/>). A step of a scene
//! means the same here as on GitHub, as far as GitLab has it: a pull request is a merge request, a review is an approval.

mod accounts;
mod graphql;
mod merge;
mod push;
mod requests;
mod rest;
mod reviews;
mod shapes;
mod world;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use uuid::Uuid;

use super::Shared;
use super::authoring;
use super::git;
use super::scene;
use scene::{Moment, SceneError};
use world::World;

/// The simulated GitLab.
#[derive(Debug)]
pub struct Gitlab {
    world: Mutex<World>,
    token: String,
}

impl Gitlab {
    /// The projects of a scene that are on GitLab, to which nobody pushed yet.
    #[must_use]
    pub fn new(shared: Shared) -> Gitlab {
        Gitlab { world: Mutex::new(World::new(shared)), token: format!("glpat-{}", Uuid::new_v4().simple()) }
    }

    /// An access token with the scopes `read_api` and `read_repository`.
    #[must_use]
    pub fn token(&self) -> String {
        self.token.clone()
    }

    /// Makes one step happen, if it is about a project on GitLab. `None` when it is about something else.
    ///
    /// # Errors
    /// When the step is impossible, or is about something that GitLab does not have.
    pub fn play(&self, moment: Moment<'_>) -> Option<Result<(), SceneError>> {
        let mut world = self.locked();
        if let Some(done) = world.change_account(moment) {
            return if world.projects.is_empty() { None } else { done.err().map(Err) };
        }
        let place = moment.repository().map(|repository| world.place(repository))?;
        place.is_ok().then(|| world.play(moment))
    }

    /// The full SHA of a commit that the scene calls `name`.
    ///
    /// # Errors
    /// When no commit on GitLab has this name yet.
    pub fn sha(&self, name: &str) -> Result<String, SceneError> {
        Ok(self.locked().oid(name)?.to_string())
    }

    /// The API, under `/api/`.
    pub fn router(self: Arc<Self>) -> Router {
        rest::router(self)
    }

    fn locked(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    /// What happens to people happens to their accounts everywhere.
    fn change_account(&mut self, moment: Moment<'_>) -> Option<Result<(), SceneError>> {
        Some(match moment {
            Moment::SetRights(step) => self.set_rights(step),
            Moment::RenameAccount(step) => self.rename_account(step),
            Moment::AddAddress(step) => self.add_address(step),
            Moment::DeleteAccount(step) => self.delete_account(step),
            _ => return None,
        })
    }

    fn play(&mut self, moment: Moment<'_>) -> Result<(), SceneError> {
        match moment {
            Moment::Push(step) => self.push(step),
            Moment::DeleteBranch(step) => self.delete_branch(step),
            Moment::OpenPullRequest(step) => self.open_request(step),
            Moment::Review(step) => self.review(step),
            Moment::DismissReview(step) => self.dismiss_review(step),
            Moment::ChangeBase(step) => self.change_target(step),
            Moment::ClosePullRequest(step) => self.close_request(step),
            Moment::CommentOnPullRequest(step) => self.comment(step),
            Moment::Merge(step) => self.merge(step),
            Moment::Status(step) => self.status(step),
            other => Err(SceneError(format!("a project on GitLab knows nothing of {other:?}"))),
        }
    }
}

#[cfg(test)]
mod tests;
