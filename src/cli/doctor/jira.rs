//! Jira: who cm-bot is there, what it may, and whether the names of the settings are there.

use super::{Findings, in_time};
use crate::app::App;
use crate::integrations::SourceError;
use crate::integrations::advice::advice;
use crate::integrations::jira::{JiraClient, Signing, Wanted};
use crate::settings::{Deployment, Settings};

/// What cm-bot's account needs in the project.
const NEEDED: [(&str, &str); 5] = [
    ("BROWSE_PROJECTS", "Browse Projects"),
    ("ADD_COMMENTS", "Add Comments"),
    ("EDIT_OWN_COMMENTS", "Edit Own Comments"),
    ("TRANSITION_ISSUES", "Transition Issues"),
    ("LINK_ISSUES", "Link Issues"),
];

/// What it needs besides, where the gate makes tickets.
const FOR_THE_GATE: [(&str, &str); 2] = [("CREATE_ISSUES", "Create Issues"), ("MODIFY_REPORTER", "Modify Reporter")];

/// What it must not have: whoever takes it over could change tickets, history or rules.
const NEVER: [(&str, &str); 4] = [
    ("ADMINISTER", "Administer Jira"),
    ("ADMINISTER_PROJECTS", "Administer Projects"),
    ("DELETE_ISSUES", "Delete Issues"),
    ("EDIT_ALL_COMMENTS", "Edit All Comments"),
];

/// Says how Jira is.
pub(super) async fn examine(settings: &Settings, app: &App, findings: &mut Findings) {
    let jira = &app.context.sources.jira;
    match in_time(jira.myself()).await {
        Ok(account) => findings.ok("jira", format!("{} as {account}", settings.jira.api_url)),
        Err(error) => {
            findings.fail("jira", error.to_string(), told(jira, &error));
            return findings.skip("jira", "permissions, fields and workflow need Jira");
        }
    }
    if settings.jira.deployment == Deployment::DataCenter {
        webhooks(settings, jira, findings).await;
    }
    permissions(settings, app, findings).await;
    match in_time(jira.check_fields()).await {
        Ok(number) => findings.ok("jira fields", format!("all {number} of jira.fields are there")),
        Err(error) => findings.fail("jira fields", error.to_string(), "`cm-bot setup jira` lists the fields to make"),
    }
    workflow(app, findings).await;
}

fn told(jira: &JiraClient, error: &SourceError) -> String {
    advice("Jira", error, (jira.credentials_advice(), "jira.api_url"))
}

/// Whether webhooks can come: Cloud always signs them, Data Center only when it is new enough and knows the secret.
async fn webhooks(settings: &Settings, jira: &JiraClient, findings: &mut Findings) {
    let seconds = settings.jobs.reconcile.as_secs();
    let instead = format!("unsigned webhooks are refused, so cm-bot asks Jira every {seconds} seconds instead");
    match in_time(jira.signing()).await {
        Ok(Signing::TooOld(version)) => findings.warn(
            "jira hooks",
            format!("Jira {version} cannot sign webhooks; {instead}"),
            "nothing, if that is soon enough; Jira 10.0 and newer sign them",
        ),
        Ok(Signing::Can) if settings.jira.webhook_secrets.is_empty() => findings.warn(
            "jira hooks",
            format!("jira.webhook_secrets is not set; {instead}"),
            "give the webhook in Jira a secret, and put it into jira.webhook_secrets",
        ),
        Ok(Signing::Can) => findings.ok("jira hooks", "Jira can sign them, and the secret is set"),
        Err(error) => findings.fail("jira hooks", error.to_string(), told(jira, &error)),
    }
}

async fn permissions(settings: &Settings, app: &App, findings: &mut Findings) {
    let asked = NEEDED.iter().chain(&FOR_THE_GATE).chain(&NEVER).map(|(name, _)| *name).collect::<Vec<_>>();
    let jira = &app.context.sources.jira;
    let had = match in_time(jira.permissions(&asked)).await {
        Ok(had) => had,
        Err(error) => return findings.fail("jira rights", error.to_string(), told(jira, &error)),
    };
    let gate: &[_] = if settings.gates.is_empty() { &[] } else { &FOR_THE_GATE };
    let missing = NEEDED.iter().chain(gate).filter(|(name, _)| !had.contains(*name)).map(|(_, title)| *title);
    let missing: Vec<&str> = missing.collect();
    let too_much = NEVER.iter().filter(|(name, _)| had.contains(*name)).map(|(_, title)| *title).collect::<Vec<_>>();
    if !missing.is_empty() {
        let said = format!("the account lacks {} in {}", missing.join(", "), settings.jira.project);
        findings.fail("jira rights", said, "give the account these permissions in the project's permission scheme");
    }
    if !too_much.is_empty() {
        let said = format!("the account may more than it needs: {}", too_much.join(", "));
        findings.fail(
            "jira rights",
            said,
            "take these away: whoever gets hold of the token could change what is evidence",
        );
    }
    if missing.is_empty() && too_much.is_empty() {
        findings.ok("jira rights", "the account may what it needs, and no more");
    }
}

async fn workflow(app: &App, findings: &mut Findings) {
    let jira = &app.context.sources.jira;
    if let Err(error) = in_time(jira.check_statuses()).await {
        return findings.fail(
            "jira flow",
            error.to_string(),
            "correct jira.project or the statuses in [jira.workflow]",
        );
    }
    let waiting = match in_time(jira.changed(Wanted::Pending)).await {
        Ok(waiting) => waiting,
        Err(error) => return findings.fail("jira flow", error.to_string(), told(jira, &error)),
    };
    let Some(newest) = waiting.first() else {
        findings.ok("jira flow", "the project and its four statuses are there");
        return findings.skip("jira flow", "which transitions are offered is seen when a ticket waits");
    };
    let offered = async { jira.missing_transitions(&jira.ticket(&newest.id).await?.key).await };
    match in_time(offered).await {
        Ok(missing) if missing.is_empty() => {
            findings.ok("jira flow", "project, statuses and transitions are there");
        }
        Ok(missing) => findings.fail(
            "jira flow",
            format!("a ticket that waits does not offer {}", missing.join(", ")),
            "correct the transitions in [jira.workflow], or let cm-bot's account use them",
        ),
        Err(error) => findings.fail("jira flow", error.to_string(), told(jira, &error)),
    }
}
