//! `cm-bot doctor`: what works, what does not, and what to do about it. It asks everybody and changes nothing.

mod bitbucket;
mod criteria;
mod github;
mod gitlab;
mod jira;
mod records;
mod slack;
mod teams;

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::{Exit, SettingsFile};
use crate::app::App;
use crate::audit::dice::FirstRound;
use crate::clock::Clock;
use crate::integrations::SourceError;
use crate::integrations::beacon::Rules;
use crate::settings::{Settings, environment, load};

/// How long one part may take before it counts as not answering.
const PATIENCE: Duration = Duration::from_secs(60);

/// Arguments of the command.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: SettingsFile,
}

/// How a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// It works.
    Ok,
    /// It works, and something should be looked at.
    Warn,
    /// It does not work.
    Fail,
    /// It was not looked at, and why.
    Skip,
}

/// One line of the answer.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    state: State,
    part: &'static str,
    said: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    todo: Option<String>,
}

/// What was found so far. Every part is looked at, whatever the others say.
#[derive(Debug, Default)]
pub(super) struct Findings {
    lines: Vec<Line>,
    json: bool,
}

impl Findings {
    /// A part works.
    pub(super) fn ok(&mut self, part: &'static str, said: impl Into<String>) {
        self.add(State::Ok, part, (said.into(), None));
    }

    /// Something should be looked at.
    pub(super) fn warn(&mut self, part: &'static str, said: impl Into<String>, todo: impl Into<String>) {
        self.add(State::Warn, part, (said.into(), Some(todo.into())));
    }

    /// A part does not work.
    pub(super) fn fail(&mut self, part: &'static str, said: impl Into<String>, todo: impl Into<String>) {
        self.add(State::Fail, part, (said.into(), Some(todo.into())));
    }

    /// A part was not looked at.
    pub(super) fn skip(&mut self, part: &'static str, why: impl Into<String>) {
        self.add(State::Skip, part, (why.into(), None));
    }

    fn add(&mut self, state: State, part: &'static str, (said, todo): (String, Option<String>)) {
        let line = Line { state, part, said, todo };
        println!("{}", if self.json { as_json(&line) } else { as_text(&line) });
        self.lines.push(line);
    }

    fn count(&self, state: State) -> usize {
        self.lines.iter().filter(|line| line.state == state).count()
    }
}

/// `fail  slack      #prod-changes: the bot is not in the channel.   Do: invite it`.
fn as_text(line: &Line) -> String {
    let state = match line.state {
        State::Ok => "ok",
        State::Warn => "warn",
        State::Fail => "fail",
        State::Skip => "skip",
    };
    let todo = line.todo.as_ref().map_or_else(String::new, |todo| format!("\n                   Do: {todo}"));
    format!("{state:4}  {:11}  {}{todo}", line.part, line.said)
}

fn as_json(line: &Line) -> String {
    serde_json::to_string(line).unwrap_or_default()
}

/// Examines the installation.
///
/// # Errors
/// Never: whatever is wrong is a line of the answer.
pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    crate::telemetry::start("off", None);
    let mut findings = Findings { json: arguments.json, ..Findings::default() };
    examine(arguments.settings.file.as_deref(), &mut findings).await;
    let failed = findings.count(State::Fail);
    if !arguments.json {
        let (warned, skipped) = (findings.count(State::Warn), findings.count(State::Skip));
        println!("{failed} failed, {warned} to look at, {skipped} skipped");
    }
    Ok(if failed == 0 { Exit::Done } else { Exit::Failed })
}

async fn examine(file: Option<&Path>, findings: &mut Findings) {
    let settings = match environment().and_then(|environment| load(file, &environment)) {
        Ok(settings) => settings,
        Err(error) => {
            findings.fail("settings", error.to_string(), "correct it; config/default.toml explains every setting");
            return findings.skip("the rest", "needs settings that can be read");
        }
    };
    findings.ok("settings", format!("{} services", settings.services.len()));
    let has_policy = criteria::examine(&settings, findings);
    if !records::can_be_opened(&settings, findings).await || !has_policy {
        return findings.skip("the rest", "needs the database, the criteria and the people");
    }
    // Building it opens the same files again, so whatever fails now is told as it is.
    match App::build(settings.clone(), Clock::System).await {
        Ok(app) => examine_all(&settings, &app, findings).await,
        Err(error) => findings.fail("settings", format!("{error:#}"), "correct it; config/default.toml explains it"),
    }
}

async fn examine_all(settings: &Settings, app: &App, findings: &mut Findings) {
    criteria::people(app, findings);
    records::examine(settings, app, findings).await;
    eprintln!("Asking Jira");
    jira::examine(settings, app, findings).await;
    eprintln!("Asking GitHub");
    github::examine(settings, app, findings).await;
    gitlab::examine(app, findings).await;
    bitbucket::examine(app, findings).await;
    eprintln!("Asking Slack");
    slack::examine(settings, app, findings).await;
    teams::examine(settings, findings);
    eprintln!("Asking the rest");
    reached(settings, findings).await;
    jenkins(settings, app, findings).await;
    beacon(app, findings).await;
}

/// Whether others find cm-bot where the settings say that it is.
async fn reached(settings: &Settings, findings: &mut Findings) {
    let url = format!("{}/healthz", settings.server.public_url);
    let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build();
    let answer = match client {
        Ok(client) => client.get(&url).send().await.map(|answer| answer.status()),
        Err(error) => Err(error),
    };
    let todo =
        "start `cm-bot serve`, and let the address of server.public_url lead to server.listen; webhooks come there";
    match answer {
        Ok(status) if status.is_success() => findings.ok("address", format!("cm-bot answers at {url}")),
        Ok(status) => findings.fail("address", format!("{url} answers {status}"), todo),
        Err(_) => findings.fail("address", format!("nobody answers at {url}"), todo),
    }
}

async fn jenkins(settings: &Settings, app: &App, findings: &mut Findings) {
    let Some(jenkins) = &app.context.jenkins else { return };
    for gate in &settings.gates {
        for watched in &gate.watch {
            let crate::model::WatchedPlace::Jenkins { job, .. } = &watched.place else { continue };
            let scope = crate::model::Scope { service: gate.service.clone(), environment: watched.environment.clone() };
            let asked = jenkins.gone_out((job, None), &scope, app.context.clock.now()).await;
            match asked {
                Ok(_) => findings.ok("jenkins", format!("{job} can be read")),
                Err(error) => findings.fail(
                    "jenkins",
                    format!("{job}: {error}"),
                    "check jenkins.url, jenkins.user and jenkins.token, and that the account may read the job",
                ),
            }
        }
    }
}

async fn beacon(app: &App, findings: &mut Findings) {
    let Some(beacon) = &app.context.beacon else { return };
    match beacon.rules().await {
        Ok(Rules { genesis, period }) => {
            let next = FirstRound { genesis, period, after: app.context.clock.now() };
            findings.ok("beacon", format!("the next round is {}", next.number()));
        }
        Err(error) => {
            findings.fail("beacon", error.to_string(), "check inspection.beacon_chain and inspection.beacon_urls");
        }
    }
}

/// An answer, or that none came.
pub(super) async fn in_time<T>(asked: impl Future<Output = Result<T, SourceError>>) -> Result<T, SourceError> {
    let late = |_| SourceError::Unreachable(format!("nothing within {} seconds", PATIENCE.as_secs()));
    tokio::time::timeout(PATIENCE, asked).await.map_err(late)?
}
