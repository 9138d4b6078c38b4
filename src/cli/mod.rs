//! The commands.

mod audit;
mod check_config;
mod criteria;
pub mod demo;
mod doctor;
mod explain;
mod gate;
mod inspection;
mod plan;
pub mod policies;
mod serve;
mod service_manager;
mod setup;
mod simulator;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::settings::{Deployment, Settings, deployment, environment, load};

/// How a command ends. The numbers are relied on by scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Approved, or done.
    Done = 0,
    /// A check failed, or something unexpected.
    Failed = 1,
    /// Waiting for a human.
    Waiting = 3,
    /// Blocked or declined.
    Blocked = 4,
    /// The build differs from the ticket.
    BuildDiffers = 5,
    /// A service could not be reached.
    Unreachable = 6,
    /// Time ran out.
    TimeRanOut = 7,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// cm-bot checks production change tickets and approves what meets the criteria.
#[derive(Debug, Parser)]
#[command(name = "cm-bot", version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// Where the settings are.
#[derive(Debug, Clone, clap::Args)]
pub struct SettingsFile {
    /// Settings file; what it does not name keeps its default.
    #[arg(long = "config", value_name = "FILE", env = "CM_BOT_CONFIG")]
    file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Plays scenes against a simulated Jira, GitHub and Slack, and shows what happened
    Demo(demo::Arguments),
    /// Runs the service
    Serve(serve::Arguments),
    /// Runs only the simulated Jira, GitHub and Slack
    Simulator(simulator::Arguments),
    /// Says what cm-bot would decide about a ticket now, and changes nothing
    Explain(explain::Arguments),
    /// Reads settings, criteria and people, and says what is wrong and where
    CheckConfig(check_config::Arguments),
    /// Brings the database up to date
    Migrate {
        #[command(flatten)]
        settings: SettingsFile,
    },
    /// Verifies and exports the audit trail, and makes the key that signs it
    #[command(subcommand)]
    Audit(audit::Command),
    /// Asks whether a deployment may go ahead: what a pipeline calls
    #[command(subcommand)]
    Gate(gate::Command),
    /// Draws changes for the monthly inspection, so that nobody can steer it, and records what was found
    #[command(subcommand)]
    Inspection(inspection::Command),
    /// Says what is risky about a Terraform plan
    Plan(plan::Arguments),
    /// Digests, verifies and replays the criteria
    #[command(subcommand)]
    Criteria(criteria::Command),
    /// Says what works and what does not, and what to do about it; changes nothing
    Doctor(doctor::Arguments),
    /// Prints what has to be made in Jira, GitHub and Slack, to be pasted there
    Setup(setup::Arguments),
    /// Prints what a shell needs to complete commands
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// Reads the command line and does what it says.
pub async fn run() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Demo(arguments) => demo::run(arguments).await,
        Command::Serve(arguments) => serve::run(&arguments).await,
        Command::Simulator(arguments) => simulator::run(arguments).await,
        Command::Explain(arguments) => explain::run(arguments).await,
        Command::CheckConfig(arguments) => check_config::run(&arguments),
        Command::Migrate { settings } => check_config::migrate(&settings).await,
        Command::Audit(command) => audit::run(command).await,
        Command::Gate(command) => gate::run(command).await,
        Command::Inspection(command) => inspection::run(command).await,
        Command::Plan(arguments) => plan::run(&arguments),
        Command::Criteria(command) => criteria::run(command).await,
        Command::Doctor(arguments) => Box::pin(doctor::run(&arguments)).await,
        Command::Setup(arguments) => setup::run(&arguments),
        Command::Completions { shell } => completions(shell),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            // One line: the cause is part of the sentence.
            eprintln!("cm-bot: {error:#}");
            Exit::Failed.into()
        }
    }
}

fn completions(shell: clap_complete::Shell) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "cm-bot", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(Exit::Done)
}

impl SettingsFile {
    fn load(&self) -> anyhow::Result<Settings> {
        Ok(load(self.file.as_deref(), &environment()?)?)
    }

    fn deployment(&self) -> anyhow::Result<Deployment> {
        Ok(deployment(self.file.as_deref(), &environment()?)?)
    }
}

/// Waits for Ctrl-C or for the order to stop that service managers send.
async fn told_to_stop() -> anyhow::Result<()> {
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => Ok(result?),
        _ = terminated.recv() => Ok(()),
    }
}
