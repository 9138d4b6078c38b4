//! `cm-bot explain`: the same findings as the comment on the ticket, without changing anything outside.

use anyhow::{Context as _, bail};
use uuid::Uuid;

use super::{Exit, SettingsFile};
use crate::app::App;
use crate::clock::Clock;
use crate::gather::{self, acts::shown};
use crate::integrations::SourceError;
use crate::model::{DecisionId, TicketKey, Timestamp};
use crate::policy::approvers::Approvals;
use crate::policy::criteria::Criteria;
use crate::policy::decision::{Decision, Kind};
use crate::policy::evaluate;
use crate::policy::facts::Facts;
use crate::render::view::{Links, View};
use crate::render::{jira, terminal};
use crate::telemetry;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The ticket to gather and evaluate now, for example PRODCM-412
    #[arg(required_unless_present = "decision")]
    ticket: Option<String>,
    /// Evaluate a recorded decision again from its stored facts instead
    #[arg(long, value_name = "ID", conflicts_with = "ticket")]
    decision: Option<String>,
    /// Print the decision as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: SettingsFile,
}

/// Explains.
///
/// # Errors
/// When there is no such ticket or decision, or the database cannot be read.
pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    telemetry::start("error", None);
    let app = App::build(arguments.settings.load()?, Clock::System).await?;
    match (&arguments.ticket, &arguments.decision) {
        (_, Some(id)) => again(&app, DecisionId::parse(id)?, &arguments).await,
        (Some(key), None) => now(&app, &TicketKey::parse(key)?, &arguments).await,
        (None, None) => bail!("name a ticket or a decision"),
    }
}

async fn now(app: &App, key: &TicketKey, arguments: &Arguments) -> anyhow::Result<Exit> {
    let sources = &app.context.sources;
    let ticket = match sources.jira.ticket_by_key(key).await {
        Ok(ticket) => ticket,
        Err(SourceError::NotFound) => bail!("Jira has no ticket {key}, or does not let cm-bot see it"),
        Err(error) => {
            eprintln!("cm-bot: Jira could not be asked for {key}: {error}");
            return Ok(Exit::Unreachable);
        }
    };
    let criteria = &app.context.policy.criteria;
    if let Some(passed_over) = &app.context.policy.passed_over {
        eprintln!("cm-bot: judged by the criteria that were signed last: {}", passed_over.sentence());
    }
    let at = app.context.clock.now();
    let facts = gather::for_ticket(sources, (ticket, at), criteria).await?;
    let known = sources.store.known_ticket(&facts.ticket.id).await?;
    let decision = evaluate(&facts, criteria, at);
    let evaluation = known.map_or(0, |known| known.evaluation);
    let approvals = shown((&sources.store, app.context.links.deciding), criteria, (&facts, &decision)).await?;
    let links = &app.context.links;
    let explained =
        Explained { facts: &facts, decision: &decision, approvals: &approvals, criteria, links, at, evaluation };
    print(&explained, arguments)?;
    eprintln!("Nothing was changed, in Jira, in Slack or in the records.");
    Ok(exit(&decision))
}

/// A recorded decision has to come out the same from its facts; anything else is a fault of the program or of the records.
async fn again(app: &App, id: DecisionId, arguments: &Arguments) -> anyhow::Result<Exit> {
    let stored = app.context.sources.store.decision(id).await?.with_context(|| format!("there is no decision {id}"))?;
    let decision = evaluate(&stored.facts, &stored.criteria, stored.at);
    let approvals =
        shown((&app.context.sources.store, app.context.links.deciding), &stored.criteria, (&stored.facts, &decision))
            .await?;
    let explained = Explained {
        facts: &stored.facts,
        decision: &decision,
        approvals: &approvals,
        criteria: &stored.criteria,
        links: &app.context.links,
        at: stored.at,
        evaluation: stored.evaluation,
    };
    print(&explained, arguments)?;
    if serde_json::to_string(&decision)? == stored.decision {
        eprintln!("Evaluated again from the stored facts: the result is the same as recorded.");
        return Ok(exit(&decision));
    }
    eprintln!("Evaluated again from the stored facts: the result DIFFERS from what was recorded.");
    Ok(Exit::Failed)
}

struct Explained<'a> {
    facts: &'a Facts,
    decision: &'a Decision,
    approvals: &'a Approvals,
    criteria: &'a Criteria,
    links: &'a Links,
    at: Timestamp,
    evaluation: i64,
}

fn print(explained: &Explained<'_>, arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(explained.decision)?);
        return Ok(());
    }
    let view = View {
        facts: explained.facts,
        decision: explained.decision,
        approvals: explained.approvals,
        record: DecisionId(Uuid::nil()),
        evaluation: explained.evaluation,
        at: explained.at,
        people: &explained.criteria.people,
        terms: &explained.criteria.terms,
        links: explained.links,
        troubles: &[],
    };
    print!("{}", terminal::document(&jira::findings(&view)));
    Ok(())
}

fn exit(decision: &Decision) -> Exit {
    match decision.kind() {
        Kind::Approve => Exit::Done,
        Kind::Hold => Exit::Waiting,
        Kind::Block => Exit::Blocked,
        Kind::CouldNotCheck => Exit::Unreachable,
    }
}
