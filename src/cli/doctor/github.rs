//! GitHub: what cm-bot may read of each repository, and that it may not do more; its clock.

use std::collections::BTreeMap;

use super::{Findings, in_time};
use crate::app::App;
use crate::integrations::SourceError;
use crate::integrations::advice::{GITHUB_CREDENTIALS, advice};
use crate::model::{Forge, Scanner, Service, WatchedPlace};
use crate::policy::approval::clocks;
use crate::settings::Settings;

/// What an App needs for every service: to read, and nothing else.
const NEEDED: [&str; 4] = ["metadata", "contents", "pull_requests", "checks"];

/// What it may have besides, as long as it is for reading.
const USEFUL: [&str; 5] = ["statuses", "security_events", "deployments", "actions", "members"];

/// Says how GitHub is.
pub(super) async fn examine(settings: &Settings, app: &App, findings: &mut Findings) {
    let mut is_reached = false;
    let services = &app.context.sources.services;
    let here: Vec<&Service> = services.iter().filter(|service| service.forge.is_github()).collect();
    if here.is_empty() {
        return findings.skip("github", "no service is there");
    }
    for service in here {
        is_reached |= of_service(settings, app, (service, findings)).await;
    }
    if !is_reached {
        return findings.skip("clock", "needs GitHub");
    }
    clock((Forge::Github, app.context.sources.github.clock_ahead_ms()), findings);
}

/// Our clock against that of a system that holds code.
pub(super) fn clock((forge, ahead_ms): (Forge, Option<i64>), findings: &mut Findings) {
    match ahead_ms.map(|ahead| clocks::difference(ahead, forge)) {
        Some(None) => findings.ok("clock", format!("as {forge}'s")),
        Some(Some(difference)) => {
            findings.fail(
                "clock",
                difference,
                "set the clock of this machine; nothing is approved automatically until then",
            );
        }
        None => findings.fail(
            "clock",
            format!("{forge}'s answers bear no time"),
            format!("look at what stands between here and {forge}"),
        ),
    }
}

/// The App in whose name every workflow of GitHub Actions reports its checks.
const GITHUB_ACTIONS: u64 = 15_368;

/// Warns of a scan that whoever may change a workflow can report.
fn reported_by_anybody((service, findings): (&Service, &mut Findings)) {
    for scanner in &service.scanners {
        if let Scanner::Check { check, app_id: GITHUB_ACTIONS } = scanner {
            let said = format!("{}: every workflow with checks: write can report the scan {check}", service.name);
            let todo = "expect an App of the scanner's own, or a SARIF file that the pipeline sends";
            findings.warn("github", said, todo);
        }
    }
}

/// Whether GitHub answered for a service.
async fn of_service(settings: &Settings, app: &App, (service, findings): (&Service, &mut Findings)) -> bool {
    let (github, repository) = (&app.context.sources.github, &service.repository);
    reported_by_anybody((service, findings));
    let denied = github.check_rights(service).await.err();
    if let Some(denied) = denied {
        let said = format!("{repository}: {} cannot be read ({})", denied.what, denied.error);
        findings.fail("github", said, told(&denied.error));
        return false;
    }
    match in_time(github.granted(repository)).await {
        Ok(Some(granted)) => granted_to(settings, (service, findings), &granted),
        Ok(None) => findings
            .ok("github", format!("{repository} can be read, with a token: GitHub does not say what else it may")),
        Err(error) => findings.fail("github", format!("{repository}: {error}"), told(&error)),
    }
    true
}

fn told(error: &SourceError) -> String {
    advice("GitHub", error, (GITHUB_CREDENTIALS, "github.api_url"))
}

/// Exactly what is needed: more is a fault as well, because what the App may do whoever takes over cm-bot may do.
fn granted_to(settings: &Settings, (service, findings): (&Service, &mut Findings), granted: &BTreeMap<String, String>) {
    let repository = &service.repository;
    let scans = service.scanners.iter().any(|scanner| matches!(scanner, Scanner::Analysis { .. }));
    let of_service = settings.gates.iter().filter(|gate| gate.service == service.name).flat_map(|gate| &gate.watch);
    let watches = of_service.into_iter().any(|watched| matches!(watched.place, WatchedPlace::Github { .. }));
    let more = [("statuses", service.expects_a_status()), ("security_events", scans), ("deployments", watches)];
    let wanted = NEEDED.into_iter().chain(more.into_iter().filter(|(_, is_wanted)| *is_wanted).map(|(name, _)| name));
    let missing: Vec<&str> = wanted.filter(|name| !granted.contains_key(*name)).collect();
    // A deployment protection rule is answered by writing a deployment.
    let may_write = |name: &String| watches && name == "deployments";
    let is_too_much = |(name, access): &(&String, &String)| {
        let is_known = NEEDED.contains(&name.as_str()) || USEFUL.contains(&name.as_str());
        !is_known || (*access != "read" && !(*access == "write" && may_write(name)))
    };
    let too_much: Vec<String> =
        granted.iter().filter(is_too_much).map(|(name, access)| format!("{name}: {access}")).collect();
    if !missing.is_empty() {
        let said = format!("{repository}: the App may not read {}", missing.join(", "));
        findings.fail("github", said, "add these permissions to the App, and accept them in the organisation");
    }
    if !too_much.is_empty() {
        let said = format!("{repository}: the App may more than it needs: {}", too_much.join(", "));
        findings.fail("github", said, "take these permissions away from the App");
    }
    if missing.is_empty() && too_much.is_empty() {
        findings.ok("github", format!("{repository}: the App may read what it needs, and no more"));
    }
}
