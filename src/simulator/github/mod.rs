//! A simulated GitHub: repositories with real Git objects, pull requests, reviews, checks and code scanning, behind the
//! REST and GraphQL API that GitHub has.

mod accounts;
mod checks;
mod commits;
mod deliveries;
mod deployments;
mod freshness;
pub(in crate::simulator) mod graphql;
mod ids;
mod merge;
mod pulls;
mod push;
mod rest;
mod reviews;
mod runs;
mod scanning;
mod shapes;
mod statuses;
mod tokens;
mod webhook;
mod world;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;

use super::Shared;
use super::authoring;
use super::clock::text as time_text;
use super::faults::Faults;
use super::git;
use super::scene;
use deliveries::{Delivered, Deliveries};
pub use runs::Reviewed;
use scene::{Moment, SceneError, System};
use tokens::Tokens;
use webhook::{News, Sender};
use world::World;

/// The simulated GitHub.
#[derive(Debug)]
pub struct Github {
    world: Mutex<World>,
    tokens: Mutex<Tokens>,
    sender: Mutex<Option<Sender>>,
    faults: Faults,
    under_way: Arc<AtomicUsize>,
    deliveries: Deliveries,
    granted: Mutex<BTreeMap<String, String>>,
}

impl Github {
    /// The repositories of a scene, to which nobody pushed yet.
    ///
    /// # Errors
    /// When a commit of the scene has an author, a parent or a repository that does not exist.
    pub fn new(shared: Shared) -> Result<Github, SceneError> {
        Ok(Github {
            tokens: Mutex::new(Tokens::new(shared.clock.clone())),
            faults: shared.faults.clone(),
            world: Mutex::new(World::new(shared)?),
            sender: Mutex::default(),
            under_way: Arc::default(),
            deliveries: Deliveries::default(),
            granted: Mutex::default(),
        })
    }

    /// Makes one step happen that is about GitHub. `None` when it is about something else.
    ///
    /// # Errors
    /// When the step is impossible, for example a review of a pull request that nobody opened.
    pub fn play(&self, moment: Moment<'_>) -> Option<Result<(), SceneError>> {
        let (done, news, now) = {
            let mut world = self.unsettled();
            let done = world.play(moment)?;
            (done, std::mem::take(&mut world.news), world.now())
        };
        news.iter().for_each(|news| self.deliver(news, (&uuid::Uuid::now_v7().to_string(), now)));
        Some(done)
    }

    /// Tries to deliver a webhook. As long as nobody has said where to, nobody answers.
    fn deliver(&self, news: &News, (guid, now): (&str, i64)) {
        let id = self.deliveries.note(news, (guid, now));
        if let Some(sender) = &*self.sender.lock().unwrap_or_else(PoisonError::into_inner)
            && !self.faults.drops_webhook(System::Github)
        {
            sender.send(news, (guid, id));
        }
    }

    /// What was delivered, or tried to, in the time for which GitHub keeps it; newest first. And where to.
    fn delivered(&self) -> (Vec<Delivered>, String) {
        let now = self.unsettled().now();
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        let nowhere = || "http://localhost/webhooks/github".to_owned();
        (self.deliveries.kept(now), sender.as_ref().map_or_else(nowhere, |sender| sender.url().to_owned()))
    }

    /// The full SHA of a commit that the scene calls `name`. A text of 40 hex digits stands for itself.
    ///
    /// # Errors
    /// When no commit has this name yet.
    pub fn sha(&self, name: &str) -> Result<String, SceneError> {
        Ok(self.unsettled().oid(name)?.to_string())
    }

    /// The first seven digits of a commit's SHA, as people write it.
    ///
    /// # Errors
    /// When no commit has this name yet.
    pub fn short(&self, name: &str) -> Result<String, SceneError> {
        Ok(self.unsettled().oid(name)?.short())
    }

    /// An owner grants something to the App besides what it has: `read`, `write`, or with an empty text nothing any more.
    pub fn grant(&self, permission: &str, access: &str) {
        self.granted.lock().unwrap_or_else(PoisonError::into_inner).insert(permission.to_owned(), access.to_owned());
    }

    /// What an owner has granted otherwise.
    fn granted(&self) -> BTreeMap<String, String> {
        self.granted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Somebody deletes the newest deployment to an environment.
    ///
    /// # Errors
    /// When there is none.
    pub fn delete_deployment(&self, environment: &str) -> Result<(), SceneError> {
        self.unsettled().delete_deployment(environment)
    }

    /// What the App said about a run, oldest first, and how the run is now.
    ///
    /// # Errors
    /// When there is no run with this number.
    pub fn told_about(&self, run: u64) -> Result<(Vec<Reviewed>, &'static str), SceneError> {
        let world = self.unsettled();
        let run = world.repos.iter().flat_map(|repo| &repo.actions_runs).find(|one| one.id == run);
        let run = run.ok_or_else(|| SceneError("there is no such run".into()))?;
        Ok((run.reviews.clone(), run.status()))
    }

    /// A personal token that this GitHub accepts.
    #[must_use]
    pub fn token(&self) -> String {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).personal()
    }

    /// Sends every webhook from now on to this address, signed with this secret. The steps of the scene must then be
    /// played inside of a Tokio runtime.
    pub fn send_webhooks_to(&self, url: String, secret: String) {
        let sender = Sender::new(url, secret, (Arc::clone(&self.under_way), self.deliveries.clone()));
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

    /// The world for somebody who asks.
    fn locked(&self) -> MutexGuard<'_, World> {
        let mut world = self.unsettled();
        world.settle();
        world
    }

    /// The world for somebody who changes it, in which not every merge was tried yet.
    fn unsettled(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    fn play(&mut self, moment: Moment<'_>) -> Option<Result<(), SceneError>> {
        Some(match moment {
            Moment::Push(step) => self.push(step),
            Moment::DeleteBranch(step) => self.delete_branch(step),
            Moment::OpenPullRequest(step) => self.open_pull_request(step),
            Moment::Review(step) => self.review(step),
            Moment::DismissReview(step) => self.dismiss_review(step),
            Moment::ChangeBase(step) => self.change_base(step),
            Moment::UpdateBranch(step) => self.update_branch(step),
            Moment::ClosePullRequest(step) => self.close_pull_request(step),
            Moment::CommentOnPullRequest(step) => self.comment_on_pull_request(step),
            Moment::Assign(step) => self.assign(step),
            Moment::Merge(step) => self.merge(step),
            Moment::Scan(step) => self.scan(step),
            Moment::DismissAlert(step) => self.dismiss_alert(step),
            Moment::CheckRun(step) => self.check_run(step),
            Moment::Status(step) => self.status(step),
            Moment::SetRights(step) => self.set_rights(step),
            Moment::RenameAccount(step) => self.rename_account(step),
            Moment::AddAddress(step) => self.add_address(step),
            Moment::DeleteAccount(step) => self.delete_account(step),
            Moment::ShowDeployment(step) => self.show_deployment(step),
            Moment::WorkflowRun(step) => self.workflow_run(step),
            Moment::CancelRun(step) => self.cancel_run(step),
            Moment::PushTag(step) => self.push_tag(step),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod large_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod verbs_tests;
