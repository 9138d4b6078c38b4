//! How the approvals of a ticket stand, with what people did since the last look.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::gather::{
    self,
    acts::{Depth, Read, noted},
};
use crate::handlers::{Context, HandlerError};
use crate::integrations::jira::{Command, Recorded};
use crate::model::{AccountId, DecisionId, Ticket, TicketStatus, Timestamp};
use crate::policy::approvers::commands::{self, Command as Wish};
use crate::policy::approvers::{Act, Approvals, Case, Deed, Seen, Way};
use crate::policy::decision::Decision;
use crate::policy::evaluate;
use crate::policy::facts::Facts;
use crate::store::{StoredDecision, Word};

/// What a look came to.
#[derive(Debug)]
pub enum Look {
    /// Nobody has done anything.
    Quiet,
    /// The ticket was edited while it was looked at.
    Edited,
    /// So it stands.
    Stands(Box<Stand>),
}

/// How the approvals of a ticket stand.
#[derive(Debug)]
pub struct Stand {
    /// Who has approved, and who is missing.
    pub approvals: Approvals,
    /// What they were held against.
    pub basis: Basis,
    /// Everything that people did, oldest first.
    pub acts: Vec<Act>,
    /// What was done since the last look.
    pub new: Vec<Act>,
    /// The names of those who had approved before.
    pub before: BTreeSet<String>,
    /// Comments that want an answer.
    pub answers: Vec<Answer>,
    /// Every comment with a command that is dealt with now.
    pub dealt_with: Vec<String>,
}

/// The facts and the decision that approvals are held against.
#[derive(Debug)]
pub struct Basis {
    /// The facts.
    pub facts: Facts,
    /// What they come to under the criteria in force.
    pub decision: Decision,
    /// The recorded decision that they belong to; nothing when people were faster than cm-bot.
    pub stored: Option<Evaluated>,
}

/// A recorded decision, by its numbers.
#[derive(Debug, Clone)]
pub struct Evaluated {
    /// Its id.
    pub id: DecisionId,
    /// Which evaluation of the ticket.
    pub number: i64,
    /// Its verdict.
    pub verdict: String,
    /// When.
    pub at: Timestamp,
}

/// A comment that is answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Who wrote it.
    pub to: Option<AccountId>,
    /// What is said.
    pub what: Said,
}

/// What is said to somebody who wrote a command.
#[derive(Debug, Clone)]
pub enum Said {
    /// Nothing was recorded, and why.
    Refused(String),
    /// It was checked again.
    Checked,
    /// What was found.
    Explained,
}

/// What was read and is not noted yet.
struct Found {
    deeds: Vec<Recorded>,
    answers: Vec<Answer>,
    dealt_with: Vec<String>,
}

/// Looks at a ticket that was read a moment ago.
///
/// # Errors
/// When Jira or the records do not answer.
pub async fn look(context: &Context, ticket: &Ticket) -> Result<Look, HandlerError> {
    let store = &context.sources.store;
    let known = noted(store, &ticket.id, context.links.deciding).await?;
    let words = super::words(context, &ticket.id).await?;
    let is_quiet = known.is_empty() && ticket.status.meaning == TicketStatus::Pending;
    let depth = if is_quiet { Depth::CommentsFirst } else { Depth::Everything };
    let read = gather::acts::of_ticket(&context.sources, &ticket.key, (depth, words)).await?;
    let found = Found::new(&known, &read, (&store.answered_comments(&ticket.id).await?, context.clock.now()));
    if is_quiet && found.deeds.is_empty() && found.answers.is_empty() {
        return Ok(Look::Quiet);
    }
    // Whoever approved has seen what stood there then; so it must stand there still when that is noted.
    let is_news = !found.deeds.is_empty();
    if is_news && context.sources.jira.ticket(&ticket.id).await?.fingerprint() != ticket.fingerprint() {
        return Ok(Look::Edited);
    }
    Ok(Look::Stands(Box::new(stand(context, ticket, (known, &read, found)).await?)))
}

/// Adds up what is known and what was found.
async fn stand(
    context: &Context,
    ticket: &Ticket,
    (known, read, found): (Vec<Act>, &Read, Found),
) -> Result<Stand, HandlerError> {
    let Found { deeds, mut answers, dealt_with } = found;
    let basis = basis(context, ticket).await?;
    let involved = context.sources.store.involved(&ticket.id).await?;
    let about = (ticket, &basis.facts, &basis.decision);
    let case = Case::of(about, &context.policy.criteria, &read.accounts, &involved);
    let before = Approvals::of(&known, &case).given().into_iter().map(|(given, _)| given.name.clone()).collect();
    let new = as_acts(context, &case, (&basis, &read.words, deeds)).await?;
    answers.extend(new.iter().filter_map(refusal));
    let mut acts = known;
    acts.extend(new.iter().cloned());
    acts.sort_by_key(|act| (act.way.in_order(act.at), matches!(act.deed, Deed::Edit { .. })));
    let approvals = Approvals::of(&acts, &case);
    Ok(Stand { approvals, basis, acts, new, before, answers, dealt_with })
}

impl Found {
    fn new(known: &[Act], read: &Read, (answered, now): (&[String], Timestamp)) -> Found {
        let commands = read.commands.iter().filter(|command| !answered.contains(&command.comment));
        let commands: Vec<&Command> = commands.collect();
        let mut answers = Vec::new();
        let said = commands.iter().filter_map(|command| said(command, &mut answers));
        let is_new = |deed: &Recorded| known.iter().all(|act| act.way != Way::Comment || act.source != deed.source);
        let said: Vec<Recorded> = said.filter(is_new).collect();
        let mut deeds = new_deeds(known, &read.acts);
        deeds.extend(withdrawn(known, &read.commands, now));
        deeds.extend(said);
        let dealt_with = commands.iter().map(|command| command.comment.clone()).collect();
        Found { deeds, answers, dealt_with }
    }
}

/// What the history tells that is not noted. What was edited before anybody approved matters to nobody; that the ticket was
/// set back is noted in any case, because words are not all dated by one clock.
fn new_deeds(known: &[Act], read: &[Recorded]) -> Vec<Recorded> {
    let is_word = |deed: &Deed| matches!(deed, Deed::Approve { .. } | Deed::Decline { .. });
    let words = known.iter().filter(|act| is_word(&act.deed)).map(|act| act.way.in_order(act.at));
    let first = words.chain(read.iter().filter(|one| is_word(&one.deed)).map(|one| one.way.in_order(one.at))).min();
    let is_new = |one: &&Recorded| known.iter().all(|act| act.way != one.way || act.source != one.source);
    let is_after = |one: &Recorded| first.is_some_and(|first| one.at >= first);
    let matters = |one: &&Recorded| is_word(&one.deed) || one.deed == Deed::TakeBack || is_after(one);
    read.iter().filter(is_new).filter(matters).cloned().collect()
}

/// Approvals in comments that are not any more what they were when they were noted. A decline stays said: whoever may edit or
/// delete comments could make it unsaid else, and whoever declined takes it back by approving.
fn withdrawn(known: &[Act], commands: &[Command], now: Timestamp) -> Vec<Recorded> {
    let stands = |act: &Act| commands.iter().any(|one| one.comment == act.source && !one.was_edited);
    let is_noted = |source: &str| known.iter().any(|act| act.source == source);
    let of_comments = known.iter().filter(|act| act.way == Way::Comment && act.refused.is_none());
    let approvals = of_comments.filter(|act| matches!(act.deed, Deed::Approve { .. }));
    let gone = approvals.filter(|act| !stands(act)).map(|act| Recorded {
        way: Way::Comment,
        source: format!("{}:gone", act.source),
        by: None,
        deed: Deed::Withdraw { of: act.source.clone() },
        // Ours may be the earlier clock, and nobody takes back what he has not said yet.
        at: now.max(act.at.plus(Duration::from_millis(1))),
    });
    gone.filter(|one| !is_noted(&one.source)).collect()
}

/// The approval or decline that a command is; everything else is answered.
fn said(command: &Command, answers: &mut Vec<Answer>) -> Option<Recorded> {
    let mut answer = |what| {
        answers.push(Answer { to: command.by.as_ref().map(|by| by.account.clone()), what });
        None
    };
    let deed = match commands::read(&command.text) {
        Err(how) => return answer(Said::Refused(how)),
        Ok(Wish::Check) => return answer(Said::Checked),
        Ok(Wish::Explain) => return answer(Said::Explained),
        Ok(Wish::Approve { .. } | Wish::Decline { .. }) if command.was_edited => {
            let why = "The comment was edited, so nobody can tell who said what. Write a new one.";
            return answer(Said::Refused(why.into()));
        }
        Ok(Wish::Approve { note }) => Deed::Approve { note },
        Ok(Wish::Decline { reason }) => Deed::Decline { reason },
    };
    let (source, by, at) = (command.comment.clone(), command.by.clone(), command.at);
    Some(Recorded { way: Way::Comment, source, by, deed, at })
}

/// What somebody is told whose comment was refused. Who set a status is told in the comment about it.
fn refusal(act: &Act) -> Option<Answer> {
    let why = act.refused.as_ref().filter(|_| act.way == Way::Comment)?;
    Some(Answer { to: act.by.clone(), what: Said::Refused(why.clone()) })
}

/// The newest decision about exactly this ticket. Where there is none, everything is gathered now.
///
/// A closed ticket is not judged any more: what is written into it afterwards does not change what was deployed.
///
/// # Errors
/// When the records do not answer.
pub async fn basis(context: &Context, ticket: &Ticket) -> Result<Basis, HandlerError> {
    let (store, now) = (&context.sources.store, context.clock.now());
    let criteria = &context.policy.criteria;
    let newest = store.newest_decision(&ticket.key).await?;
    let is_closed = ticket.status.meaning == TicketStatus::Closed;
    let is_of = |stored: &StoredDecision| is_closed || stored.facts.ticket.fingerprint() == ticket.fingerprint();
    if let Some(stored) = newest.filter(is_of) {
        let decision = evaluate(&stored.facts, criteria, now);
        let evaluated = Evaluated { id: stored.id, number: stored.evaluation, verdict: stored.verdict, at: stored.at };
        return Ok(Basis { facts: stored.facts, decision, stored: Some(evaluated) });
    }
    let facts = Box::pin(gather::for_ticket(&context.sources, (ticket.clone(), now), criteria)).await?;
    let decision = evaluate(&facts, criteria, now);
    Ok(Basis { facts, decision, stored: None })
}

/// Notes for each deed which ticket it was done for, what stood in the way then, and whether it is refused.
async fn as_acts(
    context: &Context,
    case: &Case<'_>,
    (basis, words, mut deeds): (&Basis, &[Word], Vec<Recorded>),
) -> Result<Vec<Act>, HandlerError> {
    deeds.sort_by_key(|one| (one.way.in_order(one.at), matches!(one.deed, Deed::Edit { .. })));
    let mut acts = Vec::new();
    for Recorded { way, source, by, deed, at } in deeds {
        let by = by.map(|by| by.account);
        let refused = match &deed {
            Deed::Approve { .. } => case.admitted(by.as_ref()).err(),
            Deed::Decline { .. } => case.decliner(by.as_ref()).err(),
            Deed::Withdraw { .. } | Deed::TakeBack | Deed::Edit { .. } => None,
        };
        let word = words.iter().find(|word| word.way == way && word.delivery == source);
        let (seen, fingerprint) = match word {
            Some(word) => (shown_in_form(context, word).await?, word.fingerprint.clone()),
            None => (seen_at(context, case.ticket, (basis, way, at)).await?, case.ticket.fingerprint()),
        };
        acts.push(Act { way, source, by, deed, at, fingerprint, seen, refused });
    }
    Ok(acts)
}

/// Who decided in a form has seen the decision that it showed.
async fn shown_in_form(context: &Context, word: &Word) -> Result<Seen, HandlerError> {
    let stored = context.sources.store.decision(word.decision).await?;
    Ok(stored.map_or_else(Seen::default, |stored| Seen::of(&evaluate(&stored.facts, &stored.criteria, stored.at))))
}

/// What stood in the way when somebody did something. Who did it before anything was judged has seen nothing. Jira Service
/// Management does not say when somebody answered, only since when they could: there the first decision counts as seen.
async fn seen_at(
    context: &Context,
    ticket: &Ticket,
    (basis, way, at): (&Basis, Way, Timestamp),
) -> Result<Seen, HandlerError> {
    if basis.stored.as_ref().is_some_and(|stored| stored.at <= at) {
        return Ok(Seen::of(&basis.decision));
    }
    let is_undated = way == Way::ServiceDesk;
    match context.sources.store.decision_at(&ticket.id, at).await? {
        Some(then) if then.at <= at || is_undated => Ok(Seen::of(&evaluate(&then.facts, &then.criteria, then.at))),
        None if is_undated => Ok(Seen::of(&basis.decision)),
        Some(_) | None => Ok(Seen::default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_back_what_he_has_not_said_yet_whatever_our_clock_says() {
        let (said, ours) = (Timestamp(100_000), Timestamp(85_000));
        let act = Act {
            way: Way::Comment,
            source: "10100".into(),
            by: None,
            deed: Deed::Approve { note: String::new() },
            at: said,
            fingerprint: String::new(),
            seen: Seen::default(),
            refused: None,
        };
        let gone = withdrawn(std::slice::from_ref(&act), &[], ours);
        assert!(gone[0].at > said, "{gone:?}");
        assert_eq!(withdrawn(&[act], &[], Timestamp(200_000))[0].at, Timestamp(200_000));
    }
}
