//! Commands of the contract that this version does not have. They say so and fail, so that no script takes them for a yes.

use clap::Subcommand;

use super::Exit;

/// The commands. Whatever follows them is accepted, so that the answer is this one and not a lecture about flags.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Examines the installation (not in this version; see `check-config` and `/readyz`)
    Doctor(Anything),
}

/// Any arguments.
#[derive(Debug, clap::Args)]
pub struct Anything {
    /// Not looked at
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    rest: Vec<String>,
}

/// Says that the command is not there.
pub fn run(command: &Command) -> Exit {
    let (name, Anything { rest }) = match command {
        Command::Doctor(anything) => ("doctor", anything),
    };
    let asked = std::iter::once(name).chain(rest.first().map(String::as_str)).collect::<Vec<_>>().join(" ");
    eprintln!("cm-bot: `{asked}` is not part of this version. Nothing was checked, and nothing is allowed by it.");
    Exit::Failed
}
