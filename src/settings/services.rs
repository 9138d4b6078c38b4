//! `[[services]]`.

use serde::Deserialize;

use super::SettingsError;
use super::gate::{RawGate, ServiceGate};
use super::load::bad;
use crate::model::{BranchName, Environment, RepoName, Scanner, Service, ServiceName, TokenDigest};

/// One block.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawService {
    name: ServiceName,
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

impl RawService {
    fn split(self) -> Result<(Service, Option<TokenDigest>), SettingsError> {
        let RawService { name, repository, branch, environments, scanners, scan_token_sha256, gate: _ } = self;
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
            _ => Ok((Service { name, repository, branch, environments, scanners }, token)),
        }
    }
}

fn no_digest(service: &ServiceName) -> SettingsError {
    bad(
        "services",
        format!("scan_token_sha256 of `{service}` is not the 64 hex digits that sha256sum prints of a token"),
    )
}
