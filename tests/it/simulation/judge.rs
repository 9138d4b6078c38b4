//! What must be true after every step, and in the end.

use std::collections::{BTreeMap, BTreeSet};

use cm_bot::simulator::jira::{BOT_ACCOUNT, TicketView, TransitionView};
use cm_bot::store::TrailEntry;
use serde_json::Value;

use super::history::{History, Ticket};

/// How late Jira's search may be. What is younger, nobody can be asked to know of.
const INDEX_LAG_MS: i64 = 5_000;

/// What was seen so far.
#[derive(Debug, Default)]
pub struct Judge {
    /// Approvals by cm-bot, by ticket.
    approvals: BTreeMap<String, usize>,
    /// What happened by cm-bot's own doing.
    pub reached: BTreeSet<&'static str>,
}

impl Judge {
    /// Looks at the world; says what is wrong.
    pub async fn look(mut self, history: &History) -> Result<Judge, String> {
        for ticket in &history.tickets {
            let Some(seen) = history.world.simulator.jira.ticket(&ticket.key) else { continue };
            let approvals = by_bot(&seen);
            if approvals > self.approvals.insert(ticket.key.clone(), approvals).unwrap_or(0) {
                self.reached.insert(may_be_approved(history, ticket).await?);
            }
            once(&ticket.key, &seen)?;
        }
        messages_once(history)?;
        Ok(self)
    }

    /// Everything works, nothing is due, and much time has passed.
    pub async fn in_the_end(&mut self, history: &History) -> Result<(), String> {
        for ticket in &history.tickets {
            let seen = history.world.simulator.jira.ticket(&ticket.key).unwrap();
            self.answered(history, ticket, &seen)?;
        }
        by_two(&history.records().await)
    }

    fn answered(&mut self, history: &History, ticket: &Ticket, seen: &TicketView) -> Result<(), String> {
        let key = &ticket.key;
        if seen.status == "Approved" {
            return self.stands(ticket, seen);
        }
        if seen.status != "Awaiting approval" {
            return Ok(());
        }
        let said = newest_words(seen).ok_or_else(|| format!("{key} waits and was never answered"))?;
        let alone = !history.tickets.iter().any(|other| other.key != *key && is_unfinished(history, other));
        let is_touched = |one: &Ticket| !history_of(history, one).is_empty() || !one.words.is_empty();
        let touched = history.tickets.iter().any(is_touched);
        if alone && ticket.build != "bare" && !touched {
            return Err(format!("{key} is clean and has no sibling, and was held: {said}"));
        }
        if said.contains("is pending") || said.contains("not closed") {
            self.reached.insert("a ticket was held for a sibling");
        }
        if ticket.build == "bare" && said.contains("review") {
            self.reached.insert("a ticket with an unreviewed commit was held");
        }
        Ok(())
    }
}

impl Judge {
    /// Whatever was edited after its approval is not approved any more, or says so where Jira's status cannot.
    fn stands(&mut self, ticket: &Ticket, seen: &TicketView) -> Result<(), String> {
        let (key, build) = (&ticket.key, ticket.build);
        let is_ours = seen.transitions.iter().rfind(|step| step.to == "Approved").is_some_and(is_by_bot);
        if is_ours && build == "bare" && !ticket.is_approved_in_slack() {
            return Err(format!("{key} stands approved, and asks to deploy what nobody reviewed"));
        }
        let words = newest_words(seen).unwrap_or_default();
        if !is_ours && ticket.approved != Some(build) && !words.contains("does not count") {
            return Err(format!("{key} stands approved by a human who saw another build: {words}"));
        }
        Ok(())
    }
}

/// What people approved, two have approved.
fn by_two(records: &[TrailEntry]) -> Result<(), String> {
    let entries = records.iter().map(|(_, body, _)| serde_json::from_str::<Value>(body).unwrap());
    for entry in entries.filter(|entry| entry["event"] == "approved_by_human") {
        if entry["by"] != "Priya Nair and Sam Okafor" {
            return Err(format!("approved by {} alone: {entry}", entry["by"]));
        }
    }
    Ok(())
}

/// An approval that was just made: by cm-bot itself, or in the name of those who approved in Slack.
async fn may_be_approved(history: &History, ticket: &Ticket) -> Result<&'static str, String> {
    if ticket.is_approved_in_slack() {
        return Ok("people approved a ticket in Slack");
    }
    if ticket.build == "bare" && !ticket.raced {
        return Err(format!("{} was approved with a commit that nobody reviewed", ticket.key));
    }
    let trail = history.records().await;
    let (decided, by_people) = (decisions(&trail, ticket), by_people(&trail, ticket));
    let made = history.world.simulator.jira.ticket(&ticket.key).map_or(0, |seen| by_bot(&seen));
    if made > decided + by_people {
        return Err(format!("{} was approved {made} times and decided so {decided} times", ticket.key));
    }
    for other in history.tickets.iter().filter(|other| other.key != ticket.key) {
        let known = history.now_ms() - other.made_at > INDEX_LAG_MS;
        let status = history.status(&other.key);
        if status == "Approved" || (status == "Awaiting approval" && known && !ticket.raced) {
            return Err(format!("{} was approved while {} is {status}", ticket.key, other.key));
        }
    }
    Ok("a clean ticket was approved")
}

/// How often the approvals of people were enough.
fn by_people(trail: &[TrailEntry], ticket: &Ticket) -> usize {
    let entries = trail.iter().map(|(_, body, _)| serde_json::from_str::<Value>(body).unwrap());
    entries.filter(|entry| entry["ticket"] == ticket.key && entry["event"] == "approved_by_human").count()
}

/// How often cm-bot decided to approve a ticket.
fn decisions(store: &[TrailEntry], ticket: &Ticket) -> usize {
    let entries = store.iter().map(|(_, body, _)| serde_json::from_str::<Value>(body).unwrap());
    let of_ticket = entries.filter(|entry| entry["ticket"] == ticket.key && entry["event"] == "decided");
    of_ticket.filter(|entry| entry["verdict"] == "approved-automatically").count()
}

fn is_by_bot(step: &TransitionView) -> bool {
    step.by_account == BOT_ACCOUNT
}

/// How often cm-bot has approved a ticket.
pub fn by_bot(ticket: &TicketView) -> usize {
    ticket.transitions.iter().filter(|step| is_by_bot(step) && step.name == "Approve").count()
}

/// No comment twice.
fn once(key: &str, ticket: &TicketView) -> Result<(), String> {
    let own = ticket.comments.iter().filter(|comment| comment.author_account == BOT_ACCOUNT);
    let actions = own.flat_map(|comment| &comment.properties).map(|(_, mark)| mark["action"].to_string());
    distinct(actions).map_err(|action| format!("{key} has the comment of action {action} twice"))
}

fn messages_once(history: &History) -> Result<(), String> {
    let messages = history.world.simulator.slack.messages();
    let keys = messages.iter().map(|message| message.metadata["event_payload"]["key"].to_string());
    distinct(keys).map_err(|key| format!("the message of action {key} was posted twice"))
}

fn distinct(all: impl Iterator<Item = String>) -> Result<(), String> {
    let mut known = BTreeSet::new();
    for one in all {
        if !known.insert(one.clone()) {
            return Err(one);
        }
    }
    Ok(())
}

fn is_unfinished(history: &History, ticket: &Ticket) -> bool {
    ["Awaiting approval", "Approved"].contains(&history.status(&ticket.key).as_str())
}

/// Whatever anybody did to a ticket besides making it.
fn history_of(history: &History, ticket: &Ticket) -> Vec<String> {
    let seen = history.world.simulator.jira.ticket(&ticket.key);
    seen.map_or_else(Vec::new, |seen| seen.transitions.into_iter().map(|step| step.name).collect())
}

fn newest_words(ticket: &TicketView) -> Option<String> {
    let own = ticket.comments.iter().rfind(|comment| comment.author_account == BOT_ACCOUNT);
    own.map(|comment| cm_bot::simulator::jira::adf_text(&comment.body))
}
