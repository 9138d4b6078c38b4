//! Watches whether the other systems answer and let us in, so that `/readyz` and the log say what an operator must do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::gather::Sources;
use crate::handlers::Context;
use crate::integrations::SourceError;
use crate::integrations::advice::{JENKINS_CREDENTIALS, SLACK_CREDENTIALS, advice, forge_advice};
use crate::integrations::github::Denied;
use crate::integrations::jenkins::JenkinsClient;
use crate::integrations::slack::{SlackClient, SlackError};
use crate::model::{Forge, RepoName, Service};
use crate::policy::approval::clocks;
use crate::policy::criteria::Mode;
use crate::signals::{Readiness, evidence_of};
use crate::store::{PassedOver, Policy};

/// How often.
const EVERY: Duration = Duration::from_secs(60);

/// In which of its looks it asks for everything that decisions need: every tenth.
const LOOKS_AT_RIGHTS: u64 = 10;

/// What is watched.
#[derive(Debug)]
pub struct Probe {
    /// Jira and GitHub.
    sources: Sources,
    /// Slack.
    slack: Arc<SlackClient>,
    /// Jenkins, if the settings name one.
    jenkins: Option<JenkinsClient>,
    /// The criteria in force.
    policy: Arc<Policy>,
    /// The time.
    clock: Clock,
    /// Where trouble is noted.
    readiness: Readiness,
    /// What may not be read, by repository.
    denied: BTreeMap<RepoName, String>,
    /// How often it has looked.
    looks: u64,
}

impl Probe {
    /// Somebody who has not looked yet.
    #[must_use]
    pub fn new(context: &Context, slack: Arc<SlackClient>) -> Probe {
        Probe {
            sources: context.sources.clone(),
            slack,
            jenkins: context.jenkins.clone(),
            policy: Arc::clone(&context.policy),
            clock: context.clock.clone(),
            readiness: context.readiness.clone(),
            denied: BTreeMap::new(),
            looks: 0,
        }
    }

    /// Watches until it is told to stop.
    pub async fn run(mut self, stop: CancellationToken) {
        loop {
            self.once().await;
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    /// Looks at everything once.
    pub async fn once(&mut self) {
        let jira = &self.sources.jira;
        let told = |error| advice("Jira", &error, (jira.credentials_advice(), "jira.api_url"));
        let jira = jira.check().await.err().map(told);
        self.note("jira", jira);
        for forge in forges(&self.sources.services) {
            let trouble = self.forge(forge).await;
            self.note(part(forge), trouble);
        }
        self.clocks();
        let in_force = self.sources.store.assure_in_force(&self.policy.criteria).await.err();
        let outdated = in_force.map(|error| format!("Nothing is decided here, because {error}"));
        self.note("criteria", outdated.or_else(|| self.unsigned()));
        let slack = self.slack.check().await.err().map(|error| match error {
            SlackError::Source(error) => advice("Slack", &error, (SLACK_CREDENTIALS, "slack.api_url")),
            SlackError::Refused(word) | SlackError::Gone(word) => {
                format!("Slack says {word}: check slack.bot_token and the app's scopes")
            }
        });
        self.note("slack", slack);
        self.jenkins().await;
        self.looks += 1;
    }

    /// Nothing is decided by what Jenkins says; its pipelines wait at the gate while it does not answer.
    async fn jenkins(&self) {
        let Some(jenkins) = &self.jenkins else { return };
        let trouble = jenkins.check().await.err();
        let trouble = trouble.map(|error| advice("Jenkins", &error, (JENKINS_CREDENTIALS, "jenkins.url")));
        if let Some(trouble) = &trouble {
            tracing::warn!(part = "jenkins", "{trouble}");
        }
        self.readiness.note_beside("jenkins", trouble, self.clock.now());
    }

    /// Our clock against that of each system that holds code. While none says what time it is, nothing new is known of ours.
    fn clocks(&self) {
        let ahead = |service: &Service| Some((self.sources.forge(service).clock_ahead_ms()?, service.forge));
        let known: Vec<(i64, Forge)> = self.sources.services.iter().filter_map(ahead).collect();
        if !known.is_empty() {
            let advice = "Set the clock of this machine; nothing is approved automatically until then";
            let different = known.into_iter().find_map(|(ahead, forge)| clocks::difference(ahead, forge));
            self.note("clock", different.map(|difference| format!("{difference} {advice}")));
        }
    }

    /// Whether every repository can be seen, and every tenth time whether everything in it can that decisions need.
    async fn forge(&mut self, forge: Forge) -> Option<String> {
        let sources = self.sources.clone();
        let is_there = |service: &&Service| service.forge == forge;
        for service in sources.services.iter().filter(is_there) {
            let (repository, client) = (&service.repository, sources.forge(service));
            if self.looks.is_multiple_of(LOOKS_AT_RIGHTS) {
                let denied = client.check_rights(service).await.err();
                let what = |denied: Denied| said(&denied.error, (forge, &format!("{} of {repository}", denied.what)));
                let denied = denied.map(what);
                match denied {
                    Some(denied) => drop(self.denied.insert(repository.clone(), denied)),
                    None => {
                        self.denied.remove(repository);
                        self.readiness.note(&evidence_of(repository.as_str()), None, self.clock.now());
                    }
                }
            } else if let Err(error) = client.check(service).await {
                return Some(said(&error, (forge, repository.as_str())));
            }
        }
        let mut services = sources.services.iter().filter(is_there);
        services.find_map(|service| self.denied.get(&service.repository)).cloned()
    }

    /// Criteria that are to approve and may not. Those that only recommend are a trial.
    fn unsigned(&self) -> Option<String> {
        let criteria = &self.policy.criteria;
        if let Some(PassedOver { why, .. }) = &self.policy.passed_over {
            let version = &criteria.terms.version;
            return Some(format!(
                "Nothing is approved automatically, and people decide by criteria {version}, which were signed last, because {why}: \
                 have the files signed (see `cm-bot criteria verify`) and start cm-bot again"
            ));
        }
        let why = criteria.standing_at(self.clock.now()).err()?;
        let advice = "have them signed (see `cm-bot criteria verify`) and start cm-bot again";
        (criteria.terms.mode == Mode::Approve)
            .then(|| format!("Nothing is approved automatically, because {why}: {advice}"))
    }

    fn note(&self, part: &'static str, trouble: Option<String>) {
        if let Some(trouble) = &trouble {
            tracing::error!(part, "{trouble}");
        }
        self.readiness.note(part, trouble, self.clock.now());
    }
}

/// The systems that hold code: GitHub first, whether or not something is there.
fn forges(services: &[Service]) -> BTreeSet<Forge> {
    services.iter().map(|service| service.forge).chain([Forge::Github]).collect()
}

fn part(forge: Forge) -> &'static str {
    match forge {
        Forge::Github => "github",
        Forge::Gitlab => "gitlab",
        Forge::Bitbucket => "bitbucket",
    }
}

/// What a system says, and what we wanted of it.
fn said(error: &SourceError, (forge, asked_for): (Forge, &str)) -> String {
    format!("{} (asked for {asked_for})", advice(&forge.to_string(), error, forge_advice(forge)))
}
