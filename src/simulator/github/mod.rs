//! A simulated GitHub: repositories with real Git objects, pull requests, reviews, checks and code scanning, behind the
//! REST and GraphQL API that GitHub has.

mod accounts;
mod checks;
mod commits;
mod graphql;
mod ids;
mod merge;
mod pulls;
mod push;
mod rest;
mod scanning;
mod shapes;
mod tokens;
mod webhook;
mod world;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;

use super::Shared;
use super::clock::text as time_text;
use super::git;
use super::scene;
use scene::{ChangeBase, CheckRun, DismissReview, Merge, OpenPullRequest, Push, Review, Scan, SceneError};
use tokens::Tokens;
use webhook::Sender;
use world::World;

/// The simulated GitHub.
#[derive(Debug)]
pub struct Github {
    world: Mutex<World>,
    tokens: Mutex<Tokens>,
    sender: Mutex<Option<Sender>>,
    under_way: Arc<AtomicUsize>,
}

impl Github {
    /// The repositories of a scene, to which nobody pushed yet.
    ///
    /// # Errors
    /// When a commit of the scene has an author, a parent or a repository that does not exist.
    pub fn new(shared: Shared) -> Result<Github, SceneError> {
        Ok(Github {
            tokens: Mutex::new(Tokens::new(shared.clock.clone())),
            world: Mutex::new(World::new(shared)?),
            sender: Mutex::default(),
            under_way: Arc::default(),
        })
    }

    /// Brings a commit of the scene, with what it rests on, to a branch.
    ///
    /// # Errors
    /// When the commit cannot be made, or the branch would lose commits without `force`.
    pub fn push(&self, step: &Push) -> Result<(), SceneError> {
        self.change(|world| world.push(step))
    }

    /// Opens a pull request.
    ///
    /// # Errors
    /// When the number is taken, a branch does not exist, or there is nothing to merge.
    pub fn open_pull_request(&self, step: &OpenPullRequest) -> Result<(), SceneError> {
        self.change(|world| world.open_pull_request(step))
    }

    /// Submits a review of a pull request's head.
    ///
    /// # Errors
    /// When nobody opened the pull request.
    pub fn review(&self, step: &Review) -> Result<(), SceneError> {
        self.change(|world| world.review(step))
    }

    /// Takes the force of somebody's newest opinion.
    ///
    /// # Errors
    /// When there is none.
    pub fn dismiss_review(&self, step: &DismissReview) -> Result<(), SceneError> {
        self.change(|world| world.dismiss_review(step))
    }

    /// Points an open pull request at another branch.
    ///
    /// # Errors
    /// When it was merged, or the branch does not exist.
    pub fn change_base(&self, step: &ChangeBase) -> Result<(), SceneError> {
        self.change(|world| world.change_base(step))
    }

    /// Presses a merge button.
    ///
    /// # Errors
    /// When the pull request is merged already, or in conflict with its base branch.
    pub fn merge(&self, step: &Merge) -> Result<(), SceneError> {
        self.change(|world| world.merge(step))
    }

    /// Takes in a code-scanning analysis.
    ///
    /// # Errors
    /// When the repository does not have the commit.
    pub fn scan(&self, step: &Scan) -> Result<(), SceneError> {
        self.change(|world| world.scan(step))
    }

    /// Reports a check run.
    ///
    /// # Errors
    /// When the repository does not have the commit.
    pub fn check_run(&self, step: &CheckRun) -> Result<(), SceneError> {
        self.change(|world| world.check_run(step))
    }

    /// The full SHA of a commit that the scene calls `name`. A text of 40 hex digits stands for itself.
    ///
    /// # Errors
    /// When no commit has this name yet.
    pub fn sha(&self, name: &str) -> Result<String, SceneError> {
        Ok(self.locked().oid(name)?.to_string())
    }

    /// The first seven digits of a commit's SHA, as people write it.
    ///
    /// # Errors
    /// When no commit has this name yet.
    pub fn short(&self, name: &str) -> Result<String, SceneError> {
        Ok(self.locked().oid(name)?.short())
    }

    /// A personal token that this GitHub accepts.
    #[must_use]
    pub fn token(&self) -> String {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).personal()
    }

    /// Sends every webhook from now on to this address, signed with this secret. The steps of the scene must then be
    /// played inside of a Tokio runtime.
    pub fn send_webhooks_to(&self, url: String, secret: String) {
        let sender = Sender::new(url, secret, Arc::clone(&self.under_way));
        *self.sender.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
    }

    /// How many webhooks were sent and not yet answered.
    #[must_use]
    pub fn webhooks_under_way(&self) -> usize {
        self.under_way.load(Ordering::SeqCst)
    }

    /// The REST and GraphQL API, under the paths of github.com and those of GitHub Enterprise Server.
    pub fn router(self: Arc<Self>) -> Router {
        rest::router(self)
    }

    fn locked(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the world, then sends the webhooks about it.
    fn change(&self, step: impl FnOnce(&mut World) -> Result<(), SceneError>) -> Result<(), SceneError> {
        let (done, news) = {
            let mut world = self.locked();
            (step(&mut world), std::mem::take(&mut world.news))
        };
        if let Some(sender) = &*self.sender.lock().unwrap_or_else(PoisonError::into_inner) {
            news.iter().for_each(|news| sender.send(news));
        }
        done
    }
}

#[cfg(test)]
mod tests;
