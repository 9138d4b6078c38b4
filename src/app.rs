//! Builds the parts and joins them. Nothing but `main` and `cli` knows this module.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use secrecy::ExposeSecret as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::audit::checkpoint::Signer;
use crate::clock::Clock;
use crate::gather::Sources;
use crate::handlers::{Context, Teams, TooDear};
use crate::integrations::beacon::BeaconClient;
use crate::integrations::bitbucket::BitbucketClient;
use crate::integrations::callback::CallbackClient;
use crate::integrations::forge::Others;
use crate::integrations::github::GithubClient;
use crate::integrations::gitlab::GitlabClient;
use crate::integrations::http;
use crate::integrations::jenkins::JenkinsClient;
use crate::integrations::jira::JiraClient;
use crate::integrations::oidc::{Callers, SignIn};
use crate::integrations::slack::SlackClient;
use crate::integrations::teams::TeamsClient;
use crate::jobs::{
    Channels, Checkpoints, GateKeeper, KeptCheckpoint, Missed, Orphans, Outbox, Probe, Reconcile, Schedule, Takeover,
    Worker,
};
use crate::model::{Deciding, Field, Person, Timestamp};
use crate::policy::criteria::{Criteria, PolicyTexts, SignatureTexts};
use crate::render::view::Links;
use crate::server::api::Api;
use crate::server::intake::Intake;
use crate::server::pages::{Pages, Previews};
use crate::server::seldom::Seldom;
use crate::server::{Secrets, Server, listen, router};
use crate::settings::{Deployment, Settings, SigningFiles};
use crate::signals::{Readiness, Wake};
use crate::store::{PassedOver, Policy, Store};

/// Workers for jobs and for actions.
const WORKERS: usize = 4;

/// How long what has begun may take after the order to stop. Whoever gives it usually waits 30 seconds.
const GRACE: Duration = Duration::from_secs(15);

/// The parts, built and not yet running.
#[derive(Debug)]
pub struct App {
    /// What handlers work with.
    pub context: Context,
    /// Wakes the workers.
    pub wake: Wake,
    channels: Channels,
    secrets: Arc<Secrets>,
    intake: Intake,
    refusals: Seldom,
    listen: SocketAddr,
    callers: Callers,
    sign_in: Option<SignIn>,
    session: (Duration, Duration),
    previews: Previews,
    checkpoints: Option<(Arc<Signer>, Duration)>,
    kept: Option<KeptCheckpoint>,
}

/// The service while it runs.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl App {
    /// Builds everything from settings.
    ///
    /// # Errors
    /// With one line that says what to do: a file that cannot be read, a database that cannot be opened.
    pub async fn build(settings: Settings, clock: Clock) -> anyhow::Result<App> {
        let policy = read_policy(&settings)?;
        let checkpoints = signer(&settings)?.map(|signer| (Arc::new(signer), settings.audit.every));
        let kept = settings.audit.kept.clone().map(|file| KeptCheckpoint { file });
        let client = http::client().context("TLS cannot be set up")?;
        let store = Store::open(&settings.database_url).await?;
        let policy = Arc::new(what_counts(policy, &store, clock.now()).await?);
        let links = Links {
            jira: settings.jira.browse_url.clone(),
            own: settings.server.public_url.clone(),
            deciding: Deciding { slack: settings.slack.decisions, pages: settings.pages.decisions },
        };
        let (gitlab, bitbucket) = (settings.gitlab.as_ref(), settings.bitbucket.as_ref());
        let sources = Sources {
            jira: Arc::new(JiraClient::new(client.clone(), &settings.jira)),
            github: Arc::new(GithubClient::new(client.clone(), &settings.github, clock.clone())),
            others: Others {
                gitlab: gitlab.map(|gitlab| Arc::new(GitlabClient::new(client.clone(), gitlab, clock.clone()))),
                bitbucket: bitbucket.map(|set| Arc::new(BitbucketClient::new(client.clone(), set, clock.clone()))),
            },
            store,
            services: Arc::new(settings.services),
        };
        let wake = Wake::default();
        let context = Context {
            sources,
            policy,
            clock,
            links,
            project: settings.jira.project.clone(),
            intervals: settings.jobs,
            readiness: Readiness::default(),
            slack: Arc::new(SlackClient::new(client.clone(), &settings.slack)),
            teams: settings
                .teams
                .as_ref()
                .map(|teams| Teams { client: Arc::new(TeamsClient::new(client.clone(), teams)), after: teams.after }),
            reminders: Arc::new(settings.reminders),
            beacon: settings.inspection.beacon.as_ref().map(|places| BeaconClient::new(client.clone(), places)),
            inspection: Arc::new(settings.inspection),
            emergencies: settings.slack.emergencies.clone(),
            auto_approved: settings.slack.auto_approved,
            too_dear: TooDear::default(),
            settle: settings.jira.settle,
            gates: Arc::new(settings.gates),
            report_after: settings.report_after,
            callbacks: CallbackClient::new(client.clone()),
            jenkins: settings.jenkins.as_ref().map(|jenkins| JenkinsClient::new(client.clone(), jenkins)),
            wake: wake.clone(),
        };
        let callers = Callers::new(Arc::clone(&context.gates), client.clone());
        let sign_in = settings.pages.provider.map(|provider| SignIn::new(provider, client));
        let channels =
            Channels { changes: settings.slack.changes.clone(), emergencies: settings.slack.emergencies.clone() };
        Ok(App {
            context,
            wake,
            channels,
            secrets: Arc::new(Secrets {
                jira: settings.jira.webhook_secrets,
                github: settings.github.webhook_secrets,
                slack: settings.slack.signing_secret,
                scans: settings.scan_tokens,
            }),
            intake: Intake::default(),
            refusals: Seldom::default(),
            listen: settings.server.listen,
            callers,
            sign_in,
            session: (settings.pages.session, settings.pages.idle),
            previews: Previews::default(),
            checkpoints,
            kept,
        })
    }

    /// Two people answer for it that the records were put back from a backup.
    ///
    /// # Errors
    /// When they are not two, somebody is not in the people file, or it cannot be recorded.
    pub async fn acknowledge_rollback(&self, by: &[String]) -> anyhow::Result<()> {
        let kept =
            self.kept.as_ref().context("audit.kept_checkpoint_file is not set: there is nothing to answer for")?;
        let people = &self.context.policy.criteria.people;
        if let Some(stranger) = by.iter().find(|name| !people.everybody().iter().any(|person| person.name == **name)) {
            anyhow::bail!("--acknowledge-rollback {stranger}: nobody in the people file has this name");
        }
        let different: BTreeSet<&String> = by.iter().collect();
        anyhow::ensure!(different.len() >= 2, "--acknowledge-rollback: two different people have to answer for it");
        Ok(kept.acknowledge(&self.context.sources.store, by, self.context.clock.now()).await?)
    }

    /// Starts the server and the workers.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn start(&self) -> anyhow::Result<Running> {
        let listen = self.listen;
        let listener = TcpListener::bind(listen).await;
        self.start_on(listener.with_context(|| format!("cannot listen on {listen} (server.listen)"))?).await
    }

    /// Starts the server on a port that is open already, and the workers.
    ///
    /// # Errors
    /// When the database does not answer, or is older than the checkpoint that was kept elsewhere.
    pub async fn start_on(&self, listener: TcpListener) -> anyhow::Result<Running> {
        let now = self.context.clock.now();
        if let Some(kept) = &self.kept {
            kept.hold_against(&self.context.sources.store).await?;
        }
        self.note_what_is_in_force(now).await?;
        let running = self.serve_on(listener).await?;
        let (stop, tasks) = (&running.stop, &running.tasks);
        for _ in 0..WORKERS {
            tasks.spawn(self.worker().run(stop.clone()));
            tasks.spawn(self.outbox().run(stop.clone()));
        }
        tasks.spawn(self.gate_keeper().run(stop.clone()));
        let takeover = Takeover { store: self.context.sources.store.clone(), wake: self.wake.clone() };
        tasks.spawn(takeover.run(stop.clone()));
        if let Some(checkpoints) = self.checkpoints() {
            tasks.spawn(checkpoints.run(stop.clone()));
        }
        Ok(running)
    }

    /// The criteria, what draws inspections, and where people decide, as of now; the trail holds each change.
    async fn note_what_is_in_force(&self, now: Timestamp) -> anyhow::Result<()> {
        let store = &self.context.sources.store;
        if store.activate(&self.context.policy, now).await? {
            let criteria = &self.context.policy.criteria;
            tracing::info!(policy.digest = %criteria.digest, "Criteria {} are in force from now on", criteria.terms.version);
        }
        let chain = self.context.inspection.drawing();
        if store.note_drawing(chain, now).await? {
            let what = chain.map_or_else(|| "dice".to_owned(), |chain| format!("the beacon {chain}"));
            tracing::info!("What makes the first draw of an inspection has changed: it is {what} from now on");
        }
        let deciding = self.context.links.deciding;
        if store.note_deciding(deciding, now).await? {
            let (slack, pages) = (deciding.slack.id(), deciding.pages.id());
            tracing::info!(
                "Where people can decide beside Jira has changed: slack.decisions is {slack}, pages.decisions is {pages}"
            );
        }
        Ok(())
    }

    /// Starts the server alone: what arrives is stored, and waits for somebody who works.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn serve_on(&self, listener: TcpListener) -> anyhow::Result<Running> {
        let address = listener.local_addr()?;
        self.context.sources.store.reclaim().await?;
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(listen::serve(listener, router(self.server(), self.gate(), self.pages()), stop.clone()));
        Ok(Running { address, stop, tasks })
    }

    /// Watches whether the other systems answer and whether their webhooks arrive, until the service stops.
    pub fn watch(&self, running: &Running) {
        running.tasks.spawn(self.probe().run(running.stop.clone()));
        running.tasks.spawn(self.reconcile().run(running.stop.clone()));
        running.tasks.spawn(self.missed().run(running.stop.clone()));
        running.tasks.spawn(self.schedule().run(running.stop.clone()));
        running.tasks.spawn(self.orphans().run(running.stop.clone()));
    }

    /// Whether nothing is left to do that is due now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_idle(&self) -> anyhow::Result<bool> {
        Ok(self.context.sources.store.is_idle(self.context.clock.now()).await?)
    }

    fn server(&self) -> Server {
        Server {
            store: self.context.sources.store.clone(),
            clock: self.context.clock.clone(),
            wake: self.wake.clone(),
            links: self.context.links.clone(),
            services: Arc::clone(&self.context.sources.services),
            policy: Arc::clone(&self.context.policy),
            slack: Arc::clone(&self.context.slack),
            secrets: Arc::clone(&self.secrets),
            readiness: self.context.readiness.clone(),
            intake: self.intake.clone(),
            refusals: self.refusals.clone(),
        }
    }

    fn gate(&self) -> Api {
        Api::new(self.context.clone(), self.callers.clone(), self.wake.clone())
    }

    fn pages(&self) -> Pages {
        Pages {
            context: self.context.clone(),
            wake: self.wake.clone(),
            intake: self.intake.clone(),
            provider: self.sign_in.clone(),
            session: self.session,
            listen: self.listen,
            refusals: Seldom::default(),
            previews: self.previews.clone(),
        }
    }

    /// Whoever does jobs.
    #[must_use]
    pub fn worker(&self) -> Worker {
        Worker { context: self.context.clone(), wake: self.wake.clone() }
    }

    /// Whoever looks whether the other systems answer.
    #[must_use]
    pub fn probe(&self) -> Probe {
        Probe::new(&self.context, Arc::clone(&self.context.slack))
    }

    /// Whoever signs the audit trail, if there is a key.
    #[must_use]
    pub fn checkpoints(&self) -> Option<Checkpoints> {
        let (signer, every) = self.checkpoints.clone()?;
        let (store, clock) = (self.context.sources.store.clone(), self.context.clock.clone());
        let (kept, readiness) = (self.kept.clone(), self.context.readiness.clone());
        Some(Checkpoints { store, signer, clock, every, kept, readiness, unkept: None })
    }

    /// Whoever asks Jira for what webhooks did not tell.
    #[must_use]
    pub fn reconcile(&self) -> Reconcile {
        Reconcile::new(self.context.clone(), self.wake.clone())
    }

    /// Whoever looks that nothing is followed up without a timer.
    #[must_use]
    pub fn schedule(&self) -> Schedule {
        Schedule { context: self.context.clone(), wake: self.wake.clone() }
    }

    /// Whoever asks GitHub for webhooks that did not arrive.
    #[must_use]
    pub fn missed(&self) -> Missed {
        Missed::new(self.context.clone(), self.wake.clone())
    }

    /// Whoever looks after requests of the gate.
    #[must_use]
    pub fn gate_keeper(&self) -> GateKeeper {
        GateKeeper { context: self.context.clone(), wake: self.wake.clone() }
    }

    /// Whoever looks for deployments behind the gate's back.
    #[must_use]
    pub fn orphans(&self) -> Orphans {
        Orphans { context: self.context.clone(), wake: self.wake.clone() }
    }

    /// Whoever carries actions out.
    #[must_use]
    pub fn outbox(&self) -> Outbox {
        Outbox {
            context: self.context.clone(),
            slack: Arc::clone(&self.context.slack),
            channels: self.channels.clone(),
            wake: self.wake.clone(),
        }
    }
}

impl Running {
    /// Stops: no new work, what has begun is finished. What takes too long (another system that does not answer, say) is cut
    /// off, as if the process had died; whoever comes next does it again.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(GRACE, self.tasks.wait()).await.is_err() {
            tracing::warn!("Cut off what was not finished {} seconds after the order to stop", GRACE.as_secs());
        }
    }
}

/// The key that signs checkpoints, if there is one.
///
/// # Errors
/// When it is none.
pub fn signer(settings: &Settings) -> anyhow::Result<Option<Signer>> {
    let key = settings.audit.signing_key.as_ref();
    key.map(|key| Signer::parse(key.expose_secret()).context("audit.signing_key")).transpose()
}

/// Reads the criteria and people files.
///
/// # Errors
/// With the file and what is wrong with it.
pub fn read_policy(settings: &Settings) -> anyhow::Result<Policy> {
    let read = |path: &std::path::Path, key: &str| {
        std::fs::read_to_string(path).with_context(|| format!("cannot read {} ({key})", path.display()))
    };
    let texts = PolicyTexts {
        criteria: read(&settings.criteria_file, "criteria.file")?,
        people: read(&settings.people_file, "people.file")?,
        signatures: match &settings.signing {
            Some(files) => read_signatures(files)?,
            None => SignatureTexts::default(),
        },
    };
    let files = || format!("in {} and {}", settings.criteria_file.display(), settings.people_file.display());
    let criteria = Criteria::read(&texts).with_context(files)?;
    let is_known = |field: &&Field| settings.jira.fields.iter().any(|(known, _)| known == *field);
    if let Some(field) = criteria.terms.wanted_fields().find(|field| !is_known(field)) {
        let key = serde_json::to_string(field).unwrap_or_default().replace('"', "");
        anyhow::bail!(
            "the criteria want the {field} of a ticket, and jira.fields.{key} does not say which field of Jira that is"
        );
    }
    check_accounts(settings, &criteria)?;
    Ok(Policy::of_files(texts, criteria))
}

/// The policy of the files, or that which was signed last when nobody vouches for the files.
async fn what_counts(files: Policy, store: &Store, now: Timestamp) -> anyhow::Result<Policy> {
    let what_to_do =
        "nobody vouches for the files, and those that were signed last cannot be read: have the files signed";
    if files.criteria.standing_at(now).is_ok() {
        return Ok(files);
    }
    let Some(signed) = store.last_signed().await.context(what_to_do)? else { return Ok(files) };
    let policy = files.or_signed(&signed, now).context(what_to_do)?;
    if let Some(PassedOver { why, .. }) = &policy.passed_over {
        let version = &policy.criteria.terms.version;
        tracing::warn!(
            "People decide by criteria {version}, which were signed last: the files do not count, because {why}"
        );
    }
    Ok(policy)
}

/// A person whose account cannot exist would never be recognized, and nobody would be told why. Keys of Data Center may look
/// like names and addresses, ids of Cloud do not.
fn check_accounts(settings: &Settings, criteria: &Criteria) -> anyhow::Result<()> {
    let looks_like_a_name = |person: &&Person| person.jira.as_str().contains(['.', '@', '+']);
    let wrong = criteria.people.everybody().iter().find(looks_like_a_name);
    match wrong.filter(|_| settings.jira.deployment == Deployment::Cloud) {
        Some(person) => anyhow::bail!(
            "{} has the Jira account \"{}\" in {}, which is no account id of Jira Cloud, such as 712020:2f0c…",
            person.name,
            person.jira,
            settings.people_file.display()
        ),
        None => Ok(()),
    }
}

/// A file that is not there is no error: the criteria count as not signed, and everybody is told so.
fn read_signatures(files: &SigningFiles) -> anyhow::Result<SignatureTexts> {
    let read = |path: &std::path::Path| match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    Ok(SignatureTexts {
        of_criteria: read(&files.criteria_signature)?,
        of_people: read(&files.people_signature)?,
        allowed_signers: read(&files.allowed_signers)?,
    })
}
