//! `cm-bot check-config` and `cm-bot migrate`.

use super::{Exit, SettingsFile};
use crate::app::{read_policy, signer};
use crate::policy::criteria::{Criteria, Mode};
use crate::store::Store;

/// Reads everything that can be wrong before anything runs, and says what is there.
///
/// # Errors
/// With the first thing that is wrong.
pub(super) fn run(settings: &SettingsFile) -> anyhow::Result<Exit> {
    let settings = settings.load()?;
    let policy = read_policy(&settings)?;
    println!("ok    settings   {} services, Jira at {}", settings.services.len(), settings.jira.api_url);
    println!(
        "ok    criteria   {} ({}), {}",
        policy.criteria.terms.version,
        mode(&policy.criteria),
        digest(&policy.criteria)
    );
    println!("ok    people     {}", policy.criteria.people.everybody().len());
    match signer(&settings)? {
        Some(signer) => println!("ok    audit      checkpoints are signed; they are checked with {}", signer.public()),
        None => println!(
            "warn  audit      audit.signing_key is not set: nobody can prove that the trail was not written again"
        ),
    }
    println!("warn  signature  the criteria are not signed; this version cannot check signatures");
    Ok(Exit::Done)
}

/// Makes the tables of the database, or brings them up to date.
///
/// # Errors
/// When the database cannot be opened.
pub(super) async fn migrate(settings: &SettingsFile) -> anyhow::Result<Exit> {
    let settings = settings.load()?;
    let store = Store::open(&settings.database_url).await?;
    println!("ok    database   {} is up to date", store.place());
    Ok(Exit::Done)
}

fn mode(criteria: &Criteria) -> &'static str {
    match criteria.terms.mode {
        Mode::Approve => "cm-bot approves what meets them",
        Mode::Recommend => "cm-bot recommends, a human approves",
        Mode::Off => "cm-bot only reports",
    }
}

fn digest(criteria: &Criteria) -> String {
    format!("digest {}", criteria.digest.get(..12).unwrap_or(&criteria.digest))
}
