//! What a pipeline calls. Whatever goes wrong, it does not open: only exit code 0 of `consume` lets a build through.

mod ci;
mod client;
mod show;

use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Subcommand;
use sha2::{Digest as _, Sha256};

use super::Exit;
use crate::server::api::{Asked, Report};
use client::{Client, Failure};
use show::Form;

/// How long a wait for an answer of the service is, in seconds.
const GLANCE: u64 = 25;

/// The pause after the service could not be reached.
const PAUSE: Duration = Duration::from_secs(5);

/// Asks whether a deployment may go ahead
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Requests a deployment: finds the ticket of this build, or makes one
    Request(Box<Request>),
    /// Says how a request stands
    Status(Named),
    /// Waits until a request is decided
    Wait {
        #[command(flatten)]
        named: Named,
        /// Longest wait, such as 4h, 30m or 90s
        #[arg(long, value_name = "TIME", default_value = "4h", value_parser = span)]
        timeout: Duration,
    },
    /// Sends the Terraform plan that is going to be applied; a risky one waits for a human
    Plan {
        #[command(flatten)]
        named: Named,
        /// What `terraform show -json PLAN` printed
        plan: PathBuf,
    },
    /// Asks, immediately before the deployment, whether it may go ahead; the approval counts once
    Consume {
        #[command(flatten)]
        named: Named,
        /// The plan that is applied: the file that was sent with `plan`, byte by byte
        #[arg(long, value_name = "FILE")]
        plan: Option<PathBuf>,
    },
    /// Says how the deployment ended
    Finish {
        #[command(flatten)]
        named: Named,
        /// How it ended
        #[arg(long, value_parser = ["succeeded", "failed", "rolled_back"])]
        outcome: String,
        /// A few words for the ticket
        #[arg(long)]
        note: Option<String>,
    },
}

/// Where the service is, and who asks.
#[derive(Debug, clap::Args)]
pub struct Service {
    /// Address of cm-bot
    #[arg(long, value_name = "URL", env = "CM_BOT_URL")]
    url: String,
    /// File with the token; without it `CM_BOT_TOKEN`, or on GitHub Actions the token of the run
    #[arg(long, value_name = "FILE", env = "CM_BOT_TOKEN_FILE")]
    token_file: Option<PathBuf>,
    /// For whom a token of GitHub Actions is made: what the settings call `audience`; the address when it is not given
    #[arg(long, env = "CM_BOT_AUDIENCE")]
    audience: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A request that was made.
#[derive(Debug, clap::Args)]
pub struct Named {
    /// The id that `request` has printed
    #[arg(env = "CM_BOT_CHANGE")]
    id: String,
    #[command(flatten)]
    service: Service,
}

/// A deployment. On GitHub Actions, GitLab and Jenkins most of it is known from the environment.
#[derive(Debug, clap::Args)]
pub struct Request {
    #[command(flatten)]
    service: Service,
    /// The service, which is the component in Jira
    #[arg(long = "service", value_name = "NAME")]
    name: Option<String>,
    /// The target environment
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// The CI system: github-actions, gitlab, jenkins or other
    #[arg(long)]
    system: Option<String>,
    /// The job
    #[arg(long)]
    job: Option<String>,
    /// The build's number or id
    #[arg(long)]
    build: Option<String>,
    /// Which attempt of this build
    #[arg(long)]
    attempt: Option<u32>,
    /// owner/name of the repository
    #[arg(long)]
    repository: Option<String>,
    /// The full name of the branch, such as refs/heads/main
    #[arg(long = "ref", value_name = "REF")]
    reference: Option<String>,
    /// The full SHA of the commit
    #[arg(long)]
    commit: Option<String>,
    /// A ticket that is there already; without it the one of this build is found, or made
    #[arg(long, value_name = "KEY")]
    ticket: Option<String>,
    /// The digest of what was built
    #[arg(long)]
    artifact: Option<String>,
    /// What is done with it
    #[arg(long)]
    action: Option<String>,
    /// Why; without it the pull requests say it
    #[arg(long)]
    justification: Option<String>,
    /// The way back; without it the service's template says it
    #[arg(long)]
    rollback_plan: Option<String>,
    /// The class of change
    #[arg(long)]
    change_class: Option<String>,
    /// Where to tell that something has changed; an address that the settings list
    #[arg(long, value_name = "URL")]
    callback: Option<String>,
}

/// Does one of them.
///
/// # Errors
/// When something is missing that the command needs.
pub async fn run(command: Command) -> anyhow::Result<Exit> {
    let service = match &command {
        Command::Request(request) => &request.service,
        Command::Status(named)
        | Command::Plan { named, .. }
        | Command::Consume { named, .. }
        | Command::Wait { named, .. }
        | Command::Finish { named, .. } => &named.service,
    };
    let form = form(service);
    let client = Client::new(service)?;
    let answer = match &command {
        Command::Request(request) => client.request(&asked(request)?).await.map(|change| show::ahead(&change, form)),
        Command::Status(named) => client.read(&named.id, 0).await.map(|change| show::change(&change, form)),
        Command::Wait { named, timeout } => return Ok(wait(&client, named, *timeout).await),
        Command::Plan { named, plan } => {
            let file = std::fs::File::open(plan).with_context(|| format!("{} cannot be read", plan.display()))?;
            client.plan(&named.id, file).await.map(|judgement| show::judged(&judgement, form))
        }
        Command::Consume { named, plan } => {
            let digest = plan.as_deref().map(digest).transpose()?;
            client.consume(&named.id, digest).await.map(|answer| show::allowed(&answer, form))
        }
        Command::Finish { named, outcome, note } => {
            let report = Report { outcome: outcome.clone(), note: note.clone() };
            client.finish(&named.id, &report).await.map(|change| show::finished(&change, form))
        }
    };
    Ok(answer.unwrap_or_else(|failure| show::failure(&failure, form)))
}

/// Waits until there is a decision or the time is over. That the service does not answer for a while ends nothing.
async fn wait(client: &Client, named: &Named, timeout: Duration) -> Exit {
    let (begun, mut told, form) = (Instant::now(), String::new(), form(&named.service));
    loop {
        let left = timeout.saturating_sub(begun.elapsed());
        match client.read(&named.id, left.as_secs().min(GLANCE)).await {
            Ok(change) if !show::is_open(&change) => return show::ahead(&change, form),
            Ok(change) => {
                let lines = show::lines(&change);
                if lines != told {
                    eprintln!("{lines}");
                    told = lines;
                }
            }
            Err(Failure::Unreachable(why)) if !left.is_zero() => {
                eprintln!("cm-bot does not answer ({why}); asked again.");
                tokio::time::sleep(PAUSE.min(left)).await;
            }
            Err(failure) => return show::failure(&failure, form),
        }
        if begun.elapsed() >= timeout {
            eprintln!("The time ran out before there was a decision. Do not deploy.");
            return Exit::TimeRanOut;
        }
    }
}

/// SHA-256 of a file, read piece by piece.
fn digest(file: &Path) -> anyhow::Result<String> {
    let cannot = || format!("{} cannot be read", file.display());
    let mut reader = std::fs::File::open(file).with_context(cannot)?;
    let mut digest = Sha256::new();
    let mut piece = vec![0; 256 * 1024];
    loop {
        let length = reader.read(&mut piece).with_context(cannot)?;
        if length == 0 {
            return Ok(hex::encode(digest.finalize()));
        }
        digest.update(piece.get(..length).unwrap_or_default());
    }
}

fn form(service: &Service) -> Form {
    if service.json { Form::Json } else { Form::Words }
}

fn asked(request: &Request) -> anyhow::Result<Asked> {
    let known = ci::from_environment(&|name| std::env::var(name).ok());
    let need = |given: &Option<String>, known: Option<String>, name: &str| match given.clone().or(known) {
        Some(value) => Ok(value),
        None => ask(name),
    };
    Ok(Asked {
        system: need(&request.system, known.system, "system")?,
        job: need(&request.job, known.job, "job")?,
        build: need(&request.build, known.build, "build")?,
        attempt: request.attempt.or(known.attempt).unwrap_or(1),
        service: need(&request.name, None, "service")?,
        environment: need(&request.environment, None, "environment")?,
        repository: need(&request.repository, known.repository, "repository")?,
        reference: need(&request.reference, known.reference, "ref")?,
        commit: need(&request.commit, known.commit, "commit")?,
        ticket: request.ticket.clone(),
        artifact: request.artifact.clone(),
        action: request.action.clone(),
        justification: request.justification.clone(),
        rollback_plan: request.rollback_plan.clone(),
        change_class: request.change_class.clone(),
        callback: request.callback.clone(),
    })
}

/// Asks a person, if there is one.
fn ask(name: &str) -> anyhow::Result<String> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        anyhow::bail!("--{name} is missing, and the environment does not say it. Nothing was asked of the gate");
    }
    eprint!("{name}: ");
    std::io::stderr().flush()?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).context("nobody answered")?;
    let line = line.trim();
    anyhow::ensure!(!line.is_empty(), "--{name} is missing. Nothing was asked of the gate");
    Ok(line.to_owned())
}

/// `4h`, `30m`, `90s`.
fn span(text: &str) -> Result<Duration, String> {
    let odd = || "write a time such as 4h, 30m or 90s".to_owned();
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(odd)?;
    let number: u64 = number.parse().map_err(|_| odd())?;
    let seconds = match unit {
        "h" => number.checked_mul(3600),
        "m" => number.checked_mul(60),
        "s" => Some(number),
        _ => None,
    };
    seconds.map(Duration::from_secs).ok_or_else(odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_unit() {
        assert_eq!(span("4h"), Ok(Duration::from_secs(14_400)));
        assert_eq!(span("90s"), Ok(Duration::from_secs(90)));
        for odd in ["", "4", "h", "4d", "-1m", "é"] {
            assert!(span(odd).is_err(), "{odd}");
        }
    }
}
