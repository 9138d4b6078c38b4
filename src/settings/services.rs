//! `[[services]]`.

use serde::Deserialize;

use super::SettingsError;
use super::gate::{RawGate, ServiceGate};
use super::load::bad;
use crate::model::{
    BranchName, Environment, Forge, RepoName, Scanner, Service, ServiceName, TokenDigest, WatchedPlace,
};

/// One block.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawService {
    name: ServiceName,
    /// GitHub where nothing is said.
    #[serde(default)]
    forge: Forge,
    repository: RepoName,
    branch: BranchName,
    environments: Vec<Environment>,
    scanners: Vec<Scanner>,
    scan_token_sha256: Option<String>,
    gate: Option<RawGate>,
}

/// The services, the digests of the tokens with which their pipelines send scans, and who may ask the gate.
pub(super) type Checked = (Vec<Service>, Vec<(ServiceName, TokenDigest)>, Vec<ServiceGate>);

/// Checks all blocks together.
///
/// # Errors
/// When two have one name or one token, or a token is missing or has nothing to send.
pub(super) fn checked(blocks: Vec<RawService>) -> Result<Checked, SettingsError> {
    let (mut services, mut tokens, mut gates): Checked = (Vec::new(), Vec::new(), Vec::new());
    for mut block in blocks {
        let gate = block.gate.take().map(|gate| gate.checked(&block.name, &block.environments)).transpose()?;
        let (service, token) = block.split()?;
        if services.iter().any(|other: &Service| other.name == service.name) {
            return Err(bad("services", format!("`{}` is registered twice", service.name)));
        }
        if let Some((other, _)) = tokens.iter().find(|(_, other)| Some(other) == token.as_ref()) {
            let why = format!("`{other}` and `{}` share a scan token; each needs its own", service.name);
            return Err(bad("services", why));
        }
        tokens.extend(token.map(|token| (service.name.clone(), token)));
        gates.extend(gate);
        services.push(service);
    }
    Ok((services, tokens, gates))
}

/// Checks what each service asks of the system that holds its code; `set` says whether GitLab and Bitbucket are set up.
///
/// # Errors
/// When the system is not set up or does not have it, or when two systems have a repository of the same name, which our
/// records could not tell apart.
pub(super) fn check_forges(
    services: &[Service],
    gates: &[ServiceGate],
    set: (bool, bool),
) -> Result<(), SettingsError> {
    for (place, service) in services.iter().enumerate() {
        check_forge(service, set)?;
        check_watch(service, gates)?;
        let is_other = |other: &&Service| other.repository == service.repository && other.forge != service.forge;
        if let Some(other) = services[..place].iter().find(is_other) {
            let why = format!(
                "`{}` and `{}` are in repositories of the same name, {}, one at {} and one at {}; cm-bot's records could \
                 not tell them apart",
                other.name, service.name, service.repository, other.forge, service.forge
            );
            return Err(bad("services", why));
        }
    }
    Ok(())
}

/// Deployments that GitHub shows are those of a repository at GitHub.
fn check_watch(service: &Service, gates: &[ServiceGate]) -> Result<(), SettingsError> {
    let Service { name, forge, .. } = service;
    let own = gates.iter().filter(|gate| gate.service == *name).flat_map(|gate| &gate.watch);
    let at_github = own.into_iter().any(|watched| matches!(watched.place, WatchedPlace::Github { .. }));
    if forge.is_github() || !at_github {
        return Ok(());
    }
    let why =
        format!("`{name}` is at {forge}, and its `watch` names an environment of GitHub's; watch a job of Jenkins");
    Err(bad("services", why))
}

fn check_forge(service: &Service, (gitlab, bitbucket): (bool, bool)) -> Result<(), SettingsError> {
    let Service { name, forge, repository, .. } = service;
    let is_set = match forge {
        Forge::Github => true,
        Forge::Gitlab => gitlab,
        Forge::Bitbucket => bitbucket,
    };
    if !is_set {
        let section = forge.to_string().to_ascii_lowercase();
        return Err(bad("services", format!("`{name}` is at {forge}, and {section}.token is not set")));
    }
    if *forge != Forge::Gitlab && repository.parts().1.contains('/') {
        let why = format!("`{repository}` of `{name}` has groups, which only GitLab has; write owner/name");
        return Err(bad("services", why));
    }
    let foreign = service.scanners.iter().find(|scanner| !forge.is_github() && scanner.uploaded().is_none());
    foreign.map_or(Ok(()), |scanner| {
        let why = format!(
            "`{name}` expects the scan {scanner}, which cm-bot reads from GitHub alone; at {forge} a scan is a SARIF file \
             that the pipeline sends: {{ sarif = \"tool\" }}"
        );
        Err(bad("services", why))
    })
}

impl RawService {
    fn split(self) -> Result<(Service, Option<TokenDigest>), SettingsError> {
        let RawService { name, forge, repository, branch, environments, scanners, scan_token_sha256, gate: _ } = self;
        // What was written may be the token itself, so it is not shown.
        let digest = |text: String| TokenDigest::parse(&text).map_err(|_| no_digest(&name));
        let token = scan_token_sha256.map(digest).transpose()?;
        match (scanners.iter().any(|scanner| scanner.uploaded().is_some()), &token) {
            (true, None) => {
                let why = format!("`{name}` expects SARIF of its pipeline and has no scan_token_sha256");
                Err(bad("services", why))
            }
            (false, Some(_)) => {
                let why = format!("`{name}` has a scan_token_sha256 and no scanner of the form {{ sarif = \"tool\" }}");
                Err(bad("services", why))
            }
            _ => Ok((Service { name, forge, repository, branch, environments, scanners }, token)),
        }
    }
}

fn no_digest(service: &ServiceName) -> SettingsError {
    bad(
        "services",
        format!("scan_token_sha256 of `{service}` is not the 64 hex digits that sha256sum prints of a token"),
    )
}
