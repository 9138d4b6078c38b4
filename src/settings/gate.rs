//! `[gate]` and `[services.gate]`: who may ask the gate, and for what.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use serde::Deserialize;
use url::Url;

use super::SettingsError;
use super::address::is_safe;
use super::callbacks::{Callbacks, RawCallbacks};
use super::load::bad;
use super::watch::RawWatch;
use crate::model::{CiSystem, Environment, PipelineName, ServiceName, TokenDigest, Watched};

/// Who may ask the gate about one service.
#[derive(Debug, Clone)]
pub struct ServiceGate {
    /// The service.
    pub service: ServiceName,
    /// What a new ticket says about the way back.
    pub rollback_plan: Option<String>,
    /// Tokens that are known by their digest.
    pub tokens: Vec<JobToken>,
    /// Pipelines that prove who they are.
    pub identities: Vec<Identity>,
    /// Where its deployments show, whoever let them through.
    pub watch: Vec<Watched>,
    /// Whether its pipelines apply Terraform plans, so that nothing is let through without one.
    pub applies_plans: bool,
    /// Where its pipelines may be told that something has changed; nowhere without.
    pub callbacks: Option<Callbacks>,
}

/// A token of one job.
#[derive(Debug, Clone)]
pub struct JobToken {
    /// Its SHA-256.
    pub digest: TokenDigest,
    /// The only job that it is for.
    pub job: PipelineName,
    /// Where it may be used from; everywhere when there are none.
    pub addresses: Vec<IpNet>,
}

impl JobToken {
    /// Whether it may be used from there. Whoever has no address is nowhere.
    #[must_use]
    pub fn is_near(&self, from: Option<IpAddr>) -> bool {
        self.addresses.is_empty()
            || from.is_some_and(|from| self.addresses.iter().any(|network| network.contains(&from)))
    }
}

/// A pipeline that proves who it is with an OpenID Connect token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Which system's claims.
    pub system: CiSystem,
    /// Who issues its tokens, exactly as they say it.
    pub issuer: String,
    /// For whom: a token for somebody else is none for us.
    pub audience: String,
    /// The repository's number (GitHub: `repository_id`, GitLab: `project_id`). Names can be taken over, numbers cannot.
    pub repository_id: Option<String>,
    /// The workflow file with its ref (GitHub: `job_workflow_ref`, GitLab: `ci_config_ref_uri`).
    pub workflow: Option<String>,
    /// The subject, for Jenkins: the address of the job.
    pub subject: Option<String>,
    /// What the job is called in tickets, for Jenkins.
    pub job: Option<PipelineName>,
}

/// `[services.gate]` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawGate {
    rollback_plan: Option<String>,
    #[serde(default)]
    tokens: Vec<RawToken>,
    #[serde(default)]
    identities: Vec<RawIdentity>,
    #[serde(default)]
    watch: Vec<RawWatch>,
    #[serde(default)]
    terraform: bool,
    callbacks: Option<RawCallbacks>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawToken {
    sha256: String,
    job: PipelineName,
    #[serde(default)]
    addresses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawIdentity {
    system: CiSystem,
    issuer: String,
    audience: String,
    repository_id: Option<String>,
    workflow: Option<String>,
    subject: Option<String>,
    job: Option<PipelineName>,
}

/// How long a deployment may take before people are asked to look.
pub(super) fn report_after(minutes: u64) -> Result<Duration, SettingsError> {
    match minutes {
        0 => Err(bad("gate.report_minutes", "at least one minute is expected")),
        minutes => Ok(Duration::from_secs(minutes.saturating_mul(60))),
    }
}

impl RawGate {
    pub(super) fn checked(
        self,
        service: &ServiceName,
        environments: &[Environment],
    ) -> Result<ServiceGate, SettingsError> {
        if self.tokens.is_empty() && self.identities.is_empty() {
            let why = format!("the gate of `{service}` has neither tokens nor identities, so nobody could ask it");
            return Err(bad("services", why));
        }
        let token = |token: RawToken| {
            let digest = TokenDigest::parse(&token.sha256).map_err(|_| {
                bad(
                    "services",
                    format!("a gate token of `{service}` has no sha256 of 64 hex digits, as sha256sum prints"),
                )
            })?;
            let network = |text: String| {
                let why = || format!("an address of a gate token of `{service}` is no network such as 10.2.0.0/16");
                text.parse::<IpNet>().map_err(|_| bad("services", why()))
            };
            let addresses = token.addresses.into_iter().map(network).collect::<Result<_, SettingsError>>()?;
            Ok(JobToken { digest, job: token.job, addresses })
        };
        Ok(ServiceGate {
            service: service.clone(),
            rollback_plan: self.rollback_plan.filter(|plan| !plan.trim().is_empty()),
            tokens: self.tokens.into_iter().map(token).collect::<Result<_, SettingsError>>()?,
            identities: self.identities.into_iter().map(|one| one.checked(service)).collect::<Result<_, _>>()?,
            applies_plans: self.terraform,
            callbacks: self.callbacks.map(|callbacks| callbacks.checked(service)).transpose()?,
            watch: self.watch.into_iter().map(|one| one.checked(service, environments)).collect::<Result<_, _>>()?,
        })
    }
}

impl RawIdentity {
    /// A pin that is left out would let every repository of the issuer speak for this service.
    fn checked(self, service: &ServiceName) -> Result<Identity, SettingsError> {
        let RawIdentity { system, issuer, audience, repository_id, workflow, subject, job } = self;
        let needs = |key: &str| bad("services", format!("a gate identity of `{service}` needs `{key}`"));
        if !Url::parse(&issuer).is_ok_and(|url| is_safe(&url)) {
            return Err(bad("services", format!("the issuer of a gate identity of `{service}` begins with https://")));
        }
        if audience.trim().is_empty() {
            return Err(needs("audience"));
        }
        match system {
            CiSystem::GithubActions | CiSystem::Gitlab if repository_id.is_none() => Err(needs("repository_id")),
            CiSystem::GithubActions | CiSystem::Gitlab if workflow.is_none() => Err(needs("workflow")),
            CiSystem::Jenkins if subject.is_none() => Err(needs("subject")),
            CiSystem::Jenkins if job.is_none() => Err(needs("job")),
            CiSystem::Other => {
                Err(bad("services", format!("a gate identity of `{service}` is of github-actions, gitlab or jenkins")))
            }
            CiSystem::GithubActions | CiSystem::Gitlab | CiSystem::Jenkins => {
                Ok(Identity { system, issuer, audience, repository_id, workflow, subject, job })
            }
        }
    }
}
