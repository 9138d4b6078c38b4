//! `cm-bot criteria verify`.

use serde_json::json;

use super::{Exit, Files};
use crate::app::read_policy;
use crate::clock::Clock;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    files: Files,
}

/// Says who vouches for criteria and people now: exit 0, or 1 when nobody does.
///
/// # Errors
/// When a file cannot be read, or is wrong.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let policy = read_policy(&arguments.files.settings()?)?;
    let standing = policy.criteria.standing_at(Clock::System.now());
    let exit = if standing.is_ok() { Exit::Done } else { Exit::Failed };
    let version = &policy.criteria.terms.version;
    if arguments.json {
        let answer = match &standing {
            Ok(signed) => json!({"version": version, "signed": signed, "policy_digest": policy.criteria.digest}),
            Err(why) => {
                json!({"version": version, "signed": null, "why": why.to_string(), "policy_digest": policy.criteria.digest})
            }
        };
        println!("{answer:#}");
        return Ok(exit);
    }
    match standing {
        Ok(signed) => {
            println!("criteria {version}, {signed}; this counts until {} (UTC)", signed.until());
            println!("keys: {}", signed.keys().join(", "));
        }
        Err(why) => {
            println!("criteria {version} are not signed: {why}");
            eprintln!(
                "Nothing is approved automatically under them. `cm-bot criteria digest` prints the command that signs."
            );
        }
    }
    Ok(exit)
}
