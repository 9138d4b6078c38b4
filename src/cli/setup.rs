//! `cm-bot setup`: what has to be made in Jira, GitHub and Slack, to be pasted there. It asks nobody and changes nothing, and
//! of the settings it reads only which Jira it is, because the others follow from what is made.

use clap::ValueEnum;
use serde_json::{Value, json};

use super::{Exit, SettingsFile};
use crate::integrations::slack::interaction::{EMERGENCY_CHANGE, REQUEST_CHANGE};
use crate::settings::{DEFAULTS, Deployment};

/// Events of the GitHub App.
const EVENTS: [&str; 5] = ["check_run", "code_scanning_alert", "pull_request", "pull_request_review", "push"];

/// Scopes of the Slack app.
const SCOPES: [&str; 5] = ["chat:write", "im:write", "users:read", "commands", "channels:history"];

/// Arguments of the command.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Only for one of the systems
    system: Option<System>,
    /// Where cm-bot will be reached from outside
    #[arg(long, default_value = "https://cm-bot.example.com")]
    url: String,
    /// The Jira project of the change tickets
    #[arg(long, default_value = "PRODCM")]
    project: String,
    /// Name of the apps
    #[arg(long, default_value = "cm-bot")]
    name: String,
    /// Of the settings only `jira.deployment` is read, which says for which Jira; the others may still be missing
    #[command(flatten)]
    settings: SettingsFile,
}

/// The systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum System {
    /// Fields, workflow, webhook
    Jira,
    /// The manifest of an App
    Github,
    /// The manifest of an app
    Slack,
}

/// Prints what to make.
///
/// # Errors
/// When it cannot be written as JSON, or nobody can tell which Jira it is.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let url = arguments.url.trim_end_matches('/');
    let all = [System::Jira, System::Github, System::Slack];
    for system in all.into_iter().filter(|one| arguments.system.is_none_or(|only| only == *one)) {
        match system {
            System::Jira => jira(url, &arguments.project, arguments.settings.deployment()?)?,
            System::Github => github(url, &arguments.name)?,
            System::Slack => slack(url, &arguments.name)?,
        }
    }
    Ok(Exit::Done)
}

/// What is data goes to stdout, what to do with it to stderr.
fn show(todo: &str, what: &Value) -> anyhow::Result<()> {
    eprintln!("{todo}");
    println!("{}", serde_json::to_string_pretty(what)?);
    Ok(())
}

fn jira(url: &str, project: &str, deployment: Deployment) -> anyhow::Result<()> {
    let defaults: toml::Table = DEFAULTS.parse()?;
    let section = |name: &str| defaults["jira"].get(name).and_then(toml::Value::as_table).cloned().unwrap_or_default();
    let text = |value: &toml::Value| value.as_str().unwrap_or_default().to_owned();
    let all = section("fields");
    let fields = all
        .iter()
        .filter(|(_, name)| !text(name).is_empty())
        .map(|(key, name)| json!({ "name": text(name), "type": kind(key), "setting": format!("jira.fields.{key}") }));
    let fields: Vec<Value> = fields.collect();
    let more = match deployment {
        Deployment::Cloud => "",
        Deployment::DataCenter => {
            " Give those with several lines the Wiki Style Renderer (field configuration). A field in which people approve shares \
             its name with no other."
        }
    };
    show(
        &format!(
            "{}: make these fields and put them on the screens of the project {project} ({} → Issues → Custom fields). \
             Other names are fine: name them in the settings.{more}",
            name_of(deployment),
            place_of(deployment)
        ),
        &Value::Array(fields),
    )?;
    let workflow = section("workflow");
    let name = |key: &str| workflow.get(key).map(text).unwrap_or_default();
    let transition = |key: &str, from: &str, to: &str| json!({ "name": name(key), "from": name(from), "to": name(to) });
    let flow = json!({
        "statuses": [name("pending"), name("approved"), name("declined"), name("closed")],
        "transitions": [
            transition("approve", "pending", "approved"), transition("decline", "pending", "declined"),
            transition("hold", "approved", "pending"), transition("close", "approved", "closed"),
        ],
    });
    show(
        &format!(
            "{}: the workflow of the project. Let cm-bot's account and the approvers use \"Approve\", nobody else.",
            name_of(deployment)
        ),
        &flow,
    )?;
    webhook((url, project), deployment)
}

fn name_of(deployment: Deployment) -> &'static str {
    match deployment {
        Deployment::Cloud => "Jira",
        Deployment::DataCenter => "Jira Data Center",
    }
}

/// What leads to the administration there.
fn place_of(deployment: Deployment) -> &'static str {
    match deployment {
        Deployment::Cloud => "Settings",
        Deployment::DataCenter => "Administration",
    }
}

fn webhook((url, project): (&str, &str), deployment: Deployment) -> anyhow::Result<()> {
    let mut webhook = json!({
        "name": "cm-bot",
        "url": format!("{url}/webhooks/jira"),
        "events": ["jira:issue_created", "jira:issue_updated", "jira:issue_deleted", "comment_created", "comment_updated",
            "comment_deleted"],
        "filters": { "issue-related-events-section": format!("project = {project}") },
    });
    match deployment {
        Deployment::Cloud => {
            webhook["excludeBody"] = json!(false);
            show(
                "Jira: the webhook (System → WebHooks, as an administrator), with a secret of at least 16 characters that also \
                 goes into jira.webhook_secrets.",
                &webhook,
            )
        }
        Deployment::DataCenter => {
            show(
                "Jira Data Center 10.0 and newer: the webhook (System → WebHooks, as an administrator), made by hand with these \
                 values and a secret of at least 16 characters that also goes into jira.webhook_secrets. Before 10.0 it cannot \
                 sign webhooks, and unsigned ones are refused: make none and leave jira.webhook_secrets out, because cm-bot asks \
                 Jira every jobs.reconcile_seconds instead.",
                &webhook,
            )?;
            eprintln!(
                "Jira Data Center: the account of cm-bot has a personal access token, which goes into jira.token; leave \
                 jira.account out. It also needs Browse Users, and a language in which fields are not translated. People in the \
                 people file are the keys of their accounts (/rest/api/2/user?username=NAME shows them), never their names. In a \
                 cluster set jira.settle_seconds to what the slowest node needs to find a new ticket."
            );
            Ok(())
        }
    }
}

/// Fields whose values people choose are chosen from, the rest is text.
fn kind(key: &str) -> &'static str {
    match key {
        "environment" | "change_class" | "deploy_action" => "select list (single choice)",
        "justification" | "rollback_plan" | "links" | "access_method" | "emergency_steps" | "prevention" => {
            "text field (multi-line)"
        }
        _ => "text field (single line)",
    }
}

fn github(url: &str, name: &str) -> anyhow::Result<()> {
    let manifest = json!({
        "name": name,
        "url": url,
        "hook_attributes": { "url": format!("{url}/webhooks/github"), "active": true },
        "public": false,
        "default_permissions": {
            "metadata": "read", "contents": "read", "pull_requests": "read", "checks": "read", "statuses": "read",
            "security_events": "read", "deployments": "read",
        },
        "default_events": EVENTS,
    });
    show(
        "GitHub: the manifest of an App that may only read (POST it as `manifest` to \
         https://github.com/organizations/ORGANISATION/settings/apps/new, or make the App by hand with these values). Its number \
         goes into github.app_id, its key into github.private_key_file, the webhook's secret into github.webhook_secrets. \
         Install it on the repositories. Leave out `deployments` where none are watched.",
        &manifest,
    )
}

fn slack(url: &str, name: &str) -> anyhow::Result<()> {
    let manifest = json!({
        "_metadata": { "major_version": 2, "minor_version": 1 },
        "display_information": { "name": name, "description": "Explains, holds and approves production changes" },
        "features": {
            "bot_user": { "display_name": name, "always_online": true },
            "slash_commands": [{
                "command": EMERGENCY_CHANGE,
                "url": format!("{url}/slack/commands"),
                "description": "Declare an emergency change",
                "usage_hint": "SERVICE ENVIRONMENT what is done | why it cannot wait",
                "should_escape": true,
            }, {
                "command": REQUEST_CHANGE,
                "url": format!("{url}/slack/commands"),
                "description": "Request a change that brings no code",
                "usage_hint": "CLASS SERVICE ENVIRONMENT what is needed | why",
                "should_escape": true,
            }],
        },
        "oauth_config": { "scopes": { "bot": SCOPES } },
        "settings": {
            "interactivity": { "is_enabled": true, "request_url": format!("{url}/slack/interactions") },
            "org_deploy_enabled": false,
            "socket_mode_enabled": false,
            "token_rotation_enabled": false,
        },
    });
    show(
        "Slack: the manifest of the app (https://api.slack.com/apps → Create New App → From an app manifest → JSON). Its bot token \
         goes into slack.bot_token, its signing secret into slack.signing_secret. Invite it to both channels; for private ones \
         write groups:history instead of channels:history.",
        &manifest,
    )
}
