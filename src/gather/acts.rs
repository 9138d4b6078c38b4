//! What people did to a ticket that matters to its approval, read from where Jira wrote it down.

use std::collections::BTreeMap;

use super::Sources;
use crate::integrations::SourceError;
use crate::integrations::jira::{Actor, Command, Recorded};
use crate::model::{AccountId, AccountState, TicketKey};
use crate::policy::approvers::{Accounts, Approvals, Case};
use crate::policy::criteria::Criteria;
use crate::policy::decision::Decision;
use crate::policy::facts::Facts;
use crate::store::{Store, StoreError};

/// What was read.
#[derive(Debug)]
pub struct Read {
    /// What the history tells.
    pub acts: Vec<Recorded>,
    /// Comments that are commands.
    pub commands: Vec<Command>,
    /// The accounts of all who did something, as Jira shows them now.
    pub accounts: Accounts,
}

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The history only when a comment is a command: nobody has approved the ticket so far.
    CommentsFirst,
    /// Everything.
    Everything,
}

/// Reads the comments and then the history of a ticket, so that an edit after a comment is never missed.
///
/// # Errors
/// When Jira does not show all of it.
pub async fn of_ticket(sources: &Sources, ticket: &TicketKey, depth: Depth) -> Result<Read, SourceError> {
    let jira = &sources.jira;
    let commands = jira.commands(ticket).await?;
    let mut acts = jira.answers(ticket).await?;
    if depth == Depth::Everything || !commands.is_empty() || jira.has_other_ways() {
        acts.extend(jira.acts(ticket).await?);
    }
    let actors = acts.iter().filter_map(|act| act.by.as_ref()).chain(commands.iter().filter_map(|one| one.by.as_ref()));
    let state = |actor: &Actor| (actor.account.clone(), actor.state);
    let accounts: BTreeMap<AccountId, AccountState> = actors.map(state).collect();
    Ok(Read { acts, commands, accounts: Accounts::Asked(accounts) })
}

/// How the approvals stand by our own records, to be shown: nobody is asked whether accounts are in use.
///
/// # Errors
/// When the records do not answer.
pub async fn shown(
    store: &Store,
    criteria: &Criteria,
    (facts, decision): (&Facts, &Decision),
) -> Result<Approvals, StoreError> {
    let acts = store.acts(&facts.ticket.id).await?;
    let deployers = store.deployers(&facts.ticket.id).await?;
    let case = Case::of((&facts.ticket, facts, decision), criteria, &Accounts::NotAsked, &deployers);
    Ok(Approvals::of(&acts, &case))
}
