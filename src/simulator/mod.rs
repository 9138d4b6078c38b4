//! A simulated Jira, GitHub and Slack, parts of GitLab, Jenkins and Microsoft Teams, and an OpenID Connect provider, over real
//! HTTP: the outside world of the demo and of the tests.
//!
//! It is the only fake in the project, and it imports nothing of ours, so that a client and its fake cannot be wrong
//! together. `tests/peers` drives it with clients that other people wrote.

mod authoring;
pub mod beacon;
pub mod bitbucket;
pub mod browser;
pub mod clock;
pub mod dates;
pub mod faults;
mod git;
pub mod github;
pub mod gitlab;
pub mod jenkins;
pub mod jira;
pub mod openid;
mod page;
mod people;
pub mod pipelines;
pub mod scene;
pub mod slack;
pub mod teams;
pub mod traffic;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use beacon::Beacon;
use clock::Clock;
use dates::{Dates, date};
use faults::{Faults, stand_between};
use github::Github;
use gitlab::Gitlab;
use jenkins::Jenkins;
use jira::Jira;
use openid::Openid;
use people::People;
use pipelines::Pipelines;
use scene::{Moment, Scene, SceneError, Step, System};
use slack::Slack;
use teams::Teams;
use traffic::{Latency, Meter, Traffic, measure};

/// Simulated time between two steps of a timeline.
const BETWEEN_STEPS: Duration = Duration::from_secs(60);

/// What the three systems share.
#[derive(Debug, Clone)]
pub struct Shared {
    /// The world's time.
    pub clock: Clock,
    /// The scene that is played: its people and what its names mean.
    pub scene: Arc<Scene>,
    /// What fails now.
    pub faults: Faults,
    /// The times that answers bear.
    pub dates: Dates,
}

impl Shared {
    /// A world in which nothing fails.
    fn new(clock: Clock, scene: Arc<Scene>) -> Shared {
        Shared { dates: Dates::of(clock.clone()), clock, scene, faults: Faults::default() }
    }
}

/// The three systems, not yet listening.
#[derive(Debug)]
pub struct Simulator {
    /// What the systems share.
    pub shared: Shared,
    /// The simulated GitHub.
    pub github: Arc<Github>,
    /// The simulated GitLab.
    pub gitlab: Arc<Gitlab>,
    /// The simulated Jira.
    pub jira: Arc<Jira>,
    /// The simulated Slack.
    pub slack: Arc<Slack>,
    /// Two channels of a simulated Teams.
    pub teams: Arc<Teams>,
    /// The pipelines.
    pub pipelines: Pipelines,
    /// Where some of them run.
    pub jenkins: Arc<Jenkins>,
    /// Where people sign in.
    pub openid: Arc<Openid>,
    /// Those who open cm-bot's pages.
    pub people: People,
    /// A public beacon of randomness.
    pub beacon: Arc<Beacon>,
    meter: Meter,
    stop: CancellationToken,
}

/// Where the systems listen.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// Jira's REST API and its pages.
    pub jira: SocketAddr,
    /// GitHub's REST and GraphQL API.
    pub github: SocketAddr,
    /// Slack's Web API (under `/api/`) and its page.
    pub slack: SocketAddr,
}

impl Simulator {
    /// A world in the state that a scene describes, before its timeline begins.
    ///
    /// # Errors
    /// When the scene contradicts itself, for example a commit whose parent nobody made.
    pub fn new(scene: Scene, clock: Clock) -> Result<Simulator, SceneError> {
        let shared = Shared::new(clock, Arc::new(scene));
        Ok(Simulator {
            github: Arc::new(Github::new(shared.clone())?),
            gitlab: Arc::new(Gitlab::new(shared.clone())),
            jira: Arc::new(Jira::new(shared.clone())),
            slack: Arc::new(Slack::new(shared.clone())),
            teams: Arc::new(Teams::new()),
            pipelines: Pipelines::new(shared.clone()),
            jenkins: Arc::new(Jenkins::new(shared.clone())),
            openid: Arc::new(Openid::new(shared.clone())),
            people: People::new(shared.clone()),
            beacon: Arc::new(Beacon::new(shared.clone())),
            shared,
            meter: Meter::default(),
            stop: CancellationToken::new(),
        })
    }

    /// Opens the three ports. Port 0 takes any free one.
    ///
    /// # Errors
    /// When a port is taken.
    pub async fn listen(&self, at: Addresses) -> std::io::Result<Addresses> {
        Ok(Addresses {
            jira: self
                .serve(at.jira, System::Jira, Arc::clone(&self.jira).router(), Arc::clone(&self.jira).pages())
                .await?,
            github: self.serve(at.github, System::Github, Arc::clone(&self.github).router(), Router::new()).await?,
            slack: self
                .serve(at.slack, System::Slack, Arc::clone(&self.slack).router(), Arc::clone(&self.slack).pages())
                .await?,
        })
    }

    /// Opens a port of GitLab.
    ///
    /// # Errors
    /// When there is none.
    pub async fn listen_as_gitlab(&self) -> std::io::Result<SocketAddr> {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        self.serve(any, System::Gitlab, Arc::clone(&self.gitlab).router(), Router::new()).await
    }

    /// Opens a port of Teams.
    ///
    /// # Errors
    /// When there is none.
    pub async fn listen_as_teams(&self) -> std::io::Result<SocketAddr> {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        self.serve(any, System::Teams, Arc::clone(&self.teams).router(), Router::new()).await
    }

    /// Faults stand before the API of a system, not before its pages: people look at those to see what happened.
    async fn serve(&self, at: SocketAddr, system: System, api: Router, pages: Router) -> std::io::Result<SocketAddr> {
        let listener = TcpListener::bind(at).await?;
        let address = listener.local_addr()?;
        let faults = self.shared.faults.of(system);
        let api = api.layer(axum::middleware::from_fn_with_state(faults, stand_between));
        let api = api.layer(axum::middleware::from_fn_with_state(self.shared.dates.clone(), date));
        let app = api.layer(axum::middleware::from_fn_with_state((self.meter.clone(), system), measure)).merge(pages);
        let stop = self.stop.clone();
        tokio::spawn(async move { axum::serve(listener, app).with_graceful_shutdown(stop.cancelled_owned()).await });
        Ok(address)
    }

    /// Lets a minute pass and then makes one step happen. A part of an earlier change may happen at once.
    ///
    /// # Errors
    /// When the step is impossible, for example a review of a pull request that nobody opened.
    pub async fn play(&self, step: &Step) -> Result<(), SceneError> {
        let moment = step.moment()?;
        if !step.at_once {
            self.shared.clock.pass(BETWEEN_STEPS);
        }
        if let Some(done) = self.gitlab.play(moment).or_else(|| self.github.play(moment)) {
            return done;
        }
        match moment {
            Moment::CreateTicket(create) => self.jira.create_ticket(create, &self.sha(&create.commit)?),
            Moment::EditTicket(edit) => {
                let commit = edit.commit.as_deref().map(|name| self.sha(name)).transpose()?;
                self.jira.edit_ticket(edit, commit.as_deref())
            }
            Moment::MoveTicket(step) => self.jira.move_ticket(step),
            Moment::DeleteTicket(step) => self.jira.delete_ticket(step),
            Moment::RenameTicket(step) => self.jira.rename_ticket(step),
            Moment::ChangeWorkflow(step) => {
                self.jira.change_workflow(*step);
                Ok(())
            }
            Moment::Comment(comment) => self.jira.comment(comment),
            Moment::EditComment(edit) => self.jira.change_comment(edit),
            Moment::DeleteComment(delete) => self.jira.delete_comment(delete),
            Moment::OpenRequest(open) => self.jira.open_request(open),
            Moment::AnswerRequest(step) => self.jira.answer_request(step),
            Moment::DeployedBefore(_) => Err(SceneError("`deployed_before` is played as its parts".into())),
            Moment::Pass(time) => {
                self.shared.clock.pass(time);
                Ok(())
            }
            Moment::Fail(fail) => {
                self.shared.faults.begin(fail);
                Ok(())
            }
            Moment::Recover(recover) => {
                self.shared.faults.end(recover.system);
                Ok(())
            }
            Moment::Redeliver(again) => self.jira.redeliver(again),
            Moment::ForgeWebhook(forge) => self.jira.forge_webhook(forge),
            Moment::Click(click) => self.slack.click(click).await,
            Moment::Submit(submit) => self.slack.submit(submit).await,
            Moment::SlackCommand(command) => self.slack.command(command).await,
            Moment::SendForm(step) => self.people.send_form(step).await,
            Moment::GateRequest(step) => self.pipelines.request(step, &self.sha(&step.commit)?).await,
            Moment::GateConsume(step) => self.pipelines.consume(step).await,
            Moment::GateFinish(step) => self.pipelines.finish(step).await,
            Moment::JenkinsBuild(step) => {
                self.jenkins.build(step, step.commit.as_deref().map(|name| self.sha(name)).transpose()?);
                Ok(())
            }
            other => Err(SceneError(format!("nobody plays {other:?}"))),
        }
    }

    /// The full SHA of a commit that the scene calls `name`. A text of 40 hex digits stands for itself.
    ///
    /// # Errors
    /// When no commit has this name yet.
    pub fn sha(&self, name: &str) -> Result<String, SceneError> {
        self.gitlab.sha(name).or_else(|_| self.github.sha(name))
    }

    /// Lets a system answer more slowly from now on, in real time.
    pub fn set_latency(&self, system: System, latency: Latency) {
        self.meter.set_latency(system, latency);
    }

    /// What the three systems were asked since the start, or since [`Simulator::forget_traffic`].
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.meter.traffic()
    }

    /// Counts from zero again.
    pub fn forget_traffic(&self) {
        self.meter.forget();
    }

    /// How many webhooks were sent and not yet answered.
    #[must_use]
    pub fn webhooks_under_way(&self) -> usize {
        self.jira.webhooks_under_way() + self.github.webhooks_under_way()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
