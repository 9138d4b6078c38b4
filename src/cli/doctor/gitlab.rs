//! GitLab: what cm-bot may read of each project, and that its token may not do more; its clock.

use super::Findings;
use super::{github, in_time};
use crate::app::App;
use crate::integrations::advice::{advice, forge_advice};
use crate::integrations::gitlab::GitlabClient;
use crate::integrations::{SourceError, forge};
use crate::model::{Forge, Service};

/// What the token needs; `api` and `write_repository` would be more.
const NEEDED: [&str; 2] = ["read_api", "read_repository"];

/// What it may have besides, because it gives nothing more away.
const USEFUL: [&str; 2] = ["read_user", "self_rotate"];

/// Says how GitLab is, where a service is there.
pub(super) async fn examine(app: &App, findings: &mut Findings) {
    let sources = &app.context.sources;
    let here: Vec<&Service> = sources.services.iter().filter(|service| service.forge == Forge::Gitlab).collect();
    let Some(gitlab) = sources.others.gitlab.as_deref().filter(|_| !here.is_empty()) else { return };
    eprintln!("Asking GitLab");
    let mut is_reached = false;
    for service in here {
        is_reached |= of_service(gitlab, (service, findings)).await;
    }
    if !is_reached {
        return findings.skip("clock", "needs GitLab");
    }
    scopes(gitlab, findings).await;
    github::clock((Forge::Gitlab, gitlab.clock_ahead_ms()), findings);
}

/// Whether GitLab answered for a service.
async fn of_service(gitlab: &GitlabClient, (service, findings): (&Service, &mut Findings)) -> bool {
    let repository = &service.repository;
    match gitlab.check_rights(service).await {
        Ok(()) => findings.ok("gitlab", format!("{repository} can be read")),
        Err(forge::Denied { what, error }) => {
            findings.fail("gitlab", format!("{repository}: {what} cannot be read ({error})"), told(&error));
            return false;
        }
    }
    true
}

/// Exactly what is needed: more is a fault as well, because what the token may do whoever takes over cm-bot may do.
async fn scopes(gitlab: &GitlabClient, findings: &mut Findings) {
    let scopes = match in_time(gitlab.scopes()).await {
        Ok(Some(scopes)) => scopes,
        Ok(None) => return findings.ok("gitlab", "GitLab does not say what the token may do besides"),
        Err(error) => return findings.fail("gitlab", format!("the scopes of the token: {error}"), told(&error)),
    };
    let missing: Vec<&str> = NEEDED.into_iter().filter(|needed| !scopes.iter().any(|scope| scope == needed)).collect();
    let known = |scope: &&String| NEEDED.contains(&scope.as_str()) || USEFUL.contains(&scope.as_str());
    let too_much: Vec<&str> = scopes.iter().filter(|scope| !known(scope)).map(String::as_str).collect();
    let todo = "make a new token with read_api and read_repository alone and set gitlab.token";
    if !too_much.is_empty() {
        findings.fail("gitlab", format!("the token may more than it needs: {}", too_much.join(", ")), todo);
    } else if missing.is_empty() {
        findings.ok("gitlab", "the token may read what it needs, and no more");
    } else {
        findings.fail("gitlab", format!("the token lacks {}", missing.join(", ")), todo);
    }
}

fn told(error: &SourceError) -> String {
    advice("GitLab", error, forge_advice(Forge::Gitlab))
}
