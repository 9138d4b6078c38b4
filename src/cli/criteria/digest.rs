//! `cm-bot criteria digest`.

use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Exit, Files};
use crate::app::read_policy;
use crate::policy::criteria::NAMESPACE;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    files: Files,
}

/// Prints what would be signed. The digests are those of `sha256sum`.
///
/// # Errors
/// When a file cannot be read, or is wrong: nobody should sign what cm-bot would refuse.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let settings = arguments.files.settings()?;
    let policy = read_policy(&settings)?;
    let (criteria, people) = (settings.criteria_file.display(), settings.people_file.display());
    let sha256 = |text: &str| hex::encode(Sha256::digest(text));
    let digests = (sha256(&policy.texts.criteria), sha256(&policy.texts.people));
    let command = format!("ssh-keygen -Y sign -n {NAMESPACE} -f KEY {criteria} {people}");
    if arguments.json {
        let answer = json!({
            "version": policy.criteria.terms.version,
            "criteria": {"file": settings.criteria_file, "sha256": digests.0},
            "people": {"file": settings.people_file, "sha256": digests.1},
            "policy_digest": policy.criteria.digest,
            "sign": command,
        });
        println!("{answer:#}");
        return Ok(Exit::Done);
    }
    println!("criteria  {}  {criteria} ({})", digests.0, policy.criteria.terms.version);
    println!("people    {}  {people}", digests.1);
    println!("policy    {}  both, and what vouches for them now", policy.criteria.digest);
    eprintln!("To sign: {command}");
    eprintln!(
        "It asks before it writes over a signature. KEY is the private key of an allowed signer, or its public half"
    );
    eprintln!("when an agent or a security key holds the private one.");
    Ok(Exit::Done)
}
