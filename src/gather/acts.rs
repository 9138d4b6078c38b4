//! What people did to a ticket that matters to its approval, read from where Jira wrote it down.

use std::collections::BTreeMap;

use super::Sources;
use crate::integrations::SourceError;
use crate::integrations::jira::{Actor, Command, JiraClient, Recorded};
use crate::model::{AccountId, AccountState, Deciding, IssueId, Person, Ticket, TicketKey, Timestamp};
use crate::policy::approvers::{Accounts, Act, Approvals, Case, Deed};
use crate::policy::criteria::Criteria;
use crate::policy::decision::Decision;
use crate::policy::evaluate;
use crate::policy::facts::Facts;
use crate::store::{Store, StoreError, Word};

/// What was read.
#[derive(Debug)]
pub struct Read {
    /// What the history tells.
    pub acts: Vec<Recorded>,
    /// Comments that are commands.
    pub commands: Vec<Command>,
    /// What people said in Slack and on our pages, each also among the acts.
    pub words: Vec<Word>,
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

/// Reads the comments and then the history of a ticket, so that an edit after a comment, or after `words` of our own records
/// that were read before, is never missed.
///
/// # Errors
/// When Jira does not show all of it.
pub async fn of_ticket(
    sources: &Sources,
    ticket: &TicketKey,
    (depth, words): (Depth, Vec<Word>),
) -> Result<Read, SourceError> {
    let jira = &sources.jira;
    let commands = jira.commands(ticket).await?;
    let mut acts = jira.answers(ticket).await?;
    if depth == Depth::Everything || !commands.is_empty() || !words.is_empty() || jira.has_other_ways() {
        acts.extend(jira.acts(ticket).await?);
    }
    for word in &words {
        acts.push(as_recorded(jira, word).await?);
    }
    let actors = acts.iter().filter_map(|act| act.by.as_ref()).chain(commands.iter().filter_map(|one| one.by.as_ref()));
    let state = |actor: &Actor| (actor.account.clone(), actor.state);
    let accounts: BTreeMap<AccountId, AccountState> = actors.map(state).collect();
    Ok(Read { acts, commands, words, accounts: Accounts::Asked(accounts) })
}

/// A word of our own records as what somebody did whose account Jira was asked about.
async fn as_recorded(jira: &JiraClient, word: &Word) -> Result<Recorded, SourceError> {
    let by = Actor { account: word.by.clone(), state: jira.account_state(&word.by).await? };
    let (source, deed, at) = (word.delivery.clone(), word.deed.clone(), word.at);
    Ok(Recorded { way: word.way, source, by: Some(by), deed, at })
}

/// What is noted of a ticket, each as it counts where people decide now.
///
/// # Errors
/// When the records do not answer.
pub async fn noted(store: &Store, issue: &IssueId, deciding: Deciding) -> Result<Vec<Act>, StoreError> {
    Ok(store.acts(issue).await?.into_iter().map(|act| act.under(deciding)).collect())
}

/// In which roles somebody may say this about a ticket now, as far as anybody knows; `accounts` is what Jira said of the account.
///
/// # Errors
/// When the records do not answer. Inside, with the sentence that says why the word would not count.
pub async fn roles_for(
    store: &Store,
    criteria: &Criteria,
    (facts, decision): (&Facts, &Decision),
    (deed, person, accounts): (&Deed, &Person, &Accounts),
) -> Result<Result<String, String>, StoreError> {
    let involved = store.involved(&facts.ticket.id).await?;
    let case = Case::of((&facts.ticket, facts, decision), criteria, accounts, &involved);
    let speaker = match deed {
        Deed::Decline { .. } => case.decliner(Some(&person.jira)),
        Deed::Approve { .. } | Deed::Withdraw { .. } | Deed::TakeBack | Deed::Edit { .. } => {
            case.admitted(Some(&person.jira))
        }
    };
    Ok(speaker.map(|person| case.roles_of(person)))
}

/// How the approvals stand by our own records, to be shown: nobody is asked whether accounts are in use.
///
/// # Errors
/// When the records do not answer.
pub async fn shown(
    (store, deciding): (&Store, Deciding),
    criteria: &Criteria,
    (facts, decision): (&Facts, &Decision),
) -> Result<Approvals, StoreError> {
    let acts = noted(store, &facts.ticket.id, deciding).await?;
    let involved = store.involved(&facts.ticket.id).await?;
    let case = Case::of((&facts.ticket, facts, decision), criteria, &Accounts::NotAsked, &involved);
    Ok(Approvals::of(&acts, &case))
}

/// Whether the right people have approved what a ticket says now, by what is noted of them.
///
/// The change is as it was when it was judged last; what is documented about it may be newer. Nothing is opened by it, so
/// nobody is asked whether accounts are in use.
///
/// # Errors
/// When the records do not answer.
pub async fn is_covered(
    (store, deciding): (&Store, Deciding),
    criteria: &Criteria,
    (ticket, now): (&Ticket, Timestamp),
) -> Result<bool, StoreError> {
    let Some(stored) = store.newest_decision(&ticket.key).await? else { return Ok(false) };
    let decision = evaluate(&stored.facts, criteria, now);
    let acts = noted(store, &ticket.id, deciding).await?;
    let involved = store.involved(&ticket.id).await?;
    let case = Case::of((ticket, &stored.facts, &decision), criteria, &Accounts::NotAsked, &involved);
    Ok(Approvals::of(&acts, &case).is_full())
}
