//! What came of a scene, against what it says must come.

use serde_json::Value;

use super::play::Played;
use crate::model::TicketKey;
use crate::simulator::jira::{BOT_ACCOUNT, TicketView, adf_text};
use crate::simulator::scene::{Expect, Finding};
use crate::simulator::slack::{MessageView, plain_text};

/// Everything about one ticket that a scene can speak of.
#[derive(Debug)]
pub struct Outcome {
    /// The ticket as Jira shows it; nothing when it does not exist.
    pub ticket: Option<TicketView>,
    /// The newest decision, as JSON; `null` when there is none.
    pub decision: Value,
    /// The short id of that decision.
    pub record: Option<String>,
    /// cm-bot's comments, oldest first.
    pub comments: Vec<crate::simulator::jira::CommentView>,
    /// Names of the transitions that cm-bot made.
    pub transitions: Vec<String>,
    /// Root messages about the ticket.
    pub messages: Vec<MessageView>,
    /// Replies in their threads.
    pub replies: Vec<MessageView>,
}

impl Outcome {
    /// Looks at a ticket from outside: in Jira, in Slack, and in the records.
    ///
    /// # Errors
    /// When the records cannot be read.
    pub async fn of(played: &Played, key: &str) -> anyhow::Result<Outcome> {
        let ticket = played.world.simulator.jira.ticket(key);
        let decision = match TicketKey::parse(key) {
            Ok(key) => played.app.context.sources.store.newest_decision(&key).await?,
            Err(_) => None,
        };
        let all = played.world.simulator.slack.messages();
        let messages: Vec<MessageView> = all
            .iter()
            .filter(|message| message.thread_ts.is_none() && speaks_of(&message.text, key))
            .cloned()
            .collect();
        let is_reply = |message: &&MessageView| {
            messages.iter().any(|root| message.thread_ts.as_ref() == Some(&root.ts) && message.channel == root.channel)
        };
        let replies = all.iter().filter(is_reply).cloned().collect();
        let ours = |ticket: &TicketView| {
            let comments = ticket.comments.iter().filter(|comment| comment.author_account == BOT_ACCOUNT);
            comments.cloned().collect::<Vec<_>>()
        };
        let moves = |ticket: &TicketView| {
            let moves = ticket.transitions.iter().filter(|step| step.by_account == BOT_ACCOUNT);
            moves.map(|step| step.name.clone()).collect::<Vec<_>>()
        };
        Ok(Outcome {
            comments: ticket.as_ref().map(ours).unwrap_or_default(),
            transitions: ticket.as_ref().map(moves).unwrap_or_default(),
            record: decision.as_ref().map(|stored| stored.id.short()),
            decision: decision.map_or(Ok(Value::Null), |stored| serde_json::from_str(&stored.decision))?,
            ticket,
            messages,
            replies,
        })
    }

    /// The newest comment as plain text.
    #[must_use]
    pub fn comment_text(&self) -> String {
        self.comments.last().map_or_else(String::new, |comment| adf_text(&comment.body))
    }

    /// The newest comment with `{record}` in the place of the decision's id, which is another in every play.
    #[must_use]
    pub fn comparable_comment(&self) -> String {
        let text = self.comment_text();
        self.record.as_ref().map_or_else(|| text.clone(), |record| text.replace(record, "{record}"))
    }

    /// The first words of the newest comment: what people read for a verdict.
    #[must_use]
    pub fn verdict_words(&self) -> String {
        let text = self.comment_text();
        let first = text.lines().next().unwrap_or("Nothing happened");
        first.split_once(". ").map_or(first, |(words, _)| words).trim_end_matches('.').to_owned()
    }

    /// The first thing that stands in the way, or what was seen when nothing does.
    #[must_use]
    pub fn why(&self) -> String {
        let findings = self.decision["findings"].as_array().map_or(&[][..], Vec::as_slice);
        let outcome = |finding: &&Value| finding["finding"]["outcome"].as_str().unwrap_or("").to_owned();
        let stops = findings.iter().filter(|finding| matches!(outcome(finding).as_str(), "not_met" | "unknown"));
        let by_requester = |finding: &&&Value| finding["finding"]["todo"]["by"] == "requester";
        let first = stops.clone().find(|finding| by_requester(&finding)).or(stops.clone().next());
        match first {
            Some(finding) => finding["finding"]["headline"].as_str().unwrap_or("").to_owned(),
            None => {
                let met = findings.iter().filter(|finding| outcome(finding) == "met").count();
                format!("{met} of {met} checks passed")
            }
        }
    }

    fn kind(&self) -> &str {
        self.decision["kind"].as_str().unwrap_or("none")
    }

    fn finding(&self, rule: &str) -> Option<&str> {
        let findings = self.decision["findings"].as_array()?;
        let finding = findings.iter().find(|finding| finding["rule"] == rule)?;
        finding["finding"]["outcome"].as_str()
    }
}

/// Everything in which a played scene differs from what it says, each as a sentence.
///
/// # Errors
/// When the records cannot be read.
pub async fn differences(played: &Played) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for expect in &played.world.scene.expect {
        let outcome = Outcome::of(played, &expect.ticket).await?;
        let mut differ = Differences { ticket: &expect.ticket, found: &mut found };
        verdict(expect, &outcome, &mut differ);
        findings(expect, &outcome, &mut differ);
        counts(expect, &outcome, &mut differ);
        texts(expect, &outcome, played, &mut differ);
    }
    Ok(found)
}

struct Differences<'a> {
    ticket: &'a str,
    found: &'a mut Vec<String>,
}

impl Differences<'_> {
    /// Notes a difference between what must be and what is.
    fn compare<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, expected: &T, found: &T) {
        if expected != found {
            self.found.push(format!("{}: {what}: expected {expected:?}, found {found:?}", self.ticket));
        }
    }

    /// Notes the first line in which two texts differ.
    fn compare_lines(&mut self, what: &str, expected: &str, found: &str) {
        let (expected, found) = (tidy(expected), tidy(found));
        if expected == found {
            return;
        }
        let mut lines = expected.iter().zip(&found).enumerate();
        let place =
            lines.find(|(_, (one, other))| one != other).map_or(expected.len().min(found.len()), |(line, _)| line);
        let show =
            |lines: &[String]| lines.get(place).map_or_else(|| "(the end)".to_owned(), |line| format!("{line:?}"));
        self.found.push(format!(
            "{}: {what}, line {}: expected {}, found {}",
            self.ticket,
            place + 1,
            show(&expected),
            show(&found)
        ));
    }
}

fn tidy(text: &str) -> Vec<String> {
    text.trim().lines().map(|line| line.trim_end().to_owned()).filter(|line| !line.is_empty()).collect()
}

fn verdict(expect: &Expect, outcome: &Outcome, differ: &mut Differences<'_>) {
    let plain = |text: &str| text.to_lowercase().replace(['-', '_'], " ");
    let (wanted, words) = (plain(&expect.verdict), outcome.verdict_words());
    if plain(outcome.kind()) != wanted && !plain(&words).starts_with(&wanted) {
        let found = format!("{} ({words})", outcome.kind());
        differ.compare("verdict", &expect.verdict, &found);
    }
    if let Some(status) = &expect.status {
        let found = outcome.ticket.as_ref().map_or("no such ticket", |ticket| ticket.status.as_str());
        differ.compare("status", &status.as_str(), &found);
    }
}

/// Rules that the scene does not name must be met or not apply: otherwise a new reason to hold would go unnoticed.
fn findings(expect: &Expect, outcome: &Outcome, differ: &mut Differences<'_>) {
    for (rule, wanted) in &expect.findings {
        let wanted = match wanted {
            Finding::Met => "met",
            Finding::NotMet => "not_met",
            Finding::NotApplicable => "not_applicable",
            Finding::Unknown => "unknown",
        };
        differ.compare(&format!("finding {rule}"), &Some(wanted), &outcome.finding(rule));
    }
    for finding in outcome.decision["findings"].as_array().map_or(&[][..], Vec::as_slice) {
        let (rule, found) =
            (finding["rule"].as_str().unwrap_or(""), finding["finding"]["outcome"].as_str().unwrap_or(""));
        if !expect.findings.contains_key(rule) && matches!(found, "not_met" | "unknown") {
            differ.compare(&format!("finding {rule}, which the scene does not name"), &"met", &found);
        }
    }
}

fn counts(expect: &Expect, outcome: &Outcome, differ: &mut Differences<'_>) {
    let numbers = [
        ("number of comments", expect.comments, outcome.comments.len()),
        ("number of Slack messages", expect.slack_messages, outcome.messages.len()),
        ("number of Slack replies", expect.slack_replies, outcome.replies.len()),
    ];
    for (what, wanted, found) in numbers {
        if let Some(wanted) = wanted {
            differ.compare(what, &wanted, &found);
        }
    }
    if let Some(wanted) = &expect.transitions {
        differ.compare("transitions", wanted, &outcome.transitions);
    }
}

fn texts(expect: &Expect, outcome: &Outcome, played: &Played, differ: &mut Differences<'_>) {
    if let Some(comment) = &expect.comment {
        differ.compare_lines("comment", &named(comment, played), &outcome.comparable_comment());
    }
    if let Some(message) = &expect.message {
        let found =
            outcome.messages.last().map_or_else(String::new, |message| plain_text(message, &played.world.scene));
        differ.compare_lines("message", &named(message, played), &found);
    }
    if let Some(wanted) = &expect.mentions {
        differ.compare("mentions", wanted, &mentions(outcome, played));
    }
    if let Some(wanted) = expect.refused_webhooks {
        differ.compare("refused webhooks", &wanted, &played.world.simulator.jira.refused_webhooks());
    }
}

/// Who is mentioned in the messages and replies about a ticket, in the order of the cast.
fn mentions(outcome: &Outcome, played: &Played) -> Vec<String> {
    let said: String =
        outcome.messages.iter().chain(&outcome.replies).map(|message| message.blocks.to_string()).collect();
    let mentioned =
        played.world.scene.people.iter().filter(|person| said.contains(&format!("<@{}>", person.slack_id())));
    mentioned.map(|person| person.name.clone()).collect()
}

/// Puts the short SHA of each commit where the scene writes its name in braces.
fn named(text: &str, played: &Played) -> String {
    commits(played)
        .into_iter()
        .fold(text.to_owned(), |text, (name, short)| text.replace(&format!("{{{name}}}"), &short))
}

/// The commits that a scene names, each with its short SHA.
#[must_use]
pub fn commits(played: &Played) -> Vec<(String, String)> {
    let made = played.world.scene.commits.iter().map(|commit| &commit.id);
    let merged = played.world.scene.timeline.iter().filter_map(|step| step.merge.as_ref()).map(|merge| &merge.commit);
    let short = |name: &String| Some((name.clone(), played.world.simulator.github.short(name).ok()?));
    made.chain(merged).filter_map(short).collect()
}

/// Whether a text names the ticket, and not one whose key only begins like it.
fn speaks_of(text: &str, key: &str) -> bool {
    text.match_indices(key).any(|(place, _)| !text[place + key.len()..].starts_with(|next: char| next.is_ascii_digit()))
}
