//! `cm-bot check-config` and `cm-bot migrate`.

use super::policies::named;
use super::{Exit, SettingsFile};
use crate::app::{read_policy, signer};
use crate::clock::Clock;
use crate::model::Person;
use crate::policy::criteria::{Criteria, Mode};
use crate::settings::Deployment;
use crate::store::Store;

/// Roles that whoever signs the criteria should not have.
const OTHER_DUTIES: [&str; 2] = ["auditor", "operator"];

/// Arguments of the command.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Print the criteria of a ready-made policy instead, to start from
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    #[command(flatten)]
    settings: SettingsFile,
}

/// Reads everything that can be wrong before anything runs, and says what is there.
///
/// # Errors
/// With the first thing that is wrong.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    if let Some(name) = &arguments.policy {
        return print(name);
    }
    let settings = arguments.settings.load()?;
    let policy = read_policy(&settings)?;
    let jira = match settings.jira.deployment {
        Deployment::Cloud => "Jira",
        Deployment::DataCenter => "Jira Data Center",
    };
    println!("ok    settings   {} services, {jira} at {}", settings.services.len(), settings.jira.api_url);
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
    println!("{}", signature(&policy.criteria));
    for line in duties(&policy.criteria) {
        println!("{line}");
    }
    Ok(Exit::Done)
}

/// The criteria go to a file, what to do with them to whoever reads.
fn print(name: &str) -> anyhow::Result<Exit> {
    let policy = named(name)?;
    print!("{}", policy.criteria);
    eprintln!("{}", policy.readme);
    eprintln!("Write the criteria into a file, set criteria.file, and have them signed: `cm-bot criteria digest`.");
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

/// Unsigned criteria are no error: they approve nothing, and a trial needs no more.
fn signature(criteria: &Criteria) -> String {
    match (criteria.standing_at(Clock::System.now()), criteria.terms.mode) {
        (Ok(signed), _) => format!("ok    signature  {signed}, counts until {}", signed.until()),
        (Err(why), Mode::Approve) => {
            format!("warn  signature  cm-bot approves nothing: {why}; see `cm-bot criteria digest`")
        }
        (Err(why), Mode::Recommend | Mode::Off) => format!("warn  signature  {why}"),
    }
}

/// Whoever makes the rules neither verifies them nor runs what obeys them (policy: separation of duties).
fn duties(criteria: &Criteria) -> Vec<String> {
    let Some(signature) = &criteria.terms.signature else { return Vec::new() };
    let signs = &signature.role;
    let both = |person: &Person| {
        let other = person.roles.iter().find(|role| OTHER_DUTIES.contains(&role.as_str()))?;
        person.roles.contains(signs).then(|| {
            let name = &person.name;
            format!("warn  duties     {name} is {signs} and {other}: let two people do that, so that nobody verifies their own rules")
        })
    };
    criteria.people.everybody().iter().filter_map(both).collect()
}

fn digest(criteria: &Criteria) -> String {
    format!("digest {}", criteria.digest.get(..12).unwrap_or(&criteria.digest))
}
