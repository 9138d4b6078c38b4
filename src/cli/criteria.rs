//! `cm-bot criteria`: what there is to sign, whether it is signed, and what new criteria would have decided.

mod digest;
mod replay;
mod verify;
mod workflow;

use std::path::PathBuf;

use anyhow::Context as _;

use super::{Exit, SettingsFile};
use crate::app::read_policy;
use crate::policy::criteria::{Criteria, PolicyTexts, SignatureTexts};
use crate::settings::Settings;

/// The commands.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Prints the digests of criteria and people, and the command that signs them
    Digest(digest::Arguments),
    /// Says who signed criteria and people and until when that counts, or why it does not
    Verify(verify::Arguments),
    /// Prints the digest of the workflow of a ticket that waits, for `[workflow]` of the criteria
    Workflow(workflow::Arguments),
    /// Judges past decisions again, from their stored facts, under new criteria that nobody has signed yet
    Replay(replay::Arguments),
}

/// Does what was asked.
///
/// # Errors
/// When a file or the database cannot be read.
pub(super) async fn run(command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Digest(arguments) => digest::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Workflow(arguments) => workflow::run(&arguments).await,
        Command::Replay(arguments) => replay::run(&arguments).await,
    }
}

/// The files of criteria and people: those of the settings, unless others are named.
#[derive(Debug, clap::Args)]
pub struct Files {
    /// The criteria to look at, instead of those of the settings
    #[arg(long, value_name = "FILE")]
    criteria: Option<PathBuf>,
    /// The people file to look at, instead of that of the settings
    #[arg(long, value_name = "FILE")]
    people: Option<PathBuf>,
    #[command(flatten)]
    settings: SettingsFile,
}

impl Files {
    /// The settings, with the named files in the place of theirs. A named file's signature is the one beside it.
    fn settings(&self) -> anyhow::Result<Settings> {
        let mut settings = self.settings.load()?;
        let beside = |file: &PathBuf| PathBuf::from(format!("{}.sig", file.display()));
        if let Some(file) = &self.criteria {
            settings.criteria_file.clone_from(file);
            settings.signing.iter_mut().for_each(|signing| signing.criteria_signature = beside(file));
        }
        if let Some(file) = &self.people {
            settings.people_file.clone_from(file);
            settings.signing.iter_mut().for_each(|signing| signing.people_signature = beside(file));
        }
        Ok(settings)
    }
}

/// Reads files that may not be signed yet.
fn unsigned(settings: &Settings) -> anyhow::Result<Criteria> {
    let texts = PolicyTexts { signatures: SignatureTexts::default(), ..read_policy(settings)?.texts };
    Criteria::read(&texts).context("the criteria cannot be read")
}
