//! Reads the layers of settings and checks them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use config::{Config, File, FileFormat};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::IntoDeserializer as _;
use url::Url;

use super::address::{http_url, safe_url};
use super::environment::{Environment, Variable, variables};
use super::forges::{RawBitbucket, RawGitlab};
use super::gate::report_after;
use super::inspection::RawInspection;
use super::pages::RawPages;
use super::reminders::RawReminders;
use super::services::{self, RawService};
use super::teams::RawTeams;
use super::watch::RawJenkins;
use super::written::Written;
use super::{
    Approvals, Audit, Deployment, Github, GithubLogin, Jira, Jobs, Server, Settings, SettingsError, SigningFiles,
    Slack, Workflow, secret, slip,
};
use crate::model::{Decisions, Field, ParseError, Service, Watched, WatchedPlace};

/// The reference of all settings, compiled in.
pub const DEFAULTS: &str = include_str!("../../config/default.toml");

/// The default of `database.url`.
const EMBEDDED: &str = "sqlite:cm-bot.db";

/// Shortest webhook secret that is accepted, in bytes.
const SHORTEST_SECRET: usize = 16;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    server: RawServer,
    database: RawDatabase,
    jira: RawJira,
    github: RawGithub,
    gitlab: RawGitlab,
    bitbucket: RawBitbucket,
    slack: RawSlack,
    teams: RawTeams,
    criteria: RawCriteria,
    people: RawPeople,
    jobs: RawJobs,
    reminders: RawReminders,
    inspection: RawInspection,
    audit: RawAudit,
    traces: RawTraces,
    gate: RawGateTimes,
    jenkins: RawJenkins,
    pages: RawPages,
    #[serde(default)]
    services: Vec<RawService>,
}

#[derive(Deserialize)]
struct RawServer {
    listen: String,
    public_url: String,
}

#[derive(Deserialize)]
struct RawDatabase {
    url: String,
    url_file: String,
}

#[derive(Deserialize)]
struct RawJira {
    deployment: String,
    api_url: String,
    browse_url: String,
    account: String,
    token: String,
    token_file: String,
    webhook_secrets: Vec<String>,
    webhook_secrets_file: String,
    project: String,
    issue_type: String,
    settle_seconds: u64,
    fields: BTreeMap<Field, String>,
    approvals: Approvals,
    workflow: Workflow,
}

#[derive(Deserialize)]
struct RawGithub {
    api_url: String,
    app_id: String,
    private_key: String,
    private_key_file: String,
    token: String,
    token_file: String,
    webhook_secrets: Vec<String>,
    webhook_secrets_file: String,
    requests_per_ticket: usize,
}

#[derive(Deserialize)]
struct RawSlack {
    api_url: String,
    bot_token: String,
    bot_token_file: String,
    signing_secret: String,
    signing_secret_file: String,
    decisions: String,
    auto_approved: String,
    channels: RawChannels,
}

#[derive(Deserialize)]
struct RawChannels {
    changes: String,
    emergencies: String,
}

#[derive(Deserialize)]
struct RawCriteria {
    file: String,
    signature_file: String,
    allowed_signers_file: String,
}

#[derive(Deserialize)]
struct RawPeople {
    file: String,
    signature_file: String,
}

#[derive(Deserialize)]
struct RawJobs {
    recheck_seconds: u64,
    retry_seconds: u64,
    reconcile_seconds: u64,
}

#[derive(Deserialize)]
struct RawAudit {
    signing_key: String,
    signing_key_file: String,
    checkpoint_minutes: u64,
    kept_checkpoint_file: String,
}

#[derive(Deserialize)]
struct RawGateTimes {
    report_minutes: u64,
}

#[derive(Deserialize)]
struct RawTraces {
    collector: String,
}

/// What was put together, and out of what.
type Merged<'a> = (Config, Option<Written<'a>>, Vec<Variable>);

/// Reads the defaults, the file and the environment.
///
/// # Errors
/// The first thing that is wrong, with its place and what to do.
pub fn load(file: Option<&Path>, environment: &Environment) -> Result<Settings, SettingsError> {
    let text = file.map(named).transpose()?;
    let (merged, written, variables) = merged(text.as_ref(), environment)?;
    let raw: Raw =
        serde_path_to_error::deserialize(merged).map_err(|slip| slip::told(&slip, written.as_ref(), &variables))?;
    raw.checked()
}

/// Which Jira it is, also where most of the settings are missing yet.
///
/// # Errors
/// As [`load`], for this one setting.
pub fn deployment(file: Option<&Path>, environment: &Environment) -> Result<Deployment, SettingsError> {
    let text = file.map(named).transpose()?;
    let (merged, ..) = merged(text.as_ref(), environment)?;
    as_deployment(&merged.get_string("jira.deployment").unwrap_or_default())
}

fn as_deployment(text: &str) -> Result<Deployment, SettingsError> {
    one_of("jira.deployment", text, "cloud or data-center")
}

/// A file's name and its text.
fn named(path: &Path) -> Result<(String, String), SettingsError> {
    let name = path.display().to_string();
    match secret::read(path) {
        Ok(text) => Ok((name, text)),
        Err(why) => Err(SettingsError::File { path: name, why: why.to_string() }),
    }
}

fn merged<'a>(file: Option<&'a (String, String)>, environment: &Environment) -> Result<Merged<'a>, SettingsError> {
    let known = Written::parse("config/default.toml", DEFAULTS, &[])?.keys();
    let written = file.map(|(name, text)| Written::parse(name, text, &known)).transpose()?;
    let mut layers = Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
    if let Some(written) = &written {
        check_keys(written, &known)?;
        layers = layers.add_source(File::from_str(written.text, FileFormat::Toml));
    }
    let variables = variables(environment, &known)?;
    for Variable { key, value, .. } in &variables {
        layers = layers.set_override(key, value.clone()).map_err(|_| unmerged())?;
    }
    Ok((layers.build().map_err(|_| unmerged())?, written, variables))
}

/// Every layer was read by itself before, so nobody should ever meet this. What the library says is not shown: it may hold a value.
fn unmerged() -> SettingsError {
    SettingsError::Unreadable("the file and the environment do not fit together")
}

/// A service's keys are checked by its type, and so is what stands below a key: a table where a text is expected.
fn check_keys(written: &Written<'_>, known: &[String]) -> Result<(), SettingsError> {
    let is_below =
        |key: &str, known: &String| key.strip_prefix(known.as_str()).is_some_and(|rest| rest.starts_with('.'));
    let is_known = |key: &String| known.contains(key) || known.iter().any(|known| is_below(key, known));
    match written.keys().into_iter().find(|key| key != "services" && !is_known(key)) {
        Some(key) => Err(unknown(key, &written.name, known)),
        None => Ok(()),
    }
}

/// A key that does not exist.
pub(super) fn unknown(key: String, place: &str, known: &[String]) -> SettingsError {
    let nearest = known.iter().min_by_key(|candidate| strsim::damerau_levenshtein(candidate, &key));
    let hint = match nearest {
        Some(nearest) if strsim::damerau_levenshtein(nearest, &key) <= 8 => format!("; did you mean `{nearest}`?"),
        _ => String::new(),
    };
    SettingsError::UnknownKey { key, place: place.into(), hint }
}

impl Raw {
    fn checked(self) -> Result<Settings, SettingsError> {
        if self.services.is_empty() {
            return Err(missing(
                "services",
                "add one [[services]] block for each service; config/default.toml shows the form",
            ));
        }
        let (services, scan_tokens, gates) = services::checked(self.services)?;
        let gitlab = self.gitlab.checked()?;
        let bitbucket = self.bitbucket.checked()?;
        services::check_forges(&services, &gates, (gitlab.is_some(), bitbucket.is_some()))?;
        let jenkins = self.jenkins.checked()?;
        let of_jenkins = |watched: &Watched| matches!(watched.place, WatchedPlace::Jenkins { .. });
        if jenkins.is_none() && gates.iter().flat_map(|gate| &gate.watch).any(of_jenkins) {
            return Err(missing("jenkins.url", "jobs of Jenkins are watched"));
        }
        let server = self.server.checked()?;
        let reminders = self.reminders.checked()?;
        Ok(Settings {
            pages: self.pages.checked(&server)?,
            server,
            database_url: self.database.checked()?,
            jira: self.jira.checked()?,
            github: self.github.checked(&services)?,
            gitlab,
            bitbucket,
            slack: self.slack.checked()?,
            teams: self.teams.checked(&reminders)?,
            signing: self.criteria.signing(&self.people)?,
            criteria_file: self.criteria.file.into(),
            people_file: self.people.file.into(),
            jobs: self.jobs.checked()?,
            reminders,
            inspection: self.inspection.checked()?,
            audit: self.audit.checked()?,
            traces: self.traces.checked()?,
            services,
            scan_tokens,
            gates,
            report_after: report_after(self.gate.report_minutes)?,
            jenkins,
        })
    }
}

impl RawDatabase {
    fn checked(self) -> Result<SecretString, SettingsError> {
        // The default is no second answer beside a file.
        let url = if !self.url_file.is_empty() && self.url == EMBEDDED { "" } else { &self.url };
        let url = secret::one("database.url", url, &self.url_file)?
            .ok_or_else(|| missing("database.url", "where the records are kept, such as sqlite:cm-bot.db"))?;
        let known = ["sqlite:", "postgres://", "postgresql://"];
        if known.iter().any(|scheme| url.expose_secret().starts_with(scheme)) {
            return Ok(url);
        }
        Err(bad("database.url", "write `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/DATABASE`"))
    }
}

impl RawServer {
    fn checked(self) -> Result<Server, SettingsError> {
        let listen =
            self.listen.parse().map_err(|_| bad("server.listen", "write address and port, such as 127.0.0.1:8080"))?;
        let public_url = http_url("server.public_url", &self.public_url)?;
        Ok(Server { listen, public_url: without_slash(&public_url) })
    }
}

impl RawJira {
    fn checked(self) -> Result<Jira, SettingsError> {
        let deployment = as_deployment(&self.deployment)?;
        if self.api_url.is_empty() {
            return Err(missing("jira.api_url", "the address of your Jira, such as https://SITE.atlassian.net"));
        }
        let api_url = safe_url("jira.api_url", &self.api_url)?;
        let browse =
            if self.browse_url.is_empty() { api_url.clone() } else { http_url("jira.browse_url", &self.browse_url)? };
        match (deployment, self.account.is_empty()) {
            (Deployment::Cloud, true) => {
                return Err(missing("jira.account", "the e-mail address of the account that cm-bot uses in Jira"));
            }
            (Deployment::DataCenter, false) => {
                return Err(bad("jira.account", "a personal access token says whose it is; leave jira.account out"));
            }
            (Deployment::Cloud, false) | (Deployment::DataCenter, true) => {}
        }
        let webhook_secrets = secret::many("jira.webhook_secrets", &self.webhook_secrets, &self.webhook_secrets_file)?;
        check_secrets("jira.webhook_secrets", &webhook_secrets)?;
        // A Data Center before 10.0 has no secret to sign with: then its webhooks are refused, and Jira is asked instead.
        if webhook_secrets.is_empty() && deployment == Deployment::Cloud {
            return Err(missing("jira.webhook_secrets", "without the webhook's secret anybody could send tickets"));
        }
        Ok(Jira {
            deployment,
            settle: Duration::from_secs(self.settle_seconds),
            browse_url: without_slash(&browse),
            api_url,
            account: self.account,
            token: secret::one("jira.token", &self.token, &self.token_file)?
                .ok_or_else(|| missing("jira.token", "the API token of that account"))?,
            webhook_secrets,
            project: self.project,
            issue_type: self.issue_type,
            fields: self.fields.into_iter().filter(|(_, name)| !name.is_empty()).collect(),
            approvals: self.approvals,
            workflow: self.workflow,
        })
    }
}

impl RawGithub {
    fn checked(self, services: &[Service]) -> Result<Github, SettingsError> {
        let token = secret::one("github.token", &self.token, &self.token_file)?;
        let private_key = secret::one("github.private_key", &self.private_key, &self.private_key_file)?;
        let login = match (token, self.app_id.as_str(), private_key) {
            (Some(token), "", None) => GithubLogin::Token(token),
            (None, id, Some(private_key)) if !id.is_empty() => {
                let id = id.parse().map_err(|_| bad("github.app_id", "the App's numeric id is expected"))?;
                GithubLogin::App { id, private_key }
            }
            (None, "", None) if services.iter().all(|service| !service.forge.is_github()) => GithubLogin::Nobody,
            (None, _, _) => {
                return Err(missing(
                    "github.token",
                    "set either a token, or both github.app_id and github.private_key",
                ));
            }
            (Some(_), _, _) => return Err(bad("github.token", "an App is set too; set one of them")),
        };
        let webhook_secrets =
            secret::many("github.webhook_secrets", &self.webhook_secrets, &self.webhook_secrets_file)?;
        check_secrets("github.webhook_secrets", &webhook_secrets)?;
        if self.requests_per_ticket == 0 {
            return Err(bad("github.requests_per_ticket", "at least 1 is expected"));
        }
        let api_url = safe_url("github.api_url", &self.api_url)?;
        Ok(Github { api_url, login, webhook_secrets, requests_per_ticket: self.requests_per_ticket })
    }
}

impl RawSlack {
    fn checked(self) -> Result<Slack, SettingsError> {
        if self.channels.changes.is_empty() || self.channels.emergencies.is_empty() {
            return Err(missing(
                "slack.channels",
                "the ids of the channels `changes` and `emergencies`; they may be the same",
            ));
        }
        let signing_secret = secret::one("slack.signing_secret", &self.signing_secret, &self.signing_secret_file)?;
        let decisions = one_of("slack.decisions", &self.decisions, "link or interactive")?;
        if decisions == Decisions::Interactive && signing_secret.is_none() {
            return Err(missing("slack.signing_secret", "without it nobody can decide in Slack (slack.decisions)"));
        }
        Ok(Slack {
            api_url: safe_url("slack.api_url", &self.api_url)?,
            bot_token: secret::one("slack.bot_token", &self.bot_token, &self.bot_token_file)?
                .ok_or_else(|| missing("slack.bot_token", "the bot token of the Slack app"))?,
            signing_secret,
            changes: self.channels.changes,
            emergencies: self.channels.emergencies,
            decisions,
            auto_approved: one_of("slack.auto_approved", &self.auto_approved, "each, digest or off")?,
        })
    }
}

impl RawCriteria {
    /// Without allowed signers nobody could tell whose word a signature is, so a signature alone is a mistake.
    fn signing(&self, people: &RawPeople) -> Result<Option<SigningFiles>, SettingsError> {
        if self.allowed_signers_file.is_empty() {
            return if self.signature_file.is_empty() && people.signature_file.is_empty() {
                Ok(None)
            } else {
                Err(missing("criteria.allowed_signers_file", "it says whose signature counts"))
            };
        }
        let beside = |file: &str, signature: &str| {
            if signature.is_empty() { format!("{file}.sig") } else { signature.to_owned() }
        };
        Ok(Some(SigningFiles {
            criteria_signature: beside(&self.file, &self.signature_file).into(),
            people_signature: beside(&people.file, &people.signature_file).into(),
            allowed_signers: self.allowed_signers_file.clone().into(),
        }))
    }
}

impl RawJobs {
    fn checked(self) -> Result<Jobs, SettingsError> {
        let [recheck, retry, reconcile] =
            [self.recheck_seconds, self.retry_seconds, self.reconcile_seconds].map(Duration::from_secs);
        if recheck.is_zero() || retry.is_zero() || reconcile.is_zero() {
            return Err(bad("jobs", "intervals are at least one second"));
        }
        Ok(Jobs { recheck, retry, reconcile })
    }
}

impl RawAudit {
    fn checked(self) -> Result<Audit, SettingsError> {
        if self.checkpoint_minutes == 0 {
            return Err(bad("audit.checkpoint_minutes", "at least one minute is expected"));
        }
        let signing_key = secret::one("audit.signing_key", &self.signing_key, &self.signing_key_file)?;
        let kept = Some(self.kept_checkpoint_file).filter(|file| !file.is_empty()).map(PathBuf::from);
        if kept.is_some() && signing_key.is_none() {
            return Err(bad(
                "audit.kept_checkpoint_file",
                "without audit.signing_key there are no checkpoints to keep",
            ));
        }
        Ok(Audit { signing_key, every: Duration::from_secs(self.checkpoint_minutes.saturating_mul(60)), kept })
    }
}

impl RawTraces {
    fn checked(&self) -> Result<Option<Url>, SettingsError> {
        if self.collector.is_empty() { Ok(None) } else { http_url("traces.collector", &self.collector).map(Some) }
    }
}

/// A value of which there are only a few.
pub(super) fn one_of<T: serde::de::DeserializeOwned>(key: &str, text: &str, known: &str) -> Result<T, SettingsError> {
    T::deserialize(text.into_deserializer()).map_err(|_: serde::de::value::Error| bad(key, format!("write {known}")))
}

fn without_slash(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

fn check_secrets(key: &str, secrets: &[SecretString]) -> Result<(), SettingsError> {
    if secrets.iter().any(|secret| secret.expose_secret().len() < SHORTEST_SECRET) {
        return Err(bad(key, format!("a secret of at least {SHORTEST_SECRET} characters is expected")));
    }
    Ok(())
}

pub(super) fn missing(key: &'static str, why: &'static str) -> SettingsError {
    SettingsError::Missing { key, why }
}

pub(super) fn bad(key: &str, why: impl Into<String>) -> SettingsError {
    SettingsError::Bad { key: key.into(), why: why.into() }
}

/// What stands there is none of these.
pub(super) fn no_such(key: &str, error: &ParseError) -> SettingsError {
    bad(key, format!("it is not {}", error.what()))
}
