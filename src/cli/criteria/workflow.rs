//! `cm-bot criteria workflow`.

use anyhow::Context as _;

use super::{Exit, SettingsFile};
use crate::app::App;
use crate::clock::Clock;
use crate::model::TicketKey;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A ticket that waits for its approval, for example PRODCM-412
    ticket: String,
    #[command(flatten)]
    settings: SettingsFile,
}

/// Prints what the workflow offers, and what the criteria say to have it so: `[workflow] sha256`.
///
/// # Errors
/// When there is no such ticket, or Jira does not answer.
pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let key = TicketKey::parse(&arguments.ticket)?;
    let app = App::build(arguments.settings.load()?, Clock::System).await?;
    let jira = &app.context.sources.jira;
    let ticket = jira.ticket_by_key(&key).await.with_context(|| format!("the ticket {key}"))?;
    let found = jira.workflow_of(&key).await.with_context(|| format!("the workflow of {key}"))?;
    eprintln!("{key} is in the status {:?}; to be signed is the workflow of a ticket that waits.", ticket.status.name);
    for line in &found.lines {
        eprintln!("{line}");
    }
    println!("[workflow]\nsha256 = \"{}\"", found.sha256);
    Ok(Exit::Done)
}
