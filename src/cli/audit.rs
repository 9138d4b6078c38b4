//! `cm-bot audit`: verifies the trail, exports it for auditors, makes the key that signs it.

mod decision;
mod export;
mod verify;

use std::fs::{OpenOptions, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::PathBuf;

use anyhow::Context as _;

pub(super) use self::verify::page;
use super::Exit;
use crate::audit::checkpoint::new_keys;

/// The commands.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Verifies that nothing was changed, left out or written again
    Verify(verify::Arguments),
    /// Writes the evidence of a period for an auditor, with a program that verifies it without cm-bot
    Export(export::Arguments),
    /// Makes a recorded decision again from what was recorded, and says whether and where it differs
    VerifyDecision(decision::Arguments),
    /// Makes a private key that signs checkpoints, and prints the public one
    Key(KeyArguments),
}

/// Arguments of `audit key`.
#[derive(Debug, clap::Args)]
pub struct KeyArguments {
    /// Whose trail it is, such as cm-bot.example.com; stands in every checkpoint
    name: String,
    /// Where the private key is written; never over an existing file
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Does what was asked.
///
/// # Errors
/// When the database or a file cannot be read or written.
pub(super) async fn run(command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Verify(arguments) => verify::run(&arguments).await,
        Command::Export(arguments) => Box::pin(export::run(&arguments)).await,
        Command::VerifyDecision(arguments) => decision::run(&arguments).await,
        Command::Key(arguments) => key(&arguments),
    }
}

fn key(arguments: &KeyArguments) -> anyhow::Result<Exit> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "-._/".contains(c);
    anyhow::ensure!(
        !arguments.name.is_empty() && arguments.name.chars().all(is_word),
        "a name of letters, digits and - . _ / is expected, such as cm-bot.example.com"
    );
    let (private, public) = new_keys(&arguments.name);
    let cannot = || format!("cannot write {}", arguments.out.display());
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&arguments.out);
    let file = file.as_mut().map_err(|error| anyhow::anyhow!("{}: {error}", cannot()))?;
    file.set_permissions(Permissions::from_mode(0o600)).with_context(cannot)?;
    writeln!(file, "{private}").with_context(cannot)?;
    println!("{public}");
    eprintln!("The private key is in {} (audit.signing_key_file).", arguments.out.display());
    eprintln!("Give the public key to everybody who is to verify the trail.");
    Ok(Exit::Done)
}
